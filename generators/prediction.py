"""What theory says the optimum of a toy world is, to be held against training.

Source: derived from the optimisation problem; the statement ids (T1 ...) are this project's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed import checks
from testbed.checks import Array
from testbed.problem import huber

if TYPE_CHECKING:
    from generators.world import World

SAME_DIRECTION = 1e-9  # distance between unit vectors below which they are one direction


@dataclass(frozen=True, eq=False)
class Prediction:
    """The global optimum of the problem on a world's exact distribution.

    Attributes
    ----------
    statement : its id, such as 'T2'.
    D : (m, d) atoms, up to order; b : (d,) bias, zero where `bias` is False.
    objective : F at the optimum, in squared units of X.
    values : further quantities that the theory names: numbers (angles in radians, activities ...), regimes, groups.
    bias : whether the problem solved is the one with a fitted bias.
    valid_because : the conditions under which this was derived, and that they hold here.
    """

    statement: str
    D: Array
    b: Array
    objective: float
    values: Mapping[str, Any]
    bias: bool
    valid_because: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "D", checks.frozen(np.ascontiguousarray(self.D)))
        object.__setattr__(self, "b", checks.frozen(np.ascontiguousarray(self.b)))

    @property
    def n_atoms(self) -> int:
        """m, for how many atoms this is the optimum."""
        return len(self.D)


def wide_limit(statement: str, n_directions: int, world: World, lam: float) -> Prediction:
    """One atom for each direction of the data: the wide limit (G2), reached with as many atoms as there are directions.

    A point x with |x| > lam coded by its own direction alone, z = |x| - lam, leaves the residual lam x/|x|, whose score
    with any unit vector is at most 1: the code is optimal and costs h_lam(|x|), which no dictionary undercuts (G1). So
    F = E[h_lam(|x|)] whatever the angles. Raises ValueError if some nonzero point is not longer than lam (its atom
    would be dead), or if the data have another number of directions (magnitudes that vary among co-firing features).
    """
    sample = world.exact()
    norms = np.linalg.norm(sample.X, axis=1)
    nonzero = norms > SAME_DIRECTION * norms.max()
    shortest = float(norms[nonzero].min())
    if lam >= shortest:
        raise ValueError(f"predict: {statement} holds for lam below the shortest nonzero point of the data, "
                         f"{shortest:g}; got {lam:g}")
    D = distinct(sample.X[nonzero] / norms[nonzero, None])
    if len(D) != n_directions:
        raise ValueError(f"predict: {statement} needs data with {n_directions} directions; {world} has {len(D)}")
    return Prediction(statement, D, np.zeros(world.d), float(sample.weights @ huber(norms, lam)), {}, False,
                      f"{n_directions} atoms for {n_directions} directions: the Huber floor is reached, "
                      f"and every nonzero point is longer than lam ({shortest:g} > {lam:g})")


def distinct(V: Array) -> Array:
    """The different rows of V, in order of first appearance."""
    kept: list[Array] = []
    for v in V:
        if all(np.linalg.norm(v - u) > SAME_DIRECTION for u in kept):
            kept.append(v)
    return np.array(kept)
