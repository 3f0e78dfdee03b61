"""Uphill: problems near one are solved, and the worst of them is gone on from, until nothing near is worse.

The score is the violation, and where the statement holds how near it is to failing, so that the way to the first
violation can be seen. Steps grow where they help and shrink where they do not.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from conjectures.problems import Problems
from conjectures.suspects import Conjecture
from conjectures.trying import Candidate, Tally, examine
from testbed.checks import Array

CHILDREN = 24
FIRST = 0.3  # steps relative to the data, the weights, the penalty
LEAST = 1e-3
LARGEST_SHARE = 1.0  # of lam, of the longest sample: beyond, every code is zero


def climb(conjecture: Conjecture, start: Candidate, rng: np.random.Generator, rounds: int, tally: Tally | None = None,
          until: float = np.inf, deadline: float = np.inf) -> Candidate:
    """The highest that so many rounds of CHILDREN problems each reach; ends where the score exceeds `until`, or the
    monotonic clock the deadline."""
    best, step = start, FIRST
    for turn in range(rounds):
        if best.score > until or step < LEAST or time.monotonic() > deadline:
            break
        children = mutated(best.problems, rng, step)
        near = turn % 3 < 2 or conjecture.where == "code"  # and from nowhere, for optima that are not continued
        found = examine(conjecture, children, tally, int(rng.integers(1 << 30)),
                        *((repeated(best.D), repeated(best.b)) if near else (None, None)))
        top = max(found, key=lambda candidate: candidate.score, default=best)
        better = top.score > best.score
        best, step = (top, 1.3 * step) if better else (best, 0.6 * step)
    return best


def repeated(array: Array, times: int = CHILDREN) -> Array:
    """One array (...) as (times, ...)."""
    return np.repeat(array[None], times, axis=0)


def mutated(one: Problems, rng: np.random.Generator, step: float) -> Problems:
    """CHILDREN problems near one: samples moved, all or one entry; weights and penalty changed; samples made equal,
    opposite or zero."""
    p = CHILDREN
    X, weights, lam = (np.repeat(array, p, axis=0) for array in (one.X, one.weights, one.lam))
    size = np.abs(X).max() or 1.0
    moved = rng.random((p, 1, 1)) < 0.7
    every = rng.random((p, 1, 1)) < 0.4
    some = rng.random(X.shape) < 2 / X[0].size
    X = X + step * size * rng.standard_normal(X.shape) * (moved & (every | some))
    for i in np.flatnonzero(rng.random(p) < 0.15):
        row, other = rng.integers(X.shape[1], size=2)
        X[i, row] = rng.choice([-1, 0, 1]) * X[i, other]
    weights = weights * np.exp(2 * step * rng.standard_normal(weights.shape) * (rng.random((p, 1)) < 0.6))
    lam = lam * np.exp(step * rng.standard_normal(p) * (rng.random(p) < 0.5))
    longest = np.linalg.norm(X, axis=2).max(axis=1)
    lam = np.where(longest > 0, np.clip(lam, 1e-3 * longest, LARGEST_SHARE * longest), lam)
    return replace(one, X=X, weights=weights / weights.sum(axis=1, keepdims=True), lam=lam)
