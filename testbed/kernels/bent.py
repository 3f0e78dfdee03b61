"""Codes under a penalty that bends (log, MCP), one sample at a time: the kernels behind `testbed.coding.bent`.

For one sample: minimise 1/2 |x - zD|^2 + sum_j g(z_j) over z >= 0, g concave, where H = G + diag g'' is positive
definite everywhere, so that the objective is strictly convex. On a support the gradient e = c - zG - g'(z) is made to
vanish by Newton's steps, along each of which the derivative stays of one sign, so that the objective falls; a code that
reaches zero leaves. Then the atom with the largest score beyond lam enters at what is best for it alone, which lowers
the objective too. So no support comes back, and what ends is the only minimum.

The formulas of g stand here a second time, compiled; tests compare them with testbed.penalties. No validation here.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from testbed.kernels.active_set import EPS, FAILED, FULL
from testbed.kernels.jit import jit

LOG, MCP = 0, 1


@jit()
def slope(kind, lam, shape, z):
    """g'(z)."""
    return lam / (1.0 + z / shape) if kind == LOG else max(lam - z / shape, 0.0)


@jit()
def curvature(kind, lam, shape, z):
    """g''(z), at a kink that of larger codes."""
    if kind == LOG:
        a = 1.0 + z / shape
        return -lam / shape / (a * a)
    return -1.0 / shape if z < shape * lam else 0.0


@jit()
def stationary(kind, lam, shape, t):
    """The code z > 0 with z + g'(z) = t > lam: the minimum for one atom alone."""
    if kind == MCP:
        return (t - lam) * (shape / (shape - 1.0)) if t < shape * lam else t
    half = 0.5 * (t - shape)
    root = np.sqrt(max(half * half + shape * (t - lam), 0.0))
    return half + root if half > 0.0 else shape * (t - lam) / (root - half)


@jit()
def _gradient(k, S, z, c, G, kind, lam, shape, e):
    """e = minus the gradient on the support; returns its largest entry."""
    worst = 0.0
    for i in range(k):
        s = c[S[i]] - slope(kind, lam, shape, z[i])
        for l in range(k):
            s -= G[S[i], S[l]] * z[l]
        e[i] = s
        worst = max(worst, abs(s))
    return worst


@jit()
def _solve(k, S, z, G, kind, lam, shape, e, L, p):
    """p = H^-1 e by Cholesky; False where H is not definite to rounding."""
    for i in range(k):
        for l in range(i + 1):
            s = G[S[i], S[l]]
            if i == l:
                s += curvature(kind, lam, shape, z[i])
            for q in range(l):
                s -= L[i, q] * L[l, q]
            if i > l:
                L[i, l] = s / L[l, l]
            elif s > 1e-12:
                L[i, i] = np.sqrt(s)
            else:
                return False
    for i in range(k):
        s = e[i]
        for q in range(i):
            s -= L[i, q] * p[q]
        p[i] = s / L[i, i]
    for i in range(k - 1, -1, -1):
        s = p[i]
        for q in range(i + 1, k):
            s -= L[q, i] * p[q]
        p[i] = s / L[i, i]
    return True


@jit()
def _settle(k, S, z, c, G, kind, lam, shape, length, e, p, L, y, h):
    """Make the gradient vanish on the support: k or FAILED, and the tolerance."""
    tol = 0.0
    for _ in range(300):
        worst = _gradient(k, S, z, c, G, kind, lam, shape, e)
        size = length
        for i in range(k):
            size += z[i]
        tol = 1e-13 * lam + 2 * EPS * size
        if worst <= tol:
            return k, tol
        if not _solve(k, S, z, G, kind, lam, shape, e, L, p):
            break
        t, b = 1.0, -1
        for i in range(k):
            if z[i] + t * p[i] < 0.0:
                t = z[i] / -p[i]
                b = i
        start = 0.0
        for i in range(k):
            start += e[i] * p[i]
        for _ in range(60 if worst > 1e3 * tol else 0):  # nearer, rounding would decide
            for i in range(k):
                y[i] = max(z[i] + t * p[i], 0.0)
            _gradient(k, S, y, c, G, kind, lam, shape, h)
            past = 0.0
            for i in range(k):
                past -= h[i] * p[i]
            if past <= 1e-6 * start:
                break
            t *= max(0.1, min(0.9, start / (start + past)))
            b = -1
        for i in range(k):
            z[i] = max(z[i] + t * p[i], 0.0)
        if b >= 0:
            k -= 1
            S[b], z[b] = S[k], z[k]
    return FAILED, tol


@jit()
def code_sample(x, D, G, kind, lam, shape, S, z, c, e, p, y, h, L, k, K):
    """Codes of x from the k codes z on atoms S, in place; returns k, FAILED, or FULL where K atoms are too few."""
    m, d = D.shape
    length = 0.0
    for q in range(d):
        length += x[q] * x[q]
    length = np.sqrt(length)
    for j in range(m):
        s = 0.0
        for q in range(d):
            s += x[q] * D[j, q]
        c[j] = s
    for _ in range(100 + 20 * m):
        k, tol = _settle(k, S, z, c, G, kind, lam, shape, length, e, p, L, y, h)
        if k < 0:
            return FAILED
        best, j = lam + tol, -1
        for a in range(m):
            s = c[a]
            off = True
            for i in range(k):
                s -= G[a, S[i]] * z[i]
                off = off and S[i] != a
            if off and s > best:
                best, j = s, a
        if j < 0:
            return k
        if k == K:
            return FULL
        S[k], z[k] = j, stationary(kind, lam, shape, best)
        k += 1
    return FAILED


@jit(parallel=True)
def code_rows(X, D, G, kind, lam, shape, rows, idx, val, cnt):
    """Code every row of X, `rows` at a time; idx, val (n, K) and cnt (n,) hold the warm start and then the codes.

    G (m, m) is the Gram matrix. cnt is FAILED or FULL where this method did not end. No block depends on another.
    """
    n, K = idx.shape
    m = len(D)
    for block in prange((n + rows - 1) // rows):
        S, z, c = np.zeros(K + 1, np.int64), np.zeros(K + 1), np.zeros(m)
        e, p, y, h, L = np.zeros(K + 1), np.zeros(K + 1), np.zeros(K + 1), np.zeros(K + 1), np.zeros((K + 1, K + 1))
        for i in range(block * rows, min((block + 1) * rows, n)):
            k = 0
            for q in range(cnt[i]):
                if val[i, q] > 0.0:
                    S[k], z[k] = idx[i, q], val[i, q]
                    k += 1
            k = code_sample(X[i], D, G, kind, lam, shape, S, z, c, e, p, y, h, L, k, K)
            cnt[i] = min(k, 0)
            for q in range(k):
                if z[q] > 0.0:
                    idx[i, cnt[i]], val[i, cnt[i]] = S[q], z[q]
                    cnt[i] += 1


@jit(parallel=True)
def evaluate(kind, lam, shape, z, out):
    """out (3, n): g', g'' and the code at which one atom alone has score z, of z (n,), as compiled."""
    for i in prange(len(z)):
        out[0, i], out[1, i] = slope(kind, lam, shape, z[i]), curvature(kind, lam, shape, z[i])
        out[2, i] = stationary(kind, lam, shape, z[i])
