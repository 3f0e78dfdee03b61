"""The two smallest hierarchies: a parent with one child (T3), and a parent with exclusive, exhaustive children (T4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from generators import arguments, prices
from generators.magnitudes import Scalar, scalar
from generators.plane.absorption import absorbed
from generators.splitting import all_children
from generators.world import World
from generators.worlds.hierarchical import build
from testbed import checks
from testbed.errors import InputError


def nested_pair(rho: float = 0.5, angle: float = math.pi / 2, magnitude: Scalar | str | float = 1.0,
                child_magnitude: Scalar | str | float | None = None) -> World:
    """A parent that always fires, with a child that joins it with probability rho (T3).

    angle in (0, pi) between their directions; magnitude of the parent, and of the child (default: the same law).
    predict (no bias, two atoms): T3 (any magnitudes); another penalty: T8 (finite ones).
    """
    where = "nested_pair"
    rho = checks.number(where, "rho", rho, 0, 1, open_low=True, open_high=True)
    angle = checks.number(where, "angle", angle, 0, math.pi, open_low=True, open_high=True)
    laws = [scalar(where, "magnitude", magnitude),
            scalar(where, "child_magnitude", magnitude if child_magnitude is None else child_magnitude)]
    text = arguments.call(where, rho=rho, angle=angle, magnitude=laws[0],
                          child_magnitude=None if child_magnitude is None else laws[1])
    world = build(where, (-1, 0), (1.0, rho), False, False, laws, False, text)
    # cos(pi/2) is 6e-17: a right angle is meant to be one
    cosine = 0.0 if angle == math.pi / 2 else math.cos(angle)
    return replace(world, features=np.array([[1.0, 0.0], [cosine, math.sin(angle)]]), theory=absorbed,
                   priced=prices.nested)


def exclusive_children(k: int = 3, p: float = 1.0, magnitude: Scalar | str | float = 1.0,
                       probabilities: Sequence[float] | None = None, directions: Any = None) -> World:
    """A parent that fires with probability p, always with exactly one of k children (T4).

    k + 1 features, the parent first. probabilities: which child it is, summing to 1 (default: equal). directions:
    (k + 1, d) unit rows, the parent's first (default: orthonormal axes). predict (constant magnitudes, no bias, k
    atoms): T4; splitting.sharing for fewer atoms.
    """
    where = "exclusive_children"
    k = checks.integer(where, "k", k, 1)
    p = arguments.probability(where, "p", p)
    law = scalar(where, "magnitude", magnitude)
    shares = arguments.distribution(where, "probabilities", probabilities, k)
    if not shares.all():
        raise InputError(f"{where}: probabilities must be > 0; entry {int(np.argmin(shares))} is 0")
    text = arguments.call(where, k=k, p=p, magnitude=law, probabilities=None if probabilities is None else shares,
                          directions=directions)
    world = build(where, [-1] + [0] * k, [p, *shares.tolist()], True, True, law, False, text)
    V = world.features if directions is None else checks.unit_rows(where, "directions", directions)
    if len(V) != k + 1:
        raise InputError(f"{where}: directions must have k + 1 = {k + 1} rows, the parent's first; got {len(V)}")
    return replace(world, features=V, theory=all_children)
