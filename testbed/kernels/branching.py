"""Codes that count atoms (L0, TopK): the best support of a sample, by branch and bound. No validation here.

For one sample y, of length near 1: minimise 1/2 |y - zD|^2 + price * |support| over z >= 0 with at most `most` atoms
on. In G = D D^T and c = D y this is 1/2 z'Gz - <c, z> + price * |support|, plus half = |y|^2 / 2.

A node is a set S of atoms that are in and a set of atoms that are out; the others are undecided. With the codes on S
free to take any sign (which lowers the minimum), S is eliminated: what an undecided atom j then has left are its
gradient c_j and the matrix H = G - G_.S G_SS^-1 G_S., whose diagonal s_j is its squared distance from the span of S.
Adding W, |W| <= p, gains at most max over z >= 0 of <c, z> - 1/2 z'Hz, and with t_j = z_j sqrt(s_j) and the normalised
h_jl = H_jl / sqrt(s_j s_l)
    z'Hz >= sum t_j^2 - sum over pairs of 2 max(-h_jl, 0) t_j t_l >= sum t_j^2 (1 - rho_j),
rho_j the sum of the p - 1 largest max(-h_jl, 0): positive cosines cost nothing, since z >= 0. So, where rho_j < 1,
    gain(W) <= sum over j in W of B_j,    B_j = max(c_j, 0)^2 / (2 s_j (1 - rho_j)),                              (1)
and it is at most all that is left of |y|^2 / 2, and at most what nonnegative least squares on all atoms not out    (2)
reaches. A node whose bound is not below the best value found holds nothing better.

Atoms within rounding of the span of S are out: of the optimal supports one has independent atoms (Caratheodory: moving
along a dependence until a code is zero changes neither zD nor raises the count).
"""

from __future__ import annotations

import numpy as np
from numba import prange

from testbed.kernels import quadratic
from testbed.kernels.jit import jit
from testbed.kernels.quadratic import counted, workspace

TIE = 1e-13  # of |y|^2: values nearer than this are equal, and the support of lower indices is taken
ROUNDING = 4e-16  # in what a node has left, times what eliminating its atoms enlarges
DEPENDENT = 256  # such roundings: an atom no farther from the span of others depends on them
TOLERANCE = 1e-14  # of gradients, where |y| is near 1
DEEP = 8  # atoms added at once for which (1) is computed
SWAP, GLOBAL = 0, 1
ROWS = 16


@jit()
def fitted(G, c, T, t, z, space):
    """Nonnegative least squares on the atoms T[:t]: its value, with z on T; infinite where it failed."""
    low, high, where, w, F, Inv, u = space
    if quadratic.minimise(G, c, low, high, T, t, TOLERANCE, z, where, w, F, Inv, u) < 0:
        return np.inf
    return quadratic.value(c, T, t, z, w)


@jit()
def outlook(G, c, T, t, half, space, gain):
    """Least squares on T[:t] with codes of any sign: its value, and what each atom could gain at most beside T."""
    w, F, Inv, u = space[3], space[4], space[5], space[6]
    k = 0
    for i in range(t):
        square = quadratic.apart(G, T[i], F, k, Inv, u)
        if quadratic.independent(square, 1.0, k, Inv):
            k = quadratic.append(G, T[i], F, k, Inv, u, square)
    growth = 1.0
    v = 0.0
    for i in range(k):
        growth = max(growth, Inv[i, i])
        w[i] = 0.0
        for l in range(k):
            w[i] += Inv[i, l] * c[F[l]]
        v -= 0.5 * w[i] * c[F[i]]
    slack = ROUNDING * growth
    room = max(half + v, 0.0) + TIE * half
    for j in range(len(c)):
        left, square = c[j], G[j, j]
        for i in range(k):
            left -= G[j, F[i]] * w[i]
            s = 0.0
            for l in range(k):
                s += Inv[i, l] * G[F[l], j]
            square -= s * G[F[i], j]
        gain[j] = ceiling(left, square, slack, np.sqrt(2.0 * half), room)
    return v


@jit(inline=True)
def ceiling(left, square, slack, length, room):
    """The most that an atom can gain: (1) for one atom, with gradient and distance as uncertain as rounding makes them;
    nothing where it depends on the others. length is |y|."""
    if square <= DEPENDENT * slack:
        return 0.0
    left = max(left + slack * length, 0.0)
    return min(0.5 * left * left / (square - slack), room)


@jit()
def _without(S, s, o, T):
    t = 0
    for i in range(s):
        if i != o:
            T[t] = S[i]
            t += 1
    return t


@jit()
def _member(S, s, j):
    for i in range(s):
        if S[i] == j:
            return True
    return False


@jit()
def _keep(T, t, z, S):
    s = 0
    for i in range(t):
        if z[T[i]] > 0.0:
            S[s] = T[i]
            s += 1
    return s


@jit()
def exchange(G, c, half, price, most, S, s, z, space, gain, T):
    """From the support S[:s], add, drop or swap one atom, whichever lowers the value most, until none does.

    Returns the size of the support, in S, and the value.
    """
    value = fitted(G, c, S, s, z, space)
    s = _keep(S, s, z, S)
    value += price * s
    for _ in range(100 + 20 * most):
        best, out, new = value - TIE, -2, -1
        for o in range(-1, s):
            t = _without(S, s, o, T)
            free = outlook(G, c, T, t, half, space, gain)
            if o >= 0:
                v = fitted(G, c, T, t, z, space)
                v += price * counted(T, t, z)
                if v < best:
                    best, out, new = v, o, -1
            if t >= most:
                continue
            for j in range(len(c)):
                if free - gain[j] + price * (t + 1) < best and not _member(S, s, j):
                    T[t] = j
                    v = fitted(G, c, T, t + 1, z, space)
                    v += price * counted(T, t + 1, z)
                    if v < best:
                        best, out, new = v, o, j
        if out == -2:
            break
        t = _without(S, s, out, T)
        if new >= 0:
            T[t] = new
            t += 1
        fitted(G, c, T, t, z, space)
        s = _keep(T, t, z, S)
        value = best
    return s, value


@jit()
def settle_ties(G, c, half, price, S, s, z, value, space, gain, T):
    """Give each atom's place to the atom of lowest index with which the value is the same."""
    for p in range(s):
        t = _without(S, s, p, T)
        free = outlook(G, c, T, t, half, space, gain)
        for j in range(S[p]):
            if free - gain[j] + price * s <= value + TIE and not _member(S, s, j):
                T[t] = j
                v = fitted(G, c, T, t + 1, z, space)
                if counted(T, t + 1, z) == s and v + price * s <= value + TIE:
                    S[p] = j
                    break


@jit()
def _look_ahead(H, c, undecided, slack, room, B):
    """B[p - 1, j]: (1) for p atoms added at once, p up to DEEP; `room` where it says nothing."""
    m = len(c)
    top = np.empty(DEEP)
    for j in range(m):
        if not undecided[j]:
            continue
        alone = ceiling(c[j], H[j, j], slack, 1.0, room)
        top[:] = 0.0
        for l in range(m):
            if undecided[l] and l != j and H[j, l] < 0.0:
                a = -H[j, l] / np.sqrt(H[j, j] * H[l, l]) + 2 * slack / min(H[j, j], H[l, l])
                for q in range(DEEP - 1):
                    if a > top[q]:
                        top[q], a = a, top[q]
        rho = 0.0
        for p in range(DEEP):
            B[p, j] = min(alone / (1.0 - rho), room) if rho < 0.999 else room
            rho += top[p]


@jit()
def _largest(B, undecided, p):
    """The sum of the p largest entries of B among the undecided."""
    top = np.zeros(p)
    for j in range(len(B)):
        if undecided[j]:
            a = B[j]
            for q in range(p):
                if a > top[q]:
                    top[q], a = a, top[q]
    return top.sum()


@jit()
def branch(G, c, half, price, most, budget, S, s, z, value, space, deep):
    """Improve the support S[:s] of this value to the best of all. Returns its size, its value, and how many nodes were
    looked at: more than `budget`, and the search was given up."""
    m = len(c)
    H, C, undecided, B, nn, used = deep
    T, U = np.zeros(m, np.int64), np.zeros(m, np.int64)
    free, growth = np.zeros(len(C)), np.ones(len(C))
    H[0] = G
    C[0] = c
    undecided[0] = True
    nodes, level, fresh = 0, 0, True
    while level >= 0:
        slack = ROUNDING * growth[level]
        room = max(half + free[level], 0.0) + TIE
        if fresh:
            for j in range(m):
                if undecided[level, j] and H[level, j, j] <= DEPENDENT * slack:
                    undecided[level, j] = False
            _look_ahead(H[level], C[level], undecided[level], slack, room, B[level])
            nn[level] = -np.inf
            used[level] = False
            fresh = False
        left = 0
        for j in range(m):
            left += undecided[level, j]
        goal = value - TIE
        # (1), and (2) where that does not decide and it is not known for these atoms
        bound = np.inf
        for attempt in range(2):
            floor = max(nn[level], free[level] - room, -half)
            p = min(most - level, left)
            if price > 0.0:
                p = min(p, max(int(np.ceil((goal - floor) / price)) - level, 0))
            bound = np.inf
            for q in range(1, min(p, DEEP) + 1):
                if price > 0.0 or q == min(p, DEEP):
                    gain = min(_largest(B[level, q - 1], undecided[level], q), room)
                    bound = min(bound, price * (level + q) + max(free[level] - gain, floor))
            if p > DEEP:
                bound = min(bound, price * (level + DEEP + 1) + floor)
            known = nn[level] > -np.inf
            for j in range(m):
                known = known and not (used[level, j] and not undecided[level, j] and not _member(T, level, j))
            if bound >= goal or known or p <= 1 or attempt:
                break
            u = 0
            for j in range(m):
                if undecided[level, j] or _member(T, level, j):
                    U[u] = j
                    u += 1
            nodes += 1
            v = fitted(G, c, U, u, z, space)
            nn[level] = v - TIE if v < np.inf else -half
            for j in range(m):
                used[level, j] = False
            for i in range(u):
                used[level, U[i]] = z[U[i]] > 0.0
        if bound >= goal:
            level -= 1
            continue
        nodes += 1
        if nodes > budget:
            return s, value, nodes
        j, most_gain = -1, -1.0
        for l in range(m):
            if undecided[level, l] and B[level, 0, l] > most_gain:
                j, most_gain = l, B[level, 0, l]
        undecided[level, j] = False
        T[level] = j
        v = fitted(G, c, T, level + 1, z, space)
        if v == np.inf:  # an answer is missing: nothing can be certain
            return s, value, budget + 1
        v += price * counted(T, level + 1, z)
        if v < value - TIE:
            value = v
            s = _keep(T, level + 1, z, S)
        if level + 1 < most and level + 1 < len(C):
            pivot = H[level, j, j]
            for a in range(m):
                f = H[level, a, j] / pivot
                for b in range(m):
                    H[level + 1, a, b] = H[level, a, b] - f * H[level, j, b]
                C[level + 1, a] = C[level, a] - f * C[level, j]
                undecided[level + 1, a] = undecided[level, a]
            free[level + 1] = free[level] - 0.5 * C[level, j] * C[level, j] / pivot
            growth[level + 1] = growth[level] / min(pivot, 1.0)
            level += 1
            fresh = True
    return s, value, nodes


@jit()
def depths(m, most):
    """What `branch` needs for m atoms and supports of up to `most`."""
    return (np.zeros((most + 1, m, m)), np.zeros((most + 1, m)), np.zeros((most + 1, m), np.bool_),
            np.zeros((most + 1, DEEP, m)), np.zeros(most + 1), np.zeros((most + 1, m), np.bool_))


@jit()
def refine(y, D, G, S, s, z, space):
    """Least squares on S[:s] to the last digits, by residuals of the atoms themselves; returns how many stay on."""
    F, Inv, u = space[4], space[5], space[6]
    k = 0
    for i in range(s):
        square = quadratic.apart(G, S[i], F, k, Inv, u)
        k = quadratic.append(G, S[i], F, k, Inv, u, square)
    e = np.zeros(k)
    for i in range(k):
        u[i] = z[F[i]]
    for _ in range(4):
        r = y.copy()
        for i in range(k):
            r -= u[i] * D[F[i]]
        for i in range(k):
            e[i] = (D[F[i]] * r).sum()
        for i in range(k):
            for l in range(k):
                u[i] += Inv[i, l] * e[l]
    for i in range(k):
        z[F[i]] = u[i]
    return _keep(F, k, z, S)


@jit(parallel=True)
def code_rows(X, D, G, price, most, budget, idx, val, cnt, claim, nodes):
    """Codes of the rows of X, into idx, val (n, K) and cnt (n,), which hold supports that are tried first.

    claim (n,) becomes GLOBAL, or SWAP where the budget of nodes (n,) was spent or is none.
    """
    n = len(X)
    m = len(D)
    for block in prange((n + ROWS - 1) // ROWS):
        space = workspace(m)
        deep = depths(m, most if budget > 0 else 0)
        z, gain, T = np.zeros(m), np.zeros(m), np.zeros(m, np.int64)
        S, warm = np.zeros(m, np.int64), np.zeros(m, np.int64)
        for i in range(block * ROWS, min((block + 1) * ROWS, n)):
            length = np.sqrt((X[i] * X[i]).sum())
            held = cnt[i]
            for p in range(held):
                warm[p] = idx[i, p]
            cnt[i], claim[i], nodes[i] = 0, GLOBAL, 0
            if length == 0.0:
                continue
            scale = 2.0 ** np.ceil(np.log2(length))
            y = X[i] / scale
            c = np.zeros(m)
            for j in range(m):
                c[j] = (D[j] * y).sum()
            half = 0.5 * (y * y).sum()
            own = price / scale / scale
            s, value = exchange(G, c, half, own, most, S, 0, z, space, gain, T)
            if budget > 0:
                s, value, nodes[i] = branch(G, c, half, own, most, budget, S, s, z, value, space, deep)
            if budget == 0 or nodes[i] > budget:
                claim[i] = SWAP
                held, other = exchange(G, c, half, own, most, warm, held, z, space, gain, T)
                if nodes[i] > budget:  # the search may have left where no exchange helps
                    s, value = exchange(G, c, half, own, most, S, s, z, space, gain, T)
                if other < value - TIE:
                    value, s = other, held
                    S[:s] = warm[:s]
            settle_ties(G, c, half, own, S, s, z, value, space, gain, T)
            fitted(G, c, S, s, z, space)
            s = refine(y, D, G, S, _keep(S, s, z, S), z, space)
            for p in range(s):
                idx[i, p] = S[p]
                val[i, p] = z[S[p]] * scale
            cnt[i] = s


@jit()
def largest_gain(X, D, G, used):
    """The most that one atom more than those used (n, m) could gain for a sample, codes made anew."""
    n, m = used.shape
    space, gain, T, most = workspace(m), np.zeros(m), np.zeros(m, np.int64), 0.0
    for i in range(n):
        c = np.zeros(m)
        for j in range(m):
            c[j] = (D[j] * X[i]).sum()
        t = 0
        for j in range(m):
            if used[i, j]:
                T[t] = j
                t += 1
        outlook(G, c, T, t, 0.5 * (X[i] * X[i]).sum(), space, gain)
        for j in range(m):
            if not used[i, j]:
                most = max(most, gain[j])
    return most
