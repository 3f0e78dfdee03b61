"""The report: every statement's verdict on one optimum, for a reader and for a program."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from properties.base import PLACES, Property
from properties.scaled import Scaled
from testbed.optimum import Optimum


@dataclass(frozen=True)
class Verdict:
    """One statement at one optimum: its largest residual, where that is, and whether it is within tolerance."""

    id: str
    name: str
    where: str
    residual: float
    tolerance: float
    worst: str

    @property
    def holds(self) -> bool:
        """Whether residual <= tolerance; a NaN never is."""
        return bool(self.residual <= self.tolerance)


@dataclass(frozen=True)
class Report:
    """What `properties.check` found.

    objective (squared units of X), stationarity, kkt and status are the optimum's own (testbed.Optimum); live and dead
    count its atoms; verdicts are in the order C, S, B; skipped maps the ids that say nothing about this problem to why.
    """

    objective: float
    stationarity: float
    kkt: float
    status: str
    live: int
    dead: int
    verdicts: tuple[Verdict, ...]
    skipped: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether every statement that applies holds."""
        return all(verdict.holds for verdict in self.verdicts)

    def __getitem__(self, id: str) -> Verdict:
        """The verdict on one statement, by its id; KeyError if it was not applied."""
        for verdict in self.verdicts:
            if verdict.id == id:
                return verdict
        raise KeyError(f"{id} was not applied" + (f": it {self.skipped[id]}" if id in self.skipped else ""))

    def __bool__(self) -> bool:
        """Whether every statement holds."""
        return self.holds

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe dict: numbers that are not finite become None, and such a residual never holds."""
        return {
            "objective": _finite(self.objective),
            "stationarity": _finite(self.stationarity),
            "kkt": _finite(self.kkt),
            "status": self.status,
            "live": self.live,
            "dead": self.dead,
            "holds": self.holds,
            "properties": [
                {"id": v.id, "name": v.name, "where": v.where, "residual": _finite(v.residual),
                 "tolerance": v.tolerance, "holds": v.holds, "worst": v.worst}
                for v in self.verdicts
            ],
            "skipped": dict(self.skipped),
        }

    def __str__(self) -> str:
        """A table for a terminal, at most one statement a line."""
        rows = [("", "statement", "holds at", "residual", "tolerance", "verdict", "worst place")]
        rows += [(v.id, v.name, PLACES[v.where], f"{v.residual:.1e}", f"{v.tolerance:.0e}",
                  "holds" if v.holds else "FAILS", v.worst) for v in self.verdicts]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            f"objective {self.objective:.12g}   stationarity {self.stationarity:.1e}   kkt {self.kkt:.1e}   "
            f"status {self.status}   atoms {self.live} live, {self.dead} dead",
            "",
        ]
        for row in rows:
            lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines += ["", *self._notes()]
        return "\n".join(lines)

    def _notes(self) -> Iterable[str]:
        failed = [verdict.id for verdict in self.verdicts if not verdict.holds]
        total = len(self.verdicts)
        yield f"{', '.join(failed)} fail{'s' * (len(failed) == 1)}." if failed else f"All {total} statements hold."
        yield "Residuals are dimensionless: 0 where a statement holds exactly, unmoved by scaling X and lam together."
        if self.live == 0:
            yield "Every code is zero: no atom is live, and statements about live atoms hold vacuously."
        for reason in dict.fromkeys(self.skipped.values()):
            yield f"Not applied: {', '.join(id for id, why in self.skipped.items() if why == reason)} ({reason})."


def report(optimum: Optimum, statements: Iterable[Property]) -> Report:
    """Judge an optimum by the given statements; see properties.check."""
    scaled = Scaled(optimum)
    verdicts, skipped = [], {}
    for p in statements:
        if excuse := p.excuse(optimum):
            skipped[p.id] = excuse
            continue
        residual = p.measure(scaled)
        verdicts.append(Verdict(p.id, p.name, p.where, residual.max, p.tolerance, residual.worst))
    live = len(scaled.live)
    return Report(objective=float(optimum.objective), stationarity=float(optimum.stationarity),
                  kkt=float(optimum.kkt), status=optimum.status, live=live, dead=optimum.n_atoms - live,
                  verdicts=tuple(verdicts), skipped=skipped)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
