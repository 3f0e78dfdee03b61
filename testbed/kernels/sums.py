"""Sums over samples at given codes: the gradient and the Hessian of phi(D, b) = min_Z F. No validation here.

Codes come as idx, val (n, K), cnt (n,). The bias is treated as one more atom whose code is always 1: with `extra` = 1,
matrices of directions and gradients have m + 1 rows, the last one belonging to b.

Each block of samples has its own partial sum, and blocks are added in order: the result does not depend on the number
of threads. Functions beginning with `add_` work on flat arrays (`testbed.kernels.jit.flat`) and one stretch of samples.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from testbed.kernels.jit import flat, jit
from testbed.threads import share

# dot products of length d dominate the Hessian pass; letting them be summed in vector lanes is what these flags allow
FAST = {"reassoc", "contract"}
CHUNK = 1 << 28  # multiplications of one call, a quarter of a second on one thread: between two, Ctrl-C is heard


def shares(blocks, work):
    """Ranges of blocks for one call each: of about CHUNK multiplications, and no fewer blocks than there are threads.

    work : multiplications in all.
    """
    size = max(int(blocks * (CHUNK / max(work, 1))), share(), 1)
    return [(lo, min(lo + size, blocks)) for lo in range(0, blocks, size)]


@jit(fastmath=FAST)
def add_gradient(lo, hi, X, D, w, length, lam, extra, m, d, K, idx, val, cnt, R, E, mu, square, reach):
    """Add samples lo ... hi to E, mu, square and reach, write their residuals to R, and return their share of F."""
    F = 0.0
    for i in range(lo, hi):
        r = i * d
        for q in range(d):
            R[r + q] = X[r + q]
        size = 0.0
        for p in range(cnt[i]):
            a = val[i * K + p]
            atom = idx[i * K + p] * d
            size += abs(a)
            for q in range(d):
                R[r + q] -= a * D[atom + q]
        a = 0.0
        for q in range(d):
            a += R[r + q] * R[r + q]
        F += w[i] * (0.5 * a + lam * size)
        terms = w[i] * (length[i] + size)
        across = np.sqrt(max(a - lam * lam, 0.0))
        for p in range(cnt[i]):
            j = idx[i * K + p]
            a = w[i] * val[i * K + p]
            mu[j] += abs(a)
            reach[j] += terms * (abs(val[i * K + p]) + across)
            square[j] += a * val[i * K + p]
            for q in range(d):
                E[j * d + q] += a * R[r + q]
        if extra:
            reach[m] += terms
            for q in range(d):
                E[m * d + q] += w[i] * R[r + q]
    return F


@jit(parallel=True)
def _gradient_blocks(first, last, X, D, w, length, lam, extra, idx, val, cnt, R, E, mu, square, reach, F):
    n, d = X.shape
    blocks = len(F)
    for block in prange(first, last):
        F[block] = add_gradient(n * block // blocks, n * (block + 1) // blocks, flat(X), flat(D), flat(w), flat(length),
                                lam, extra, D.shape[0], d, idx.shape[1], flat(idx), flat(val), flat(cnt), flat(R),
                                flat(E[block]), flat(mu[block]), flat(square[block]), flat(reach[block]))


def gradient_pass(X, D, w, length, lam, extra, blocks, idx, val, cnt, R):
    """Residuals into R (n, d); returns E (m + extra, d) with rows E[z_j r], mu (m,), E[z_j^2] (m,), reach, and F.

    reach (m + extra,) is what rounding is a share of: see `testbed.verify.resolution`; `length` (n,) is |x|.
    """
    m, d = D.shape
    E, mu, square, F = np.zeros((blocks, m + extra, d)), np.zeros((blocks, m)), np.zeros((blocks, m)), np.zeros(blocks)
    reach = np.zeros((blocks, m + extra))
    for first, last in shares(blocks, 2 * cnt.sum() * d):
        _gradient_blocks(first, last, X, D, w, length, lam, extra, idx, val, cnt, R, E, mu, square, reach, F)
    return E.sum(axis=0), mu.sum(axis=0), square.sum(axis=0), reach.sum(axis=0), F.sum()


@jit(fastmath=FAST)
def invert(i, G, m, idx, k, K, bent, bend, L, V, P, o):
    """P[o:] = inverse (k, k) of the Gram matrix G_A on the support of sample i, by Cholesky: G_A = L L', V = 1 / L.

    bent : of G_A + diag bend[i], the second derivatives of the penalty, which l1 has none of.
    """
    for a in range(k):
        row = idx[i * K + a] * m
        for b in range(a + 1):
            s = 0.0
            for l in range(b):
                s += L[a * K + l] * L[b * K + l]
            s = G[row + idx[i * K + b]] - s
            if bent and a == b:
                s += bend[i * K + a]
            L[a * K + b] = np.sqrt(max(s, 1e-13)) if a == b else s / L[b * K + b]
    for a in range(k):
        for b in range(a):
            V[a * K + b] = 0.0
        for l in range(a):
            s = L[a * K + l]
            for b in range(l + 1):
                V[a * K + b] -= s * V[l * K + b]
        s = 1.0 / L[a * K + a]
        for b in range(a):
            V[a * K + b] *= s
        V[a * K + a] = s
    for a in range(k * k):
        P[o + a] = 0.0
    for l in range(k):
        for a in range(l + 1):
            s = V[l * K + a]
            for b in range(l + 1):
                P[o + a * k + b] += s * V[l * K + b]


@jit(parallel=True)
def _invert_blocks(lo, hi, G, idx, cnt, offset, bend, P, L, V):
    n, K = hi - lo, idx.shape[1]
    blocks = len(L)
    for block in prange(blocks):
        for i in range(lo + n * block // blocks, lo + n * (block + 1) // blocks):
            invert(i, flat(G), len(G), flat(idx), cnt[i], K, len(bend) > 0, flat(bend), flat(L[block]), flat(V[block]),
                   flat(P), offset[i])


def invert_supports(G, idx, cnt, offset, blocks, bend):
    """Inverse of the Gram matrix on each support, k x k at offset[i] of what is returned; with bend (n, K) on its
    diagonal, unless that is (0, 0)."""
    P, K = np.empty(offset[-1]), idx.shape[1]
    L, V = np.zeros((blocks, K, K)), np.zeros((blocks, K, K))
    for lo, hi in shares(len(cnt), offset[-1] * cnt.max(initial=0)):
        _invert_blocks(lo, hi, G, idx, cnt, offset, bend, P, L, V)
    return P


@jit(fastmath=FAST)
def add_hessian(lo, hi, D, V, w, extra, m, d, K, idx, val, cnt, R, offset, P, t, h, H):
    """Add samples lo ... hi to H, as `hessian_pass` says; t (d,) and h (2 K,) are for its use."""
    for i in range(lo, hi):
        k = cnt[i]
        r = i * d
        o = offset[i]
        for q in range(d):
            t[q] = V[m * d + q] if extra else 0.0
        for p in range(k):
            a = val[i * K + p]
            row = idx[i * K + p] * d
            s = 0.0
            for q in range(d):
                t[q] += a * V[row + q]
                s += V[row + q] * R[r + q]
            h[p] = s
        for p in range(k):
            row = idx[i * K + p] * d
            s = 0.0
            for q in range(d):
                s += D[row + q] * t[q]
            h[p] -= s
        for p in range(k):
            s = 0.0
            for l in range(k):
                s += P[o + p * k + l] * h[l]
            h[K + p] = s
        for p in range(k):
            s = h[K + p]
            row = idx[i * K + p] * d
            for q in range(d):
                t[q] += s * D[row + q]
        for p in range(k):
            a = w[i] * val[i * K + p]
            b = w[i] * h[K + p]
            row = idx[i * K + p] * d
            for q in range(d):
                H[row + q] += a * t[q] - b * R[r + q]
        if extra:
            for q in range(d):
                H[m * d + q] += w[i] * t[q]


@jit(parallel=True)
def _hessian_blocks(first, last, D, V, w, extra, idx, val, cnt, R, offset, P, t, h, H):
    n, K = idx.shape
    blocks = len(H)
    for block in prange(first, last):
        add_hessian(n * block // blocks, n * (block + 1) // blocks, flat(D), flat(V), flat(w), extra, D.shape[0],
                    D.shape[1], K, flat(idx), flat(val), flat(cnt), flat(R), flat(offset), flat(P), flat(t[block]),
                    flat(h[block]), flat(H[block]))


def hessian_pass(D, V, w, extra, blocks, idx, val, cnt, R, offset, P):
    """(m + extra, d) with rows E[z_j (t + dz D) - dz_j r], where t = zV and dz = P (V r - D t) on the support.

    dz is how codes follow the atoms (M1): along V the exact codes of a sample with fixed support move by dz.
    """
    m, d = D.shape
    H = np.zeros((blocks, m + extra, d))
    t, h = np.empty((blocks, d)), np.empty((blocks, 2 * idx.shape[1]))
    for first, last in shares(blocks, 6 * cnt.sum() * d):
        _hessian_blocks(first, last, D, V, w, extra, idx, val, cnt, R, offset, P, t, h, H)
    return H.sum(axis=0)
