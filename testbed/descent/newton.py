"""Riemannian trust-region Newton-CG: from any start to a stationary point of phi, by one method.

Far away the trust region keeps each step where the model is believed and negative curvature is followed to its edge;
near a minimum the steps are Newton's. Differences of phi decide while they exceed rounding, the gradient after that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from testbed.checks import Array
from testbed.descent.phi import Point, Reduced

NOISE = 1e-12  # a predicted decrease below this share of phi cannot be told from rounding
Report = Callable[[Point], None]


def minimise(phi: Reduced, point: Point, target: float, report: Report, most: int = 2000, radius: float = 0.3) -> Point:
    """Descend from a point until stationarity <= target, or no step helps, or `most` steps were tried."""
    for _ in range(most):
        report(point)
        if point.stationarity <= target or radius < 1e-13:
            break
        # loose far away, tight enough near by for quadratic convergence, never tighter than the target needs
        forcing = max(min(0.1, np.sqrt(point.stationarity)), 0.1 * target / point.stationarity)
        step, predicted, edge = _steihaug(phi, point, radius, forcing)
        trial = phi.at(phi.move(point.theta, step), near=point)
        if predicted > NOISE * abs(point.value):
            ratio = (point.value - trial.value) / predicted
        else:
            ratio = 1.0 if trial.stationarity < 0.95 * point.stationarity else -1.0
        if ratio > 0.75 and edge:
            radius = min(2 * radius, 10.0)
        elif ratio < 0.25:
            radius = 0.5 * min(radius, _length(step, point.curvature))
        if ratio > 0.05:
            point = trial
    return point


def inner(U: Array, V: Array) -> float:
    """Sum of products, without BLAS so that its bits do not depend on threads."""
    return float((U * V).sum())


def _length(V: Array, curvature: Array) -> float:
    """Length of V in the preconditioner's metric, in units of its mean curvature."""
    return float(np.sqrt((curvature[:, None] * V * V).sum() / curvature.mean()))


def _steihaug(phi: Reduced, point: Point, radius: float, forcing: float, most: int = 400) -> tuple[Array, float, bool]:
    """CG on the Newton system, stopped at the trust region: (step, predicted decrease, whether it ends at the edge)."""
    hessian = phi.hessian(point)
    curvature = point.curvature[:, None]
    mean = point.curvature.mean()
    x = np.zeros_like(point.gradient)
    r = -point.gradient
    y = r / curvature
    p = y.copy()
    ry = inner(r, y)
    goal = forcing * np.sqrt(ry)
    edge = False
    for _ in range(most):
        Hp = hessian(p)
        pHp = inner(p, Hp)
        pp = inner(p * curvature, p) / mean
        xp = inner(x * curvature, p) / mean
        xx = inner(x * curvature, x) / mean
        flat = pHp <= 1e-14 * pp * mean
        a = 0.0 if flat else ry / pHp
        if flat or xx + a * (2 * xp + a * pp) >= radius * radius:
            a = (-xp + np.sqrt(max(xp * xp + pp * (radius * radius - xx), 0.0))) / pp
            edge = True
        x += a * p
        r -= a * Hp
        y = r / curvature
        before, ry = ry, inner(r, y)
        if edge or np.sqrt(ry) <= goal:
            break
        p = y + (ry / before) * p
    # H x = -gradient - r, so the model's decrease needs no further product
    return phi.tangent(point.theta, x), 0.5 * (inner(x, r) - inner(point.gradient, x)), edge
