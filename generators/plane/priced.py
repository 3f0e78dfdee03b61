"""Two atoms in a plane under any separable price: codes, every minimum by search, and what became of the features.

Nothing here knows which price it is: codes are found from its proximal map (one atom on) and by Newton's method from
the middle of each of its pieces (both on), and the best of them is taken, so that prices that are not convex are served
too. The objective is then a function of two angles, and its derivative in the angle of atom j is -E[z_j <r, u_j>], u_j
a quarter turn ahead of d_j, whatever the price (N2).
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize, root

from generators.plane.atoms import ALIGNED, angle_between, lowest, unit
from testbed.checks import Array
from testbed.penalties import Penalty, TopK

GRID = np.radians(2.5)  # between the angles at which minima are looked for
FINE = GRID * np.stack(np.meshgrid(*[np.linspace(-1, 1, 21)] * 2), axis=-1).reshape(-1, 2)  # around a place of it
ROOM = np.radians(45.0)  # beyond the data's cone
COINCIDENT = 1e-7  # radians between atoms that are one
LEVEL = 1e-12  # by how much F may differ, relative to E|x|^2, along a valley that is called flat
SMOOTH = 1e-7  # slopes relative to E|x|^2 at which descent along them has arrived, and no kink is in its way
STEPS = 40  # of Newton's method
REGIMES = ("faithful", "tilted", "absorbed", "merged", "flat")


class Pair(NamedTuple):
    """A minimum: F, angles (2,) in radians, codes (n, 2), and whether F stays as it is along some way of turning."""

    objective: float
    angles: Array
    codes: Array
    flat: bool


def best(penalty: Penalty, U: Array, V: Array, g: Array) -> tuple[Array, Array, Array]:
    """What optimal codes gain on E|x|^2 / 2, and the codes, for scores U = <x, d_1>, V = <x, d_2> and cosines g."""
    def gain(z: Array, y: Array) -> Array:
        return z * U + y * V - 0.5 * (z * z + y * y) - g * z * y - penalty.cost(z) - penalty.cost(y)

    zero = np.zeros(np.broadcast(U, V, g).shape)
    found = [(zero, zero, zero)]
    candidates = [(penalty.prox(U) + zero, zero), (zero, penalty.prox(V) + zero)]
    if not (isinstance(penalty, TopK) and penalty.k == 1):
        candidates += _both(penalty, U, V, g)
    for z, y in candidates:
        found.append((gain(z, y), z, y))
    top = np.argmax([value for value, _, _ in found], axis=0)[None]
    return tuple(np.take_along_axis(np.stack(parts), top, axis=0)[0]
                 for parts in zip(*found, strict=True))


def _both(penalty: Penalty, U: Array, V: Array, g: Array) -> list[tuple[Array, Array]]:
    """Codes of both atoms by Newton's method: from the middle of every piece of a price whose slope is linear on
    pieces, where one step suffices, and from least squares and from small codes under one that bends."""
    bends = np.ptp(penalty.curvature(np.array([0.25, 0.5, 4.0]) * penalty.unit)) > 0 and not penalty.kinks
    edges = (0.0, *penalty.kinks)
    middles = [0.5 * (low + high) for low, high in itertools.pairwise(edges)] + [2 * edges[-1] or penalty.unit]
    shape = np.broadcast(U, V, g).shape
    starts = [(np.full(shape, one), np.full(shape, other)) for one, other in itertools.product(middles, repeat=2)]
    if bends:
        sine = np.maximum(1 - g * g, 1e-3)
        starts.append((np.maximum((U - g * V) / sine, penalty.unit), np.maximum((V - g * U) / sine, penalty.unit)))
    ends = []
    for z, y in starts:
        for _ in range(STEPS if bends else 1):
            h, k = 1 + penalty.curvature(z), 1 + penalty.curvature(y)
            a, b = U - z - g * y - penalty.slope(z), V - y - g * z - penalty.slope(y)
            det = h * k - g * g
            det = np.where(np.abs(det) > 1e-12, det, np.inf)  # one atom twice, free of charge: one code serves
            ahead, beside = z + (k * a - g * b) / det, y + (h * b - g * a) / det
            moved = max(np.abs(ahead - z).max(), np.abs(beside - y).max())
            low = (z / 8, y / 8) if bends else (0.0, 0.0)  # a step that is too long stays where the slope is known
            z, y = np.maximum(ahead, low[0]), np.maximum(beside, low[1])
            if moved <= 1e-15 * penalty.unit:
                break
        on = (z > 0) & (y > 0)
        ends.append((np.where(on, z, 0), np.where(on, y, 0)))
    return ends


def codes(penalty: Penalty, X: Array, angles: Array) -> Array:
    """(n, 2) optimal codes of points X (n, 2) on atoms at these angles."""
    D = unit(angles)
    _, z, y = best(penalty, X @ D[0], X @ D[1], np.array(D[0] @ D[1]))
    return np.column_stack([z, y])


def objectives(penalty: Penalty, X: Array, w: Array, first: Array, second: Array) -> Array:
    """F at pairs of angles of any shape."""
    one, other = unit(first), unit(second)
    gain, _, _ = best(penalty, one @ X.T, other @ X.T, (one * other).sum(axis=-1)[..., None])
    F: Array = 0.5 * w @ (X * X).sum(axis=1) - gain @ w
    return F


def slopes(penalty: Penalty, X: Array, w: Array, angles: Array) -> Array:
    """(2,) dF/d angle = -E[z_j <r, u_j>]."""
    Z, D = codes(penalty, X, angles), unit(angles)
    across = (X - Z @ D) @ unit(angles + math.pi / 2).T
    return -np.einsum("i,ij,ij->j", w, Z, across)


def minima(penalty: Penalty, X: Array, w: Array, most: int = 6) -> list[Pair]:
    """The minima that the lowest places of a grid over pairs of angles lead to, best first."""
    angle = np.arctan2(X[:, 1], X[:, 0])[(X != 0).any(axis=1)]
    grid = np.arange(angle.min() - ROOM, angle.max() + ROOM, GRID)
    first, second = np.meshgrid(grid, grid, indexing="ij")
    upper = first <= second
    F = np.full(first.shape, np.inf)
    F[upper] = objectives(penalty, X, w, first[upper], second[upper])
    ends = []
    for place in lowest(F, most):
        near = np.array([first.flat[place], second.flat[place]]) + FINE  # kinks leave several minima in one cell
        ends.append(descend(penalty, X, w, near[np.argmin(objectives(penalty, X, w, near[:, 0], near[:, 1]))]))
    ends.sort(key=lambda end: end[0])
    return [Pair(F, a, codes(penalty, X, a), flat(penalty, X, w, a)) for F, a in ends]


def descend(penalty: Penalty, X: Array, w: Array, start: Array) -> tuple[float, Array]:
    """Descent along slopes, then without them where F has kinks, then the root of the slopes, if that is no higher."""
    def F(angles: Array) -> float:
        return float(objectives(penalty, X, w, angles[0], angles[1]))

    def slope(angles: Array) -> Array:
        return slopes(penalty, X, w, angles)

    near = minimize(F, start, jac=slope, method="BFGS", options={"gtol": 1e-10}).x
    near = near if F(near) < F(start) else start
    if np.abs(slope(near)).max() > SMOOTH * float(w @ (X * X).sum(axis=1)):
        near = minimize(F, near, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15, "maxiter": 600,
                        "initial_simplex": near + 1e-4 * np.array([[0, 0], [1, 0], [0, 1]])}).x
    exact = root(slope, near, tol=1e-15).x
    here, there = F(near), F(exact)
    if np.abs(exact - near).max() < 1e-3 and there <= here + 1e-14:
        return there, np.sort(exact)
    return here, np.sort(near)


def flat(penalty: Penalty, X: Array, w: Array, angles: Array, turn: float = 1e-3) -> bool:
    """Whether turning some live atom, one way or the other, leaves F as it is: a valley, of which this is a point."""
    live = w @ codes(penalty, X, angles) > 0
    moved = angles + turn * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])[np.repeat(live, 2)]
    F = objectives(penalty, X, w, moved[:, 0], moved[:, 1])
    here = objectives(penalty, X, w, angles[0], angles[1])
    return bool((np.abs(F - here) <= LEVEL * (w @ (X * X).sum(axis=1))).any())


def regime(pair: Pair, together: Any, first: float, second: float) -> str:
    """What became of features at angles `first` and `second` that fire together on some points (n,): one of REGIMES.

    flat: F does not decide. merged: one direction for both. faithful: each has its atom, to a degree. absorbed: on some
    points that have both features an atom is silent. tilted: none is, and atoms have turned.
    """
    if pair.flat:
        return "flat"
    if angle_between(*unit(pair.angles)) < COINCIDENT:
        return "merged"
    if np.abs(pair.angles - [first, second]).max() < ALIGNED:
        return "faithful"
    return "tilted" if (pair.codes[together] > 0).all() else "absorbed"
