"""Coding one sample on the atoms themselves, by QR: the slow route for what the Gram matrix cannot resolve.

The method is that of `active_set`, one atom at a time: an entering atom slides in along the direction that keeps
the gradient zero on the support. Distances from the span come from orthogonalisation instead of differences of Gram
entries, so atoms 1e-9 apart are told from equal ones. No validation here.
"""

from __future__ import annotations

import numpy as np

from testbed.kernels.jit import jit

FAILED = -1
EPS = 2.220446049250313e-16


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
