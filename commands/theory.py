"""`testbed theory`: every statement with its file, tests and figures; or one, with its derivation and evidence."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable

import properties
from commands.progress import Progress
from figures import gallery
from properties.theory import Statement, statements
from testbed.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which statement, if one."""
    parser.add_argument("statement", nargs="?", metavar="ID", help="such as S5")


def run(arguments: argparse.Namespace) -> int:
    """Print the table, or one page; 1 where the evidence disagrees."""
    if arguments.statement is None:
        print(table())
        return 0
    with Progress() as progress:
        text, agrees = page(arguments.statement, progress.say)
    print(text)
    return 0 if agrees else 1


def table() -> str:
    """One line a statement: id, name, where it holds, file, test, figures."""
    rows = [("", "statement", "where it holds", "derivation", "tests", "figure")]
    rows += [(s.id, s.name, s.where, s.file, s.tests, ", ".join(shown(s.id)) or "none: " + s.no_figure)
             for s in statements().values()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)


def page(id: str, say: Callable[[str], None]) -> tuple[str, bool]:
    """A statement, its derivation, and evidence computed now; and whether the evidence agrees with it.

    Raises ValueError for an unknown id, listing the known ones.
    """
    known = statements()
    if id not in known:
        raise InputError(f"theory: unknown statement {id!r}; the statements are {', '.join(known)}")
    s = known[id]
    evidence = list(_evidence(s, say))
    lines = [f"{s.id}  {s.name}", "", *textwrap.wrap(s.statement, 116, initial_indent="    ", subsequent_indent="    "),
             "", f"Where: {s.where}. Derivation ({s.file}):", "", textwrap.indent(s.derivation, "    "), "",
             f"Evidence ({s.tests} has more):", "", *(f"    {line}" for line, _ in evidence)]
    return "\n".join(lines), all(agrees for _, agrees in evidence)


def shown(id: str) -> list[str]:
    """Names of the figures that show a statement."""
    return [name for name in gallery.ORDER if id in gallery.figure(name).statements]


def _evidence(s: Statement, say: Callable[[str], None]) -> list[tuple[str, bool]]:
    found = []
    if s.id in properties.BY_ID:
        p = properties.BY_ID[s.id]
        residual = p.residual(p.extremal()).max
        found.append((f"extremal case: residual {residual:.1e}, tolerance {p.tolerance:.0e}", residual <= p.tolerance))
    for name in shown(s.id):
        say(f"computing figure {name}")
        numbers = gallery.figure(name).compute()
        off, tolerance = float(numbers["deviation"]), float(numbers["tolerance"])
        found.append((f"figure {name} ({gallery.figure(name).agreement}): {off:.1e}, tolerance {tolerance:.1e}",
                      off <= tolerance))
    return found or [(f"no figure: {s.no_figure}", True)]
