"""The reports of a batch: every statement at every optimum that `fit_many` found, and one table of them all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from properties.base import Property
from properties.judging import NOTHING_TO_TEST, Report, judge
from testbed import tables
from testbed.descent.batch import Batch
from testbed.verify import Progress


@dataclass(frozen=True)
class Reports:
    """What `properties.check` found at each optimum of a batch: reports (p,), in its order."""

    reports: tuple[Report, ...]

    def __len__(self) -> int:
        return len(self.reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self.reports)

    def __getitem__(self, i: int) -> Report:
        """The report on one problem."""
        return self.reports[i]

    def __bool__(self) -> bool:
        """Whether every statement holds at every optimum."""
        return self.holds

    @property
    def holds(self) -> bool:
        """Whether every statement holds at every optimum, where there was something to test."""
        return all(report.holds for report in self.reports)

    @property
    def failing(self) -> list[int]:
        """The problems at which a statement fails."""
        return [i for i, report in enumerate(self.reports) if not report.holds]

    def to_json(self) -> list[dict[str, Any]]:
        """Each report's own, in order."""
        return [report.to_json() for report in self.reports]

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int | None = None) -> str:
        """A table, a statement a line: at how many problems it holds of those with something to test, and the worst of
        them. width : as of Report.text."""
        rows = [("", "statement", "holds at", "largest residual", "tolerance", "verdict", "worst place")]
        rows += [self._row(k) for k in range(len(self.reports[0].verdicts))]
        failing = self.failing
        lines = [f"{len(self)} problems", "", *tables.aligned(rows, width), ""]
        lines.append("Every statement holds at every one." if not failing else
                     f"A statement fails at {len(failing)} of {len(self)} problems, first at problem {failing[0]}: its "
                     f"own report says how far ([{failing[0]}]).")
        return "\n".join(lines)

    def _row(self, k: int) -> tuple[str, str, str, str, str, str, str]:
        asked = [(i, report.verdicts[k]) for i, report in enumerate(self.reports)]
        first = asked[0][1]
        tested = [(i, v) for i, v in asked if v.residual is not None]
        if not tested:
            return first.id, first.name, f"0 of {len(self)}", "", f"{first.tolerance:.0e}", NOTHING_TO_TEST, first.why
        i, worst = max(tested, key=lambda one: math.inf if math.isnan(one[1].residual or 0) else one[1].residual or 0)
        return (first.id, first.name, f"{sum(v.holds is True for _, v in tested)} of {len(tested)}",
                f"{worst.residual:.1e}", f"{first.tolerance:.0e}", worst.says,
                f"problem {i}{': ' * bool(worst.worst)}{worst.worst}")


def judge_all(batch: Batch, statements: Iterable[Property], progress: Progress | None = None) -> Reports:
    """Judge every optimum of a batch, measured anew. progress : called as progress(problems done, their number)."""
    statements, reports = tuple(statements), []
    for i in range(len(batch)):
        reports.append(judge(batch.optimum(i), statements))
        if progress is not None:
            progress(i + 1, len(batch))
    return Reports(tuple(reports))
