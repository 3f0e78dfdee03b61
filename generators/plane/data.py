"""Data of two features in their plane: points and weights whose sums are expectations, for given atoms.

Finite worlds are listed. Continuous magnitudes are integrated by quadrature whose nodes follow the atoms, so that no
piece on which a code switches on or off is straddled; sums are then exact up to rounding, and so are those of the first
and second derivatives of F, whose integrands are smooth on each piece.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from generators import quadrature
from generators.kernels import plane as kernels
from generators.laws import Feature, Law, Patterns, Product
from generators.magnitudes import Scalar, constant
from generators.plane.atoms import angle_between
from generators.world import World
from generators.worlds.hierarchical import Forest
from testbed.checks import Array
from testbed.errors import InputError

NOTHING = np.empty((0, 2))  # fixed points of continuous magnitudes
QUADRATIC = 2  # nodes per piece that are exact where densities are constant: codes are linear on a piece, F quadratic


class Points(NamedTuple):
    """X (n, 2) along the first feature and across it; weights (n,) > 0; magnitudes (n, 2), 0 where a feature is off."""

    X: Array
    weights: Array
    magnitudes: Array


@dataclass(frozen=True, eq=False)
class Draw:
    """Points that are exact for given atoms, and the data as kernels take them (`generators.kernels.plane`).

    at(angles, lam): angles (2,) of one pair of atoms, or (k, 2) of several whose codes' switches are all respected.
    """

    data: tuple[Any, ...]

    def __call__(self, angles: Array, lam: float) -> Points:
        return Points(*kernels.points(self.data, np.array(angles, dtype=float).reshape(-1, 2), lam))


@dataclass(frozen=True, eq=False)
class PlaneData:
    """theta: the angle between the two features in radians. basis (2, d): along the first, and across it. at: the
    points for given atoms. finite: whether they are the same for all atoms. energy: E|x|^2."""

    theta: float
    basis: Array
    at: Draw
    finite: bool
    energy: float


@functools.lru_cache(maxsize=8)  # along a line of lams the same world is asked for again and again
def plane_data(where: str, world: World) -> PlaneData:
    """The data of a world of two features, without offset or noise; on behalf of `where`.

    Raises ValueError for other worlds, and for continuous magnitudes that are tied to each other.
    """
    if world.n_features != 2 or world.offset.any() or world.sigma:
        raise InputError(f"{where}: expected a world of two features, without offset or noise; got {world}")
    v, w = world.features
    theta = angle_between(v, w)
    across = w - (v @ w) * v
    length = float(np.linalg.norm(across))
    if length < 1e-9:
        raise InputError(f"{where}: the two features must not lie on one line; got {world}")
    basis = np.array([v, across / length])
    if world.finite:
        sample = world.exact()
        used = sample.codes.any(axis=1)
        points = Points(np.ascontiguousarray((sample.X @ basis.T)[used]), sample.weights[used], sample.codes[used])
        return PlaneData(theta, basis, fixed(points), True, energy(points))
    at = drawn(theta, _magnitudes(where, world.law), _patterns(where, world))
    return PlaneData(theta, basis, at, False, energy(at(np.array([0.0, theta]), 1.0)))


def energy(points: Points) -> float:
    """E|x|^2."""
    return float(points.weights @ (points.X * points.X).sum(axis=1))


def _magnitudes(where: str, law: Law) -> tuple[Scalar, Scalar]:
    if isinstance(law, Patterns) or (isinstance(law, Forest) and not law.tied):
        return law.magnitudes[0], law.magnitudes[1]
    if isinstance(law, Product) and all(isinstance(part, Feature) for part in law.laws):
        first, second = (part.magnitude for part in law.laws if isinstance(part, Feature))
        return first, second
    raise InputError(f"{where}: continuous magnitudes must be independent of each other")


def _patterns(where: str, world: World) -> tuple[float, float, float]:
    """P(first alone), P(second alone), P(both): the law with its magnitudes replaced by 1, listed."""
    law, one = world.law, constant(1.0)
    if isinstance(law, Product):
        law = Product(tuple(replace(part, magnitude=one) for part in law.laws if isinstance(part, Feature)))
    elif isinstance(law, Patterns | Forest):
        law = replace(law, magnitudes=[one, one])
    codes, p = law.support()
    first, second = codes[:, 0] > 0, codes[:, 1] > 0
    return float(p[first & ~second].sum()), float(p[second & ~first].sum()), float(p[first & second].sum())


def fixed(points: Points) -> Draw:
    """The same points for all atoms."""
    none = quadrature.encoded(constant(1.0))
    return Draw((True, *points, 0.0, (0.0, 0.0, 0.0), none, none, *quadrature.rule(QUADRATIC)))


def drawn(theta: float, magnitudes: tuple[Scalar, Scalar], patterns: tuple[float, float, float]) -> Draw:
    """Points for independent magnitudes of two features at angle theta: all of finite ones, else quadrature nodes.

    patterns: P(first alone), P(second alone), P(both).
    """
    flat = all(law.finite or law.method == "uniform" for law in magnitudes)
    rule = quadrature.rule(QUADRATIC if flat else quadrature.ORDER)
    draw = Draw((False, NOTHING, np.empty(0), NOTHING, theta, patterns, *map(quadrature.encoded, magnitudes), *rule))
    if all(law.finite for law in magnitudes):
        return fixed(draw(np.array([0.0, theta]), 1.0))
    return draw
