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
from numba import prange

from testbed._jit import jit

LANES = 8
DEPENDENT = 1e-13  # a squared distance from the span of the support below this is rounding
FAILED, FULL = -1, -2
EPS = 2.220446049250313e-16


@jit()
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


@jit()
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


@jit()
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


@jit()
def _enter(c, G, lam, tol, S, sg, z, e, u, Inv, k, j, sj):
    """Let atom j enter with sign sj, if it still wants to: its gradient may have changed since it was chosen."""
    g = c[j]
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


@jit()
def _polish(c, G, lam, tol, S, sg, z, e, u, Inv, k):
    """Make the gradient vanish on the support: z += Inv e, with codes that reach zero on the way leaving."""
    for _ in range(6):
        worst = 0.0
        for i in range(k):
            a = c[S[i]] - lam * sg[i]
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


@jit()
def _gradient(c, G, S, z, k, grad):
    """grad = c - z G, from scratch: the certificate as well as the search for candidates."""
    m = len(c)
    for j in range(m):
        grad[j] = c[j]
    i = 0
    while i + 4 <= k:
        a0, a1, a2, a3 = z[i], z[i + 1], z[i + 2], z[i + 3]
        g0, g1, g2, g3 = G[S[i]], G[S[i + 1]], G[S[i + 2]], G[S[i + 3]]
        for j in range(m):
            grad[j] -= (a0 * g0[j] + a1 * g1[j]) + (a2 * g2[j] + a3 * g3[j])
        i += 4
    while i < k:
        a0 = z[i]
        g0 = G[S[i]]
        for j in range(m):
            grad[j] -= a0 * g0[j]
        i += 1


@jit()
def _largest(grad, signed):
    top = 0.0
    if signed:
        for j in range(len(grad)):
            top = max(top, abs(grad[j]))
    else:
        for j in range(len(grad)):
            top = max(top, grad[j])
    return top


@jit()
def _code_one(c, G, lam, signed, share, S, sg, z, e, u, Inv, grad, cand, k):
    """Codes of one sample from the support S[:k] (k = 0: from nothing). Returns the new k, FAILED or FULL."""
    m = len(c)
    top = _largest(c, signed)
    tol = 1e-13 * lam + 2 * EPS * top
    if k > 0:
        k = _polish(c, G, lam, tol, S, sg, z, e, u, Inv, k)
    stuck = 0
    for _ in range(200 + 4 * len(S)):
        _gradient(c, G, S, z, k, grad)
        top = _largest(grad, signed) - lam
        worst = 0.0
        for i in range(k):
            worst = max(worst, abs(grad[S[i]] - lam * sg[i]))
        if top <= tol:
            if worst <= tol:
                return k
            stuck += 1
            if stuck > 4:
                return FAILED
        if worst > tol:
            k = _polish(c, G, lam, tol, S, sg, z, e, u, Inv, k)
        if top <= tol:
            continue
        bar = lam + max(share * top, tol)
        n = 0
        for j in range(m):
            cand[n] = j
            n += (abs(grad[j]) if signed else grad[j]) > bar
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
            k = _enter(c, G, lam, tol, S, sg, z, e, u, Inv, k, j, 1.0 if grad[j] > 0 else -1.0)
            if k < 0:
                return k
            added += k > before
    return FAILED


@jit(parallel=True)
def code_rows(X, D, DT, G, lam, signed, share, rows, idx, val, cnt):
    """Code every row of X, `rows` at a time. idx, val (n, K) and cnt (n,) hold the warm start and then the codes.

    cnt is FAILED or FULL (more than K atoms) where this method did not reach C1. Blocks do not depend on the number of
    threads, and each calls a matrix product that runs on one, so neither do the results.
    """
    n = X.shape[0]
    m = D.shape[0]
    K = idx.shape[1]
    Kp = (K + LANES) // LANES * LANES
    blocks = (n + rows - 1) // rows
    for block in prange(blocks):
        lo = block * rows
        hi = min(lo + rows, n)
        C = np.dot(X[lo:hi], DT)
        S = np.zeros(K, np.uint32)
        sg = np.ones(Kp)
        z = np.zeros(Kp)
        e = np.zeros(Kp)
        u = np.zeros(Kp)
        Inv = np.zeros((Kp, Kp))
        grad = np.empty(m)
        cand = np.empty(m + 1, np.uint32)
        for i in range(lo, hi):
            c = C[i - lo]
            k = 0
            for p in range(cnt[i]):
                j = idx[i, p]
                square = _direction(G, S, u, Inv, k, j)
                if square > 1e-10:
                    k = _border(S, sg, z, u, Inv, k, j, 1.0 if val[i, p] > 0 else -1.0, val[i, p], square)
            k = _code_one(c, G, lam, signed, share, S, sg, z, e, u, Inv, grad, cand, k)
            cnt[i] = k
            if k < 0:
                Inv[:] = 0.0
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


@jit()
def _orthonormal(D, S, k, j, Q, h, v):
    """v = the part of atom j outside the span of Q[:k], h its coordinates inside; returns |v|. Twice is enough."""
    d = D.shape[1]
    for q in range(d):
        v[q] = D[j, q]
    for i in range(k):
        h[i] = 0.0
    for _ in range(2):
        for i in range(k):
            a = 0.0
            for q in range(d):
                a += Q[i, q] * v[q]
            h[i] += a
            for q in range(d):
                v[q] -= a * Q[i, q]
    a = 0.0
    for q in range(d):
        a += v[q] * v[q]
    return np.sqrt(a)


@jit()
def _factor(D, S, k, Q, T, h, v):
    """Orthonormal rows Q and upper triangle T with D_S = T' Q, from scratch."""
    for p in range(k):
        norm = _orthonormal(D, S, p, S[p], Q, h, v)
        for i in range(p):
            T[i, p] = h[i]
        T[p, p] = norm
        for q in range(D.shape[1]):
            Q[p, q] = v[q] / norm


@jit()
def code_safely(x, D, lam, signed, S, sg, z):
    """The same method for one sample on the atoms themselves: QR instead of the Gram matrix, one atom at a time.

    Slower, and accurate where the Gram matrix has lost the difference of two atoms. Returns k or FAILED.
    """
    m, d = D.shape
    cap = len(S)
    Q = np.zeros((cap + 1, d))
    T = np.zeros((cap + 1, cap + 1))
    h = np.zeros(cap + 1)
    u = np.zeros(cap + 1)
    v = np.zeros(d)
    r = np.zeros(d)
    top = 0.0
    for q in range(d):
        top += x[q] * x[q]
    top = np.sqrt(top)
    k = 0
    stuck = 0
    for _ in range(1000 + 50 * cap):
        for q in range(d):
            r[q] = x[q]
        for i in range(k):
            for q in range(d):
                r[q] -= z[i] * D[S[i], q]
        terms = top  # what cancels in r, and so the size of its rounding
        for i in range(k):
            terms += abs(z[i])
        tol = 1e-13 * lam + EPS * terms
        worst = 0.0  # polish: solve T' T step = e on the support
        for i in range(k):
            a = -lam * sg[i]
            for q in range(d):
                a += r[q] * D[S[i], q]
            h[i] = a
            worst = max(worst, abs(a))
        if worst > tol and stuck < 20:
            stuck += 1
            for i in range(k):
                for l in range(i):
                    h[i] -= T[l, i] * h[l]
                h[i] /= T[i, i]
            for i in range(k - 1, -1, -1):
                for l in range(i + 1, k):
                    h[i] -= T[i, l] * h[l]
                h[i] /= T[i, i]
            step = 1.0
            b = -1
            for i in range(k):
                a = -sg[i] * h[i]
                if a > 0.0 and sg[i] * z[i] < step * a:
                    step = max(sg[i] * z[i], 0.0) / a
                    b = i
            for i in range(k):
                z[i] += step * h[i]
            if b >= 0:
                k -= 1
                S[b], sg[b], z[b] = S[k], sg[k], z[k]
                _factor(D, S, k, Q, T, h, v)
            continue
        g = 0.0
        j = -1
        for p in range(m):
            a = 0.0
            for q in range(d):
                a += r[q] * D[p, q]
            if (abs(a) if signed else a) - lam > g:
                inside = False
                for i in range(k):
                    inside = inside or S[i] == p
                if not inside:
                    g = (abs(a) if signed else a) - lam
                    j = p
                    sj = 1.0 if a > 0 else -1.0
        if g <= tol:
            return k if worst <= tol else FAILED
        stuck = 0
        zj = 0.0
        while True:  # slide j in
            norm = _orthonormal(D, S, k, j, Q, h, v)
            for i in range(k - 1, -1, -1):
                u[i] = h[i]
                for l in range(i + 1, k):
                    u[i] -= T[i, l] * u[l]
                u[i] /= T[i, i]
            t = g / (norm * norm) if norm > 1e-12 else np.inf
            b = -1
            for i in range(k):
                a = sg[i] * sj * u[i]
                if a > 0.0 and sg[i] * z[i] < t * a:
                    t = max(sg[i] * z[i], 0.0) / a
                    b = i
            if b < 0 and (norm <= 1e-12 or k == cap):
                return FAILED
            for i in range(k):
                z[i] -= t * sj * u[i]
            zj += t
            if b < 0:
                break
            g -= t * norm * norm
            k -= 1
            S[b], sg[b], z[b] = S[k], sg[k], z[k]
            _factor(D, S, k, Q, T, h, v)
        for i in range(k):
            T[i, k] = h[i]
        T[k, k] = norm
        for q in range(d):
            Q[k, q] = v[q] / norm
        S[k] = j
        sg[k] = sj
        z[k] = sj * zj
        k += 1
    return FAILED
