"""Codes under a concave penalty (Log, MCP) that leaves the problem non-convex: branch and bound. No validation here.

For one sample y, of length near 1: minimise 1/2 z'Gz - <c, z> + sum_j g(z_j) over z >= 0, plus half = |y|^2 / 2.

A node is a box low <= z <= high. On it a concave g lies above its chord; where high is infinite, above g(low), since g
does not fall. Chords in place of g leave a convex quadratic, whose minimum bounds the node from below. Where this does
not decide, the box is cut at an atom whose chord is far below g. Three things end what would otherwise only get finer:
- reduced costs: the relaxation rises by at least rate * distance off a bound, so what costs more than is left to gain
  is cut off the box;
- stationarity: at the best codes <r, d_j> = g'(z_j) where z_j > 0, and over a box the left side lies in an interval;
  where the two cannot meet, z_j = 0 or the box holds nothing;
- convexity: where G + diag(least g'') on the atoms that still vary is positive definite, the problem on the box is
  convex, and a descent in it ends at its minimum.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from testbed.kernels import quadratic
from testbed.kernels.bent import LOG, MCP, curvature, slope
from testbed.kernels.branching import GLOBAL, ROWS, SWAP, TIE, TOLERANCE, outlook
from testbed.kernels.jit import jit
from testbed.kernels.quadratic import workspace

GAP = 1e-11  # of |y|^2: nodes whose bound is within this of the best value hold nothing better
STACK = 400
OVERFLOW = -1


@jit()
def price(kind, lam, shape, z):
    """g(z), z >= 0; shape is eps (Log) or gamma (MCP)."""
    if kind == LOG:
        return lam * shape * np.log1p(z / shape)
    t = min(z, shape * lam)
    return lam * t - t * t / (2.0 * shape)


@jit()
def _cholesky(G, kind, lam, shape, T, t, z, L):
    """L L' = G + diag g''(z) on T[:t]; whether it is positive definite.

    Over a box it is, if it is at the box's low, where g'' is least.
    """
    for a in range(t):
        for b in range(a + 1):
            s = G[T[a], T[b]]
            if a == b:
                s += curvature(kind, lam, shape, z[T[a]])
            for l in range(b):
                s -= L[a, l] * L[b, l]
            if a == b:
                if s <= 1e-10:
                    return False
                L[a, a] = np.sqrt(s)
            else:
                L[a, b] = s / L[b, b]
    return True


@jit()
def _solve(L, t, e):
    for a in range(t):
        for l in range(a):
            e[a] -= L[a, l] * e[l]
        e[a] /= L[a, a]
    for a in range(t - 1, -1, -1):
        for l in range(a + 1, t):
            e[a] -= L[l, a] * e[l]
        e[a] /= L[a, a]


@jit()
def value(G, c, kind, lam, shape, T, t, z):
    """1/2 z'Gz - <c, z> + sum g on T[:t]."""
    v = 0.0
    for a in range(t):
        za = z[T[a]]
        if za != 0.0:
            s = 0.0
            for b in range(t):
                s += G[T[a], T[b]] * z[T[b]]
            v += 0.5 * za * s - c[T[a]] * za + price(kind, lam, shape, za)
    return v


@jit()
def descend(G, c, kind, lam, shape, T, t, low, high, z, L, space, steps):
    """From z downwards to a local minimum over T[:t] in the box; returns its value.

    Each step replaces g by its tangents, which lie above it, and solves the quadratic; once the support stands, by
    Newton's method where that is lower still.
    """
    where, w, F, Inv, u = space[2], space[3], space[4], space[5], space[6]
    tangents, old, e, inside = np.zeros(len(c)), z.copy(), np.zeros(len(c)), np.zeros(len(c), np.int64)
    v = value(G, c, kind, lam, shape, T, t, z)
    for step in range(steps):
        for a in range(t):
            tangents[T[a]] = c[T[a]] - slope(kind, lam, shape, z[T[a]])
            old[T[a]] = z[T[a]]
        if quadratic.minimise(G, tangents, low, high, T, t, TOLERANCE, z, where, w, F, Inv, u) < 0:
            for a in range(t):
                z[T[a]] = old[T[a]]
            break
        new = value(G, c, kind, lam, shape, T, t, z)
        if new > v and step:
            for a in range(t):
                z[T[a]] = old[T[a]]
            break
        gained, v = v - new, new
        for _ in range(3):
            k = 0
            for a in range(t):
                if low[T[a]] < z[T[a]] < high[T[a]]:
                    inside[k] = T[a]
                    k += 1
            if not _cholesky(G, kind, lam, shape, inside, k, z, L):
                break
            for a in range(k):
                j = inside[a]
                e[a] = c[j] - slope(kind, lam, shape, z[j])
                for b in range(t):
                    e[a] -= G[j, T[b]] * z[T[b]]
                old[j] = z[j]
            _solve(L, k, e)
            fits = True
            for a in range(k):
                j = inside[a]
                z[j] += e[a]
                fits = fits and low[j] < z[j] < high[j]
            new = value(G, c, kind, lam, shape, T, t, z) if fits else np.inf
            if not new < v:
                for a in range(k):
                    z[inside[a]] = old[inside[a]]
                break
            gained, v = gained + v - new, new
        if gained <= 1e-16:
            break
    return v


@jit()
def _narrow(G, c, kind, lam, shape, low, high):
    """Cut off what stationarity forbids: -1 if nothing is left, else how many atoms were fixed at zero."""
    m, fixed = len(c), 0
    for j in range(m):
        if high[j] == 0.0:
            continue
        most = least = c[j]
        for i in range(m):
            if high[i] > 0.0 and G[j, i] != 0.0:
                a, b = G[j, i] * low[i], G[j, i] * high[i]
                most -= min(a, b)
                least -= max(a, b)
        if most < slope(kind, lam, shape, high[j]) - TIE:
            if low[j] > 0.0:
                return -1
            high[j] = 0.0
            fixed += 1
        elif low[j] > 0.0 and least > slope(kind, lam, shape, low[j]) + TIE:
            return -1
    return fixed


@jit()
def _cut(kind, lam, shape, low, high, z):
    """Where the chord is farthest below g at z: the atom, and where to cut it; -1 if it is nowhere."""
    j, widest, at = -1, 1e-14, 0.0
    for l in range(len(z)):
        if low[l] < high[l]:
            base = price(kind, lam, shape, low[l])
            gap = price(kind, lam, shape, z[l]) - base
            if high[l] < np.inf:
                share = (z[l] - low[l]) / (high[l] - low[l])
                gap -= share * (price(kind, lam, shape, high[l]) - base)
            if gap > widest:
                j, widest = l, gap
                at = z[l]
                if high[l] < np.inf:
                    width = high[l] - low[l]
                    at = min(max(at, low[l] + 0.25 * width), high[l] - 0.25 * width)
                if kind == MCP and low[l] < shape * lam < high[l]:
                    at = shape * lam
    return j, at


@jit()
def search(G, c, kind, lam, shape, budget, z, best, v, L, space, boxes):
    """Improve the codes `best` of value v to the best of all. Returns the value and how many boxes were looked at: more
    than `budget`, or OVERFLOW, and the search was given up."""
    m = len(c)
    lows, highs = boxes
    where, w, F, Inv, u = space[2], space[3], space[4], space[5], space[6]
    everyone, some = np.arange(m), np.zeros(m, np.int64)
    chord = np.zeros(m)
    lows[0] = 0.0
    highs[0] = np.inf
    stack, nodes = 1, 0
    while stack:
        stack -= 1
        low, high = lows[stack].copy(), highs[stack].copy()
        for _ in range(4):
            nodes += 1
            if nodes > budget:
                return v, nodes
            fixed = _narrow(G, c, kind, lam, shape, low, high)
            while fixed > 0:
                fixed = _narrow(G, c, kind, lam, shape, low, high)
            if fixed < 0:
                break
            base = 0.0
            for j in range(m):
                start = price(kind, lam, shape, low[j])
                rise = 0.0
                if low[j] < high[j] < np.inf:
                    rise = (price(kind, lam, shape, high[j]) - start) / (high[j] - low[j])
                chord[j] = c[j] - rise
                base += start - rise * low[j]
            if quadratic.minimise(G, chord, low, high, everyone, m, TOLERANCE, z, where, w, F, Inv, u) < 0:
                return v, OVERFLOW
            bound = base + quadratic.value(chord, everyone, m, z, w)
            if bound >= v - GAP:
                fixed = -1
                break
            narrower = False
            for j in range(m):
                if low[j] == high[j]:
                    continue
                if where[j] == quadratic.LOW and w[j] < -TIE and low[j] - (v - bound) / w[j] < high[j]:
                    end = low[j] - (v - bound) / w[j]
                    narrower = narrower or end - low[j] < 0.5 * (high[j] - low[j])
                    high[j] = end
                elif where[j] == quadratic.HIGH and w[j] > TIE and high[j] - (v - bound) / w[j] > low[j]:
                    end = high[j] - (v - bound) / w[j]
                    narrower = narrower or high[j] - end < 0.5 * (high[j] - low[j])
                    low[j] = end
            if not narrower:
                break
        if fixed < 0:
            continue
        j, at = _cut(kind, lam, shape, low, high, z)
        a = 0
        for l in range(m):
            if low[l] < high[l]:
                some[a] = l
                a += 1
        convex = _cholesky(G, kind, lam, shape, some, a, low, L)
        new = value(G, c, kind, lam, shape, everyone, m, z)
        if convex:
            new = descend(G, c, kind, lam, shape, everyone, m, low, high, z, L, space, 200)
        if new < v or nodes < 8:  # what ends free of the box has independent atoms
            new = descend(G, c, kind, lam, shape, everyone, m, space[0], space[1], z, L, space, 50)
        if new < v:
            v = new
            best[:] = z
        if convex or j < 0:
            continue
        if stack + 2 > len(lows):
            return v, OVERFLOW
        for side in range(2):  # the side that the relaxation lies on is looked at first
            lows[stack], highs[stack] = low, high
            if (side == 0) == (z[j] < at):
                lows[stack, j] = at
            else:
                highs[stack, j] = at
            stack += 1
    return v, nodes


@jit()
def exchange(G, c, half, kind, lam, shape, best, v, z, L, space, gain):
    """From the codes `best`, add, drop or swap one atom and descend on that support, while it lowers v."""
    m = len(c)
    T, low, high = np.zeros(m, np.int64), space[0], space[1]
    for _ in range(100 + 20 * m):
        goal, found = v - TIE, False
        winner = best.copy()
        for out in range(-1, m):
            if out >= 0 and best[out] == 0.0:
                continue
            t = 0
            for j in range(m):
                if best[j] > 0.0 and j != out:
                    T[t] = j
                    t += 1
            free = outlook(G, c, T, t, half, space, gain)
            for j in range(-1, m):
                if (j < 0 and out < 0) or (j >= 0 and (best[j] > 0.0 or free - gain[j] >= goal)):
                    continue
                z[:] = best
                if out >= 0:
                    z[out] = 0.0
                a = t
                if j >= 0:
                    T[t] = j
                    a += 1
                    z[j] = max(c[j] - (G[j] * z).sum(), 0.0)
                new = descend(G, c, kind, lam, shape, T, a, low, high, z, L, space, 50)
                if new < goal:
                    goal, found = new, True
                    winner[:] = z
        if not found:
            break
        v = goal
        best[:] = winner
    return v


@jit()
def settle_ties(G, c, kind, lam, shape, best, v, z):
    """Give each atom's code to the atom of lowest index that coincides with it."""
    everyone = np.arange(len(c))
    for j in range(len(c)):
        for l in range(j):
            if best[j] > 0.0 and best[l] == 0.0 and G[j, l] >= 1.0 - TIE:
                z[:] = best
                z[l], z[j] = best[j], 0.0
                if value(G, c, kind, lam, shape, everyone, len(c), z) <= v + TIE:
                    best[:] = z


@jit()
def refine(y, D, G, kind, lam, shape, z, L, space):
    """Newton's method on the support to the last digits, by residuals of the atoms themselves."""
    m = len(z)
    S, e = np.zeros(m, np.int64), np.zeros(m)
    for _ in range(4):
        k = 0
        r = y.copy()
        for j in range(m):
            if z[j] > 0.0:
                S[k] = j
                k += 1
                r -= z[j] * D[j]
        if not _cholesky(G, kind, lam, shape, S, k, z, L):
            break
        for i in range(k):
            e[i] = (D[S[i]] * r).sum() - slope(kind, lam, shape, z[S[i]])
        _solve(L, k, e)
        for i in range(k):
            z[S[i]] = max(z[S[i]] + e[i], 0.0)


@jit(parallel=True)
def code_rows(X, D, G, kind, lam, shape, budget, idx, val, cnt, claim, nodes):
    """Codes of the rows of X, into idx, val (n, m) and cnt (n,), which hold codes that are tried too.

    claim (n,) becomes GLOBAL, or SWAP where the budget of nodes (n,) was spent or is none.
    """
    n, m = len(X), len(D)
    for block in prange((n + ROWS - 1) // ROWS):
        space = workspace(m)
        L, gain, z, best, everyone = np.zeros((m, m)), np.zeros(m), np.zeros(m), np.zeros(m), np.arange(m)
        boxes = np.zeros((STACK if budget > 0 else 1, m)), np.zeros((STACK if budget > 0 else 1, m))
        for i in range(block * ROWS, min((block + 1) * ROWS, n)):
            length = np.sqrt((X[i] * X[i]).sum())
            held = cnt[i]
            cnt[i], claim[i], nodes[i] = 0, GLOBAL, 0
            if length == 0.0:
                continue
            scale = 2.0 ** np.ceil(np.log2(length))
            y, lam_here, shape_here = X[i] / scale, lam / scale, shape / scale if kind == LOG else shape
            c = np.zeros(m)
            for j in range(m):
                c[j] = (D[j] * y).sum()
            half = 0.5 * (y * y).sum()
            best[:] = 0.0
            v = descend(G, c, kind, lam_here, shape_here, everyone, m, space[0], space[1], best, L, space, 50)
            if budget > 0:
                v, nodes[i] = search(G, c, kind, lam_here, shape_here, budget, z, best, v, L, space, boxes)
            if budget == 0 or nodes[i] > budget or nodes[i] == OVERFLOW:
                claim[i] = SWAP
                z[:] = 0.0
                for p in range(held):
                    z[idx[i, p]] = val[i, p] / scale
                other = descend(G, c, kind, lam_here, shape_here, everyone, m, space[0], space[1], z, L, space, 50)
                if other < v - TIE:
                    v = other
                    best[:] = z
                v = exchange(G, c, half, kind, lam_here, shape_here, best, v, z, L, space, gain)
            settle_ties(G, c, kind, lam_here, shape_here, best, v, z)
            refine(y, D, G, kind, lam_here, shape_here, best, L, space)
            for j in range(m):
                if best[j] > 0.0:
                    idx[i, cnt[i]] = j
                    val[i, cnt[i]] = best[j] * scale
                    cnt[i] += 1
