"""Training to true optima: `fit`.

Each restart draws atoms from the data (`starts`), comes down from larger penalties where that pays (`schedules`), and
descends by Newton's method (`newton`), dead atoms revived on the way (`revival`). The best restart is checked at second
order, saddles escaped, and verified by code that shares nothing with this. `testbed.descent.batch` does the same for
many small problems.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from testbed import checks
from testbed.checks import Array
from testbed.descent.curvature import least_curvature
from testbed.descent.engines import ALONE, Alone
from testbed.descent.phi import Point, Reduced
from testbed.descent.revival import descend, settle
from testbed.descent.schedules import NAMES, Schedule, begin
from testbed.descent.starts import draw, given
from testbed.dictionary import Dictionary, completed
from testbed.errors import InputError
from testbed.optimum import Optimum
from testbed.penalties import L1
from testbed.problem import Problem
from testbed.threads import limited
from testbed.verify import FLAT

SEEDS = 2**63 - 1  # the largest seed a file can hold
STRICT = 1e-10  # an objective lower by less than this share is no better: of restarts that agree the earliest is kept

Progress = Callable[[int, float, float], None]


def fit(X: Any, n_atoms: int, lam: Any = None, bias: bool = False, nonnegative: bool = True, weights: Any = None,
        seed: int = 0, restarts: int = 8, start: Any = None, start_bias: Any = None, schedule: str = "auto",
        progress: Progress | None = None, threads: int | None = None, penalty: Any = None) -> Optimum:
    """Train a dictionary to a verified optimum of E[1/2 |x - b - zD|^2 + lam * sum |z|] over unit-norm atoms.

    Parameters
    ----------
    X : (n, d) samples, one a row. n_atoms : m >= 1; may exceed n. lam : penalty > 0, in the units of X.
    bias : fit b as well. nonnegative : codes z >= 0; False for signed codes.
    weights : (n,) >= 0 with sum 1, or None for 1/n each.
    seed : fixes every random choice.
    restarts : starts tried; the best objective is kept, the earliest of those within 1e-10 of one another.
    start : (m, d) unit-norm atoms to train from, instead of restarts from the data.
    start_bias : (d,) where a fitted bias starts with `start`; None for the mean of what those atoms do not explain.
    schedule : what comes before descent. 'auto': a continuation in the penalty, from above and on samples that grow in
        number, where the problem is large and drawn atoms are coded densely (testbed.descent.schedules), and nothing
        for a `start` that is given; 'continuation' (of lam alone) or 'plain': that, whatever the start.
    progress : called as progress(restart, objective, stationarity) at every step; before descent the objective is that
        of the stage.
    threads : how many work at most; None for as many as numba is set to. The result is the same for any number.
    penalty : what codes cost in place of lam, such as testbed.penalties.MCP(lam=0.1, gamma=4) or a string that names
        one.

    Returns
    -------
    Optimum, whose `schedule` says what came before descent, and whose `status` states what was verified: 'global',
    'local_min', 'stationary' or 'unconverged', and then `reason` says why.

    Raises InputError naming the argument, before any work is done; CodingError naming a sample that could
    not be coded.
    """
    where = "fit"
    problem = Problem(X, lam, weights, bias, nonnegative, penalty)
    m = checks.count(where, "n_atoms", n_atoms)
    seed = checks.integer(where, "seed", seed, 0, SEEDS)
    restarts = checks.count(where, "restarts", restarts, high=checks.TRIALS)
    if checks.choice(where, "schedule", schedule, NAMES) == "continuation" and not isinstance(problem.penalty, L1):
        raise InputError(f"{where}: schedule 'continuation' is for lam, not for penalty {problem.penalty}")
    first = None
    if start is not None:
        schedule = "plain" if schedule == "auto" else schedule
        first, restarts = checks.unit_rows(where, "start", start, problem.d), 1
        if len(first) != m:
            raise InputError(f"{where}: start must have n_atoms = {m} rows; it has {len(first)}")
    beside = None if start_bias is None else _beside(where, start_bias, problem, first)
    phi = Reduced(problem, m)
    best: Alone | None = None
    came = Schedule()
    objectives = []
    with limited(phi.work, threads, where):
        for number, sequence in enumerate(np.random.SeedSequence(seed).spawn(restarts)):
            theta = (draw(phi, np.random.default_rng(sequence), number) if first is None else
                     given(phi, first, beside))

            def report(engine: Alone, number: int = number) -> None:
                if progress is not None:
                    progress(number, engine.point.value * engine.phi.unit**2, engine.point.stationarity)

            point, plan = begin(problem, phi, theta, sequence, schedule, report)
            engine = Alone(phi, point)
            descend(engine, ALONE, partial(report, engine))
            objectives.append(engine.point.value * phi.unit**2)
            if best is None or improves(engine.point.value, best.point.value):
                best, came = engine, plan
        assert best is not None
        least = settle(best, ALONE, partial(report, best))
    return finish(problem, phi, best.point, least, restarts, seed, np.array(objectives), best.ended[0], str(came))


def _beside(where: str, start_bias: Any, problem: Problem, start: Array | None) -> Array:
    """The bias (d,) that training from `start` begins with; InputError where there is no start or no bias."""
    if start is None or not problem.bias:
        raise InputError(f"{where}: start_bias goes with start and bias=True: it is where the bias begins")
    return checks.vector(where, "start_bias", start_bias, problem.d)


def improves(new: Any, old: Any) -> Any:
    """Whether an objective, or each of an array of them, is lower than an earlier one by more than rounding may be."""
    return new < old * (1 - STRICT)


def train(phi: Reduced, theta: Array, report: Callable[[Point], None]) -> tuple[Point, Array]:
    """From one start to a stationary point whose saddles are escaped, and its least curvature (1,), as of `settle`."""
    engine = Alone(phi, phi.at(theta))

    def watch() -> None:
        report(engine.point)

    descend(engine, ALONE, watch)
    least = settle(engine, ALONE, watch)
    return engine.point, least


def finish(problem: Problem, phi: Reduced, point: Point, least: Array, restarts: int = 0,
           seed: int | None = None, objectives: Array | None = None, ended: str = "", schedule: str = "") -> Optimum:
    """The point as a verified Optimum, in the units of the problem; least (1,) is its curvature, NaN if not known;
    ended says why training stopped short of it, schedule what came before descent."""
    phi.coder.restore(point.codes)
    b = point.theta[phi.m] * phi.unit if phi.extra else np.zeros(problem.d)
    found = Dictionary.of(problem, point.theta[: phi.m], b)
    curved = None if np.isnan(least[0]) else float(least[0])
    flat = None if curved is None else 0 if abs(curved) > FLAT else len(least_curvature(phi, point).flat)
    return Optimum.at(problem, found.D, b, completed(found, phi.coder.sparse(phi.m, phi.unit)), hessian_min=curved,
                      restarts=restarts, seed=seed, objectives=objectives, ended=ended, flat=flat, claim=point.claim,
                      schedule=schedule)
