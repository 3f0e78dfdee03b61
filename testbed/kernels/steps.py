"""The few numbers of a step of conjugate gradients, for several problems in one call. No validation here.

Sums are made in numpy's order (pairwise, by eights), so that their bits are those of `(U * V).sum()`.
"""

from __future__ import annotations

import numpy as np

from testbed.kernels.jit import jit

BLOCK = 128  # a multiple of eight


@jit()
def _by_eights(a, lo, n):
    if n < 8:
        s = 0.0
        for i in range(lo, lo + n):
            s += a[i]
        return s
    r0, r1, r2, r3 = a[lo], a[lo + 1], a[lo + 2], a[lo + 3]
    r4, r5, r6, r7 = a[lo + 4], a[lo + 5], a[lo + 6], a[lo + 7]
    whole = n - n % 8
    for i in range(lo + 8, lo + whole, 8):
        r0 += a[i]
        r1 += a[i + 1]
        r2 += a[i + 2]
        r3 += a[i + 3]
        r4 += a[i + 4]
        r5 += a[i + 5]
        r6 += a[i + 6]
        r7 += a[i + 7]
    s = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    for i in range(lo + whole, lo + n):
        s += a[i]
    return s


@jit()
def _pairwise(a, n):
    """sum of a[:n]: halves are summed apart down to BLOCK. (numba's cache cannot hold a function that calls itself.)"""
    if n <= BLOCK:
        return _by_eights(a, 0, n)
    lo, size, half, left = np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64)
    depth, size[0], s = 0, n, 0.0
    while depth >= 0:
        if size[depth] <= BLOCK:
            s = _by_eights(a, lo[depth], size[depth])
        elif half[depth] == 0:  # its left half is not summed yet
            half[depth] = size[depth] // 2 - size[depth] // 2 % 8
            depth += 1
            lo[depth], size[depth], half[depth] = lo[depth - 1], half[depth - 1], 0
            continue
        depth -= 1
        while depth >= 0 and half[depth] < 0:  # both halves are
            s = left[depth] + s
            depth -= 1
        if depth >= 0:
            left[depth] = s
            lo[depth + 1], size[depth + 1] = lo[depth] + half[depth], size[depth] - half[depth]
            half[depth + 1], half[depth] = 0, -1
            depth += 1
    return s


@jit()
def _inner(U, V, t):
    k = 0
    for j in range(U.shape[0]):
        for q in range(U.shape[1]):
            t[k] = U[j, q] * V[j, q]
            k += 1
    return _pairwise(t, k)


@jit()
def _weighed(U, c, V, t):
    k = 0
    for j in range(U.shape[0]):
        for q in range(U.shape[1]):
            t[k] = U[j, q] * c[j] * V[j, q]
            k += 1
    return _pairwise(t, k)


@jit()
def advance(on, H, x, r, p, curvature, mean, radius, goal, ry, edge):
    """One step of Steihaug's conjugate gradients for the problems `on`, in place; says which of them go on.

    H (a, M, d) is the Hessian times p[on]; x, r, p (b, M, d), curvature (b, M), the rest (b,).
    """
    going = np.zeros(len(on), np.bool_)
    t = np.empty(x.shape[1] * x.shape[2])
    for k in range(len(on)):
        i = on[k]
        c, mu = curvature[i], mean[i]
        pHp = _inner(p[i], H[k], t)
        pp, xp, xx = _weighed(p[i], c, p[i], t) / mu, _weighed(x[i], c, p[i], t) / mu, _weighed(x[i], c, x[i], t) / mu
        square = radius[i] * radius[i]
        bent = pHp <= 1e-14 * pp * mu
        a = 0.0 if bent else ry[i] / pHp
        if bent or xx + a * (2 * xp + a * pp) >= square:
            a = (-xp + np.sqrt(max(xp * xp + pp * (square - xx), 0.0))) / pp
            edge[i] = True
        for j in range(x.shape[1]):
            for q in range(x.shape[2]):
                x[i, j, q] += a * p[i, j, q]
                r[i, j, q] -= a * H[k, j, q]
        n = 0
        for j in range(x.shape[1]):
            for q in range(x.shape[2]):
                t[n] = r[i, j, q] * (r[i, j, q] / c[j])
                n += 1
        before, ry[i] = ry[i], _pairwise(t, n)
        going[k] = not edge[i] and np.sqrt(ry[i]) > goal[i]
        if going[k]:
            for j in range(x.shape[1]):
                for q in range(x.shape[2]):
                    p[i, j, q] = r[i, j, q] / c[j] + ry[i] / before * p[i, j, q]
    return going
