"""Feature splitting, exactly (T4): which exclusive children share an atom when there are fewer atoms than children.

Every child is one point x_i = parent + child i. Children that share an atom and use no other cost, by C2,
E[|x|^2]/2 less what their atom gains, so a dictionary of m such atoms is a partition of the children into m groups:

    F = E|x|^2/2 - sum over groups A of g(A),     g(A) = max over |d| = 1 of  1/2 sum_{i in A} w_i (<x_i, d> - lam)_+^2,

and the best partition is found by trying all of them, subset by subset.

Equally likely children with <x_i, x_l> = q and |x_i|^2 = q + s have g = w n/2 (sqrt(q + s/n) - lam)_+^2 for n of them,
convex in n for q >= 0: the best partition splits off one child after another, {k-m+1, 1, ..., 1}, and the splits nest.
Do splits nest in general? Measured, not proved: with orthogonal children of random frequencies the best partitions
nested in all of about 3000 trials but one, where they are no optimum (another atom would fire). Otherwise they need
not. Four equally likely children in a chain, with cosines .4, .5, .4 between neighbours, go from {1,2} {3,4} to
{1} {2,3} {4} at lam = .5: the middle pair, apart with two atoms, shares one of three. Training agrees
(properties/splitting_tree.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from generators.prediction import Prediction
from generators.wide import wide_limit
from generators.world import World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

Groups = tuple[tuple[int, ...], ...]

MOST = 9  # children; all 2^k subsets are solved, and all partitions compared
ASCENT = 10_000  # steps at most; it stops when it no longer moves
SILENT = 1e-9  # relative excess over lam at which another atom would fire; share of an activity that is none


def all_children(world: World, lam: float) -> Prediction:
    """T4: with k atoms the parent has none of its own; each atom is the parent joined to one child (G2)."""
    found = wide_limit("T4", world.n_features - 1, world, lam)
    return replace(found, values={"groups": tuple((i,) for i in range(world.n_features - 1)), "silent": ()})


def sharing(world: World, lam: float, n_atoms: int) -> Prediction:
    """T4 for m = n_atoms <= k atoms on exclusive_children with constant magnitudes: the best partition of the children.

    m = k: one atom each, the Huber floor; m = 1: the leading direction; between, the best of all partitions, k <= 9.
    values: groups, tuples of children (counted from 0) that share an atom, in the order of D; silent, those too far
    from every atom to be coded. Equally good partitions (exchangeable children) are represented by one.

    Valid while every group has a live atom, and no child is worth two atoms. ValueError is raised if another atom would
    fire on a child of a group. That does not rule out a better dictionary that is no partition: for small lam, unless
    children are equally likely, training finds one (properties.splitting_tree.confirmed asks it).
    """
    where = "sharing"
    lam = checks.number(where, "lam", lam, 0, open_low=True)
    if world.theory is not all_children:
        raise InputError(f"{where}: T4 is for exclusive_children; got {world}")
    k = world.n_features - 1
    m = checks.integer(where, "n_atoms", n_atoms, 1, k)
    X, weights = children(world)
    if m == k:
        return all_children(world, lam)
    if k > MOST:
        raise InputError(f"{where}: all partitions are tried for at most {MOST} children; {world} has {k}")
    _, groups = best_groups(X, weights, lam, m)[-1]
    D = np.array([leading_direction(X[list(group)], weights[list(group)], lam)[1] for group in groups])
    pull = X @ D.T - lam
    coded = tuple(tuple(i for i in group if pull[i, j] > 0) for j, group in enumerate(groups))
    if not all(coded):
        raise InputError(f"{where}: T4 holds while every atom is live; lam = {lam:g} leaves {m} atoms nothing to code")
    Z = np.zeros((k, m))
    for j, group in enumerate(coded):
        Z[list(group), j] = pull[list(group), j]
    R = X - Z @ D
    energy = float(weights @ (X * X).sum(axis=1))
    F = energy / 2 - float(weights @ (Z * Z).sum(axis=1)) / 2
    worst = float((R @ D.T).max()) / lam
    if worst > 1 + SILENT:
        raise InputError(f"{where}: T4 with {m} of {k} atoms holds while each child is coded by one atom; at lam = "
                         f"{lam:g} another atom would fire too (score {worst:.4g} > 1)")
    values = {"groups": coded, "silent": tuple(i for i in range(k) if not Z[i].any())}
    return Prediction("T4", D, np.zeros(world.d), F, values, False,
                      f"the best of all partitions into {m} groups; every other atom is silent on a group (score "
                      f"{worst:.4g} <= 1)")


def children(world: World) -> tuple[Array, Array]:
    """The points (k, d) of exclusive children with constant magnitudes, in order, and their probabilities."""
    sample = world.exact()
    which = sample.codes[:, 1:] != 0
    rows = [np.flatnonzero(column) for column in which.T]
    if any(len(row) != 1 for row in rows):
        raise InputError(f"T4 with fewer atoms than children needs constant magnitudes; got {world}")
    place = np.concatenate(rows)
    return sample.X[place], sample.weights[place]


def nests(path: Sequence[Groups], exchangeable: bool = False) -> bool:
    """Whether each partition refines the one before it, so that splitting draws a tree.

    Children that are silent in either of two partitions are left out of their comparison. exchangeable: children are
    interchangeable, so the optimal partitions of a kind are equally good; only sizes are compared: one group splits
    into two (whether some choice among the optima nests).
    """
    for coarse, fine in pairwise(path):
        if exchangeable:
            gone = Counter(map(len, coarse)) - Counter(map(len, fine))
            new = Counter(map(len, fine)) - Counter(map(len, coarse))
            if sum(gone.elements()) != sum(new.elements()) or len(list(gone.elements())) > 1:
                return False
            continue
        coded = {child for group in coarse for child in group}
        for group in fine:
            kept = coded.intersection(group)
            if kept and not any(kept.issubset(parent) for parent in coarse):
                return False
    return True


def leading_direction(X: Array, weights: Array, lam: float) -> tuple[float, Array]:
    """The best single atom for points X (n, d): its gain g and the unit vector d that attains it.

    Stationarity (S1) is the leading-direction equation  d parallel to  sum_i w_i (<x_i, d> - lam)_+ x_i.  The gain is
    convex in d, so iterating the equation ascends; it is started at every point and at their mean, and finished by
    Newton's method. A gain of 0 means that no point is longer than lam.
    """
    norms = np.linalg.norm(X, axis=1)
    starts = np.vstack([X[norms > lam], weights @ X])
    D = starts / np.maximum(np.linalg.norm(starts, axis=1, keepdims=True), np.finfo(float).tiny)
    for _ in range(ASCENT):
        pull = weights * np.maximum(D @ X.T - lam, 0) @ X
        size = np.linalg.norm(pull, axis=1, keepdims=True)
        moved = np.where(size > 0, pull / np.where(size > 0, size, 1), D)
        still = np.abs(moved - D).max() < 1e-9
        D = moved
        if still:
            break
    gains = (np.maximum(D @ X.T - lam, 0) ** 2 @ weights) / 2
    best = int(np.argmax(gains))
    d = _newton(X, weights, lam, D[best])
    return float(np.maximum(X @ d - lam, 0) ** 2 @ weights) / 2, d


def _newton(X: Array, weights: Array, lam: float, d: Array) -> Array:
    """The root of  sum w (<x, d> - lam)_+ x = mu d,  |d| = 1,  next to d."""
    n = len(d)
    for _ in range(4):
        z = np.maximum(X @ d - lam, 0)
        pull = (weights * z) @ X
        mu = float(pull @ d)
        on = X[z > 0]
        K = np.zeros((n + 1, n + 1))
        K[:n, :n] = (weights[z > 0] * on.T) @ on - mu * np.eye(n)
        K[:n, n] = K[n, :n] = -d
        step = np.linalg.lstsq(K, np.append(mu * d - pull, 0.0))[0][:n]
        if not np.abs(step).max() < 1e-3:
            break
        d = d + step
        d /= np.linalg.norm(d)
    return d


def best_groups(X: Array, weights: Array, lam: float, most: int) -> list[tuple[float, Groups]]:
    """For m = 1..most the largest total gain of a partition of the points into m groups, and the partition."""
    k = len(X)
    gain = np.zeros(1 << k)
    for subset in range(1, 1 << k):
        inside = list(_members(subset))
        gain[subset] = leading_direction(X[inside], weights[inside], lam)[0]
    best = [gain]
    choice = [np.arange(1 << k)]
    for _ in range(1, most):
        value, part = np.full(1 << k, -np.inf), np.zeros(1 << k, dtype=int)
        for subset in range(1, 1 << k):
            low = subset & -subset  # the group that holds the first member is tried in every way
            rest = subset ^ low
            other = rest
            while other:  # `other`: what is left to the other groups
                total = gain[subset ^ other] + best[-1][other]
                if total > value[subset]:
                    value[subset], part[subset] = total, subset ^ other
                other = (other - 1) & rest
        best.append(value)
        choice.append(part)
    found = []
    for m in range(1, most + 1):
        left, groups = (1 << k) - 1, []
        for level in range(m - 1, -1, -1):
            groups.append(_members(int(choice[level][left])))
            left ^= int(choice[level][left])
        found.append((float(best[m - 1][-1]), tuple(sorted(groups))))
    return found


def _members(subset: int) -> tuple[int, ...]:
    return tuple(i for i in range(subset.bit_length()) if subset >> i & 1)
