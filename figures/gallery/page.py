"""The gallery page: one HTML file that needs nothing else, from the chapters, the figures and their numbers.

It is written as soon as there is anything to show, and again as figures arrive, so that a figure is on it or is named
with the reason why it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple

from figures import reports
from figures.base import Figure, Numbers
from figures.gallery import baselines, page_reports, page_theory, registry
from figures.gallery.drawing import Drawn
from figures.gallery.story import CHAPTERS, Chapter, Further
from figures.pages import blocks, mathml, shell

PROBLEM = "min over unit-norm atoms dⱼ, codes zⱼ ≥ 0 and bias b of E[½|x − b − zD|² + λ Σⱼ zⱼ]"
NOTATION = ("Notation: residual r = x − b − zD, cosines of the atoms G = DDᵀ, mean activity μⱼ = E[zⱼ] and score "
            "sⱼ = ⟨r, dⱼ⟩/λ of atom j, which is on where zⱼ > 0")
FILES = (("svg", "SVG"), ("pdf", "PDF"), ("png", "PNG"), ("gif", "animated GIF"),
         ("csv", "numbers as CSV"), ("npz", "numbers as .npz"))


class Shown(NamedTuple):
    """A figure as the page shows it: its section, written once, and its numbers."""

    html: str
    numbers: Numbers


def show(item: Figure, numbers: Numbers, drawn: Drawn) -> Shown:
    """One figure: its finding, picture, caption, statements, and how to take it away."""
    more = f'<dl class="statements">{"".join(statements(item))}</dl>\n{blocks.facts(facts(item, numbers, drawn))}'
    return Shown(blocks.exhibit(item.name, item.title, drawn.svg, item.alt, item.caption, drawn.panels, more,
                                drawn.film), numbers)


def build(shown: Mapping[str, Shown], out: Path, awaited: frozenset[str] = frozenset(),
          failed: Mapping[str, str] | None = None) -> str:
    """The page. shown: the figures there are; out: the folder in which the page will lie; awaited: names of figures
    that are being made; failed: name -> why it could not be made."""
    failed = failed or {}
    every = {name: registry.figure(name) for name in registry.ORDER}
    held = all(reports.trained_hold(s.numbers) for s in shown.values())
    verdict = blocks.verdict(held, "every statement holds at every trained optimum" if held else
                             "a statement fails at a trained optimum; see the reports")
    contents = [f'<li><a href="#chapter-{c.id}">{escape(c.title)}</a></li>' for c in CHAPTERS]
    body = "\n".join([
        '<a class="skip" href="#story">Skip to the story</a>', '<div class="page">',
        '<header class="top prose">', "<h1>What must be true of an optimal sparse dictionary, and is it?</h1>",
        "<p>Sparse autoencoders decompose activations into features. They approximate this problem:</p>",
        f'<p class="problem">{mathml.markup(PROBLEM)}</p>',
        "<p>Here it is solved to verified optima, on worlds whose truth is known, so that what optimality implies can "
        "be derived and then measured. In every figure lines are predictions of theory and markers are measurements, "
        f"and the numbers are there to take away.</p><p>Verdict: {verdict}.</p>", *state(shown, awaited, failed),
        f'<p class="quiet">{mathml.markup(NOTATION)}.</p>',
        f'<p><a href="{page_theory.FILE}">Every statement, with its derivation and the evidence for it</a>.</p>',
        "</header>",
        '<nav aria-label="Chapters"><ol>', *contents, "</ol></nav>", '<main id="story" tabindex="-1">',
        *(chapter(i, c, {name: shown[name].html if name in shown else absent(every[name], name in awaited,
                                                                             failed.get(name, ""))
                         for name in c.figures}, out) for i, c in enumerate(CHAPTERS, 1)),
        *page_reports.sections(shown[name].numbers for name in registry.ORDER if name in shown),
        "</main>", "</div>",
    ])
    return shell.document("What must be true of an optimal sparse dictionary", body)


def state(shown: Mapping[str, Shown], awaited: frozenset[str], failed: Mapping[str, str]) -> Iterator[str]:
    """What is still on its way, and what could not be made."""
    if awaited:
        yield (f'<p class="quiet" id="awaited">{len(shown)} of {len(registry.ORDER)} figures are here and '
               f"{len(awaited)} on their way: load the page again to see them.</p>")
    if failed:
        names = ", ".join(f"{name} ({why})" for name, why in failed.items())
        yield f'<p id="failed">{blocks.verdict(False, f"Could not be made: {names}.")}</p>'


def chapter(number: int, c: Chapter, figures: Mapping[str, str], out: Path) -> str:
    """A chapter: its text, its figures, and the further pages that exist. figures: name -> HTML, in order."""
    parts = [f'<section class="chapter" id="chapter-{c.id}">', '<div class="prose">',
             f'<h2><span class="number">{number}</span>{escape(c.title)}</h2>',
             *(f"<p>{escape(paragraph)}</p>" for paragraph in c.text), "</div>", *figures.values()]
    parts += [further(page) for page in c.pages if (out / page.file).is_file()]
    return "\n".join([*parts, "</section>"])


def statements(item: Figure, linked: bool = True) -> Iterator[str]:
    """What the figure shows, as formulas; linked to the page of the theory where that lies beside it."""
    from properties.theory import statements as known

    for s in (known()[id] for id in item.statements):
        name = f"{escape(s.id)} {escape(s.name)}"
        name = f'<a href="{page_theory.FILE}#{s.id}">{name}</a>' if linked else name
        yield (f"<div><dt>{name} <span>({escape(s.place)})</span></dt>"
               f"<dd>{mathml.markup(s.statement)}</dd></div>")


def facts(item: Figure, numbers: Numbers, drawn: Drawn) -> Iterator[tuple[str, str]]:
    """Prediction against measurement, files, and the command with the time it takes."""
    yield "Prediction against measurement", f"{escape(item.agreement)}: {agreement(numbers)}"
    yield "Take it away", links(item.name, item.name, drawn)
    took = baselines.seconds(item.name)
    yield ("Make it again", f"<code>testbed figures --fresh {item.name}</code>"
           + (f", about {took} s on one core" if took else ""))


def agreement(numbers: Numbers) -> str:
    """The largest deviation beside what is allowed."""
    off, tolerance = float(numbers["deviation"]), float(numbers["tolerance"])
    held = off <= tolerance
    return f"largest deviation {blocks.verdict(held, f'{off:.1e} {chr(8804) if held else chr(62)} {tolerance:g}')}"


def links(name: str, stem: str, drawn: Drawn) -> str:
    """Links to the files of a figure."""
    return " ".join(f'<a href="{escape(stem)}.{suffix}" aria-label="{name}: {text}">{text}</a>'
                    for suffix, text in FILES if suffix != "gif" or drawn.film is not None)


def absent(item: Figure, awaited: bool, why: str) -> str:
    """A line for a figure that is not there, or whose numbers were computed by other code."""
    state = (blocks.verdict(False, f"could not be made: {why}") if why else "on its way" if awaited else
             f"not made yet: <code>testbed figures {item.name}</code>")
    return f'<p class="quiet exhibit">{escape(item.title)} ({state})</p>'


def further(page: Further) -> str:
    """A link to a page that is more than a figure."""
    return (f'<aside class="further"><p><a href="{escape(page.file)}">{escape(page.title)}</a></p>'
            f"<p>{escape(page.text)}</p></aside>")
