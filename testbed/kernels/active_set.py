"""Exact sparse coding, one sample at a time: the kernels behind `testbed.coding`. No validation here.

For one sample: minimise 1/2 |x - zD|^2 + lam * sum |z| over z >= 0 (or signed z).

Single precision searches, double precision decides. The gradient over all atoms, c - zG with c = D x and G = D D^T, is
the bulk of the work; it is computed in float32 and used only to say which atoms need a look: those that violate C1 by
a share of the worst, or, once none violates it clearly, all that lie within `slack` of lam, a bound on the error of the
float32 gradient. Whatever enters is judged by its gradient in float64, and what ends is optimal in float64: codes make
the gradient vanish on the support, and every atom off it was judged, or lies below lam by more than the bound.

State: the support S[:k] with signs sg, products c = <x, d_j>, codes z with sg*z >= 0; Q, the Gram matrix on the
support; Inv, its inverse, kept in the top left k x k corner of a buffer that is zero elsewhere. Rows of Q and Inv are
`P` long, a multiple of LANES, and are worked on in whole lanes. All arrays are flat (`testbed.kernels.jit.flat`).

Invariant: before an atom enters, the gradient vanishes on the support. An entering atom j slides along the direction
that keeps it so, (-u, 1) with u = Inv Q_Sj, until its own gradient vanishes or a code reaches zero; then that atom
leaves and the slide goes on. If j depends linearly on the support, the objective falls along the slide at a constant
rate and some code must reach zero: dependent and duplicated atoms need no case of their own. Every step lowers the
objective, so the method ends.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from testbed.kernels.jit import flat, jit

LANES = 4
STRETCH = 32  # atoms whose largest gradient is kept: candidates are looked for only where it is large enough
APART = 32
SHARE = 0.5  # atoms whose violation is at least this share of the largest may enter from one gradient
DEPENDENT = 1e-13  # a squared distance from the span of the support below this is rounding
FAILED, FULL = -1, -2
EPS, EPS32 = 2.0**-52, 2.0**-24
MAGNITUDE = np.int32(0x7FFFFFFF)  # the bits of a float32 without its sign
FAST = {"reassoc", "contract"}  # dot products in vector lanes: 1.3 to 1.8 times faster in 256 dimensions and more


@jit(inline=True, fastmath=FAST)
def _dot(A, a, B, b, d):
    s = 0.0
    for q in range(d):
        s += A[a + q] * B[b + q]
    return s


@jit()
def _remove(b, S, sg, c, z, e, u, h, Inv, Q, k, P):
    """Remove position b: downdate Inv, move the last position into the gap. e, u and h are carried along."""
    pivot = 1.0 / Inv[b * P + b]
    kp = (k + LANES - 1) // LANES * LANES
    for i in range(k):
        if i != b:
            a = Inv[i * P + b] * pivot
            for l in range(kp):
                Inv[i * P + l] -= a * Inv[b * P + l]
    q = k - 1
    if b != q:
        for i in range(k):
            Inv[i * P + b] = Inv[i * P + q]
            Q[i * P + b] = Q[i * P + q]
        for l in range(kp):
            Inv[b * P + l] = Inv[q * P + l]
            Q[b * P + l] = Q[q * P + l]
        Q[b * P + b] = 1.0
        S[b] = S[q]
        sg[b] = sg[q]
        c[b] = c[q]
        z[b] = z[q]
        e[b] = e[q]
        u[b] = u[q]
        h[b] = h[q]
    for i in range(k):
        Inv[i * P + q] = 0.0
    for l in range(kp):
        Inv[q * P + l] = 0.0
    u[q] = 0.0
    return q


@jit(inline=True)
def _direction(j, D, G, dense, m, d, S, u, h, Inv, k, P):
    """h = cosines of atom j with the support, u = Inv h; returns 1 - <u, h>, its squared distance from the span."""
    kp = (k + LANES - 1) // LANES * LANES
    for i in range(k):
        h[i] = G[j * m + S[i]] if dense else _dot(D, j * d, D, S[i] * d, d)
    for l in range(kp):
        u[l] = h[0] * Inv[l]
    for i in range(1, k):
        a = h[i]
        for l in range(kp):
            u[l] += a * Inv[i * P + l]
    return 1.0 - _dot(u, 0, h, 0, k)


@jit(inline=True)
def _append(j, sj, cj, zj, square, S, sg, c, z, u, h, Inv, Q, k, P):
    """Append atom j, with cosines h, at squared distance `square` from the span, with u = Inv h and code zj."""
    scale = 1.0 / square
    kp = (k + LANES - 1) // LANES * LANES
    for i in range(k):
        a = u[i] * scale
        for l in range(kp):
            Inv[i * P + l] += a * u[l]
    for i in range(k):
        Inv[k * P + i] = -u[i] * scale
        Inv[i * P + k] = -u[i] * scale
        Q[k * P + i] = h[i]
        Q[i * P + k] = h[i]
    Inv[k * P + k] = scale
    Q[k * P + k] = 1.0
    S[k] = j
    sg[k] = sj
    c[k] = cj
    z[k] = zj
    return k + 1


@jit(inline=True)
def _enter(j, X, x, D, G, dense, m, d, lam, signed, tol, S, sg, c, z, e, u, h, Inv, Q, k, P, K):
    """Let atom j enter, if in float64 it wants to."""
    square = _direction(j, D, G, dense, m, d, S, u, h, Inv, k, P)
    cj = _dot(X, x, D, j * d, d)
    g = cj - _dot(z, 0, h, 0, k)
    sj = -1.0 if signed and g < 0.0 else 1.0
    g = sj * g - lam
    if g <= tol:
        return k
    zj = 0.0
    while True:
        t = g / square if square > DEPENDENT else np.inf
        b = -1
        stops = 0  # counted in vector lanes: most slides meet none
        for i in range(k):
            stops += sg[i] * z[i] < t * (sg[i] * sj * u[i])
        for i in range(k if stops else 0):
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
        a = u[b] / Inv[b * P + b]  # without b: u loses its component along column b, and j is farther from the span
        square += u[b] * a
        for i in range(k):
            u[i] -= a * Inv[i * P + b]
        k = _remove(b, S, sg, c, z, e, u, h, Inv, Q, k, P)
    if k == K:
        return FULL
    return _append(j, sj, cj, sj * zj, square, S, sg, c, z, u, h, Inv, Q, k, P)


@jit()
def _polish(lam, tol, S, sg, c, z, e, u, h, Inv, Q, k, P):
    """Make the gradient vanish on the support: z += Inv e, with codes that reach zero on the way leaving.

    Returns k and the largest gradient on the support, found and left.
    """
    found = worst = 0.0
    for attempt in range(6):
        kp = (k + LANES - 1) // LANES * LANES
        for i in range(kp):
            e[i] = c[i] - lam * sg[i]
        for l in range(k):
            a = z[l]
            for i in range(kp):
                e[i] -= a * Q[l * P + i]
        worst = 0.0
        for i in range(k):
            worst = max(worst, abs(e[i]))
        if attempt == 0:
            found = worst
        if worst <= tol:
            break
        while True:
            for i in range(k):
                u[i] = _dot(Inv, i * P, e, 0, k)
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
            k = _remove(b, S, sg, c, z, e, u, h, Inv, Q, k, P)
    return k, found, worst


@jit()
def _search(C, r, G32, m, signed, S, z, k, grad, bits, peak):
    """grad = c - zG in float32, 0 on the support; returns its largest entry (signed: in magnitude), at least 0.

    Floats >= 0 are ordered as their bits are, and maxima of integers run in vector lanes.
    """
    for j in range(m):
        grad[j] = C[r + j]
    i = 0
    while i + 4 <= k:
        a0, a1, a2, a3 = np.float32(z[i]), np.float32(z[i + 1]), np.float32(z[i + 2]), np.float32(z[i + 3])
        j0, j1, j2, j3 = S[i] * m, S[i + 1] * m, S[i + 2] * m, S[i + 3] * m
        for j in range(m):
            grad[j] -= (a0 * G32[j0 + j] + a1 * G32[j1 + j]) + (a2 * G32[j2 + j] + a3 * G32[j3 + j])
        i += 4
    while i < k:
        a0 = np.float32(z[i])
        j0 = S[i] * m
        for j in range(m):
            grad[j] -= a0 * G32[j0 + j]
        i += 1
    for i in range(k):
        grad[S[i]] = np.float32(0.0)
    mask = MAGNITUDE if signed else np.int32(-1)
    whole = np.int32(0)
    for s in range((m + STRETCH - 1) // STRETCH):
        top = np.int32(0)
        for j in range(s * STRETCH, min((s + 1) * STRETCH, m)):
            top = max(top, np.int32(bits[j] & mask))
        peak[s] = top
        whole = max(whole, top)
    bits[m] = whole
    top32 = grad[m]
    bits[m] = np.int32(0)
    return top32


@jit(inline=True)
def _above(bar, m, signed, grad, bits, peak, cand):
    """cand[:n] = atoms with grad (signed: |grad|) above bar > 0."""
    mask = MAGNITUDE if signed else np.int32(-1)
    grad[m] = np.float32(bar)
    low = bits[m]
    grad[m] = np.float32(0.0)
    n = 0
    for s in range((m + STRETCH - 1) // STRETCH):
        if peak[s] > low:
            for l in range(STRETCH):
                cand[n] = s * STRETCH + l
                n += (bits[s * STRETCH + l] & mask) > low
    return n


@jit()
def _others(m, S, k, cand):
    """cand[:n] = all atoms off the support."""
    n = 0
    for j in range(m):
        cand[n] = j
        n += 1
        for i in range(k):
            if S[i] == j:
                n -= 1
    return n


@jit()
def code_sample(row, r, X, D, G, dense, C, G32, m, d, lam, signed, share, S, six, Inv, Q, P, K, grad, bits, peak, cand,
                idx, val, cnt):
    """Code one row of X, whose products with the atoms are row r of C, from and into the same row of idx, val, cnt.

    Arrays are flat; `workspace` makes those between share and idx. cnt becomes FAILED, or FULL if C1 needs more than K
    atoms at once.
    """
    sg, c, z, e, u, h = six
    x, first = row * d, row * K
    k = 0
    for p in range(cnt[row]):
        j = idx[first + p]
        a = val[first + p]
        square = _direction(j, D, G, dense, m, d, S, u, h, Inv, k, P)
        if square > 1e-10:
            k = _append(j, 1.0 if a > 0 else -1.0, _dot(X, x, D, j * d, d), a, square, S, sg, c, z, u, h, Inv, Q, k, P)
    length = np.sqrt(_dot(X, x, X, x, d))
    tol = 1e-13 * lam + 2 * EPS * length
    searched = clear = False
    added = stuck = 0
    end = FAILED
    for _ in range(200 + 4 * K):
        if added == 0:
            k, found, left = _polish(lam, tol, S, sg, c, z, e, u, h, Inv, Q, k, P)
            if searched and not clear and found <= tol:  # nothing moved since the search, which found nothing
                end = k
                break
            stuck += searched and (clear or left > tol)
            if stuck > 4:
                break
        top = _search(C, r * m, G32, m, signed, S, z, k, grad, bits, peak) - lam
        searched = True
        size = length
        for i in range(k):
            size += abs(z[i])
        slack = EPS32 * (d + k + 8) * size  # of dot products of length d, and k more terms, in any order
        clear = top > slack
        bar = lam + max(share * top, slack) if clear else lam - slack
        n = _above(bar, m, signed, grad, bits, peak, cand) if bar > 0 else _others(m, S, k, cand)
        added = 0
        while n > 0 and added < 8:
            best = n - 1
            if clear:  # the most violated first, while its violation stands
                most = abs(grad[cand[best]])
                for q in range(n - 1):
                    violation = abs(grad[cand[q]])
                    best = q if violation > most else best
                    most = max(violation, most)
            j = cand[best]
            n -= 1
            cand[best] = cand[n]
            k = _enter(j, X, x, D, G, dense, m, d, lam, signed, tol, S, sg, c, z, e, u, h, Inv, Q, k, P, K)
            if k < 0:
                break
            added += k > 0 and S[k - 1] == j  # not by k, which does not grow when another leaves
        if k < 0:
            end = k
            break
    kept = min(end, 0)
    for p in range(end):
        if sg[p] * z[p] > 0.0:  # a slide that ended at zero may be past it by a rounding
            idx[first + kept] = S[p]
            val[first + kept] = z[p]
            kept += 1
    cnt[row] = kept
    for l in range(P * P if end < 0 else (end + 1) * P):
        Inv[l] = 0.0


@jit(parallel=True)
def code_rows(X, D, G, D32, G32, lam, signed, share, rows, X32, C, S, six, Inv, Q, grad, bits, peak, cand,
              idx, val, cnt):
    """Code every row of X, `rows` at a time. idx, val (n, K) and cnt (n,) hold the warm start and then the codes.

    G (m, m) is the Gram matrix in float64, or (0, 0) to compute its few entries that are needed; G32 in float32.
    cnt is FAILED or FULL (more than K atoms) where this method did not reach C1. Blocks do not depend on the number of
    threads, and each calls a matrix product that runs on one, so neither do the results. Workspaces have a first axis
    of threads and come from the caller (`workspace`).
    """
    n, d = X.shape
    m = len(D)
    for block in prange((n + rows - 1) // rows):
        lo = block * rows
        hi = min(lo + rows, n)
        t = get_thread_id()
        for i in range(lo, hi):
            for q in range(d):
                X32[t, i - lo, q] = X[i, q]
        np.dot(X32[t, : hi - lo], D32.T, C[t, : hi - lo])
        s = six[t]
        vectors = flat(s[0]), flat(s[1]), flat(s[2]), flat(s[3]), flat(s[4]), flat(s[5])
        x, atoms, gram, gram32, products = flat(X), flat(D), flat(G), flat(G32), flat(C[t])
        St, It, Qt, gt, bt, pt, ct = (flat(S[t]), flat(Inv[t]), flat(Q[t]), flat(grad[t]), flat(bits[t]), flat(peak[t]),
                                      flat(cand[t]))
        codes = flat(idx), flat(val), flat(cnt)
        for row in range(lo, hi):
            code_sample(row, row - lo, x, atoms, gram, len(G) > 0, products, gram32, m, d, lam, signed, share, St,
                        vectors, It, Qt, Inv.shape[1], idx.shape[1], gt, bt, pt, ct, codes[0], codes[1], codes[2])


@jit()
def pack(idx, val, cnt, scale, first, columns, values):
    """Row i of the codes, times scale, to first[i] ... of columns and values, in the order of columns."""
    for i in range(len(cnt)):
        o = first[i]
        for p in range(cnt[i]):
            q = o + p
            while q > o and columns[q - 1] > idx[i, p]:
                columns[q] = columns[q - 1]
                values[q] = values[q - 1]
                q -= 1
            columns[q] = idx[i, p]
            values[q] = scale * val[i, p]


def workspace(threads, rows, d, m, K):
    """Buffers that `code_rows` needs between `rows` and `idx`, for supports of up to K of m atoms.

    Rows that are written often begin at least APART entries after the row of another thread ends: two threads that
    write to one cache line wait for each other.
    """
    P = (K + LANES) // LANES * LANES
    whole = (m // STRETCH + 1) * STRETCH  # at least one more than m: a place where floats become bits
    grad, peak = np.zeros((threads, whole + APART), np.float32), np.zeros((threads, whole // STRETCH + APART), np.int32)
    return (np.empty((threads, rows, d), np.float32), np.empty((threads, rows, m), np.float32),
            np.zeros((threads, K + APART), np.uint32), np.ones((threads, 6, P + APART)), np.zeros((threads, P, P)),
            np.zeros((threads, P, P)), grad, grad.view(np.int32), peak, np.empty((threads, whole + APART), np.uint32))
