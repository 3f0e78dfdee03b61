"""The wide limit (G2) on toy worlds: one atom for each direction of the data, and nothing left to gain."""

from __future__ import annotations

import math

import numpy as np

from generators.prediction import Prediction
from generators.world import World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError
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
        raise InputError(f"predict: {statement} holds for lam below the shortest nonzero point of the data, "
                         f"{shortest:g}; got {lam:g}")
    D = distinct(sample.X[nonzero] / norms[nonzero, None])
    if len(D) != n_directions:
        raise InputError(f"predict: {statement} needs data with {n_directions} directions; {world} has {len(D)}")
    return Prediction(statement, D, np.zeros(world.d), float(sample.weights @ huber(norms, lam)), {}, False,
                      f"{n_directions} atoms for {n_directions} directions: the Huber floor is reached, "
                      f"and every nonzero point is longer than lam ({shortest:g} > {lam:g})")


def ring_excess(m: int, lam: float, radius: float = 1.0) -> float:
    """F of m >= 3 evenly spaced atoms above the Huber floor, for points spread evenly over a circle: a finite-size law.

    Neighbouring atoms are 2 rho apart, rho = pi/m. A point at angle g from the nearer of its two atoms is coded by it
    alone while the other's score is below 1, that is sin g <= (lam / radius) tan rho; its loss is then
    (radius^2 - (radius cos g - lam)^2)/2. Otherwise both are on, the residual is lam / cos rho along their bisector
    (C4), and at angle b from that its loss is (radius^2 - |x - r|^2)/2 (C2). Averaged over the angle; for large m

        F - E[h_lam] = lam (radius - lam) (2 radius - lam) pi^2 / (6 radius m^2) + O(m^-4):

    the floor is reached within eps by about pi sqrt(lam (radius - lam)(2 radius - lam) / (6 radius eps)) atoms. In d
    dimensions the angle to the nearest of m directions shrinks like m^(-1/(d-1)), and the excess like its square.

    Raises ValueError for fewer than 3 atoms, and for lam > radius cos(pi/m), where points between atoms are not coded.
    """
    where = "ring_excess"
    m = checks.integer(where, "m", m, 3)
    a = checks.number(where, "radius", radius, 0, open_low=True)
    rho = math.pi / m
    lam = checks.number(where, "lam", lam, 0, a * math.cos(rho), open_low=True)
    edge = math.asin(lam / a * math.tan(rho))  # <= rho
    # integrals over g of ((a - lam)^2 - (a cos g - lam)^2)/2, and over b of the other excess
    alone = ((a - lam) ** 2 * edge - a * a * (edge / 2 + math.sin(2 * edge) / 4) + 2 * a * lam * math.sin(edge)
             - lam * lam * edge) / 2
    width = rho - edge
    shared = a * lam * (math.sin(width) / math.cos(rho) - width) - lam * lam * math.tan(rho) ** 2 * width / 2
    return (alone + shared) / rho


def distinct(V: Array) -> Array:
    """The different rows of V, in order of first appearance."""
    kept: list[Array] = []
    for v in V:
        if all(np.linalg.norm(v - u) > SAME_DIRECTION for u in kept):
            kept.append(v)
    return np.array(kept)
