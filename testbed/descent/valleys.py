"""Flat valleys (N9): how far atoms can move from an optimum at no cost.

Where the Hessian has directions of no curvature the optimum may be one of a continuum: under L0, TopK or a penalty that
saturates, every dictionary whose cones hold the data with as few atoms costs the same. From the optimum each direction
is followed both ways, by steps along it and back to where F is stationary, for as long as F stays what it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed.checks import Array
from testbed.coding.exact import CodingError
from testbed.descent import newton
from testbed.descent.curvature import STATIONARY, least_curvature
from testbed.descent.engines import ALONE, Alone
from testbed.descent.phi import Point, Reduced
from testbed.errors import InputError, InputTypeError
from testbed.optimum import Optimum
from testbed.threads import limited

STEP = 0.02  # radians at once
FINEST = 1e-5  # radians to which an end is found
SAME = 1e-10  # F is what it was within this share of it, or this share of lam^2


@dataclass(frozen=True, eq=False)
class Valley:
    """What surrounds an optimum at the same F.

    dimension : how many independent directions have no curvature; 0 where the optimum is isolated.
    directions : (dimension, m, d) tangent to the atoms, the fastest of which moves by 1.
    bias_directions : (dimension, d) what the bias does meanwhile.
    extent : (dimension, 2) how far that one can go backwards and forwards, in radians, pi at most, to about 0.001:
        where F rises or falls, or no way on was found.
    """

    dimension: int
    directions: Array
    bias_directions: Array
    extent: Array

    def __str__(self) -> str:
        ways = "; ".join(f"{np.degrees(back):.2f} degrees one way, {np.degrees(on):.2f} the other"
                         for back, on in self.extent)
        return f"{self.dimension} flat directions{': ' * bool(ways)}{ways}"


def valley(optimum: Optimum, threads: int | None = None) -> Valley:
    """The flat valley that an optimum lies in; threads as in `fit`.

    Raises InputError if it is not stationary, or so near to a change of support that no curvature is certified there.
    """
    if not isinstance(optimum, Optimum):
        raise InputTypeError(f"valley: expected a testbed.Optimum; got {type(optimum).__name__}")
    if optimum.status == "unconverged":
        raise InputError(f"valley: the optimum is unconverged: {optimum.reason}")
    phi = Reduced(optimum.problem, optimum.n_atoms)
    theta = np.vstack([optimum.D, optimum.b[None] / phi.unit]) if phi.extra else np.array(optimum.D)
    with limited(phi.work, threads, "valley"):
        counted = optimum.Z[np.flatnonzero(optimum.problem.weights)]
        point = phi.at(theta, start=counted / phi.unit)
        found = least_curvature(phi, point)
        if found.least is None:
            raise InputError(f"valley: a support may change within {found.margin:.1e} lam of this optimum; its "
                             "curvature is not certified")
        ways = [V / _fastest(phi, V) for V in found.flat]
        extent = [[_follow(phi, point, -V), _follow(phi, point, V)] for V in ways]
    directions = np.array(ways).reshape(-1, *theta.shape)
    bias = directions[:, phi.m] * phi.unit if phi.extra else np.zeros((len(ways), phi.X.shape[1]))
    return Valley(len(ways), directions[:, : phi.m], bias, np.array(extent).reshape(-1, 2))


def _fastest(phi: Reduced, V: Array) -> float:
    """How fast the fastest atom turns along V; of a direction that moves the bias alone, how fast that moves in lam."""
    speed = np.linalg.norm(V, axis=1)
    return float(speed[: phi.m].max()) or float(speed.max()) / phi.lam


def _follow(phi: Reduced, point: Point, V: Array) -> float:
    """How far F stays the same along V and on from there, up to pi."""
    floor, allowed = point.value, SAME * max(abs(point.value), phi.lam**2)
    gone, step = 0.0, STEP
    while gone < np.pi and step > FINEST:
        there = _beyond(phi, point, step * V)
        if there is None or abs(there.value - floor) > allowed or there.stationarity > STATIONARY:
            step /= 4
            continue
        gone, step, point = gone + step, min(2 * step, STEP), there
        V = _onwards(phi, point, V)
    return min(gone, np.pi)


def _beyond(phi: Reduced, point: Point, V: Array) -> Point | None:
    """The point along V, brought back to where F is stationary by a few steps; None if that undoes V, or its samples
    cannot be coded: of atoms that are all but antipodal codes are without bounds."""
    try:
        engine = Alone(phi, phi.at(phi.move(point.theta, V), near=point))
        newton.minimise(engine, ALONE, np.array([STATIONARY]), lambda: None, most=20)
    except CodingError:
        return None
    moved = ((engine.point.theta - point.theta) * V).sum() / (V * V).sum()
    return engine.point if 0.5 < moved < 2 else None


def _onwards(phi: Reduced, point: Point, V: Array) -> Array:
    """The flat direction here that is nearest to the one so far, or that one carried along."""
    V = phi.tangent(point.theta, V)
    flat = least_curvature(phi, point).flat.reshape(-1, V.size)
    if len(flat):
        V = (flat.T @ np.linalg.lstsq(flat.T, V.ravel())[0]).reshape(V.shape)
    return V / _fastest(phi, V)
