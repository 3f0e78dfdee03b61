"""Two atoms in a plane, compiled: points that are exact for them, their codes, F to second order, and descent.

Data come as (finite, X, weights, magnitudes, theta, patterns, first, second, rule, weight): of finite worlds X (n, 2),
weights (n,) and magnitudes (n, 2), the same for all atoms; else the angle between the two features, the probabilities
of the first alone, the second alone and both, the laws of their magnitudes as in `generators.kernels.quadrature`, and a
Gauss-Legendre rule with which points are laid for given atoms. Atoms are angles in radians from the first feature.
"""

from __future__ import annotations

import math

import numpy as np

from generators.kernels.quadrature import FINITE, lay, room
from testbed.kernels.jit import jit

CLOSE = 1e-3  # radians between starts, or between atoms, that count as coincident
APART = 1e-6  # radians that Newton's method keeps atoms off one line: formulas divide by the square of their sine
NARROW = 1e-8  # squared sine below which rounding makes a pair seem better than it is
STEP = 0.2  # radians that one Newton step may turn an atom
ROUNDS, HALVINGS = 80, 40
ARMIJO = 1e-4  # share of the descent promised that a step must bring
FLAT = 1e-8  # eigenvalues relative to E|x|^2 below which they are taken for this
ROUNDING = 16 * np.finfo(np.float64).eps


@jit(inline=True)
def code(u, v, g, narrow):
    """Codes of a point with <x, d_1> - lam = u and <x, d_2> - lam = v under atoms of cosine g: the support of four
    that obeys C1. Atoms whose angle has a squared sine of at most `narrow` share no point."""
    h = 1 - g * g
    z, y = u - g * v, v - g * u
    if z > 0 and y > 0 and h > narrow:
        return z / h, y / h
    if u > v:
        return max(u, 0.0), 0.0
    return 0.0, max(v, 0.0)


@jit()
def codes(X, lam, D):
    """(n, 2) optimal codes under two different atoms D (2, 2)."""
    Z = np.empty((len(X), 2))
    g = D[0, 0] * D[1, 0] + D[0, 1] * D[1, 1]
    for i in range(len(X)):
        u = X[i, 0] * D[0, 0] + X[i, 1] * D[0, 1] - lam
        v = X[i, 0] * D[1, 0] + X[i, 1] * D[1, 1] - lam
        Z[i, 0], Z[i, 1] = code(u, v, g, 0.0)
    return Z


@jit()
def objectives(X, weights, lam, first, second):
    """F at every pair of angles (first[k], second[k]): what codes explain is taken off E|x|^2 / 2."""
    F = np.zeros(len(first))
    for k in range(len(F)):
        a, b, c, s = math.cos(first[k]), math.sin(first[k]), math.cos(second[k]), math.sin(second[k])
        g = a * c + b * s
        for i in range(len(X)):
            x, y = X[i, 0], X[i, 1]
            u, v = a * x + b * y - lam, c * x + s * y - lam
            p, q = code(u, v, g, NARROW)
            F[k] += weights[i] * (x * x + y * y - u * p - v * q) / 2
    return F


@jit()
def cut(theta, patterns, first, second, rule, weight, angles, lam):
    """Points for continuous magnitudes, cut where a code of any of the pairs angles (k, 2) switches on or off.

    Supports change across four lines a s + b t = c in the plane of the magnitudes (s, t): <x, d_j> = lam, and z_j = 0
    where both are on. At fixed s they cut the range of t; the integral over t is smooth in s except where lines cross
    each other, or an end of t's range (its values, if finite in number), or t = 0, where the first fires alone.
    """
    n = 4 * len(angles)
    lines = np.empty((n, 3))
    for k in range(len(angles)):
        g = math.cos(angles[k, 1] - angles[k, 0])
        for j in range(2):
            lines[4 * k + j, 0] = math.cos(angles[k, j])
            lines[4 * k + j, 1] = math.cos(theta - angles[k, j])
            lines[4 * k + j, 2] = lam
        for j in range(2):
            for i in range(3):
                lines[4 * k + 2 + j, i] = lines[4 * k + j, i] - g * lines[4 * k + 1 - j, i]
    kind, _, _, edges, _ = second
    ends = edges if kind == FINITE else np.array([edges[0], edges[-1]])
    kinks, most = np.empty(n * (len(ends) + 1) + n * (n - 1) // 2), 0
    for i in range(n):
        a, b, c = lines[i, 0], lines[i, 1], lines[i, 2]
        for end in ends:
            kinks[most] = (c - b * end) / a
            most += 1
        kinks[most] = c / a
        most += 1
        for j in range(i):
            kinks[most] = (c * lines[j, 1] - lines[j, 2] * b) / (a * lines[j, 1] - lines[j, 0] * b)
            most += 1
    S, T = room(first, most, len(rule)), room(second, n, len(rule))
    s, p, t, q = np.empty(S), np.empty(S), np.empty(T), np.empty(T)
    X, W, M = np.empty((S + T + S * T, 2)), np.empty(S + T + S * T), np.empty((S + T + S * T, 2))
    total = 0
    for i in range(-1, lay(first, kinks, rule, weight, s, p)):  # at -1 the first feature is off
        on = 0.0 if i < 0 else s[i]
        if i >= 0 and on <= 0:
            continue
        for j in range(n):
            kinks[j] = (lines[j, 2] - on * lines[j, 0]) / lines[j, 1]
        for j in range(-1 if i >= 0 else 0, lay(second, kinks[:n], rule, weight, t, q)):
            W[total] = patterns[0] * p[i] if j < 0 else patterns[1] * q[j] if i < 0 else patterns[2] * p[i] * q[j]
            if W[total] > 0:
                M[total, 0], M[total, 1] = on, 0.0 if j < 0 else t[j]
                X[total, 0] = on + M[total, 1] * math.cos(theta)
                X[total, 1] = M[total, 1] * math.sin(theta)
                total += 1
    return X[:total], W[:total], M[:total]


@jit()
def points(data, angles, lam):
    """X, weights and magnitudes whose sums are expectations, for pairs of atoms angles (k, 2)."""
    finite, X, weights, magnitudes, theta, patterns, first, second, rule, weight = data
    if finite:
        return X, weights, magnitudes
    return cut(theta, patterns, first, second, rule, weight, angles, lam)


@jit()
def local(X, weights, lam, a, b):
    """F at two different atoms with its first and second derivatives, as `generators.plane.atoms.Local` has them:
    (objective, gradient, Hessian as H_11, H_12, H_22, scale)."""
    a0, a1, b0, b1 = math.cos(a), math.sin(a), math.cos(b), math.sin(b)
    c, s = math.cos(b - a), math.sin(b - a)
    F = slope = other = h = k = l = size = extent = 0.0
    for i in range(len(X)):
        x0, x1, w = X[i, 0], X[i, 1], weights[i]
        z, y = code(a0 * x0 + a1 * x1 - lam, b0 * x0 + b1 * x1 - lam, c, 0.0)
        r0, r1 = x0 - z * a0 - y * b0, x1 - z * a1 - y * b1
        p = a0 * r1 - a1 * r0 if z > 0 else 0.0  # <r, u_j>, where on
        q = b0 * r1 - b1 * r0 if y > 0 else 0.0
        F += w * ((r0 * r0 + r1 * r1) / 2 + lam * (z + y))
        slope -= w * z * p
        other -= w * y * q
        size += w * z * (z + lam)
        extent += w * y * (y + lam)
        if z > 0 and y > 0:
            m, n = s * z, s * y  # b = p da + n db, and q db - m da, in the plane of the atoms
            h -= w * (p * p + m * m + 2 * c * p * m) / (s * s)
            k -= w * (p * n - m * q - c * (p * q - m * n)) / (s * s) - c * w * z * y
            l -= w * (n * n + q * q - 2 * c * n * q) / (s * s)
        else:
            h -= w * p * p
            l -= w * q * q
    return F, (slope, other), (h + size, k, l + extent), (size, extent)


@jit()
def at(data, lam, a, b):
    """`local` at the points for these atoms."""
    pair = np.empty((1, 2))
    pair[0, 0], pair[0, 1] = a, b
    X, weights, _ = points(data, pair, lam)
    return local(X, weights, lam, a, b)


@jit()
def direction(slope, other, h, k, l, least):
    """-|H|^-1 g for a symmetric H = ((h, k), (k, l)), by its eigenvectors, eigenvalues at least `least` in size."""
    turn = math.atan2(2 * k, h - l) / 2
    c, s = math.cos(turn), math.sin(turn)
    middle, half = (h + l) / 2, math.hypot((h - l) / 2, k)
    along = -(c * slope + s * other) / max(abs(middle + half), least)
    across = -(c * other - s * slope) / max(abs(middle - half), least)
    return c * along - s * across, s * along + c * across


@jit()
def descend(data, lam, energy, tolerance, a, b):
    """Angles of a stationary pair to which Newton's method descends, and the largest slope that is left there.

    Steps are along H^-1 with eigenvalues made positive, bounded, and halved until F falls (or, where F no longer
    resolves the descent, until the gradient does).
    """
    F, g, H, _ = at(data, lam, a, b)
    size = max(abs(g[0]), abs(g[1]))
    for _ in range(ROUNDS):
        if size <= tolerance / 10:
            break
        da, db = direction(g[0], g[1], H[0], H[1], H[2], FLAT * energy)
        share = min(1.0, STEP / max(abs(da), abs(db)))
        moved = False
        for _ in range(HALVINGS):
            u, v = a + share * da, b + share * db
            if abs(math.sin(v - u)) >= APART:
                there, G, J, _ = at(data, lam, u, v)
                left = max(abs(G[0]), abs(G[1]))
                moved = F - there > -ARMIJO * share * (g[0] * da + g[1] * db) or (
                    abs(F - there) <= ROUNDING * energy and left < size)
                if moved:
                    a, b, F, g, H, size = u, v, there, G, J, left
                    break
            share /= 2
        if not moved:
            break
    return a, b, size


@jit()
def descents(data, lam, energy, tolerance, starts):
    """(k, 2) where descent from each of starts (k, 2) ends; nan where it ends at no stationary pair, or where the
    start is another one's."""
    ends = np.full(starts.shape, np.nan)
    for i in range(len(starts)):
        known = False
        for j in range(i):
            known |= max(abs(starts[i, 0] - starts[j, 0]), abs(starts[i, 1] - starts[j, 1])) < CLOSE
        if not known:
            a, b, size = descend(data, lam, energy, tolerance, starts[i, 0], starts[i, 1])
            if size <= tolerance:
                ends[i, 0], ends[i, 1] = a, b
    return ends
