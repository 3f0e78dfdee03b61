"""The wide limit (G2) on toy worlds: one atom for each direction of the data, and nothing left to gain."""

from __future__ import annotations

import numpy as np

from generators.prediction import Prediction
from generators.world import World
from testbed.checks import Array
from testbed.problem import huber

SAME_DIRECTION = 1e-9  # distance between unit vectors below which they are one direction


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
