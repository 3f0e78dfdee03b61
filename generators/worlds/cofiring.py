"""Correlated features with given pairwise co-firing probabilities, exactly, on a finite support.

Firing patterns are the corners of the cube {0,1}^k; the joint laws with given pair probabilities are a polytope, cut
from the simplex of laws by k + k(k-1)/2 linear equations. One of its vertices is chosen by a linear program: the law
with the least expected number of co-firing triples, so that interactions are as pairwise as the pairs permit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np
from scipy.optimize import linprog, nnls

from generators import arguments
from generators.laws import Patterns
from generators.magnitudes import Scalar, scalar
from generators.world import World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

MOST = 12  # features; the linear program has 2^k variables
EXACT = 1e-12  # largest error of a reproduced probability
ROUNDING = 1e-15  # a pattern of no larger probability is left by rounding, and is not one of the law's
SLACK = 1e-12  # by which the necessary conditions may be missed: rounding


def cofiring(pairs: Any = ((0.5, 0.2), (0.2, 0.5)),
             magnitude: Scalar | str | float | Sequence[Scalar | str | float] = 1.0) -> World:
    """Features with given firing probabilities of every pair, reproduced to 1e-12 on a finite support.

    pairs: symmetric (k, k), k <= 12: P(i and j fire) off the diagonal, P(i fires) on it. magnitude: one law or one per
    feature, independent of the firing. Of all joint laws a vertex with the least expected number of co-firing triples
    is taken (ties as the solver breaks them, the same every time). Raises ValueError where no joint law exists, with
    the reason: the first violated necessary condition and its features if there is one.
    """
    where = "cofiring"
    P = checks.matrix(where, "pairs", pairs)
    k = len(P)
    if P.shape != (k, k) or not np.array_equal(P, P.T):
        raise InputError(f"{where}: pairs must be a symmetric (k, k) matrix; its shape is {P.shape}")
    if k > MOST:
        raise InputError(f"{where}: pairs may have {MOST} features at most; got {k}")
    laws = [scalar(where, "magnitude", entry) for entry in arguments.per_feature(where, "magnitude", magnitude, k)]
    _necessary(where, P)
    patterns, p = joint(where, P)
    text = arguments.call(where, pairs=P, magnitude=laws if arguments.listed(magnitude) else laws[0])
    return World(Patterns(patterns, p, laws), text)


def joint(where: str, P: Array) -> tuple[np.ndarray, Array]:
    """Patterns (s, k) bool and probabilities (s,) > 0 of a joint law with the pairs P."""
    k = len(P)
    cube = ((np.arange(2**k)[:, None] >> np.arange(k)) & 1).astype(bool)
    fires = cube.astype(float)
    i, j = np.triu_indices(k)
    A = np.vstack([np.ones(2**k), (fires[:, i] * fires[:, j]).T])
    b = np.concatenate([[1.0], P[i, j]])
    count = fires.sum(axis=1)
    found = linprog(count * (count - 1) * (count - 2) / 6, A_eq=A, b_eq=b, bounds=(0, None), method="highs-ds",
                    options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
    if found.status == 2:
        raise InputError(f"{where}: no joint distribution has these pairs (the linear program over the {2**k} firing "
                         "patterns is infeasible), although every pair and triple is possible on its own")
    if found.status != 0:
        raise InputError(f"{where}: the linear program failed: {found.message}")
    # the program's vertex names the patterns; their probabilities are solved for again, to the last digits
    for columns in (np.flatnonzero(found.x > 0), np.arange(2**k)):
        q = nnls(A[:, columns], b)[0]
        q = np.where(q > ROUNDING, q, 0.0)
        if np.abs(A[:, columns] @ q - b).max() <= EXACT:
            return cube[columns[q > 0]], q[q > 0] / q.sum()
    raise InputError(f"{where}: no joint distribution has these pairs to {EXACT:g}; they lie just outside")


def _necessary(where: str, P: Array) -> None:
    """The conditions on one, two and three features that every joint law meets; each is named where it fails."""
    k, p = len(P), np.diag(P)
    for i in range(k):
        if P[i, i] > 1 + SLACK or P[i, i] <= 0:
            raise InputError(f"{where}: pairs[{i}][{i}], the probability that feature {i} fires, must be > 0 and <= 1; "
                             f"got {P[i, i]:g}")
    for i, j in combinations(range(k), 2):
        low, high = max(0.0, p[i] + p[j] - 1), min(p[i], p[j])
        if not low - SLACK <= P[i, j] <= high + SLACK:
            raise InputError(f"{where}: features {i} and {j}, firing with probabilities {p[i]:g} and {p[j]:g}, fire "
                             f"together with probability at least {low:g} and at most {high:g}; pairs[{i}][{j}] is "
                             f"{P[i, j]:g}")
    for i, j, l in permutations(range(k), 3):
        # both pairs of i fit inside its own firing, overlapping at most in the pair of the others
        if j < l and P[i, j] + P[i, l] - P[j, l] > p[i] + SLACK:
            raise InputError(f"{where}: features {i}, {j}, {l} violate P({i},{j}) + P({i},{l}) - P({j},{l}) <= P({i}): "
                             f"{P[i, j]:g} + {P[i, l]:g} - {P[j, l]:g} > {p[i]:g}")
    for i, j, l in combinations(range(k), 3):
        singles, doubles = p[i] + p[j] + p[l], P[i, j] + P[i, l] + P[j, l]
        if singles - doubles > 1 + SLACK:
            raise InputError(f"{where}: features {i}, {j}, {l} violate P({i}) + P({j}) + P({l}) - P({i},{j}) - "
                             f"P({i},{l}) - P({j},{l}) <= 1: {singles:g} - {doubles:g} > 1")
