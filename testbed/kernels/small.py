"""Many small problems at once: phi and its Hessian for each, one thread a problem. No validation here.

A batch is held in arrays with a first axis of places; a problem has two, where it is and where it may go (see
`testbed.descent.lockstep`). `problems[a]` is the a-th problem asked about, and `here[a]`, `there[a]` are its places.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from testbed.kernels.active_set import LANES, SHARE, STRETCH, code_sample
from testbed.kernels.jit import flat, jit
from testbed.kernels.rescue import code_safely
from testbed.kernels.sums import add_gradient, add_hessian, invert


@jit()
def _evaluate(X, w, length, lam, signed, extra, theta, idx, val, cnt, R, E, mu, square, reach, P, offset, Y, C, G, G32,
              S, six, Inv, Q, grad, bits, peak, cand, L, V):
    n, d = X.shape
    m, K = len(theta) - extra, idx.shape[1]
    for i in range(n):
        for q in range(d):
            Y[i, q] = X[i, q] - theta[m, q] if extra else X[i, q]
        for j in range(m):
            a = 0.0
            for q in range(d):
                a += Y[i, q] * theta[j, q]
            C[i, j] = a
    for j in range(m):
        for l in range(m):
            a = 0.0
            for q in range(d):
                a += theta[j, q] * theta[l, q]
            G[j, l] = a
            G32[j, l] = a
    vectors = flat(six[0]), flat(six[1]), flat(six[2]), flat(six[3]), flat(six[4]), flat(six[5])
    for i in range(n):
        code_sample(i, i, flat(Y), flat(theta), flat(G), True, flat(C), flat(G32), m, d, lam, signed, SHARE, flat(S),
                    vectors, flat(Inv), flat(Q), Inv.shape[1], K, flat(grad), flat(bits), flat(peak), flat(cand),
                    flat(idx), flat(val), flat(cnt))
        if cnt[i] < 0:
            atoms, sg, z = np.zeros(K, np.int64), np.ones(K), np.zeros(K)
            cnt[i] = code_safely(Y[i], theta[:m], lam, signed, atoms, sg, z)
            for p in range(cnt[i]):
                idx[i, p] = atoms[p]
                val[i, p] = z[p]
    E[:] = 0.0
    mu[:] = 0.0
    square[:] = 0.0
    reach[:] = 0.0
    for i in range(n):
        invert(i, flat(G), m, flat(idx), cnt[i], K, False, flat(L), flat(L), flat(V), flat(P), offset[i])
    return add_gradient(0, n, flat(Y), flat(theta), flat(w), flat(length), lam, extra, m, d, K, flat(idx), flat(val),
                        flat(cnt), flat(R), flat(E), flat(mu), flat(square), flat(reach))


@jit(parallel=True)
def evaluate(problems, here, there, X, w, length, lam, signed, extra, theta, idx, val, cnt, R, E, mu, square, reach, P,
             offset, value):
    """At theta[there]: codes (started from those held here), residuals, sums as in `sums.gradient_pass`, the
    inverse Gram matrix of each support, and the value of phi; E[a], square[a] and reach[a] are those of the a-th
    problem asked about. A sample that could not be coded has a negative cnt."""
    n, d = X.shape[1], X.shape[2]
    m, K = theta.shape[1] - extra, idx.shape[2]
    width = (K + LANES) // LANES * LANES
    whole = (m // STRETCH + 1) * STRETCH
    for a in prange(len(problems)):
        i, h, t = problems[a], here[a], there[a]
        for s in range(n):
            cnt[t, s] = cnt[h, s]
            for p in range(K):
                idx[t, s, p] = idx[h, s, p]
                val[t, s, p] = val[h, s, p]
        grad = np.zeros(whole, np.float32)
        value[t] = _evaluate(
            X[i], w[i], length[i], lam[i], signed, extra, theta[t], idx[t], val[t], cnt[t], R[t], E[a], mu[t],
            square[a], reach[a], P[t], offset, np.empty((n, d)), np.empty((n, m), np.float32), np.empty((m, m)),
            np.empty((m, m), np.float32), np.zeros(K, np.uint32), np.ones((6, width)), np.zeros((width, width)),
            np.zeros((width, width)), grad, grad.view(np.int32), np.zeros(whole // STRETCH, np.int32),
            np.zeros(whole + 1, np.uint32), np.zeros((K, K)), np.zeros((K, K)))


@jit()
def _multiply(V, theta, w, extra, idx, val, cnt, R, P, offset, t, h, H):
    H[:] = 0.0
    add_hessian(0, len(cnt), flat(theta), flat(V), flat(w), extra, len(theta) - extra, theta.shape[1], idx.shape[1],
                flat(idx), flat(val), flat(cnt), flat(R), flat(offset), flat(P), flat(t), flat(h), flat(H))


@jit(parallel=True)
def multiply(problems, here, V, w, extra, theta, idx, val, cnt, R, P, offset, H):
    """H[a] = the sums of `testbed.kernels.sums.hessian_pass` along V[a], for the a-th problem asked about."""
    for a in prange(len(problems)):
        h = here[a]
        _multiply(V[a], theta[h], w[problems[a]], extra, idx[h], val[h], cnt[h], R[h], P[h], offset,
                  np.empty(theta.shape[2]), np.empty(2 * idx.shape[2]), H[a])
