"""Whether a counterexample is one: everything measured anew, at the problem as it will be printed.

Exact codes and stationary atoms by testbed.verify; the second order; every other statement of the theory, so that what
fails is the conjecture and not the optimum; restarts, which tell how it compares with the best known; and the certified
gap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conjectures.guard import Shown
from conjectures.suspects import Conjecture
from conjectures.trying import MINIMA, Candidate
from properties import ALL
from properties.base import Residual
from properties.judging import Report, judge
from testbed import Classification, CodingError, Gap, InputError, NumericsError, Optimum, classify, fit, gap
from testbed.verify import KKT_TOLERANCE

RESTARTS = 16
SAME = 1e-9  # relative: objectives that restarts reach count as one


@dataclass(frozen=True, eq=False)
class Counterexample:
    """An optimum at which a conjecture fails, and what was verified there.

    optimum : measured anew. residual : of the conjecture. second : what it is to second order (M1). others : every
    other statement there. best : the least objective that RESTARTS starts reached. bounds : the certified gap, None
    where there is none. refused : why it is no counterexample; '' if it is one.
    """

    optimum: Optimum
    residual: Residual
    second: Classification
    others: Report
    best: float
    bounds: Gap | None
    refused: str

    @property
    def is_best(self) -> bool:
        """Whether no restart found a better dictionary."""
        return bool(self.optimum.objective <= self.best * (1 + SAME))

    @property
    def violated(self) -> list[tuple[str, float]]:
        """The places that break the conjecture, the worst first, and by how much."""
        return _places(self.residual)


def verify(conjecture: Conjecture, candidate: Candidate) -> Counterexample:
    """Measure a candidate anew; the certified gap is left for `bounded`.

    InputError where the conjecture's file misbehaves, or answers the same question in two ways.
    """
    problem = candidate.problems.problem(0)
    optimum = Shown.at(problem, candidate.D, candidate.b)
    residual, again = (conjecture.residual(optimum) for _ in range(2))
    if not np.array_equal(residual.values, again.values):
        raise InputError(f"conjecture: {conjecture.file or conjecture.id}: two calls at one optimum differ, "
                         f"{residual.max:.6g} and {again.max:.6g}")
    second = classify(optimum)
    others = judge(optimum, [p for p in ALL if p.id != conjecture.id and (conjecture.where != "code"
                                                                          or p.where == "code")])
    best = _best(optimum)
    found = Counterexample(Optimum.at(problem, candidate.D, candidate.b, optimum.Z, hessian_min=second.least), residual,
                           second, others, best, None, "")
    return replace(found, refused=_refused(conjecture, found))


def bounded(found: Counterexample) -> Counterexample:
    """The same with its certified gap, where there is one: up to a second of work."""
    try:
        return replace(found, bounds=gap(found.optimum))
    except (InputError, NumericsError):
        return found


def _best(optimum: Optimum) -> float:
    """The least objective that starts from the data reach, this optimum's own included."""
    p = optimum.problem
    try:
        other = fit(p.X, optimum.n_atoms, p.lam, bias=p.bias, nonnegative=p.nonnegative, weights=p.weights,
                    restarts=RESTARTS)
    except CodingError:
        return optimum.objective
    return min(optimum.objective, other.objective if other.status != "unconverged" else np.inf)


def _refused(conjecture: Conjecture, found: Counterexample) -> str:
    """Why an optimum does not refute the conjecture."""
    if not found.residual.max > conjecture.tolerance:
        return "measured anew it holds"
    if found.optimum.kkt > KKT_TOLERANCE:
        return "codes are not exact"
    if failed := [v.id for v in found.others.verdicts if v.holds is False]:
        return f"{', '.join(failed)} fail there too"
    if conjecture.where == "code":
        return ""
    if found.optimum.status == "unconverged":
        return "not stationary"
    if found.second.kind == "saddle":
        return "a saddle"
    if conjecture.where == "local_min" and found.optimum.status not in MINIMA:
        return "not certified to be a local minimum"
    if conjecture.where == "global" and not found.is_best:
        return "not a global minimum: a restart found a better one"
    return ""


def _places(residual: Residual) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for array, axes in zip(residual.arrays, residual.axes, strict=True):
        array = np.asarray(array)
        for place in np.argwhere(array > 0):
            one: Any = Residual((array[tuple(place)].reshape((1,) * array.ndim),), (tuple(
                (word, [numbers[int(at)]]) for (word, numbers), at in zip(axes, place, strict=True)),))
            found.append((one.worst, float(array[tuple(place)])))
    return sorted(found, key=lambda pair: -pair[1])
