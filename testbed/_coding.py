"""Exact sparse coding, one sample at a time: the kernels behind `testbed.coding`. No validation here.

For one sample: minimise 1/2 |x - zD|^2 + lam * sum |z| over z >= 0 (or signed z), given c = D x and G = D D^T.

State: the support S[:k] with signs sg, codes z with sg*z >= 0, and Inv = inverse of G on the support, kept in the top
left k x k corner of a buffer that is zero elsewhere (rows are padded to multiples of LANES, so that inner loops have a
fixed length the compiler turns into vector instructions).

Invariant: before an atom enters, the gradient vanishes on the support. An entering atom j slides along the direction
that keeps it so, (-u, 1) with u = Inv G_Sj, until its own gradient vanishes or a code reaches zero; then that atom
leaves and the slide goes on. If j depends linearly on the support, the objective falls along the slide at a constant
rate and some code must reach zero: dependent and duplicated atoms need no case of their own. Every step lowers the
objective, so the method ends; it returns only when a gradient computed from scratch satisfies C1.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from testbed._jit import jit

LANES = 8
DEPENDENT = 1e-13  # a squared distance from the span of the support below this is rounding
FAILED, FULL = -1, -2
EPS = 2.220446049250313e-16


@jit(inline=True)
def _drop(Inv, S, sg, z, e, u, b, k):
    """Remove position b: downdate Inv, move the last position into the gap. e and u are carried along."""
    pivot = 1.0 / Inv[b, b]
    kp = (k + LANES - 1) // LANES * LANES
    for i in range(k):
        if i != b:
            a = Inv[i, b] * pivot
            for o in range(0, kp, LANES):
                for l in range(LANES):
                    Inv[i, o + l] -= a * Inv[b, o + l]
    q = k - 1
    if b != q:
        for i in range(k):
            Inv[i, b] = Inv[i, q]
        for l in range(kp):
            Inv[b, l] = Inv[q, l]
        S[b] = S[q]
        sg[b] = sg[q]
        z[b] = z[q]
        e[b] = e[q]
        u[b] = u[q]
    for i in range(k):
        Inv[i, q] = 0.0
    for l in range(kp):
        Inv[q, l] = 0.0
    u[q] = 0.0
    return q


@jit(inline=True)
def _direction(G, S, u, Inv, k, j):
    """u = Inv G_Sj; returns G_jj - G_jS u, the squared distance of atom j from the span of the support."""
    kp = (k + LANES - 1) // LANES * LANES
    for l in range(kp):
        u[l] = 0.0
    for i in range(k):
        a = G[j, S[i]]
        for o in range(0, kp, LANES):
            for l in range(LANES):
                u[o + l] += a * Inv[i, o + l]
    square = G[j, j]
    for i in range(k):
        square -= u[i] * G[j, S[i]]
    return square


@jit(inline=True)
def _border(S, sg, z, u, Inv, k, j, sj, zj, square):
    """Append atom j, at squared distance `square` from the span, with u = Inv G_Sj and code zj."""
    scale = 1.0 / square
    kp = (k + LANES - 1) // LANES * LANES
    for i in range(k):
        a = u[i] * scale
        for o in range(0, kp, LANES):
            for l in range(LANES):
                Inv[i, o + l] += a * u[o + l]
    for i in range(k):
        Inv[k, i] = -u[i] * scale
        Inv[i, k] = -u[i] * scale
    Inv[k, k] = scale
    S[k] = j
    sg[k] = sj
    z[k] = zj
    return k + 1


@jit(inline=True)
def _enter(cj, G, lam, tol, S, sg, z, e, u, Inv, k, j, sj):
    """Let atom j enter with sign sj, if it still wants to: its gradient may have changed since it was chosen."""
    g = cj
    for i in range(k):
        g -= z[i] * G[j, S[i]]
    g = sj * g - lam
    if g <= tol:
        return k
    square = _direction(G, S, u, Inv, k, j)
    zj = 0.0
    while True:
        t = g / square if square > DEPENDENT else np.inf
        b = -1
        for i in range(k):
            a = sg[i] * sj * u[i]
            if a > 0.0 and sg[i] * z[i] < t * a:
                t = max(sg[i] * z[i], 0.0) / a
                b = i
        if b < 0 and square <= DEPENDENT:
            return FAILED
        for i in range(k):
            z[i] -= t * sj * u[i]
        zj += t
        if b < 0:
            break
        g -= t * square
        a = u[b] / Inv[b, b]  # without b: u loses its component along column b, and j is farther from the span
        square += u[b] * a
        for i in range(k):
            u[i] -= a * Inv[i, b]
        k = _drop(Inv, S, sg, z, e, u, b, k)
    if k == len(S):
        return FULL
    return _border(S, sg, z, u, Inv, k, j, sj, sj * zj, square)


@jit(inline=True)
def _polish(C, row, G, lam, tol, S, sg, z, e, u, Inv, k):
    """Make the gradient vanish on the support: z += Inv e, with codes that reach zero on the way leaving."""
    for _ in range(6):
        worst = 0.0
        for i in range(k):
            a = C[row, S[i]] - lam * sg[i]
            for l in range(k):
                a -= z[l] * G[S[i], S[l]]
            e[i] = a
            worst = max(worst, abs(a))
        if worst <= tol:
            return k
        while True:
            for i in range(k):
                a = 0.0
                for l in range(k):
                    a += Inv[i, l] * e[l]
                u[i] = a
            step = 1.0
            b = -1
            for i in range(k):
                a = -sg[i] * u[i]
                if a > 0.0 and sg[i] * z[i] < step * a:
                    step = max(sg[i] * z[i], 0.0) / a
                    b = i
            for i in range(k):
                z[i] += step * u[i]
            if b < 0:
                break
            for i in range(k):
                e[i] *= 1.0 - step
            k = _drop(Inv, S, sg, z, e, u, b, k)
    return k


@jit(inline=True)
def _gradient(C, row, G, S, z, k, grad):
    """grad = c - z G, from scratch: the certificate as well as the search for candidates."""
    m = G.shape[0]
    for j in range(m):
        grad[j] = C[row, j]
    i = 0
    while i + 4 <= k:
        a0, a1, a2, a3 = z[i], z[i + 1], z[i + 2], z[i + 3]
        j0, j1, j2, j3 = S[i], S[i + 1], S[i + 2], S[i + 3]
        for j in range(m):
            grad[j] -= (a0 * G[j0, j] + a1 * G[j1, j]) + (a2 * G[j2, j] + a3 * G[j3, j])
        i += 4
    while i < k:
        a0 = z[i]
        j0 = S[i]
        for j in range(m):
            grad[j] -= a0 * G[j0, j]
        i += 1


@jit(inline=True)
def _largest(grad, m, signed):
    """max of grad (signed: |grad|) and 0, in eight chains instead of one."""
    t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = 0.0
    o = 0
    while o + 8 <= m:
        a0, a1, a2, a3 = grad[o], grad[o + 1], grad[o + 2], grad[o + 3]
        a4, a5, a6, a7 = grad[o + 4], grad[o + 5], grad[o + 6], grad[o + 7]
        if signed:
            a0, a1, a2, a3, a4, a5, a6, a7 = abs(a0), abs(a1), abs(a2), abs(a3), abs(a4), abs(a5), abs(a6), abs(a7)
        t0 = a0 if a0 > t0 else t0
        t1 = a1 if a1 > t1 else t1
        t2 = a2 if a2 > t2 else t2
        t3 = a3 if a3 > t3 else t3
        t4 = a4 if a4 > t4 else t4
        t5 = a5 if a5 > t5 else t5
        t6 = a6 if a6 > t6 else t6
        t7 = a7 if a7 > t7 else t7
        o += 8
    top = max(max(max(t0, t1), max(t2, t3)), max(max(t4, t5), max(t6, t7)))
    while o < m:
        top = max(top, abs(grad[o]) if signed else grad[o])
        o += 1
    return top


@jit(inline=True)
def _code_one(C, row, G, lam, signed, share, S, sg, z, e, u, Inv, grad, cand, k):
    """Codes of one sample from the support S[:k] (k = 0: from nothing). Returns the new k, FAILED or FULL."""
    m = G.shape[0]
    _gradient(C, row, G, S, z, 0, grad)
    tol = 1e-13 * lam + 2 * EPS * _largest(grad, m, signed)
    polish = k > 0
    stuck = 0
    end = FAILED
    for _ in range(200 + 4 * len(S)):
        if polish:
            k = _polish(C, row, G, lam, tol, S, sg, z, e, u, Inv, k)
        _gradient(C, row, G, S, z, k, grad)
        top = _largest(grad, m, signed) - lam
        worst = 0.0
        for i in range(k):
            worst = max(worst, abs(grad[S[i]] - lam * sg[i]))
        polish = worst > tol
        if top <= tol:
            if not polish:
                end = k
                break
            stuck += 1
            if stuck > 4:
                break
            continue
        bar = lam + max(share * top, tol)
        n = 0
        for j in range(m):
            if (abs(grad[j]) if signed else grad[j]) > bar:
                cand[n] = j
                n += 1
        added = 0
        while n > 0 and added < 8:  # the most violated first, while its violation stands
            best = 0
            for q in range(1, n):
                if abs(grad[cand[q]]) > abs(grad[cand[best]]):
                    best = q
            j = cand[best]
            n -= 1
            cand[best] = cand[n]
            before = k
            k = _enter(C[row, j], G, lam, tol, S, sg, z, e, u, Inv, k, j, 1.0 if grad[j] > 0 else -1.0)
            if k < 0:
                break
            added += k > before
        if k < 0:
            end = k
            break
    return end


@jit()
def _code_block(n, lo, C, G, lam, signed, share, S, sg, z, e, u, Inv, grad, cand, idx, val, cnt):
    """Code n samples whose products with the atoms are the rows of C, from and into rows lo ... of idx, val, cnt."""
    for row in range(n):
        i = lo + row
        k = 0
        for p in range(cnt[i]):
            j = idx[i, p]
            square = _direction(G, S, u, Inv, k, j)
            if square > 1e-10:
                k = _border(S, sg, z, u, Inv, k, j, 1.0 if val[i, p] > 0 else -1.0, val[i, p], square)
        k = _code_one(C, row, G, lam, signed, share, S, sg, z, e, u, Inv, grad, cand, k)
        cnt[i] = k
        if k < 0:
            Inv[:, :] = 0.0
            continue
        kept = 0
        for p in range(k):
            if z[p] != 0.0:
                idx[i, kept] = S[p]
                val[i, kept] = z[p]
                kept += 1
        cnt[i] = kept
        kp = (k + LANES - 1) // LANES * LANES
        for p in range(kp):
            for l in range(kp):
                Inv[p, l] = 0.0


@jit(parallel=True)
def code_rows(X, DT, G, lam, signed, share, rows, C, S, four, Inv, grad, cand, idx, val, cnt):
    """Code every row of X, `rows` at a time. idx, val (n, K) and cnt (n,) hold the warm start and then the codes.

    cnt is FAILED or FULL (more than K atoms) where this method did not reach C1. Blocks do not depend on the number of
    threads, and each calls a matrix product that runs on one, so neither do the results.

    Workspaces have a first axis of threads and come from the caller (`workspace`): arrays made in here are counted
    references, and counting them at every call took more time than the mathematics.
    """
    n = X.shape[0]
    for block in prange((n + rows - 1) // rows):
        lo = block * rows
        hi = min(lo + rows, n)
        t = get_thread_id()
        np.dot(X[lo:hi], DT, C[t, : hi - lo])
        _code_block(hi - lo, lo, C[t], G, lam, signed, share, S[t], four[t, 0], four[t, 1], four[t, 2], four[t, 3],
                    Inv[t], grad[t], cand[t], idx, val, cnt)


def workspace(threads, rows, m, K):
    """Buffers that `code_rows` needs between `rows` and `idx`, for supports of up to K of m atoms."""
    padded = (K + LANES) // LANES * LANES
    return (np.empty((threads, rows, m)), np.zeros((threads, K), np.uint32), np.ones((threads, 4, padded)),
            np.zeros((threads, padded, padded)), np.empty((threads, m)), np.empty((threads, m), np.uint32))
