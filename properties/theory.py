"""The theory as one text, every statement's docstring, by family: `python -m properties` prints docs/theory.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from properties.base import Statement
from properties.discovery import Entry, found
from properties.families import FAMILIES, HEAD, Family


def entries() -> Mapping[str, Entry]:
    """id -> Entry (statement, file, text), in the order of docs/theory.md."""
    return found()


def statements() -> Mapping[str, Statement]:
    """id -> Statement, in the order of docs/theory.md."""
    return {id: entry.statement for id, entry in found().items()}


def markdown(of: Iterable[Entry] | None = None) -> str:
    """docs/theory.md: the problem, and every statement (or those given) with its text, under its family's heading."""
    return "\n".join(_lines(found().values() if of is None else of)) + "\n"


def _lines(of: Iterable[Entry]) -> Iterator[str]:
    yield from ("# The theory, in our words", "", "*Printed by `python -m properties`; with formulas set and evidence "
                "measured it is `out/theory.html`, beside the gallery.*", "", HEAD.rstrip("\n"))
    letter = None
    for entry in of:
        s = entry.statement
        if s.id[0] != letter:
            letter = s.id[0]
            family = FAMILIES.get(letter, Family(""))
            yield from ("", f"## {letter}{': ' * bool(family.title)}{family.title}")
            yield from ("", family.text) if family.text else ()
        yield from ("", f"### {s.id}, {s.name}", "", f"    {s.statement}", "", entry.text, "", f"*{about(entry)}*")


def about(entry: Entry) -> str:
    """Where a statement holds, under which penalties, and the files that have it, in one sentence."""
    s = entry.statement
    further = f"; further `{s.code.replace('.', '/')}.py`" if s.code else ""
    return f"Where: {s.place}. Penalties: {s.under}. In `{entry.file}`{further}; tested in `{s.tests}`."
