"""The first phase of training: where plain descent from drawn atoms would end diffuse, come from a larger penalty.

At a penalty that is small beside many features that overlap, drawn atoms are coded densely: nearly every direction of
every sample is explained by some of them, no atom is pulled towards a feature, and descent ends in basins where none is
found. At a larger penalty the codes of the same atoms are sparse and features are found in a few steps. So `stages`
climbs by factors of STEP until codes are no longer dense, and `approach` comes down again: a few Newton steps at each
penalty, on subsamples that are nested and grow, each from where the last one ended.

What is rare among few samples is found among more of them: at each stage atoms that are worth little change places
(`testbed.descent.exchange`). The last stage is the problem itself, which then is descended as ever.

The rule was measured, on the codes of drawn atoms per sample and dimension: .4 to .8 on superposition models of 128 to
512 atoms in 64 dimensions at a penalty of .01, where plain descent is lost; .12 on digits (100 atoms, .05) and .10 on
image patches (128 atoms, .1), where it is not and a first phase gains nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from testbed import threads
from testbed.checks import Array
from testbed.descent import newton
from testbed.descent.engines import ALONE, Alone
from testbed.descent.exchange import exchange
from testbed.descent.phi import Point, Reduced
from testbed.descent.revival import revive
from testbed.penalties import L1
from testbed.problem import Problem

NAMES = ("auto", "plain", "continuation")
DENSE = 0.4  # of d codes a sample on average: more than that and plain descent is lost
STEP = 10**0.5  # between penalties
FIRST, GROW = 8, 4  # the first stage has FIRST samples an atom, each later one GROW times as many
FINDING, FOLLOWING = 30, 10  # Newton steps of the first stage, and of each later one
NEAR = 1e-2  # stationarity at which a stage has nothing left to do
SHARE, ROUNDS = 8, 16  # at most ROUNDS exchanges a stage, of m / SHARE atoms at once down to m / SHARE^2 in the second
FEWER = 4  # stage, and of so many times fewer in each later one


@dataclass(frozen=True)
class Schedule:
    """The stages (penalty in the units of the problem, samples) before descent; none for plain descent."""

    stages: tuple[tuple[float, int], ...] = ()

    def __str__(self) -> str:
        if not self.stages:
            return "plain"
        return "continuation: lam " + ", ".join(f"{lam:.3g} on {n}" for lam, n in self.stages)


def begin(problem: Problem, phi: Reduced, theta: Array, sequence: np.random.SeedSequence, schedule: str,
          report: Callable[[Alone], None]) -> tuple[Point, Schedule]:
    """Where descent from theta (m + extra, d) begins, and what was done to get there.

    schedule : one of NAMES; 'auto' leaves theta where it is unless its codes are dense, the problem is large, and its
        penalty is L1. sequence : what the samples of the stages are drawn by; theta may have been drawn by it too.
    """
    point = phi.at(theta)
    pays = phi.work >= threads.SMALL and isinstance(phi.penalty, L1) and dense(point)
    if schedule == "plain" or (schedule == "auto" and not pays):
        return point, Schedule()
    plan = stages(problem, phi, point)
    rng = np.random.default_rng(sequence.spawn(1)[0])
    return phi.at(approach(problem, phi, plan, theta, rng, report)), plan


def dense(point: Point) -> bool:
    """Whether codes at a point use more than DENSE d atoms a sample."""
    return bool(point.codes[2].mean() > DENSE * point.theta.shape[1])


def stages(problem: Problem, phi: Reduced, start: Point) -> Schedule:
    """Penalties from the first at which the codes of `start` are not dense down to the last before the problem's own.

    The first comes twice, on few samples and on more.
    """
    n = len(phi.X)
    rows = min(n, FIRST * phi.m)
    lams = [problem.lam, problem.lam * STEP]
    while dense((rough := part(problem, phi, lams[-1], np.arange(rows))).at(_in_units(start.theta, phi, rough))):
        lams.append(lams[-1] * STEP)
    found = []
    for lam in [lams[-1], *lams[:0:-1]]:
        found.append((lam, rows))
        rows = min(n, GROW * rows)
    return Schedule(tuple(found))


def approach(problem: Problem, phi: Reduced, schedule: Schedule, theta: Array, rng: np.random.Generator,
             report: Callable[[Alone], None]) -> Array:
    """theta (m + extra, d) after the stages of a schedule, in the units of phi; rng orders the samples."""
    order = rng.permutation(len(phi.X))
    here = phi
    for number, (lam, rows) in enumerate(schedule.stages):
        last, here = here, part(problem, phi, lam, np.sort(order[:rows]))
        engine = Alone(here, here.at(_in_units(theta, last, here)))

        def watch(engine: Alone = engine) -> None:
            report(engine)

        newton.minimise(engine, ALONE, np.full(1, NEAR), watch, FOLLOWING if number else FINDING)
        revive(engine, ALONE)
        if number and problem.nonnegative:
            count = phi.m / SHARE / FEWER ** (number - 1)
            _exchanges(engine, int(count), max(1, int(count / SHARE)), watch)
        theta = engine.point.theta
    return _in_units(theta, here, phi)


def _exchanges(engine: Alone, count: int, least: int, watch: newton.Report) -> None:
    """Exchange atoms, first `count` at a time and fewer as that stops helping, down to `least`."""
    for _ in range(ROUNDS):
        if count < least:
            return
        if not exchange(engine, count, watch):
            count //= 2
        elif count > 2 * least:
            count = 3 * count // 4


def part(problem: Problem, phi: Reduced, lam: float, rows: np.ndarray) -> Reduced:
    """phi of some of the samples at another penalty."""
    X, w = phi.X[rows] * phi.unit, phi.w[rows]
    return Reduced(Problem(X, lam, w / w.sum(), problem.bias, problem.nonnegative), phi.m)


def _in_units(theta: Array, old: Reduced, new: Reduced) -> Array:
    """theta with its bias row, if there is one, in the units of another problem."""
    if old.extra and old.unit != new.unit:
        theta = theta.copy()
        theta[old.m] *= old.unit / new.unit
    return theta
