"""The page of one optimum: what every statement says of it, where it is worst, and how far from the best it could be.

    write_report("page.html", optimum, properties.check(optimum), bounds=gap(optimum))

One HTML file that needs nothing else: three pictures (statements, atoms, samples), the table of statements with their
worst places, and the bounds where they were computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import reports, style
from figures.base import Picture
from figures.pages import blocks, mathml, panels, shell
from properties.judging import percent

if TYPE_CHECKING:
    from properties import Report
    from testbed import Gap, Optimum

LEAST = 1e-17  # where smaller residuals are drawn


def write_report(path: str | Path, optimum: Optimum, report: Report, bounds: Gap | None = None) -> None:
    """Write the page of an optimum to `path`, complete or not at all.

    report : what `properties.check` found at it. bounds : `testbed.gap` of it, or None to leave the section out.
    Raises OSError where the file cannot be written.
    """
    from testbed import files

    files.write_atomically(path, html(optimum, report, bounds).encode())


def html(optimum: Optimum, report: Report, bounds: Gap | None = None) -> str:
    """The HTML of the page; the same optimum gives the same bytes."""
    title = "Is this dictionary optimal?"
    judged = [v for v in report.verdicts if v.residual is not None]
    failed = [v.id for v in judged if not v.holds]
    outcome = blocks.verdict(not failed, f"{', '.join(failed)} fail{'s' * (len(failed) == 1)}" if failed else
                             f"all {len(judged)} statements hold")
    lines = (blocks.Judged(v.id, v.name, v.residual, v.tolerance, bool(v.holds), v.worst)
             for v in report.verdicts if v.residual is not None)
    claim = f"{lead(optimum)} Of what an optimum must satisfy, {outcome} here."
    if failed and report.excess is not None:
        claim += (f" Its objective is {escape(percent(report.excess))} above that of the stationary point reached from "
                  "here by training.")
    reasons = {why: [id for id, given in report.skipped.items() if given == why] for why in report.skipped.values()}
    body = "\n".join([
        '<div class="page"><main>', '<header class="prose">', f"<h1>{title}</h1>",
        f"<p>{claim}</p>", blocks.facts(facts(optimum, report)), "</header>", *pictures(optimum, report),
        '<section class="exhibit"><h3>Statements, and where each is worst</h3>',
        blocks.judged("Statements", lines),
        '<p class="quiet">Residuals are dimensionless: 0 where a statement holds exactly, unmoved by scaling X and λ '
        "together.</p>",
        *(f'<p class="quiet">Nothing to test: {escape(", ".join(ids))} ({escape(why)}).</p>'
          for why, ids in reasons.items()),
        "</section>", *([] if bounds is None else limits(bounds)), "</main></div>",
    ])
    return shell.document(title, body)


def lead(optimum: Optimum) -> str:
    """The problem, in one sentence."""
    n, d = optimum.R.shape
    live = int(optimum.live.sum())
    dead = optimum.n_atoms - live
    return (f"{n:,} samples in {d} dimensions, {optimum.n_atoms} atoms{f' ({dead} of them dead)' if dead else ''}, "
            f"λ = {optimum.problem.lam:g}{', with a fitted bias' if optimum.problem.bias else ''}.")


def facts(optimum: Optimum, report: Report) -> Iterator[tuple[str, str]]:
    """The optimum in numbers."""
    yield "Status", escape(report.status)
    yield "Objective", f"{report.objective:.12g}"
    yield "Stationarity, KKT", f"{report.stationarity:.1e}, {report.kkt:.1e}"
    yield "Codes per sample", f"{optimum.problem.weights @ optimum.support.sum(axis=1):.2f}"


def pictures(optimum: Optimum, report: Report) -> Iterator[str]:
    """Statements; atoms; samples."""
    yield exhibit("statements", "Every statement against its tolerance", statements(report),
                  "Each mark is a statement's residual over its tolerance: left of the line it holds (below 10⁻¹⁰ "
                  "drawn there).",
                  "Dot plot of the statements' residuals in units of their tolerances, on a logarithmic axis with a "
                  "line at one; the table below has the same numbers.")
    if optimum.live.any():
        yield exhibit("atoms", "Residuals over atoms", atoms(optimum),
                      "Atoms by mean activity, largest first. (a) How far the residual that an atom sees, averaged "
                      "over its activity, is from λ times the atom (S1), in units of λ. (b) Mean activity E[z], and "
                      "how often the atom is on.",
                      "Two panels over atoms ordered by activity: the stationarity residual of every atom on a "
                      "logarithmic axis, and below it mean activity and firing rate.")
    yield exhibit("samples", "Residuals over samples", samples(optimum),
                  "Lengths of the residuals in units of λ. None is longer than λ in the wide limit (G2, line); what "
                  "lies beyond would gain from an atom of its own.",
                  "Histogram of the lengths of residuals in units of lambda, with a line at one.")


def exhibit(name: str, title: str, picture: Picture, caption: str, alt: str) -> str:
    """A picture as a block."""
    svg = style.encode(picture)[".svg"]
    return blocks.exhibit(name, title, svg, alt, caption, panels.panels(picture))


@style.styled
def statements(report: Any) -> Picture:
    """Dots, a statement a line."""
    numbers = reports.arrays({"this": (report, True)})
    figure = style.canvas(style.PAGE, 14 + 5.6 * len(numbers["report_ids"]))
    axes = figure.subplots()
    applied = np.asarray(numbers["report_applied"])[0]
    ratio = (np.asarray(numbers["report_residual"])[0] / np.asarray(numbers["report_tolerance"]))[applied]
    largest = np.max(ratio, where=np.isfinite(ratio), initial=1.0)
    reports.frame(axes, numbers, max(1e3, 10.0 * float(largest)))
    reports.dots(axes, numbers, 0, style.BLUE, "o")
    style.label(axes, 1, -0.6, "fails →", ha="left", xytext=(5, 3))
    style.label(axes, 1, -0.6, "← holds", ha="right", xytext=(-5, 3))
    return figure


@style.styled
def atoms(optimum: Any) -> Picture:
    """Stationarity of every live atom, and its activity."""
    figure = style.canvas(style.PAGE, 84)
    residual, activity = figure.subplots(2, 1, sharex=True)
    order = np.argsort(-optimum.mu, kind="stable")[:int(optimum.live.sum())]
    w, Z, mu = optimum.problem.weights, optimum.Z, optimum.mu[order]
    seen = np.asarray(Z.T @ (w[:, None] * optimum.R))[order]
    off = np.linalg.norm(seen / mu[:, None] / optimum.problem.lam - optimum.D[order], axis=1)
    rank = np.arange(1, len(order) + 1)
    style.measured(residual, rank, np.maximum(off, LEAST), style.BLUE)
    ends = np.log10([max(float(off.min()), LEAST), max(float(off.max()), LEAST)])
    residual.set(yscale="log", ylim=(10.0**(np.floor(ends[0]) - 0.2), 10.0**(np.ceil(ends[1]) + 0.2)),
                 ylabel="|E[z r]/(λ μ) − d|")
    style.panel(residual, "a", "stationarity, atom by atom")
    activity.vlines(rank, 0, mu, color=style.BLUE, linewidth=min(4.0, 200 / len(rank)))
    rate = (w @ optimum.support)[order]
    top = 1.3 * max(float(mu.max()), float(rate.max()))
    style.measured(activity, rank, rate, style.VERMILION, "s")
    activity.set(xlabel="atom, by mean activity", ylabel="activity", ylim=(0, top), xlim=(0.2, len(rank) + 0.8))
    activity.xaxis.get_major_locator().set_params(integer=True)
    for place, (text, colour) in enumerate((("mean activity E[z]", style.BLUE), ("share of samples", style.VERMILION))):
        style.label(activity, 0.98, 0.93 - 0.12 * place, text, colour, ha="right", va="top",
                    xycoords="axes fraction")
    style.panel(activity, "b", "how active it is")
    return figure


@style.styled
def samples(optimum: Any) -> Picture:
    """The lengths of residuals."""
    figure = style.canvas(style.PAGE, 56)
    axes = figure.subplots()
    length = np.linalg.norm(optimum.R, axis=1) / optimum.problem.lam
    shares, edges = np.histogram(length, 60, (0, 1.05 * max(1.05, float(length.max()))),
                                 weights=100 * optimum.problem.weights)
    axes.stairs(shares, edges, fill=True, color=style.BLUE, alpha=0.6)
    axes.axvline(1, color=style.BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set(xlabel="length of the residual, in units of λ", ylabel="share of samples (%)", xlim=(0, None))
    return figure


def limits(bounds: Gap) -> Iterator[str]:
    """What no dictionary undercuts, beside what this one reached."""
    yield '<section class="exhibit"><h3>How much better could any dictionary be?</h3>'
    rows = [("objective", bounds.objective, "of this dictionary"),
            ("floor", bounds.floor, "no dictionary of any width is below (G1)")]
    if bounds.tau > 0:
        rows += [("class bound", bounds.class_bound, f"no dictionary of activity at most {bounds.activity:.4g} is "
                                                     "below, whatever its width (V3)"),
                 ("priced objective", bounds.priced, f"of this dictionary, at price τ = {bounds.tau:.6g}"),
                 ("bound", bounds.bound.value, f"no dictionary of any width has a priced objective below "
                                               f"({bounds.bound.route})")]
    yield blocks.table("Bounds", ("", "value", "meaning", "this one exceeds it by"), (
        (escape(name), f"{value:.10g}", escape(what), exceeds(name, bounds)) for name, value, what in rows))
    if bounds.tau > 0:
        yield f'<p class="quiet">Activity is {mathml.markup("A = Σⱼ E[zⱼ²]/E[zⱼ]")}, which the price τ is paid on.</p>'
    elif bounds.reason:
        yield f'<p class="quiet">No bound but the floor: {escape(bounds.reason)}.</p>'
    yield "</section>"


def exceeds(name: str, bounds: Gap) -> str:
    """By how much the dictionary lies above a bound; empty for what is no bound."""
    above = {"floor": bounds.objective - bounds.floor, "class bound": bounds.objective - bounds.class_bound,
             "bound": bounds.gap}.get(name)
    return "" if above is None else f"{above:.3g}"
