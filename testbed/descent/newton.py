"""Riemannian trust-region Newton-CG: from any start to a stationary point of phi, by one method.

Far away the trust region keeps each step where the model is believed and negative curvature is followed to its edge;
near a minimum the steps are Newton's. Differences of phi decide while they exceed rounding, the gradient after that.
All problems that are not done take their steps together; what becomes of one does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from testbed.checks import Array
from testbed.descent.engines import Engine, Indices
from testbed.descent.phi import tangent, unit_atoms
from testbed.kernels import steps

NOISE = 1e-12  # a predicted decrease below this share of phi cannot be told from rounding
Report = Callable[[], None]


def minimise(engine: Engine, who: Indices, target: Array, report: Report, most: int = 2000) -> None:
    """Descend until stationarity <= target (p,), or no step helps, or `most` steps were tried.

    Only a step of numbers to a point where phi is a number is ever taken. Why one stopped short is left in
    `engine.ended`.
    """
    engine.ended[who] = ""
    radius = np.full(len(target), 0.3)
    for _ in range(most):
        report()
        before = engine.here("stationarity", who)
        on = (before > target[who]) & (radius[who] >= 1e-13)
        if not on.all():
            for i in who[~on & (before > target[who])]:
                reach = (engine.length[i] * (engine.w[i] > 0)).max() / engine.lam[i]
                engine.ended[i] = f"no step helps any more; |x| is up to {reach:.0e} lam"
            who, before = who[on], before[on]
        if not len(who):
            break
        # loose far away, tight enough near by for quadratic convergence, never tighter than the target needs
        forcing = np.maximum(np.minimum(0.1, np.sqrt(before)), 0.1 * target[who] / before)
        step, predicted, edge = _steihaug(engine, who, radius[who], forcing)
        engine.evaluate(who, unit_atoms(engine.here("theta", who) + step, engine.m))
        value, trial = engine.here("value", who), engine.tried("value", who)
        told = predicted > NOISE * np.abs(value)
        closer = engine.tried("stationarity", who) < 0.95 * before
        ratio = np.where(told, (value - trial) / np.where(told, predicted, 1.0), np.where(closer, 1.0, -1.0))
        wide, narrow = (ratio > 0.75) & edge, ~(ratio >= 0.25)
        if wide.any():
            radius[who[wide]] = np.minimum(2 * radius[who[wide]], 10.0)
        if narrow.any():
            length = _length(step[narrow], engine.here("curvature", who)[narrow])
            radius[who[narrow]] = 0.5 * np.minimum(radius[who[narrow]], length)
        engine.take(who[ratio > 0.05])
    else:
        engine.ended[who] = f"{most} Newton steps did not suffice"


def inner(U: Array, V: Array) -> Array:
    """Sums of products, one a problem, without BLAS so that their bits do not depend on threads."""
    return (U * V).sum(axis=(1, 2))


def _length(V: Array, curvature: Array) -> Array:
    """Lengths of V in the preconditioner's metric, in units of its mean curvature."""
    return np.sqrt(inner(V * curvature[..., None], V) / curvature.mean(axis=1))


def _steihaug(engine: Engine, who: Indices, radius: Array, forcing: Array,
              most: int = 400) -> tuple[Array, Array, np.ndarray]:
    """CG on the Newton systems, stopped at the trust regions: (steps, predicted decreases, whether at the edge).

    Where the gradient is nothing, or what comes out is not a number, the step is zero and predicts nothing.
    """
    gradient, curvature = engine.here("gradient", who), engine.here("curvature", who)
    mean = curvature.mean(axis=1)
    x, r = np.zeros_like(gradient), -gradient
    p = r / curvature[..., None]
    ry = inner(r, p)
    goal = forcing * np.sqrt(ry)
    edge = np.zeros(len(who), bool)
    on = np.flatnonzero(ry > 0)
    for _ in range(most):
        if not len(on):
            break
        H = engine.product(who[on], p[on])
        on = on[steps.advance(on, H, x, r, p, curvature, mean, radius, goal, ry, edge)]
    # H x = -gradient - r, so the model's decrease needs no further product
    predicted = 0.5 * (inner(x, r) - inner(gradient, x))
    known = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(predicted)
    if not known.all():
        x[~known], predicted[~known] = 0.0, 0.0
    return tangent(engine.here("theta", who), x, engine.m), predicted, edge
