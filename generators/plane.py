"""Two atoms in the plane, without the training code: codes, the objective, a search over all pairs of angles."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from testbed.checks import Array

DEGREES = np.radians(np.arange(-45.0, 136.0, 1.5))  # where rival pairs of atoms are looked for


def unit(angle: Array | float) -> Array:
    """Unit vectors (..., 2) at angles (...) in radians."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def angle_between(u: Array, v: Array) -> float:
    """The angle between unit vectors in radians, accurate when they nearly coincide."""
    return 2 * float(np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))


def codes(X: Array, lam: float, D: Array) -> Array:
    """Optimal codes (n, 2) of points X (n, 2) under two different atoms D (2, 2): the support of four that obeys C1."""
    pull = X @ D.T - lam
    g = float(D[0] @ D[1])
    both = (pull - g * pull[:, ::-1]) / (1 - g * g)
    single = np.maximum(pull, 0)
    single[np.arange(len(X)), single.argmin(axis=1)] = 0
    return np.where(np.all(both > 0, axis=1, keepdims=True), both, single)


def loss(X: Array, weights: Array, lam: float, D: Array, Z: Array) -> float:
    """F of atoms D and codes Z, no bias."""
    R = X - Z @ D
    return float(weights @ ((R * R).sum(axis=1) / 2 + lam * Z.sum(axis=1)))


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


def lowest(F: Array, most: int = 4) -> np.ndarray:
    """Flat indices of the lowest grid points (at most `most`) that are not above any neighbour."""
    padded = np.pad(F, 1, constant_values=np.inf)
    around = [padded[1 + i:padded.shape[0] - 1 + i, 1 + j:padded.shape[1] - 1 + j]
              for i in (-1, 0, 1) for j in (-1, 0, 1)]
    low = np.flatnonzero((np.min(around, axis=0) >= F) & np.isfinite(F))
    return low[np.argsort(F.flat[low], kind="stable")[:most]]
