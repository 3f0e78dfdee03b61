"""Data of two features in their plane: points and weights whose sums are expectations, for given atoms.

Finite worlds are listed. Continuous magnitudes are integrated by quadrature whose nodes follow the atoms, so that no
piece on which a code switches on or off is straddled; sums are then exact up to rounding, and so are those of the first
and second derivatives of F, whose integrands are smooth on each piece.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

import numpy as np

from generators import quadrature
from generators.hierarchical import Forest
from generators.laws import Feature, Law, Patterns, Product
from generators.magnitudes import Scalar, constant
from generators.plane.atoms import angle_between
from generators.world import World
from testbed.checks import Array
from testbed.errors import InputError

QUADRATIC = 2  # nodes per piece that are exact where densities are constant: codes are linear on a piece, F quadratic


class Points(NamedTuple):
    """X (n, 2) along the first feature and across it; weights (n,) > 0; magnitudes (n, 2), 0 where a feature is off."""

    X: Array
    weights: Array
    magnitudes: Array


Draw = Callable[[Array, float], Points]  # angles (2,) or (k, 2) of atoms, lam -> points that are exact for them


@dataclass(frozen=True, eq=False)
class PlaneData:
    """theta: the angle between the two features in radians. basis (2, d): along the first, and across it. at: the
    points for given atoms. finite: whether they are the same for all atoms. energy: E|x|^2."""

    theta: float
    basis: Array
    at: Draw
    finite: bool
    energy: float


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
        return PlaneData(theta, basis, lambda angles, lam: points, True, _energy(points))
    magnitudes = _magnitudes(where, world.law)
    at = integrated(theta, magnitudes, _patterns(where, world))
    return PlaneData(theta, basis, at, False, _energy(at(np.array([0.0, theta]), 1.0)))


def _energy(points: Points) -> float:
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


def listed(theta: float, magnitudes: tuple[Scalar, Scalar], patterns: tuple[float, float, float]) -> Draw:
    """All points of finite magnitudes; they do not depend on the atoms."""
    none = np.empty((1, 0))
    (s, p), (t, q) = ((row[0] for row in quadrature.nodes(law, none)) for law in magnitudes)
    points = _points(theta, patterns, (s, p), (t, q),
                     (np.repeat(s, len(t)), np.tile(t, len(s)), np.outer(p, q).ravel()))
    return lambda angles, lam: points


def integrated(theta: float, magnitudes: tuple[Scalar, Scalar], patterns: tuple[float, float, float]) -> Draw:
    """Quadrature nodes for independent magnitudes s and t of two features, cut where a code switches on or off.

    patterns: P(first alone), P(second alone), P(both). For atoms at given angles, supports change across four lines in
    the (s, t) plane: <x, d_j> = lam, and z_j = 0 where both fire. At fixed s they cut the range of t; the integral over
    t is smooth in s except where lines cross each other or the ends of t's range (its values, if finite in number).
    Several pairs of atoms, angles (k, 2), are cut for all at once.
    """
    first, second = magnitudes
    ends = quadrature.edges(second) if second.finite else quadrature.edges(second)[[0, -1]]
    flat = all(law.finite or law.method == "uniform" for law in magnitudes)
    order = QUADRATIC if flat else quadrature.ORDER

    def points(angles: Array, lam: float) -> Points:
        lines = np.concatenate([_switches(theta, pair, lam) for pair in np.reshape(angles, (-1, 2))])
        with np.errstate(divide="ignore", invalid="ignore"):
            # a line at second = 0 says where it cuts the first feature alone, and the other way round
            cuts = [((lines[:, 2, None] - lines[:, 1, None] * np.append(ends, 0)) / lines[:, 0, None]).ravel()]
            pairs = np.array(list(combinations(range(len(lines)), 2))).T
            (a, e), (b, f), (c, g) = (lines[pairs, i] for i in range(3))
            cuts.append((c * f - g * b) / (a * f - e * b))
            s, p = (row[0] for row in quadrature.nodes(first, np.concatenate(cuts)[None], order))
            s, p = s[p > 0], p[p > 0]
            t, q = quadrature.nodes(second, (lines[:, 2] - np.outer(s, lines[:, 0])) / lines[:, 1], order)
            alone = (row[0] for row in quadrature.nodes(second, (lines[:, 2] / lines[:, 1])[None], order))
        return _points(theta, patterns, (s, p), alone,
                       (np.repeat(s, t.shape[1]), t.ravel(), (p[:, None] * q).ravel()))

    return points


def _switches(theta: float, angles: Array, lam: float) -> Array:
    """(4, 3) lines a s + b t = c on which two atoms' codes switch: <x, d_j> = lam, and z_j = 0 where both are on."""
    pull = np.stack([np.cos(angles), np.cos(theta - angles), np.full(2, lam)], axis=1)
    return np.vstack([pull, pull - math.cos(angles[1] - angles[0]) * pull[::-1]])


def _points(theta: float, patterns: tuple[float, float, float], first: Iterable[Array], second: Iterable[Array],
            both: Iterable[Array]) -> Points:
    (s, p), (t, q), (S, T, W) = first, second, both
    magnitudes = np.stack([np.concatenate([s, 0 * t, S]), np.concatenate([0 * s, t, T])], axis=1)
    weights = np.concatenate([patterns[0] * p, patterns[1] * q, patterns[2] * W])
    magnitudes, weights = magnitudes[weights > 0], weights[weights > 0]
    X = np.stack([magnitudes[:, 0] + magnitudes[:, 1] * math.cos(theta), magnitudes[:, 1] * math.sin(theta)], axis=1)
    return Points(X, weights, magnitudes)
