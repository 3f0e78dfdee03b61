"""Which side of T6's condition codes are on, settled by a weighting or a direction that proves it (T7 counts draws)."""

from __future__ import annotations

import math

import numpy as np

from testbed.kernels.jit import jit

INSIDE, OUTSIDE, OPEN = 1, -1, 0
EVERY = 4  # sweeps between looks at whether something is proved


@jit()
def factor(S, L, pivot):
    """The Cholesky factor L of S; False if a pivot is below this share of its diagonal entry: nearly of lower rank."""
    for i in range(len(S)):
        for j in range(i + 1):
            a = S[i, j]
            for k in range(j):
                a -= L[i, k] * L[j, k]
            if i > j:
                L[i, j] = a / L[j, j]
            elif a <= pivot * S[i, i]:
                return False
            else:
                L[i, i] = math.sqrt(a)
    return True


@jit()
def solve(L, r, a):
    """a = (L L')^-1 r."""
    p = len(r)
    for i in range(p):
        a[i] = r[i]
        for k in range(i):
            a[i] -= L[i, k] * a[k]
        a[i] /= L[i, i]
    for i in range(p - 1, -1, -1):
        for k in range(i + 1, p):
            a[i] -= L[k, i] * a[k]
        a[i] /= L[i, i]


@jit()
def dot(x, y):
    """<x, y>."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * y[i]
    return total


@jit()
def settle(target, codes, weights, nonnegative, room, clear, sweeps, pivot):
    """INSIDE or OUTSIDE if a weighting u with E[u codes] = target keeps clear of its bounds, or a direction proves that
    none does; else OPEN. codes (n, p), n >= p.

    The bounds are |u| <= 1, or nonnegative: u >= 0, here `room` tighter. Coordinate descent on the square of
    r = target - E[u codes] within them starts from the weighting <a, codes> that is exact. What is left is made good by
    such a weighting again: inside, if it takes less than half of the room. Outside, if a direction a (first that
    of the weighting, then r) has
    <a, target> > E|<a, codes>|, or nonnegative: <a, codes> <= 0 < <a, target>; `clear` of rounding.
    """
    n, p = codes.shape
    S, L, a, r, u, size = np.zeros((p, p)), np.zeros((p, p)), np.empty(p), target.copy(), np.zeros(n), np.empty(n)
    for i in range(n):
        size[i] = dot(codes[i], codes[i])
        for j in range(p):
            for k in range(j + 1):
                S[j, k] += weights[i] * codes[i, j] * codes[i, k]
    if not factor(S, L, pivot):
        return OPEN
    low, high = (room, math.inf) if nonnegative else (room - 1, 1 - room)
    for sweep in range(sweeps):
        if sweep % EVERY == 0:
            solve(L, r, a)
            needed = 0.0
            for i in range(n):
                v = u[i] + dot(codes[i], a)
                needed = max(needed, low - v, v - high)
            if needed < room / 2:
                return INSIDE
            way, reach, most = a if sweep == 0 else r, 0.0, 0.0
            for i in range(n):
                along = dot(codes[i], way)
                reach += weights[i] * abs(along)
                if nonnegative:
                    most = max(most, along / codes[i].sum())
            if nonnegative:
                if dot(way, target) - most * target.sum() > clear * math.sqrt(dot(way, way) * dot(target, target)):
                    return OUTSIDE
            elif dot(way, target) > (1 + clear) * reach:
                return OUTSIDE
            if sweep == 0:
                for i in range(n):
                    u[i] = min(max(dot(codes[i], a), low), high)
                for j in range(p):
                    r[j] = target[j]
                    for i in range(n):
                        r[j] -= weights[i] * u[i] * codes[i, j]
        for i in range(n):
            v = min(max(u[i] + dot(codes[i], r) / (weights[i] * size[i]), low), high)
            for j in range(p):
                r[j] -= weights[i] * (v - u[i]) * codes[i, j]
            u[i] = v
    return OPEN
