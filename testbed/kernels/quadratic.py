"""A convex quadratic on a box, small and general: min 1/2 z'Gz - <c, z> over low <= z <= high. No validation here.

G (m, m) is positive semidefinite, its diagonal positive; it need not be a matrix of cosines. Bounds `high` may be
infinite as long as the minimum is finite. With low = 0 and high = inf, c = D x: nonnegative least squares.

Invariant, as in `testbed.kernels.active_set`: the gradient c - Gz vanishes on the free variables. An entering one
slides along the direction that keeps it so, until its own gradient vanishes or a variable meets a bound. Dependent
columns need no case of their own: along them the objective falls at a constant rate, until a bound is met.
"""

from __future__ import annotations

import numpy as np

from testbed.kernels.jit import jit

DEPENDENT = 1e-13  # a squared distance from the span of columns is rounding below this share, times what Inv enlarges
LOST = 1e-10  # a gradient that is left, where numbers are near 1, beyond which nothing is claimed
LOW, FREE, HIGH = 0, 1, 2
FAILED = -1


@jit()
def append(G, j, F, k, Inv, u, square):
    """Border Inv, the inverse of G on F[:k], by variable j, with u = Inv G_Fj at squared distance `square`: k + 1."""
    for i in range(k):
        for l in range(k):
            Inv[i, l] += u[i] * u[l] / square
    for i in range(k):
        Inv[i, k] = -u[i] / square
        Inv[k, i] = -u[i] / square
    Inv[k, k] = 1.0 / square
    F[k] = j
    return k + 1


@jit()
def remove(b, F, k, Inv):
    """Take position b out of F[:k] and its inverse; the last takes its place. Returns k - 1."""
    q = k - 1
    for i in range(k):
        if i != b:
            a = Inv[i, b] / Inv[b, b]
            for l in range(k):
                if l != b:
                    Inv[i, l] -= a * Inv[b, l]
    if b != q:
        for i in range(k):
            Inv[i, b] = Inv[i, q]
        for i in range(k):
            Inv[b, i] = Inv[q, i]
        Inv[b, b] = Inv[q, q]
        F[b] = F[q]
    return q


@jit()
def apart(G, j, F, k, Inv, u):
    """u = Inv G_Fj; returns the squared distance of column j from the span of F[:k]."""
    square = G[j, j]
    for i in range(k):
        s = 0.0
        for l in range(k):
            s += Inv[i, l] * G[F[l], j]
        u[i] = s
        square -= s * G[F[i], j]
    return square


@jit()
def independent(square, size, k, Inv):
    """Whether a column of squared length `size` is off the span of k others by more than rounding."""
    grown = 1.0
    for i in range(k):
        grown += Inv[i, i]
    return square > DEPENDENT * size * grown


@jit()
def _gradient(G, c, A, a, z, w):
    for i in range(a):
        s = c[A[i]]
        for l in range(a):
            if z[A[l]] != 0.0:
                s -= G[A[i], A[l]] * z[A[l]]
        w[A[i]] = s


@jit()
def _correct(G, low, high, A, a, z, where, w, F, Inv, k, u):
    """A Newton step on the free variables, to the first bound that one of them meets."""
    while True:
        step = 1.0
        b = -1
        for i in range(k):
            s = 0.0
            for l in range(k):
                s += Inv[i, l] * w[F[l]]
            u[i] = s
            j = F[i]
            if s < 0.0 and z[j] + step * s < low[j]:
                step = max((low[j] - z[j]) / s, 0.0)
                b = i
            elif s > 0.0 and z[j] + step * s > high[j]:
                step = max((high[j] - z[j]) / s, 0.0)
                b = i
        for i in range(k):
            z[F[i]] += step * u[i]
        if b < 0:
            return k
        j = F[b]
        where[j] = HIGH if u[b] > 0.0 else LOW
        z[j] = high[j] if u[b] > 0.0 else low[j]
        for i in range(k):
            w[F[i]] *= 1.0 - step
        k = remove(b, F, k, Inv)


@jit()
def minimise(G, c, low, high, A, a, tol, z, where, w, F, Inv, u):
    """The minimum over the variables A[:a], the others not looked at; returns k, the free ones being F[:k], or FAILED.

    z (m,) is the minimiser, w (m,) = c - Gz its gradient downwards, both on A[:a]; where (m,) says which bound each is
    at. w is at most tol on free variables and where it would push one off its bound. The lowest index enters first of
    those that push equally. Inv (K, K), F, u (K,) are workspace for as many variables as can be free at once.
    """
    k = 0
    for i in range(a):
        z[A[i]] = low[A[i]]
        where[A[i]] = LOW
    _gradient(G, c, A, a, z, w)
    polished = 0
    for _ in range(100 + 20 * a):
        j = -1
        most = tol
        for i in range(a):
            o = A[i]
            push = w[o] if where[o] == LOW else -w[o] if where[o] == HIGH else 0.0
            if push > most and low[o] < high[o]:
                most = push
                j = o
        if j < 0:
            _gradient(G, c, A, a, z, w)
            found = 0.0
            for i in range(k):
                found = max(found, abs(w[F[i]]))
            bent = found > tol
            for i in range(a):
                o = A[i]
                push = w[o] if where[o] == LOW else -w[o] if where[o] == HIGH else 0.0
                if low[o] < high[o] and push > 2 * tol:
                    j = o  # the running gradient had drifted
                    found = max(found, push)
            if polished >= 4 or (found <= tol and j < 0):
                return k if found <= max(LOST, tol) else FAILED
            polished += 1
            if bent:
                k = _correct(G, low, high, A, a, z, where, w, F, Inv, k, u)
                _gradient(G, c, A, a, z, w)
            continue
        s = 1.0 if where[j] == LOW else -1.0
        while True:
            square = apart(G, j, F, k, Inv, u)
            off = independent(square, G[j, j], k, Inv)
            t = max(s * w[j], 0.0) / square if off else np.inf
            b = -1
            room = high[j] - z[j] if s > 0 else z[j] - low[j]
            if not off and most <= LOST:  # what pushes a dependent column so little is rounding
                break
            least = 0.0 if off else LOST  # and so are its smallest components
            own = room <= t
            t = min(t, room)
            for i in range(k):
                o = F[i]
                d = -s * u[i]
                limit = np.inf
                if d < -least:
                    limit = max(z[o] - low[o], 0.0) / -d
                elif d > least:
                    limit = max(high[o] - z[o], 0.0) / d
                if limit < t:
                    t = limit
                    b = i
                    own = False
            if t == np.inf:
                break
            z[j] += s * t
            for i in range(a):
                w[A[i]] -= s * t * G[A[i], j]
            for l in range(k):
                d = -s * u[l] * t
                z[F[l]] += d
                for i in range(a):
                    w[A[i]] -= d * G[A[i], F[l]]
            if b < 0:
                break
            o = F[b]
            up = -s * u[b] > 0.0
            where[o] = HIGH if up else LOW
            z[o] = high[o] if up else low[o]
            k = remove(b, F, k, Inv)
        if t == np.inf:
            if most > LOST:
                return FAILED
            tol = most
        elif own:
            where[j] = HIGH if s > 0 else LOW
            z[j] = high[j] if s > 0 else low[j]
        else:
            if k == len(F):
                return FAILED
            where[j] = FREE
            k = append(G, j, F, k, Inv, u, square)
    return FAILED


@jit()
def value(c, A, a, z, w):
    """1/2 z'Gz - <c, z> where w = c - Gz."""
    s = 0.0
    for i in range(a):
        s -= 0.5 * z[A[i]] * (c[A[i]] + w[A[i]])
    return s


@jit()
def workspace(m):
    """What `minimise` needs for m variables that are at least 0: their bounds, and buffers."""
    return (np.zeros(m), np.full(m, np.inf), np.zeros(m, np.int64), np.zeros(m), np.zeros(m, np.int64),
            np.zeros((m, m)), np.zeros(m))


@jit()
def counted(T, t, z):
    """How many of T[:t] are on."""
    n = 0
    for i in range(t):
        n += z[T[i]] > 0.0
    return n
