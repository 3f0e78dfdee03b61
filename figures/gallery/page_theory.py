"""The theory as a page beside the gallery: every statement under its own anchor, as formula, derivation and evidence.

Statements are those of `properties`, found by looking; nothing lists them here. Nothing is computed either: evidence is
what the gallery's numbers hold, and for the rest the command that measures it is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from figures.base import Numbers
from figures.gallery import registry
from figures.pages import blocks, derivation, shell

if TYPE_CHECKING:  # statements are loaded when the page is built: to list figures must load nothing heavy
    from properties.base import Property
    from properties.discovery import Entry

FILE = "theory.html"
STYLE = """
.statement { margin: 2.6rem 0 0; scroll-margin-top: 1rem; } .statement p, .statement ul { max-width: 46rem; }
.statement h3 a { text-decoration: none; color: inherit; } .statement h3 span { color: var(--mark); }
.formula { padding-left: 1.5rem; overflow-x: auto; line-height: 2; }
.problem { overflow-x: auto; }
sub, sup { line-height: 0; font-size: .78em; } nav li { display: block; } nav li::before { content: none; }
nav .ids { font-size: .85rem; display: flex; flex-wrap: wrap; gap: .1rem .5rem; }
"""


def build(shown: Mapping[str, Numbers]) -> str:
    """The page. shown : the numbers of the figures that there are."""
    from properties.families import HEAD
    from properties.theory import entries

    known = entries()
    mentions = {id: set(re.findall(r"\b[A-Z]\d+\b", entry.text)) & set(known) - {id} for id, entry in known.items()}
    letters = dict.fromkeys(id[0] for id in known)
    head, _, problem = HEAD.partition("## The problem")
    contents = [f'<li><a href="#family-{letter}">{escape(title(letter))}</a><div class="ids">'
                f'{"".join(_link(id) for id in known if id[0] == letter)}</div></li>' for letter in letters]
    body = "\n".join([
        '<a class="skip" href="#story">Skip to the statements</a>', '<div class="page">', '<header class="top prose">',
        "<h1>What must be true of an optimal sparse dictionary</h1>",
        f"<p>{len(known)} statements, each with its derivation and the evidence for it. "
        '<a href="index.html">The gallery</a> shows them at work.</p>',
        derivation.html(head.strip(), known), "<h2>The problem</h2>", derivation.html(problem.strip("\n"), known),
        "</header>", f'<nav aria-label="Families"><ol>{"".join(contents)}</ol></nav>',
        '<main id="story" tabindex="-1">', *(part for letter in letters for part in family(letter, known, mentions,
                                                                                           shown)),
        "</main>", "</div>"])
    return shell.document("The theory of optimal sparse dictionaries", body, style=STYLE)


def title(letter: str) -> str:
    """What a family is called."""
    from properties.families import FAMILIES, Family

    words = FAMILIES.get(letter, Family("")).title
    return f"{letter}: {words}" if words else letter


def family(letter: str, known: Mapping[str, Entry], mentions: Mapping[str, set[str]],
           shown: Mapping[str, Numbers]) -> Iterator[str]:
    """A family: what its statements share, and each of them."""
    from properties.families import FAMILIES, Family

    yield f'<section class="chapter" id="family-{letter}"><h2>{escape(title(letter))}</h2>'
    text = FAMILIES.get(letter, Family("")).text
    yield f'<div class="prose">{derivation.html(text, known)}</div>' if text else ""
    for id, entry in known.items():
        if id[0] == letter:
            yield statement(entry, known, mentions, shown)
    yield "</section>"


def statement(entry: Entry, known: Mapping[str, Entry], mentions: Mapping[str, set[str]],
              shown: Mapping[str, Numbers]) -> str:
    """One statement: formula, derivation, where it is used, evidence."""
    s = entry.statement
    facts = blocks.facts(_facts(entry, known, mentions, shown))
    return (f'<section class="statement" id="{s.id}"><h3><a href="#{s.id}"><span>{s.id}</span> {escape(s.name)}</a>'
            f"</h3>\n{derivation.displayed(derivation.formula(s.statement), 'problem')}\n"
            f"{derivation.html(_text(entry), known, s.id)}\n{facts}</section>")


def _text(entry: Entry) -> str:
    """The derivation, without the id and name that the heading has."""
    text = entry.text.removeprefix(f"{entry.statement.id}, ")
    return text[:1].upper() + text[1:]


def _facts(entry: Entry, known: Mapping[str, Entry], mentions: Mapping[str, set[str]],
           shown: Mapping[str, Numbers]) -> Iterator[tuple[str, str]]:
    s = entry.statement
    yield "Where it holds", escape(s.place)
    if mentions[s.id]:
        yield "Rests on, or compares with", " ".join(_link(id) for id in known if id in mentions[s.id])
    users = [id for id in known if s.id in mentions[id]]
    if users:
        yield "Used by", " ".join(map(_link, users))
    yield "Evidence", "<br>".join(evidence(entry, shown))
    files = dict.fromkeys([entry.file, *([s.code.partition(":")[0].replace(".", "/") + ".py"] if s.code else []),
                           s.tests])
    yield "Files", ", ".join(f"<code>{escape(file)}</code>" for file in files)


def evidence(entry: Entry, shown: Mapping[str, Numbers]) -> Iterator[str]:
    """What the gallery's numbers say of it, and the command that measures it anew."""
    from properties.base import Property

    s = entry.statement
    if isinstance(s, Property) and (at := _at_optima(s, shown)):
        count, worst = at
        held = worst <= s.tolerance
        relation = f"{worst:.1e} {'≤' if held else '>'} {s.tolerance:.0e}"
        yield (f"largest residual at {count} trained {'optimum' if count == 1 else 'optima'} of the gallery: "
               f"{blocks.verdict(held, relation)}")
    for name in registry.ORDER:
        item = registry.figure(name)
        if s.id not in item.statements:
            continue
        if name not in shown:
            yield f"figure {name}, not made yet: <code>testbed figures {name}</code>"
            continue
        off, tolerance = float(shown[name]["deviation"]), float(shown[name]["tolerance"])
        held = off <= tolerance
        yield (f'<a href="index.html#{name}">figure {name}</a>, {escape(item.agreement)}: '
               f"{blocks.verdict(held, f'{off:.1e} {chr(8804) if held else chr(62)} {tolerance:g}')}")
    if s.no_figure:
        yield f"no figure: {escape(s.no_figure)}"
    yield f"measured anew: <code>testbed theory {s.id}</code>"


def _at_optima(s: Property, shown: Mapping[str, Numbers]) -> tuple[int, float] | None:
    """At how many trained optima of the gallery the statement was measured, and its largest residual there."""
    found: list[float] = []
    for numbers in shown.values():
        ids = [str(id) for id in np.atleast_1d(numbers.get("report_ids", []))]
        if s.id in ids:
            column = ids.index(s.id)
            asked = np.asarray(numbers["report_applied"])[:, column] & np.asarray(numbers["report_trained"])
            found += np.asarray(numbers["report_residual"])[asked, column].tolist()
    return (len(found), max(found)) if found else None


def _link(id: str) -> str:
    return f'<a href="#{id}">{id}</a>'
