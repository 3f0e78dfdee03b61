"""`testbed check`: every statement at a saved optimum, and on request how far below it any dictionary could be."""

from __future__ import annotations

import argparse

from commands import outcome
from commands.progress import Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """The optimum, the form of the report, bounds."""
    parser.epilog = "Exit status: 0 all hold; 1 one fails, or the point is a saddle; 2 for bad input."
    parser.add_argument("optimum", metavar="OPTIMUM")
    parser.add_argument("--data", metavar="FILE", help="where the data are now, if they were not saved in OPTIMUM and "
                                                       "have moved")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--bounds", action="store_true", help="also how far below any dictionary could be (V1-V3)")
    parser.add_argument("--tau", type=float, metavar="T", help="the price of --bounds, >= 0, in the units of the data "
                                                               "(default: the one that proves most)")
    parser.add_argument("--report", metavar="PAGE.html", help="also write a page with pictures: residuals over atoms, "
                                                              "worst places, bounds")


def run(arguments: argparse.Namespace) -> int:
    """Judge and print; 1 where a statement fails or the point is a saddle."""
    import json
    from dataclasses import replace

    from properties import check
    from testbed import InputError, Optimum, checks, classify, gap
    from testbed.problem import LARGEST

    if arguments.tau is not None:
        checks.number("check", "--tau", arguments.tau, 0, LARGEST)
        if not arguments.bounds:
            raise InputError("check: --tau is the price of --bounds; give both")
    page = None
    if arguments.report is not None:
        page = outcome.target(arguments.report, ".html", "--report")
        checks.installed("check", "figures", "matplotlib")
    with Progress() as progress:
        progress.say(f"reading {arguments.optimum}")
        optimum = Optimum.load(arguments.optimum, arguments.data, progress.passing("verified"))
        bounds = None
        if arguments.bounds:
            progress.say("bounds")
            bounds = gap(optimum, arguments.tau)
        progress.say("second order")
        second = classify(optimum)
        if optimum.status == "stationary" and second.kind == "local minimum":
            optimum = replace(optimum, status="local_min", hessian_min=second.least)
        progress.say("statements")
        report = check(optimum, progress.passing("statements"))
        if not report.holds:
            progress.say("how far it is from the stationary point reached from here")
            report.excess  # noqa: B018  # trains
        if page is not None:
            from figures.pages.report import write_report

            progress.say("pictures")
            write_report(page, optimum, report, bounds)
    if arguments.json:
        order = {"kind": second.kind, "least_curvature": second.least, "margin": second.margin}
        extra = {} if bounds is None else {"bounds": bounds.to_json()}
        print(json.dumps(report.to_json() | {"second_order": order} | extra, allow_nan=False))
    else:
        print(report.text(outcome.width()))
        least = "" if second.least is None else f", least curvature {second.least:.2e}"
        print(f"Second order (M1): {second.kind}{least}.")
        if bounds is not None:
            print(f"Bounds (V1-V3), in squared units of the data:\n{bounds}")
    return 0 if report.holds and second.kind != "saddle" else 1
