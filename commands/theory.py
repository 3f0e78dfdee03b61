"""`testbed theory`: every statement with its file, tests and figures; or one, with its text, and then the evidence."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

from commands.progress import Progress
from figures import gallery
from properties.base import Evidence
from properties.discovery import Entry
from properties.theory import about, entries
from testbed.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which statement, if one."""
    parser.add_argument("statement", nargs="?", metavar="ID", help="such as S5")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; or one statement at once, and its evidence as it is computed: 1 where that disagrees."""
    if arguments.statement is None:
        print(table())
        return 0
    known, id = entries(), arguments.statement.upper()
    if id not in known:
        raise InputError(f"theory: unknown statement {arguments.statement!r}; the statements are {', '.join(known)}")
    entry, agree = known[id], []
    print(f"{text(entry)}\n\nEvidence:\n", flush=True)
    for found in evidence(entry):
        print(f"    {found}", flush=True)
        agree.append(found.agrees)
    if not agree:
        print(f"    no figure: {entry.statement.no_figure}")
    return 0 if all(agree) else 1


def table() -> str:
    """One line a statement: id, name, where and under which penalties it holds, file, test, figures."""
    rows = [("", "statement", "where it holds", "penalties", "file", "tests", "figure")]
    rows += [(id, e.statement.name, e.statement.place, e.statement.under, e.file, e.statement.tests,
              ", ".join(shown(id)) or "none: " + e.statement.no_figure) for id, e in entries().items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)


def text(entry: Entry) -> str:
    """What a statement says and why, as in docs/theory.md."""
    s = entry.statement
    return "\n".join([f"{s.id}  {s.name}", "",
                      *textwrap.wrap(s.statement, 116, initial_indent="    ", subsequent_indent="    "), "",
                      textwrap.indent(entry.text, "    "), "", about(entry).replace("`", "")])


def evidence(entry: Entry) -> Iterator[Evidence]:
    """What agrees with a statement or does not, computed one after the other: its own evidence, then its figures'."""
    yield from entry.statement.evidence()
    for name in shown(entry.statement.id):
        figure = gallery.figure(name)
        with Progress() as progress:
            progress.say(f"computing figure {name}")
            numbers = figure.compute()
        yield Evidence(f"figure {name} ({figure.agreement})", float(numbers["deviation"]), float(numbers["tolerance"]))


def shown(id: str) -> list[str]:
    """Names of the figures that show a statement."""
    return [name for name in gallery.ORDER if id in gallery.figure(name).statements]
