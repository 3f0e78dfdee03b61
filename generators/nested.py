"""The two smallest hierarchies: a parent with one child (T3), and a parent with exclusive, exhaustive children (T4)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from generators import arguments
from generators.hierarchical import build
from generators.magnitudes import Scalar, scalar
from generators.prediction import Prediction, wide_limit
from generators.world import World
from testbed import checks


def nested_pair(rho: float = 0.5, angle: float = math.pi / 2, magnitude: Scalar | str | float = 1.0,
                child_magnitude: Scalar | str | float | None = None) -> World:
    """A parent that always fires, with a child that joins it with probability rho (T3).

    angle in (0, pi) between their directions; magnitude of the parent, and of the child (default: the same law).
    predict (constant magnitudes, no bias, two atoms): T3.
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
    return replace(world, features=np.array([[1.0, 0.0], [cosine, math.sin(angle)]]), theory=_absorption)


def exclusive_children(k: int = 3, p: float = 1.0, magnitude: Scalar | str | float = 1.0) -> World:
    """A parent that fires with probability p, always with exactly one of k equally likely children (T4).

    k + 1 features, the parent first. predict (constant magnitudes, no bias, k atoms): T4.
    """
    where = "exclusive_children"
    k = checks.integer(where, "k", k, 1)
    p = arguments.probability(where, "p", p)
    law = scalar(where, "magnitude", magnitude)
    text = arguments.call(where, k=k, p=p, magnitude=law)
    world = build(where, [-1] + [0] * k, [p] + [1.0] * k, True, True, law, False, text)
    return replace(world, theory=_splitting)


def _absorption(world: World, lam: float) -> Prediction:
    """T3: the optimal atoms are the parent and the normalised sum, not the parent and the child.

    The data have two directions, parent and parent + child, and two atoms can have them both: the wide limit (G2). The
    parent's atom is silent wherever the child fires, as S6 demands: the child's atom has absorbed it. With magnitude 1
    and angle theta, F = (1 - rho)(lam - lam^2/2) + rho (2 cos(theta/2) lam - lam^2/2).
    """
    found = wide_limit("T3", 2, world, lam)
    parent = world.features[0]
    order = np.argsort(-(found.D @ parent))
    child = found.D[order[1]]
    angle = 2 * math.atan2(float(np.linalg.norm(child - parent)), float(np.linalg.norm(child + parent)))
    return replace(found, D=found.D[order], values={"child_angle": angle, "parent_given_child": 0.0})


def _splitting(world: World, lam: float) -> Prediction:
    """T4: with k atoms the parent has none of its own; each atom is the parent joined to one child (G2)."""
    return wide_limit("T4", world.n_features - 1, world, lam)
