"""Superposition: more features than dimensions, sparse, along random directions, a share of them nested in pairs."""

from __future__ import annotations

from dataclasses import replace

from generators import arguments
from generators.magnitudes import Scalar, scalar
from generators.world import World
from generators.worlds.hierarchical import build
from testbed import checks
from testbed.errors import InputError


def superposition(k: int = 256, d: int = 64, p: float = 1 / 32, gamma: float = 0.0,
                  magnitude: Scalar | str | float = "uniform(1,2)", seed: int = 0) -> World:
    """Many sparse features along random directions of few dimensions; a share of fixed pairs is nested.

    k features, an even number, each on with probability p where nothing forbids it; independent but for pairs. Pair i
    is features i and k/2 + i: in the first floor(gamma k/2) pairs the second is a child, on only where the first is
    (so with probability p^2). Directions are uniform on the sphere of d dimensions and depend on seed alone, so that
    worlds which differ in gamma share them. Source: an open question on recovery and merging (docs/questions.md).
    """
    where = "superposition"
    k = checks.integer(where, "k", k, 2, arguments.MOST_FEATURES)
    if k % 2:
        raise InputError(f"{where}: k must be even, as features come in pairs; got {k}")
    p, gamma = arguments.probability(where, "p", p), checks.number(where, "gamma", gamma, 0, 1)
    law = scalar(where, "magnitude", magnitude)
    nested = children(k, gamma)
    parents = [-1] * (k // 2) + [i if i < nested else -1 for i in range(k // 2)]
    text = arguments.call(where, k=k, d=d, p=p, gamma=gamma, magnitude=law, seed=seed)
    world = build(where, parents, [p] * k, False, False, law, False, text)
    return replace(world.embed(d, "random", checks.integer(where, "seed", seed)), text=text)


def children(k: int, gamma: float) -> int:
    """How many of the k/2 pairs are nested; a product that rounding left just short of a whole number is that."""
    return int(gamma * (k // 2) + 1e-9)
