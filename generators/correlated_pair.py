"""Two features that fire alone or together (T2): the smallest world in which correlation tilts the atoms."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq, minimize

from generators import arguments
from generators.laws import Patterns
from generators.magnitudes import constant
from generators.prediction import Prediction
from generators.world import World
from testbed import checks
from testbed.checks import Array

TIE = 1e-11  # by how much another pair of atoms must be better to count as better
DEGREES = np.radians(np.arange(-45.0, 136.0, 1.5))  # where the rival pairs of atoms are looked for


def correlated_pair(alpha: float = 0.4, beta: float = 0.2) -> World:
    """Two orthogonal features of magnitude 1: each alone with probability alpha, both with probability beta (T2).

    2 alpha + beta <= 1; with the rest nothing fires. predict (no bias, two atoms): T2.
    """
    where = "correlated_pair"
    alpha = checks.number(where, "alpha", alpha, 0, 0.5, open_low=True)
    beta = checks.number(where, "beta", beta, 0, 1)
    rest = 1 - 2 * alpha - beta
    if rest < -arguments.SUM_SLACK:
        raise ValueError(f"{where}: 2 alpha + beta must be at most 1; got {2 * alpha + beta:g}")
    patterns = np.array([[True, False], [False, True], [True, True], [False, False]])
    p = np.array([alpha, alpha, beta, rest if rest > arguments.SUM_SLACK else 0.0])
    law = Patterns(patterns[p > 0], p[p > 0] / p.sum(), [constant(1.0)] * 2)
    return World(law, arguments.call(where, alpha=alpha, beta=beta), theory=_tilt)


def _tilt(world: World, lam: float) -> Prediction:
    """T2: both atoms tilt inwards by psi, trading shrinkage on the pair against fit on the singles.

    d_1 = (cos psi, sin psi), d_2 its mirror image, t = 1/(cos psi + sin psi). A single is coded by its own atom alone,
    z = cos psi - lam; the pair by both, z = t (1 - lam t). By C2

        F(psi) = alpha (1 - (cos psi - lam)^2) + beta (1 - (1 - lam t)^2),

    and F'(psi) = 0 is  alpha (cos psi - lam) sin psi = beta lam t (1 - lam t) tan(pi/4 - psi).

    Valid where (a) the other atom is silent on singles, sin psi - (cos psi - lam) sin 2 psi <= lam, (b) codes are
    positive, lam < cos psi, and (c) no other pair of atoms does better. Where the pair is common or lam is large one
    does, and the symmetry breaks: one atom sits on a single exactly, the other serves the pair and the other single.
    The optimum jumps there. Atoms lie in the plane of the data (projecting an atom onto it and normalising lowers F),
    so (c) is settled by a search over two angles.
    """
    if world.offset.any() or abs(world.features[0] @ world.features[1]) > 1e-12:
        raise ValueError("predict: T2 is for orthogonal features without offset")
    sample = world.exact()
    mass = {tuple(code): w for code, w in zip(sample.codes.tolist(), sample.weights, strict=True)}
    alpha, beta = mass[1.0, 0.0], mass.get((1.0, 1.0), 0.0)
    span = "T2 holds for lam < cos psi, the other atom silent on singles, and no other pair of atoms better"

    def slope(psi: float) -> float:
        t = 1 / (math.cos(psi) + math.sin(psi))
        return (alpha * (math.cos(psi) - lam) * math.sin(psi)
                - beta * lam * t * (1 - lam * t) * math.tan(math.pi / 4 - psi))

    if lam >= 1:
        raise ValueError(f"predict: {span}; at lam = {lam:g} >= 1 singles are not coded")
    if beta == 0:
        psi = 0.0
    else:
        steps = np.linspace(0, math.pi / 4, 181)[:-1]  # the first upward crossing is the minimum that starts at psi = 0
        up = next((i for i, psi in enumerate(steps) if slope(psi) > 0), 0)
        if up == 0:
            raise ValueError(f"predict: {span}; at alpha = {alpha:g}, beta = {beta:g}, lam = {lam:g} nothing holds the "
                             "atoms apart")
        psi = float(brentq(slope, steps[up - 1], steps[up], xtol=1e-16, rtol=4 * np.finfo(float).eps))
    c, s = math.cos(psi), math.sin(psi)
    t = 1 / (c + s)
    other = s - (c - lam) * math.sin(2 * psi)
    if lam >= c or other > lam:
        raise ValueError(f"predict: {span}; at psi = {psi:.4g}, cos psi = {c:.4g} and the other atom's score is "
                         f"{other / lam:.4g}, lam = {lam:g}")
    F = float(alpha * (1 - (c - lam) ** 2) + beta * (1 - (1 - lam * t) ** 2))
    rival, angles = best_angles(np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([alpha, alpha, beta]), lam)
    if rival < F - TIE:
        raise ValueError(f"predict: {span}; at alpha = {alpha:g}, beta = {beta:g}, lam = {lam:g} the tilted pair has "
                         f"F = {F:.10g}, and atoms at {np.degrees(angles[0]):.1f} and {np.degrees(angles[1]):.1f} "
                         f"degrees have {rival:.10g}")
    values = {"psi": psi, "cosine": math.sin(2 * psi), "z_single": c - lam, "z_both": t * (1 - lam * t)}
    return Prediction("T2", np.array([[c, s], [s, c]]) @ world.features, np.zeros(world.d), F, values, False,
                      f"the other atom is silent on singles (score {other / lam:.4g} <= 1), lam < cos psi = {c:.4g}, "
                      "and a search over all pairs of angles finds none better")


def best_angles(X: Array, weights: Array, lam: float) -> tuple[float, Array]:
    """The least F of two atoms in the plane on points X (n, 2), by search: grid, then descent from its best places."""
    first, second = np.meshgrid(DEGREES, DEGREES, indexing="ij")
    F = np.where(first < second, two_atoms(X, weights, lam, first, second), np.inf)
    ends = [minimize(lambda angles: float(two_atoms(X, weights, lam, angles[0], angles[1])),
                     (first.flat[place], second.flat[place]), method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-14})
            for place in _local_minima(F)]
    best = min(ends, key=lambda end: float(end.fun))
    return float(best.fun), np.sort(best.x)


def two_atoms(X: Array, weights: Array, lam: float, first: Array | float, second: Array | float) -> Array:
    """F of two atoms at given angles (any shape), no bias, exact codes: the best of four supports for each point."""
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    total = np.zeros(np.broadcast(first, second).shape)
    g = np.cos(first - second)
    det = np.maximum(1 - g * g, 1e-300)
    for x, w in zip(X, weights, strict=True):
        u = np.cos(first) * x[0] + np.sin(first) * x[1] - lam
        v = np.cos(second) * x[0] + np.sin(second) * x[1] - lam
        explained = np.maximum(np.maximum(u, v), 0) ** 2  # 2 * the gain of coding with at most one atom
        z, y = (u - g * v) / det, (v - g * u) / det
        pair = (z >= 0) & (y >= 0) & (det > 1e-8)
        total += w * (x @ x - np.where(pair, u * z + v * y, explained)) / 2
    return total


def _local_minima(F: Array) -> np.ndarray:
    """Flat indices of the four lowest grid points not above any neighbour."""
    padded = np.pad(F, 1, constant_values=np.inf)
    around = [padded[1 + i:padded.shape[0] - 1 + i, 1 + j:padded.shape[1] - 1 + j]
              for i in (-1, 0, 1) for j in (-1, 0, 1)]
    low = np.flatnonzero((np.min(around, axis=0) >= F) & np.isfinite(F))
    return low[np.argsort(F.flat[low], kind="stable")[:4]]
