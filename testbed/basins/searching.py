"""Global search: `search`. Restarts say what local minima there are, moves between basins find better ones.

Nothing here proves that a minimum is global, except where max|r| <= lam (G2). What is reported instead is evidence: how
many descents ended at the best objective, what the others ended at, and which move found what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed import checks
from testbed.basins.moves import proposals
from testbed.checks import Array
from testbed.descent.phi import Point, Reduced
from testbed.descent.schedules import begin
from testbed.descent.starts import draw
from testbed.descent.training import SEEDS, Progress, finish, improves, train
from testbed.optimum import Optimum
from testbed.problem import Problem
from testbed.threads import limited

SAME = 1e-9  # objectives within this share of one another belong to one minimum, up to symmetry


@dataclass(frozen=True, eq=False)
class Search:
    """What a search found.

    Attributes
    ----------
    best : the best optimum, verified; its `objectives` are those of the restarts.
    objectives : (k,) the objective at which each descent ended, in order, in squared units of X.
    origins : (k,) what each descent started from: 'restart', 'relocate', 'split' or 'merge'.
    """

    best: Optimum
    objectives: Array
    origins: tuple[str, ...]

    @property
    def hits(self) -> int:
        """How many of the descents ended at the best objective."""
        return self.distribution[0][1]

    @property
    def distribution(self) -> tuple[tuple[float, int], ...]:
        """Distinct local minima as (objective, how many descents ended there), the best first.

        Minima whose objectives agree to SAME are counted as one: permutations and other symmetries do not show.
        """
        ordered = np.sort(self.objectives)
        starts = np.flatnonzero(np.diff(ordered, prepend=-np.inf) > SAME * np.abs(ordered))
        counts = np.diff(starts, append=len(ordered))
        return tuple((float(ordered[i]), int(count)) for i, count in zip(starts, counts, strict=True))


def search(X: Any, n_atoms: int, lam: float, bias: bool = False, nonnegative: bool = True, weights: Any = None,
           seed: int = 0, restarts: int = 8, rounds: int = 20, progress: Progress | None = None,
           threads: int | None = None) -> Search:
    """Look for the global minimum: restarts of `fit`, then moves from the best until none improves it.

    Parameters
    ----------
    X, n_atoms, lam, bias, nonnegative, weights, seed : as in `fit`. The restarts are those of `fit` with the same
        seed, so the best is never worse than what `fit` returns.
    restarts : starts drawn from the data. rounds : improvements by moves (relocate, split and merge; see
        testbed.basins.moves) at most; 0 for restarts alone.
    progress : called as progress(descent, objective, stationarity) at every step.
    threads : how many work at most; None for as many as numba is set to. The result is the same for any number.

    Returns
    -------
    Search. Every descent ends at a stationary point with its saddles escaped (M1); only strict improvements are taken.

    Raises InputError naming the argument, before any work is done.
    """
    where = "search"
    problem = Problem(X, lam, weights, bias, nonnegative)
    phi = Reduced(problem, checks.count(where, "n_atoms", n_atoms))
    seed = checks.integer(where, "seed", seed, 0, SEEDS)
    restarts = checks.count(where, "restarts", restarts, high=checks.TRIALS)
    rounds = checks.count(where, "rounds", rounds, 0, checks.TRIALS)
    objectives: list[float] = []
    origins: list[str] = []

    def report(point: Point) -> None:
        if progress is not None:
            progress(len(origins), point.value * phi.unit**2, point.stationarity)

    def end(origin: str, theta: Array) -> tuple[Point, Array]:
        point, least = train(phi, theta, report)
        objectives.append(point.value * phi.unit**2)
        origins.append(origin)
        return point, least

    def drawn(number: int, sequence: np.random.SeedSequence) -> Array:
        theta = draw(phi, np.random.default_rng(sequence), number)
        return begin(problem, phi, theta, sequence, "auto", lambda engine: report(engine.point))[0].theta

    with limited(phi.work, threads, where):
        starts = (drawn(number, s) for number, s in enumerate(np.random.SeedSequence(seed).spawn(restarts)))
        best, least = end("restart", next(starts))
        for theta in starts:
            found = end("restart", theta)
            if improves(found[0].value, best.value):
                best, least = found
        for _ in range(rounds):
            for origin, theta in proposals(phi, best):
                found = end(origin, theta)
                if improves(found[0].value, best.value):
                    best, least = found
                    break
            else:
                break
        optimum = finish(problem, phi, best, least, restarts, seed, np.array(objectives[:restarts]))
    return Search(optimum, checks.frozen(np.array(objectives)), tuple(origins))
