"""Two atoms in the plane, without the training code: codes, the objective, a search over all pairs of angles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from generators.kernels import plane as kernels
from testbed.checks import Array

ALIGNED = np.radians(1.0)  # angle between atom and feature that counts as none: cosine 0.9998
SERVES = 0.9  # share that counts as all: room for thresholds that lam sets, far from the 1/2 of a split
DEGREES = np.radians(np.arange(-45.0, 136.0, 1.5))  # where rival pairs of atoms are looked for


def unit(angle: Array | float) -> Array:
    """Unit vectors (..., 2) at angles (...) in radians."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def angle_between(u: Array, v: Array) -> float:
    """The angle between unit vectors in radians, accurate when they nearly coincide."""
    return 2 * float(np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))


def codes(X: Array, lam: float, D: Array) -> Array:
    """Optimal codes (n, 2) of points X (n, 2) under two different atoms D (2, 2): the support of four that obeys C1."""
    Z: Array = kernels.codes(X, lam, D)
    return Z


class Local(NamedTuple):
    """F at a pair of angles to second order, with exact codes.

    objective; gradient (2,) and hessian (2, 2) in the angles; scale (2,) E[z_j^2] + lam mu_j, by which testbed makes
    curvatures dimensionless.
    """

    objective: float
    gradient: Array
    hessian: Array
    scale: Array


def local(data: tuple[Any, ...], lam: float, angles: Array) -> Local:
    """F of two different atoms at angles (2,) with its first and second derivatives, on data as kernels take them.

    With u_j a quarter turn ahead of d_j, q_j = <r, u_j> and c, s the cosine and sine of a_2 - a_1:

        dF/da_j = -E[z_j q_j]                                                                       (S1)
        H = E[ |dx|^2 - b' G^-1 b ] + diag(lam mu),  dx = sum_j z_j u_j da_j,
        b_1 = q_1 da_1 + s z_2 da_2,  b_2 = q_2 da_2 - s z_1 da_1    where both atoms are on         (M1)

    and z_j^2 + lam z_j - q_j^2 on the diagonal where only one is.
    """
    F, gradient, (h, k, l), scale = kernels.at(data, lam, float(angles[0]), float(angles[1]))
    return Local(F, np.array(gradient), np.array([[h, k], [k, l]]), np.array(scale))


def best_angles(X: Array, weights: Array, lam: float) -> tuple[float, Array]:
    """The least F of two atoms in the plane on points X (n, 2), by search: grid, then descent from its best places."""
    first, second = np.meshgrid(DEGREES, DEGREES, indexing="ij")
    F = np.where(first < second, two_atoms(X, weights, lam, first, second), np.inf)
    ends = [minimize(lambda angles: float(two_atoms(X, weights, lam, angles[0], angles[1])),
                     (first.flat[place], second.flat[place]), method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-14})
            for place in lowest(F)]
    best = min(ends, key=lambda end: float(end.fun))
    return float(best.fun), np.sort(best.x)


def two_atoms(X: Array, weights: Array, lam: float, first: Array | float, second: Array | float) -> Array:
    """F of two atoms at given angles (any shape), no bias, exact codes: the best of four supports for each point."""
    pairs = np.broadcast_arrays(np.asarray(first, dtype=float), np.asarray(second, dtype=float))
    F: Array = kernels.objectives(np.array(X), np.array(weights), lam, pairs[0].flatten(), pairs[1].flatten())
    return F.reshape(pairs[0].shape)


def lowest(F: Array, most: int = 4) -> np.ndarray:
    """Flat indices of the lowest grid points (at most `most`) that are not above any neighbour."""
    padded = np.pad(F, 1, constant_values=np.inf)
    around = [padded[1 + i:padded.shape[0] - 1 + i, 1 + j:padded.shape[1] - 1 + j]
              for i in (-1, 0, 1) for j in (-1, 0, 1)]
    low = np.flatnonzero((np.min(around, axis=0) >= F) & np.isfinite(F))
    return low[np.argsort(F.flat[low], kind="stable")[:most]]


def binned(X: Array, weights: Array, cells: int = 24) -> tuple[Array, Array]:
    """At most about cells^2 points that stand for X: the weighted means of its points on a polar grid."""
    if len(X) <= cells**2:
        return X, weights
    polar = np.stack([np.arctan2(X[:, 1], X[:, 0]), np.log(np.linalg.norm(X, axis=1))], axis=1)
    low, span = polar.min(axis=0), np.ptp(polar, axis=0)
    cell = np.minimum(cells * (polar - low) / np.where(span > 0, span, 1), cells - 1).astype(int) @ np.array([cells, 1])
    mass = np.bincount(cell, weights)
    used = mass > 0
    means = np.stack([np.bincount(cell, weights * x)[used] / mass[used] for x in X.T], axis=1)
    return means, np.asarray(mass[used], dtype=float)
