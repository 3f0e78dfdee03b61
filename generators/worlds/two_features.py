"""Two features that fire alone or together, with any probabilities: the smallest world with tilt and absorption.

correlated_pair and nested_pair are its edges, where theory has closed forms; `generators.plane.phases` maps the rest.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from generators import arguments
from generators.laws import Patterns
from generators.magnitudes import Scalar, scalar
from generators.world import World
from testbed import checks
from testbed.errors import InputError


def two_features(parent: float = 0.4, both: float = 0.2, child: float = 0.1, angle: float = math.pi / 2,
                 magnitude: Scalar | str | float = 1.0, child_magnitude: Scalar | str | float | None = None) -> World:
    """Two features: parent alone, child alone, both together or nothing, with any angle between their directions.

    parent, both, child: probabilities that only the parent, both, or only the child fire; with the rest nothing does.
    angle in (0, pi); magnitude of the parent, and of the child (default: the same law), independent of each other.
    child = 0 is a nested pair; child = parent a correlated one..
    """
    where = "two_features"
    p = [checks.number(where, name, value, 0, 1)
         for name, value in (("parent", parent), ("both", both), ("child", child))]
    angle = checks.number(where, "angle", angle, 0, math.pi, open_low=True, open_high=True)
    laws = [scalar(where, "magnitude", magnitude),
            scalar(where, "child_magnitude", magnitude if child_magnitude is None else child_magnitude)]
    rest = 1 - sum(p)
    if rest < -arguments.SUM_SLACK:
        raise InputError(f"{where}: parent + both + child must be at most 1; got {sum(p):g}")
    if p[0] + p[1] == 0 or p[2] + p[1] == 0:
        raise InputError(f"{where}: both features must fire with positive probability; "
                         f"got parent = {p[0]:g}, both = {p[1]:g}, child = {p[2]:g}")
    patterns = np.array([[True, False], [True, True], [False, True], [False, False]])
    weights = np.array([*p, rest if rest > arguments.SUM_SLACK else 0.0])
    law = Patterns(patterns[weights > 0], weights[weights > 0] / weights.sum(), laws)
    text = arguments.call(where, parent=p[0], both=p[1], child=p[2], angle=angle, magnitude=laws[0],
                          child_magnitude=None if child_magnitude is None else laws[1])
    cosine = 0.0 if angle == math.pi / 2 else math.cos(angle)  # cos(pi/2) is 6e-17: a right angle is meant to be one
    return replace(World(law, text), features=np.array([[1.0, 0.0], [cosine, math.sin(angle)]]))


def held_fixed(both: float, child: float, lam: float) -> float:
    """F(faithful) - F(absorbed) of two_features at a right angle and magnitude 1, both dictionaries held fixed.

    Faithful: the two features. Absorbed: the parent and the normalised sum. For lam < 1, by C2, with |x|^2 = 1 of
    singles and 2 of pairs:

    - parent alone: coded by the parent in both, no difference;
    - both: the features leave the residual (lam, lam), loss 2 lam - lam^2; the sum has the pair to itself, loss
      h_lam(sqrt 2) = sqrt2 lam - lam^2/2. Absorbed saves lam (2 - sqrt2 - lam/2) > 0: one code is cheaper than two;
    - child alone: loss h_lam(1) = (1 - (1 - lam)^2)/2 against (1 - (1/sqrt2 - lam)_+^2)/2. Absorbed loses.

    So at child = 0 the difference is both * lam * (2 - sqrt2 - lam/2), positive: absorbed wins at every lam < 1. Raises
    ValueError for lam outside (0, 1) and for probabilities outside [0, 1].
    """
    where = "held_fixed"
    both, child = (checks.number(where, name, p, 0, 1) for name, p in (("both", both), ("child", child)))
    lam = checks.number(where, "lam", lam, 0, 1, open_low=True, open_high=True)
    shared = max(1 / math.sqrt(2) - lam, 0.0)
    return both * lam * (2 - math.sqrt(2) - lam / 2) - child / 2 * ((1 - lam) ** 2 - shared**2)
