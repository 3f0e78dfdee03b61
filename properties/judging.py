"""The report: every statement's verdict on one optimum, for a reader and for a program."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from properties.base import Property, measure
from testbed import fit, tables
from testbed.dictionary import Dictionary
from testbed.verify import Progress

NOTHING_TO_TEST = "nothing to test"
EXCESS_WORK = 2_000_000  # samples * atoms * dimensions up to which a failing report trains to say how far off it is


@dataclass(frozen=True)
class Verdict:
    """One statement at one optimum: its largest residual, where that is, and whether it is within tolerance.

    residual : None if there was nothing to test, and then `why` says what does not occur. place : where it holds.
    """

    id: str
    name: str
    place: str
    residual: float | None
    tolerance: float
    worst: str = ""
    why: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether residual <= tolerance; a NaN never is. None if there was nothing to test."""
        return None if self.residual is None else bool(self.residual <= self.tolerance)

    @property
    def says(self) -> str:
        """'holds', 'FAILS' or 'nothing to test'."""
        return {True: "holds", False: "FAILS", None: NOTHING_TO_TEST}[self.holds]


@dataclass(frozen=True)
class Report:
    """What `properties.check` found.

    objective (squared units of X), stationarity, kkt and status are the optimum's own (testbed.Optimum); live and dead
    count its atoms; verdicts are one a statement, in the order of docs/theory.md. dictionary is what was judged.
    """

    objective: float
    stationarity: float
    kkt: float
    status: str
    live: int
    dead: int
    verdicts: tuple[Verdict, ...]
    dictionary: Dictionary = field(repr=False)

    @cached_property
    def excess(self) -> float | None:
        """By what share the objective exceeds that of the stationary point reached from here; trained when first asked
        for. 0 where every statement holds; None where training is more than a moment's work (`EXCESS_WORK`), or the
        data are not all at hand.
        """
        return 0.0 if self.holds else excess(self.dictionary)

    @property
    def holds(self) -> bool:
        """Whether every statement holds of which there was something to test."""
        return all(verdict.holds is not False for verdict in self.verdicts)

    @property
    def skipped(self) -> dict[str, str]:
        """The ids of the statements with nothing to test, and why."""
        return {verdict.id: verdict.why for verdict in self.verdicts if verdict.holds is None}

    def __getitem__(self, id: str) -> Verdict:
        """The verdict on one statement, by its id; KeyError names the ids there are."""
        for verdict in self.verdicts:
            if verdict.id == id:
                return verdict
        raise KeyError(f"report: {id!r} is not one of {', '.join(verdict.id for verdict in self.verdicts)}")

    def __bool__(self) -> bool:
        """Whether every statement holds."""
        return self.holds

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe dict: numbers that are not finite become None, and such a residual never holds.

        holds is None, and why says what does not occur, where there was nothing to test.
        """
        return {
            "objective": _finite(self.objective),
            "stationarity": _finite(self.stationarity),
            "kkt": _finite(self.kkt),
            "status": self.status,
            "live": self.live,
            "dead": self.dead,
            "holds": self.holds,
            "excess": _finite(self.excess),
            "properties": [
                {"id": v.id, "name": v.name, "where": v.place, "residual": _finite(v.residual),
                 "tolerance": v.tolerance, "holds": v.holds, "verdict": v.says, "worst": v.worst, "why": v.why}
                for v in self.verdicts
            ],
        }

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int | None = None) -> str:
        """A table, a statement a line; folded to a terminal of `width` columns where it is wider."""
        rows = [("", "statement", "holds at", "residual", "tolerance", "verdict", "worst place")]
        rows += [(v.id, v.name, v.place, "" if v.residual is None else f"{v.residual:.1e}", f"{v.tolerance:.0e}",
                  v.says, v.worst or v.why) for v in self.verdicts]
        lines = [
            f"objective {self.objective:.12g}   stationarity {self.stationarity:.1e}   kkt {self.kkt:.1e}   "
            f"status {self.status}   atoms {self.live} live, {self.dead} dead",
            "",
        ]
        lines += [*tables.aligned(rows, width), "", *self._notes()]
        return "\n".join(lines)

    def _notes(self) -> Iterator[str]:
        failed = [verdict.id for verdict in self.verdicts if verdict.holds is False]
        held = sum(verdict.holds is True for verdict in self.verdicts)
        idle = len(self.skipped)
        yield (f"{', '.join(failed)} fail{'s' * (len(failed) == 1)}." if failed else
               f"All {held} statements hold{f'; {idle} have nothing to test' if idle else ''}.")
        if failed:
            yield ("How far that is has not been computed: fit(..., start=D) trains from here to a stationary point."
                   if self.excess is None else
                   f"How far that is: the objective is {percent(self.excess)} above that of the stationary point "
                   "reached from here by training.")
        yield "Residuals are dimensionless: 0 where a statement holds exactly, unmoved by scaling X and lam together."
        if self.live == 0:
            yield "Every code is zero: no atom is live, and there is nothing to test about live ones."


def judge(optimum: Dictionary, statements: Iterable[Property], progress: Progress | None = None) -> Report:
    """Judge an optimum by the given statements; see properties.check."""
    name = optimum.problem.penalty.name  # what is said of other penalties alone is not asked
    statements = tuple(p for p in statements if name in p.penalties)
    found, live = measure([p for p in statements if p.applies(optimum)], optimum, progress)

    def verdict(p: Property) -> Verdict:
        residual = found.get(p.id)
        if residual is None or residual.empty:
            return Verdict(p.id, p.name, p.place, None, p.tolerance, why=p.excuse(optimum) or f"needs {p.needs}")
        return Verdict(p.id, p.name, p.place, residual.max, p.tolerance, residual.worst)

    return Report(objective=float(optimum.objective), stationarity=float(optimum.stationarity),
                  kkt=float(optimum.kkt), status=optimum.status, live=live, dead=optimum.n_atoms - live,
                  verdicts=tuple(map(verdict, statements)), dictionary=optimum)


def excess(dictionary: Dictionary) -> float | None:
    """(F - F') / F' of a dictionary, F' being the objective of the stationary point that training reaches from it.

    None where that is more than a moment's work, or the data are not all at hand.
    """
    problem, (m, d) = dictionary.problem, dictionary.D.shape
    if not problem.held or problem.n * m * d > EXCESS_WORK:
        return None
    beside = dictionary.b if problem.bias else None
    with np.errstate(all="ignore"):
        reached = fit(problem.X, m, None, problem.bias, problem.nonnegative, problem.weights, start=dictionary.D,
                      start_bias=beside, penalty=problem.penalty).objective
        return float(np.float64(dictionary.objective - reached) / reached)


def percent(share: float) -> str:
    """A share for a reader: 12 %, 0.34 %, less than 1e-6 %."""
    if not math.isfinite(share):
        return f"{share} %"
    return f"{100 * share:.2g} %" if share > 1e-8 else "less than 1e-6 %"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
