"""Property reports as arrays, so that figures, the page and its verdict can be rebuilt from an .npz; and as dots.

Keys: report_labels, report_trained, report_status, report_objective, report_live, report_dead (one entry an optimum);
report_ids, report_tolerance (one a statement); report_applied, report_residual, report_worst (optimum, statement), the
last two NaN and "" where a statement does not apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from figures import style
from figures.base import Numbers

FLOOR = 1e-10  # where residuals below it are drawn, in units of their tolerance


def table(optima: Mapping[str, tuple[Any, bool]]) -> dict[str, Any]:
    """Every statement at every optimum. optima: label -> (testbed.Optimum, whether it was trained)."""
    import properties

    return arrays({label: (properties.check(optimum), trained) for label, (optimum, trained) in optima.items()})


def arrays(found: Mapping[str, tuple[Any, bool]]) -> dict[str, Any]:
    """Reports as arrays. found: label -> (properties.Report, whether it is of a trained optimum)."""
    import properties

    reports = [report for report, _ in found.values()]
    said = {verdict.id for report in reports for verdict in report.verdicts}  # of this penalty
    every = [p for p in properties.ALL if p.id in said]
    ids = [p.id for p in every]
    residual = np.full((len(reports), len(ids)), np.nan)
    worst = [[""] * len(ids) for _ in reports]
    for i, report in enumerate(reports):
        for verdict in report.verdicts:
            if verdict.residual is None:
                continue
            column = ids.index(verdict.id)
            residual[i, column], worst[i][column] = verdict.residual, verdict.worst
    return {
        "report_labels": list(found), "report_trained": [trained for _, trained in found.values()],
        "report_ids": ids, "report_tolerance": [p.tolerance for p in every],
        "report_residual": residual, "report_worst": worst,
        "report_applied": [[r[id].holds is not None for id in ids] for r in reports],
        "report_status": [r.status for r in reports], "report_objective": [r.objective for r in reports],
        "report_live": [r.live for r in reports], "report_dead": [r.dead for r in reports],
    }


def holds(numbers: Numbers) -> np.ndarray:
    """(optimum, statement) bool: the statement holds, or does not apply; a residual that is NaN never holds."""
    return ~np.asarray(numbers["report_applied"]) | (np.asarray(numbers["report_residual"])
                                                     <= np.asarray(numbers["report_tolerance"]))


def trained_hold(numbers: Numbers) -> bool:
    """Whether every statement that applies holds at every trained optimum; True for figures without reports."""
    return "report_ids" not in numbers or bool(holds(numbers)[np.asarray(numbers["report_trained"])].all())


def worst_ratio(numbers: Numbers) -> float:
    """The largest residual at a trained optimum, in units of its tolerance: at most 1 if all statements hold."""
    ratio = np.asarray(numbers["report_residual"]) / np.asarray(numbers["report_tolerance"])
    applied = np.asarray(numbers["report_applied"]) & np.asarray(numbers["report_trained"])[:, None]
    return float(ratio[applied].max())


def dots(axes: Any, numbers: Numbers, row: int, colour: str, shape: str, shift: float = 0.0) -> None:
    """One optimum as a column of dots: a statement a line, residual over tolerance on a log axis."""
    applied = np.asarray(numbers["report_applied"])[row]
    ratio = (np.asarray(numbers["report_residual"])[row] / np.asarray(numbers["report_tolerance"]))[applied]
    style.measured(axes, np.maximum(ratio, FLOOR), np.flatnonzero(applied) + shift, colour, shape, clip_on=False)


def frame(axes: Any, numbers: Numbers, top: float, named: bool = True) -> None:
    """The axes of a dot plot: statements from the top down, the tolerance as a line at 1."""
    import properties

    ids = [str(i) for i in numbers["report_ids"]]
    axes.set(xscale="log", xlim=(FLOOR / 2, top), ylim=(len(ids) - 0.4, -0.6), xlabel="residual / tolerance")
    axes.set_yticks(range(len(ids)), [f"{i}  {properties.BY_ID[i].name}" if named else i for i in ids])
    axes.tick_params(axis="y", length=0)
    for y in range(len(ids)):
        axes.axhline(y, color=style.PALE, linewidth=0.5, zorder=0)
    axes.axvline(1, color=style.BLACK, linewidth=1.0, zorder=1)
