"""BatchTopK's question: the best dictionary that uses so many atoms on average, not on each sample.

With a multiplier lam0 for the average it is L0. The average of the best dictionary falls as lam0 rises, and jumps where
another becomes the better one: an average in a gap belongs to dictionaries that are local minima under their lam0 and
no more, and is met as nearly as restarts end in one.

Seen (arXiv 2508.16560's toy; five features that fire .4 of the time, correlated by .4 with the first, magnitudes .85
and 1.15): asked for 2.0 the atoms are the features. Asked for 1.8 it is 1.70, and other atoms hold .19 of the first
feature: half its squared error is .035, where the features with their cheapest codes left out, down to 1.8, cost .072.
With lam0 = .068 as a price, and not as a multiplier, the features are better all the same: .136 against .151.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from testbed import checks
from testbed.descent.training import fit
from testbed.errors import InputError
from testbed.optimum import Optimum
from testbed.penalties import L0

NEAR = 1e-9  # averages nearer than this are the one asked for


def fit_average(X: Any, n_atoms: int, average: float, weights: Any = None, seed: int = 0, restarts: int = 4,
                start: Any = None, steps: int = 16, threads: int | None = None) -> Optimum:
    """The optimum under L0 whose mean number of atoms on is nearest to `average`, of those tried: lam0 by `steps`
    halvings (of its logarithm) between 1e-6 and 1 times the largest |x|^2 / 2; of equally near ones the earliest.

    X, n_atoms, weights, seed, restarts, start, threads : as in `fit`. The optimum's problem.penalty is the L0 found.
    Raises InputError naming the argument.
    """
    where = "fit_average"
    X = checks.matrix(where, "X", X)
    average = checks.number(where, "average", average, 0, open_low=True)
    most = 0.5 * float((X * X).sum(axis=1).max())
    if not most > 0:
        raise InputError(f"{where}: X must not be zero everywhere")
    low, high = np.log(1e-6 * most), np.log(most)
    best: Optimum | None = None
    for _ in range(checks.count(where, "steps", steps)):
        middle = 0.5 * (low + high)
        found = fit(X, n_atoms, weights=weights, seed=seed, restarts=restarts, start=start, threads=threads,
                    penalty=L0(float(np.exp(middle))))
        if best is None or abs(found.codes_per_sample - average) < abs(best.codes_per_sample - average) - NEAR:
            best = found
        if abs(found.codes_per_sample - average) <= NEAR:
            break
        low, high = (middle, high) if found.codes_per_sample > average else (low, middle)
    assert best is not None
    return best
