"""Sums over samples at given codes: the gradient and the Hessian of phi(D, b) = min_Z F. No validation here.

Codes come as idx, val (n, K), cnt (n,). The bias is treated as one more atom whose code is always 1: with `extra` = 1,
matrices of directions and gradients have m + 1 rows, the last one belonging to b.

Each block of samples has its own partial sum, and blocks are added in order: the result does not depend on the number
of threads.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from testbed._jit import jit

# dot products of length d dominate the Hessian pass; letting them be summed in vector lanes is what these flags allow
FAST = {"reassoc", "contract"}


@jit(parallel=True, fastmath=FAST)
def gradient_pass(X, D, w, lam, extra, blocks, idx, val, cnt, R):
    """Residuals into R (n, d); returns E (m + extra, d) with rows E[z_j r], mu (m,), E[z_j^2] (m,), and F."""
    n, d = X.shape
    m = D.shape[0]
    E = np.zeros((blocks, m + extra, d))
    mu = np.zeros((blocks, m))
    square = np.zeros((blocks, m))
    F = np.zeros(blocks)
    for block in prange(blocks):
        for i in range(n * block // blocks, n * (block + 1) // blocks):
            r = R[i]
            for q in range(d):
                r[q] = X[i, q]
            size = 0.0
            for p in range(cnt[i]):
                a = val[i, p]
                atom = D[idx[i, p]]
                size += abs(a)
                for q in range(d):
                    r[q] -= a * atom[q]
            a = 0.0
            for q in range(d):
                a += r[q] * r[q]
            F[block] += w[i] * (0.5 * a + lam * size)
            for p in range(cnt[i]):
                j = idx[i, p]
                a = w[i] * val[i, p]
                mu[block, j] += abs(a)
                square[block, j] += a * val[i, p]
                row = E[block, j]
                for q in range(d):
                    row[q] += a * r[q]
            if extra:
                row = E[block, m]
                for q in range(d):
                    row[q] += w[i] * r[q]
    for block in range(1, blocks):
        E[0] += E[block]
        mu[0] += mu[block]
        square[0] += square[block]
        F[0] += F[block]
    return E[0], mu[0], square[0], F[0]


@jit(parallel=True)
def invert_supports(G, idx, cnt, offset, blocks, P):
    """Inverse of the Gram matrix on each support, k x k at P[offset[i]:], by Cholesky."""
    n, K = idx.shape
    for block in prange(blocks):
        L = np.zeros((K, K))
        V = np.zeros((K, K))
        for i in range(n * block // blocks, n * (block + 1) // blocks):
            k = cnt[i]
            for a in range(k):
                for b in range(a + 1):
                    s = G[idx[i, a], idx[i, b]]
                    for l in range(b):
                        s -= L[a, l] * L[b, l]
                    L[a, b] = np.sqrt(max(s, 1e-13)) if a == b else s / L[b, b]
            for b in range(k):  # V = inverse of L, lower triangular
                for a in range(b, k):
                    s = 1.0 if a == b else 0.0
                    for l in range(b, a):
                        s -= L[a, l] * V[l, b]
                    V[a, b] = s / L[a, a]
            for a in range(k):
                for b in range(a + 1):
                    s = 0.0
                    for l in range(a, k):
                        s += V[l, a] * V[l, b]
                    P[offset[i] + a * k + b] = s
                    P[offset[i] + b * k + a] = s


@jit(parallel=True, fastmath=FAST)
def hessian_pass(D, V, w, extra, blocks, idx, val, cnt, R, offset, P):
    """(m + extra, d) with rows E[z_j (t + dz D) - dz_j r], where t = zV and dz = P (V r - D t) on the support.

    dz is how codes follow the atoms (M1): along V the exact codes of a sample with fixed support move by dz.
    """
    n, K = idx.shape
    m, d = D.shape
    H = np.zeros((blocks, m + extra, d))
    for block in prange(blocks):
        t = np.zeros(d)
        h = np.zeros(K)
        dz = np.zeros(K)
        for i in range(n * block // blocks, n * (block + 1) // blocks):
            k = cnt[i]
            r = R[i]
            for q in range(d):
                t[q] = V[m, q] if extra else 0.0
            for p in range(k):
                a = val[i, p]
                row = V[idx[i, p]]
                for q in range(d):
                    t[q] += a * row[q]
            for p in range(k):
                row = V[idx[i, p]]
                atom = D[idx[i, p]]
                s = 0.0
                for q in range(d):
                    s += row[q] * r[q] - atom[q] * t[q]
                h[p] = s
            o = offset[i]
            for p in range(k):
                s = 0.0
                for l in range(k):
                    s += P[o + p * k + l] * h[l]
                dz[p] = s
            for p in range(k):
                a = dz[p]
                atom = D[idx[i, p]]
                for q in range(d):
                    t[q] += a * atom[q]
            for p in range(k):
                a = w[i] * val[i, p]
                b = w[i] * dz[p]
                row = H[block, idx[i, p]]
                for q in range(d):
                    row[q] += a * t[q] - b * r[q]
            if extra:
                row = H[block, m]
                for q in range(d):
                    row[q] += w[i] * t[q]
    for block in range(1, blocks):
        H[0] += H[block]
    return H[0]
