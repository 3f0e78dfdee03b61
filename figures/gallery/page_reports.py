"""The last part of the gallery page: what every statement said about every optimum, folded away under its label."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np

from figures import reports
from figures.base import Numbers
from figures.pages import blocks


def sections(every: Iterable[Numbers]) -> Iterable[str]:
    """The property reports of all optima, folded away under their labels."""
    with_reports = [numbers for numbers in every if "report_ids" in numbers]
    if not with_reports:
        return
    yield '<section class="chapter" id="reports"><h2>Property reports</h2>'
    yield ("<p>Residuals are dimensionless: 0 where a statement holds exactly, unmoved by scaling X and λ together. "
           "Dictionaries that are not optimal are shown for contrast and do not count in the verdict.</p>")
    for numbers in with_reports:
        for row in range(len(numbers["report_labels"])):
            yield report(numbers, row)
    yield "</section>"


def report(numbers: Numbers, row: int) -> str:
    """One optimum's report as a table that unfolds."""
    import properties

    held = reports.holds(numbers)[row]
    applied = np.flatnonzero(numbers["report_applied"][row])
    failed = int((~held[applied]).sum())
    label, trained = str(numbers["report_labels"][row]), bool(numbers["report_trained"][row])
    kind = f"trained, {numbers['report_status'][row]}" if trained else "not an optimum"
    outcome = blocks.verdict(not failed, f"{failed} of {len(applied)} fail" if failed else f"all {len(applied)} hold")
    lines = (blocks.Judged(name, properties.BY_ID[name].name, float(numbers["report_residual"][row][i]),
                           float(numbers["report_tolerance"][i]), bool(held[i]), str(numbers["report_worst"][row][i]))
             for i, name in ((i, str(numbers["report_ids"][i])) for i in applied))
    return f"""<details><summary>{escape(label)} <span class="quiet">({kind})</span>: {outcome}</summary>
<p class="quiet">objective {float(numbers['report_objective'][row]):.10g};
{int(numbers['report_live'][row])} live atoms, {int(numbers['report_dead'][row])} dead</p>
{blocks.judged(f"Report: {label}", lines)}</details>"""
