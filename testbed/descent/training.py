"""Training to true optima: `fit`.

Each restart draws atoms from the data and descends by Newton's method. Between descents, dead atoms are put where they
strictly lower the objective: at the sample with the longest residual, while that exceeds lam (M3). The best restart is
polished, checked at second order (escaping a saddle if it is one), and verified by code that shares nothing with this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from testbed import checks
from testbed.checks import Array
from testbed.descent import newton
from testbed.descent.curvature import FLAT, STATIONARY, Curvature, descend_along, least_curvature
from testbed.descent.phi import Point, Reduced, normalised
from testbed.dictionary import Dictionary, completed
from testbed.errors import InputError
from testbed.optimum import Optimum
from testbed.problem import Problem
from testbed.threads import limited

TARGET = 1e-12  # stationarity aimed at; testbed.verify accepts what is below its own tolerance
ROUGH = 1e-3  # stationarity at which dead atoms are looked at first
REVIVALS = 50  # rounds of re-seeding dead atoms
SEEDS = 2**63 - 1  # the largest seed a file can hold
ESCAPES = 10  # saddles left on the way

Progress = Callable[[int, float, float], None]


def fit(X: Any, n_atoms: int, lam: float, bias: bool = False, nonnegative: bool = True, weights: Any = None,
        seed: int = 0, restarts: int = 8, start: Any = None, progress: Progress | None = None,
        threads: int | None = None) -> Optimum:
    """Train a dictionary to a verified optimum of E[1/2 |x - b - zD|^2 + lam * sum |z|] over unit-norm atoms.

    Parameters
    ----------
    X : (n, d) samples, one a row. n_atoms : m >= 1; may exceed n. lam : penalty > 0, in the units of X.
    bias : fit b as well. nonnegative : codes z >= 0; False for signed codes.
    weights : (n,) >= 0 with sum 1, or None for 1/n each.
    seed : fixes every random choice.
    restarts : starts tried; the best objective is kept.
    start : (m, d) unit-norm atoms to train from, instead of restarts from the data.
    progress : called as progress(restart, objective, stationarity) at every step.
    threads : how many work at most; None for as many as numba is set to. The result is the same for any number.

    Returns
    -------
    Optimum, whose `status` states what was verified: 'global', 'local_min', 'stationary' or 'unconverged'.

    Raises TypeError or ValueError naming the argument, before any work is done; CodingError naming a sample that could
    not be coded.
    """
    where = "fit"
    problem = Problem(X, lam, weights, bias, nonnegative)
    m = checks.count(where, "n_atoms", n_atoms)
    seed = checks.integer(where, "seed", seed, 0, SEEDS)
    restarts = checks.count(where, "restarts", restarts, high=checks.TRIALS)
    first = None
    if start is not None:
        first, restarts = checks.unit_rows(where, "start", start, problem.d), 1
        if len(first) != m:
            raise InputError(f"{where}: start must have n_atoms = {m} rows; it has {len(first)}")
    phi = Reduced(problem, m)
    best: Point | None = None
    objectives = []
    with limited(phi.work, threads, where):
        for number, sequence in enumerate(np.random.SeedSequence(seed).spawn(restarts)):

            def report(point: Point, number: int = number) -> None:
                if progress is not None:
                    progress(number, point.value * phi.unit**2, point.stationarity)

            rng = np.random.default_rng(sequence)
            theta = draw(phi, rng, number) if first is None else _given(phi, first)
            point = descend(phi, phi.at(theta), report)
            objectives.append(point.value * phi.unit**2)
            if best is None or point.value < best.value:
                best = point
        assert best is not None
        best, curvature = settle(phi, best, report)
    return finish(problem, phi, best, curvature, restarts, seed, np.array(objectives))


def draw(phi: Reduced, rng: np.random.Generator, number: int) -> Array:
    """Atoms along samples longer than lam, a little off so that symmetric starts do not stay symmetric.

    Two restarts in four draw them uniformly, one by what coding them alone would gain, w (|x - b| - lam)^2, and one
    along sums of two: each finds optima that the others miss. With a bias, restarts begin in turn at the
    mean, at a sample, and at zero.
    """
    n, d = phi.X.shape
    b = np.zeros(d)
    if phi.extra and number % 3 == 0:
        b = (phi.w[:, None] * phi.X).sum(axis=0)
    elif phi.extra and number % 3 == 1:
        b = phi.X[rng.choice(n, p=phi.w / phi.w.sum())]
    X = phi.X - b
    length = np.sqrt((X * X).sum(axis=1))
    gain = phi.w * np.maximum(length - phi.lam, 0) ** 2
    D = rng.standard_normal((phi.m, d))
    D *= 0.02 / np.sqrt(d)
    useful = int(np.count_nonzero(gain))
    if useful:
        unit = X / np.where(length > 0, length, 1)[:, None]
        chance = (gain if number % 4 == 1 else gain > 0).astype(float)
        chance /= chance.sum()
        picks = rng.choice(n, min(2 * phi.m, useful), replace=False, p=chance)
        drawn = unit[picks[: phi.m]]
        if number % 4 == 3:
            drawn = drawn + unit[np.roll(picks, 1)[: phi.m]]
        D[: len(drawn)] += drawn
    theta = normalised(D)
    return np.vstack([theta, b]) if phi.extra else theta


def _given(phi: Reduced, D: Array) -> Array:
    """The atoms given; a fitted bias starts at the mean of what they do not explain."""
    if not phi.extra:
        return normalised(D)
    theta = np.vstack([normalised(D), np.zeros(D.shape[1])])
    theta[phi.m] = (phi.w[:, None] * phi.at(theta).R).sum(axis=0)
    return theta


def descend(phi: Reduced, point: Point, report: newton.Report) -> Point:
    """To stationarity, with no dead atom left while one could lower the objective."""
    target = ROUGH
    for _ in range(REVIVALS):
        point = newton.minimise(phi, point, target, report)
        revived = _revive(phi, point)
        if revived is not None:
            point = revived
        elif target == TARGET:
            break
        else:
            target = TARGET
    return point


def _revive(phi: Reduced, point: Point) -> Point | None:
    """Put dead atoms along the longest residuals: each strictly lowers F while |r| > lam (G2). None if none can."""
    dead = np.flatnonzero(point.mu == 0)
    directions = longest_residuals(phi, point.R, len(dead))
    if not len(directions):
        return None
    theta = point.theta.copy()
    theta[dead[: len(directions)]] = directions
    theta[: phi.m] = normalised(theta[: phi.m])
    revived = phi.at(theta, near=point)
    return revived if revived.value < point.value else None


def longest_residuals(phi: Reduced, R: Array, count: int) -> Array:
    """At most `count` unit rows: r/|r| of the longest residuals above lam, each where those before do not help."""
    length = np.sqrt((R * R).sum(axis=1)) * (phi.w > 0)
    left = np.where(length > phi.lam * (1 + 1e-9), length, 0.0)
    directions = np.empty((min(count, len(R)), R.shape[1]))
    for k in range(len(directions)):
        i = int(left.argmax())
        if left[i] == 0:
            return directions[:k]
        directions[k] = R[i] / length[i]
        cosine = (R * directions[k]).sum(axis=1) / np.where(length > 0, length, 1)
        left[cosine > 0.9] = 0
    return directions


def settle(phi: Reduced, point: Point, report: newton.Report) -> tuple[Point, Curvature | None]:
    """Leave saddles: while the least curvature is negative, step along it and descend again."""
    curvature = None
    for _ in range(ESCAPES):
        if point.stationarity > STATIONARY:
            return point, None
        curvature = least_curvature(phi, point)
        if curvature.least is None or curvature.least >= -FLAT:
            break
        lower = descend_along(phi, point, curvature.direction)
        if lower is None:
            break
        point = descend(phi, lower, report)
    return point, curvature


def finish(problem: Problem, phi: Reduced, point: Point, curvature: Curvature | None, restarts: int = 0,
           seed: int | None = None, objectives: Array | None = None) -> Optimum:
    """The point as a verified Optimum, in the units of the problem."""
    phi.coder.restore(point.codes)
    b = point.theta[phi.m] * phi.unit if phi.extra else np.zeros(problem.d)
    found = Dictionary.of(problem, point.theta[: phi.m], b)
    return Optimum.at(problem, found.D, b, completed(found, phi.coder.sparse(phi.m, phi.unit)),
                      hessian_min=None if curvature is None else curvature.least,
                      restarts=restarts, seed=seed, objectives=objectives)
