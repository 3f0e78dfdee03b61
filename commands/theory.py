"""`testbed theory`: every statement with its file, tests and figures; or one, with its text, and then the evidence."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from pathlib import Path

from commands import outcome
from commands.progress import Progress
from figures import gallery
from figures.base import Numbers
from properties.base import Evidence
from properties.discovery import Entry
from properties.theory import about, entries
from testbed import tables
from testbed.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which statement, if one, and where numbers are kept."""
    parser.add_argument("statement", nargs="?", metavar="ID", help="such as S5")
    parser.add_argument("--out", default="out", metavar="DIR", help="the folder of figures: numbers that this code "
                        "computed before are read from there, and new ones kept there (default: out)")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; or one statement at once, and its evidence as it is computed: 1 where that disagrees."""
    if arguments.statement is None:
        print(table())
        return 0
    out = Path(arguments.out)
    if out.exists() and not out.is_dir():
        raise InputError(f"theory: --out must be a folder; {out} is a file")
    known, id = entries(), arguments.statement.upper()
    if id not in known:
        raise InputError(f"theory: unknown statement {arguments.statement!r}; the statements are {', '.join(known)}")
    entry, agree = known[id], []
    print(f"{text(entry)}\n\nEvidence:\n", flush=True)
    for found in evidence(entry, out):
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
    return "\n".join(tables.aligned(rows, outcome.width()))


def text(entry: Entry) -> str:
    """What a statement says and why, as in docs/theory.md."""
    s = entry.statement
    return "\n".join([f"{s.id}  {s.name}", "",
                      *textwrap.wrap(s.statement, 116, initial_indent="    ", subsequent_indent="    "), "",
                      textwrap.indent(entry.text, "    "), "", about(entry).replace("`", "")])


def evidence(entry: Entry, out: Path) -> Iterator[Evidence]:
    """What agrees with a statement or does not, one after the other: its own evidence, then its figures'.

    out : the folder of the figures, where numbers are read that this very code computed, and where others are kept.
    """
    own = entry.statement.evidence()
    while True:
        with Progress() as progress:
            progress.say("measuring")
            found = next(own, None)
        if found is None:
            break
        yield found
    names = shown(entry.statement.id)
    for k, name in enumerate(names):
        figure = gallery.figure(name)
        with Progress() as progress:
            progress.say(f"computing figure {name}", k, len(names))
            numbers: Numbers | None = gallery.kept(out, name)
            if numbers is None:
                numbers = figure.compute()
                _keep(out, name, numbers)
                progress.finished(f"figure {name} computed, {k + 1} of {len(names)}", k + 1, len(names))
        yield Evidence(f"figure {name} ({figure.agreement})", float(numbers["deviation"]), float(numbers["tolerance"]))


def _keep(out: Path, name: str, numbers: Numbers) -> None:
    """For the next time; where that cannot be, the evidence stands all the same."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        gallery.keep(out, name, numbers)
    except OSError as error:
        outcome.complain(f"testbed: the numbers of {name} are not kept in {out}: {error.strerror}")


def shown(id: str) -> list[str]:
    """Names of the figures that show a statement."""
    return [name for name in gallery.ORDER if id in gallery.figure(name).statements]
