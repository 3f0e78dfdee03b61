"""Absorption, exactly (T3): the two optimal atoms of a parent that is always on with a child that sometimes is.

With constant magnitudes the data have two directions and each has its atom. With varying magnitudes they fill a cone,
from the parent to its extreme ray, and both atoms tilt: the angles are a root of the stationarity equations.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import root

from generators import quadrature
from generators.magnitudes import Scalar
from generators.plane.atoms import angle_between, binned, codes, local, lowest, two_atoms, unit
from generators.plane.data import Draw, Points, drawn, energy
from generators.prediction import Prediction
from generators.wide import wide_limit
from generators.world import World
from generators.worlds.hierarchical import Forest
from testbed.checks import Array
from testbed.errors import InputError

STATIONARY = 1e-11  # largest |dF/d angle| / lam of a root
ROUNDING = 16 * np.finfo(float).eps  # of sums, relative to E|x|^2
GRID = 31  # angles across the data cone from which pairs are searched

EASY = 0.02  # lam, relative to the data's root mean square, from which roots at smaller lam are followed
STEP = 4.0  # factor between two lams of a followed path


def absorbed(world: World, lam: float) -> Prediction:
    """T3: the child's atom takes over the parent.

    Constant magnitudes: the optimal atoms are the parent and the normalised sum, not the parent and the child. The data
    have two directions, and two atoms can have them both: the wide limit (G2). The parent's atom is silent wherever the
    child fires, as S6 demands. With magnitude 1 and angle theta,
    F = (1 - rho)(lam - lam^2/2) + rho (2 cos(theta/2) lam - lam^2/2).

    Varying magnitudes, finite or continuous, x = s v_1 (+ t v_2 with probability rho): see `cone`.
    """
    law = world.law
    assert isinstance(law, Forest)
    if world.offset.any():
        raise InputError("predict: T3 is for data without offset")
    if all(magnitude.size == 1 for magnitude in law.magnitudes):
        found = wide_limit("T3", 2, world, lam)
        parent = world.features[0]
        order = np.argsort(-(found.D @ parent))
        angle = angle_between(found.D[order[1]], parent)
        return replace(found, D=found.D[order], values={
            "child_angle": angle, "parent_angle": 0.0, "extreme_angle": angle, "parent_given_child": 0.0,
            "parent_given_child_on": 0.0})
    return cone(world, lam, law.magnitudes[0], law.magnitudes[1], law.blocks[1].p[0])


def cone(world: World, lam: float, parent: Scalar, child: Scalar, rho: float) -> Prediction:
    """T3 with varying magnitudes: both atoms from the stationarity equations, in the plane of parent and child.

    With atoms at angles a_1 < a_2 from the parent, u_j a quarter turn ahead of d_j, optimal codes z and residual r,

        dF/da_j = -E[z_j <r, u_j>] = 0,   j = 1, 2          (S1)

    Both angles lie in the data cone [0, extreme]: an atom outside it may be moved to the cone's edge, since
    reconstructions projected onto the cone come nearer to the data, and cost no more there. So a grid over pairs of
    angles in the cone finds the starts, and the best root is the answer. As lam -> 0, F/lam becomes the mean gauge of
    the data in conv{0, d_1, d_2}, finite only if the atoms enclose the cone: d_1 -> parent, d_2 -> extreme ray. If
    data within eps of the extreme ray have probability ~ eps^q, missing them costs ~ eps^(q+2) and saves ~ lam eps, so
    the child's atom stays off it by eps ~ lam^(1/(q+1)): q = 0 for finite laws, 1 or 2 for densities in one or both
    magnitudes. At the other end, when the parent's atom is silent wherever the child's is on, the atoms are the leading
    directions of their shares of the data, the child's near the normalised sum.

    Valid while both atoms are live; values: the angles in radians, parent_given_child = E[z_2 1{z_1 > 0}] / E[z_2]
    (S6's P_child), and parent_given_child_on = P(z_1 > 0 | z_2 > 0).
    """
    v, w = world.features
    theta = angle_between(v, w)
    points = _points(theta, parent, child, rho)
    top = quadrature.highest(child) / parent.low if parent.low > 0 else math.inf  # the largest t/s
    extreme = math.atan2(math.sin(theta), math.cos(theta) + 1 / top)

    def slopes(angles: Array, lam: float) -> tuple[Array, Array]:
        here = local(points.data, lam, angles)
        return here.gradient / lam, here.hessian / lam

    def stationary(start: Array, lam: float) -> Array:
        return np.sort(root(slopes, start, args=(lam,), jac=True, tol=1e-15).x)

    def objective(angles: Array) -> float:
        return local(points.data, lam, angles).objective

    at_edges = points(np.array([0.0, extreme]), lam)
    square = energy(at_edges)
    easy = EASY * math.sqrt(square)
    starts = _starts(at_edges, lam, extreme)
    ends = [stationary(start, lam) for start in starts]
    if lam < easy:  # atoms come close to the edges of the cone, too close for a grid: follow them there
        for angles in _starts(at_edges, easy, extreme):
            for step in np.geomspace(easy, lam, 2 + math.ceil(math.log(easy / lam, STEP))).tolist():
                angles = stationary(angles, step)
            ends.append(angles)
    tolerance = STATIONARY + ROUNDING * square / lam
    ends = [a for a in ends if a[0] < a[1] and np.abs(slopes(a, lam)[0]).max() < tolerance]
    where = f"angle = {theta:g}, magnitudes {parent} and {child}, lam = {lam:g}"
    if not ends:
        raise InputError(f"predict: T3 holds where its stationarity equations have a root; none was found at {where}")
    F, best = min((objective(end), i) for i, end in enumerate(ends))
    if F > min(map(objective, starts)) + ROUNDING * square:
        raise InputError(f"predict: T3 holds where a root of its equations is optimal; better atoms were seen at "
                         f"{where}")
    angles = ends[best]
    X, weights, _ = points(angles, lam)
    Z = codes(X, lam, unit(angles))
    activity = weights @ Z
    if activity.min() <= 0:
        raise InputError(f"predict: T3 with varying magnitudes holds while both atoms are live; one is dead at {where}")
    on, child_on = Z[:, 0] > 0, Z[:, 1] > 0
    values = {"child_angle": float(angles[1]), "parent_angle": float(angles[0]), "extreme_angle": extreme,
              "parent_given_child": float(weights @ (Z[:, 1] * on) / activity[1]),
              "parent_given_child_on": float(weights @ (on & child_on) / (weights @ child_on))}
    return Prediction("T3", unit(angles) @ _basis(world), np.zeros(world.d), F, values, False,
                      f"both atoms are live and stationary (slopes below {STATIONARY:g} lam), and no pair on a grid of "
                      f"{GRID} angles in the data cone leads to a better one")


def _starts(points: Points, lam: float, extreme: float) -> list[Array]:
    """The best pairs of angles on a grid over the data cone, local minima first; many points are thinned by binning."""
    X, weights = binned(points.X, points.weights)
    tried = np.linspace(0, extreme, GRID)
    first, second = np.meshgrid(tried, tried, indexing="ij")
    F = np.where(first < second, two_atoms(X, weights, lam, first, second), np.inf)
    return [np.array([first.flat[place], second.flat[place]]) for place in lowest(F)]


def stand_in(world: World, lam: float) -> tuple[Array, Array]:
    """A finite sample that stands in for nested_pair's continuous magnitudes: X (n, d), weights (n,).

    The quadrature nodes at the predicted atoms: at these, and to high order around them, expectations over the sample
    are those over the world. For training, which takes points. Raises ValueError where T3 does.
    """
    law = world.law
    if not isinstance(law, Forest) or law.n_features != 2:
        raise InputError(f"stand_in: expected a nested_pair; got {world}")
    values = absorbed(world, lam).values
    theta = angle_between(*world.features)
    points = _points(theta, law.magnitudes[0], law.magnitudes[1], law.blocks[1].p[0])
    X, weights, _ = points(np.array([values["parent_angle"], values["child_angle"]]), lam)
    return X @ _basis(world), weights


def _basis(world: World) -> Array:
    """(2, d): along the parent, and across it towards the child."""
    v, w = world.features
    across = w - (v @ w) * v
    return np.array([v, across / np.linalg.norm(across)])


def _points(theta: float, parent: Scalar, child: Scalar, rho: float) -> Draw:
    return drawn(theta, (parent, child), (1 - rho, 0.0, rho))
