"""The gallery page: one HTML file that needs nothing else, from the chapters, the figures and their numbers."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from figures import baselines, mathml, page_reports, reports, style
from figures.base import Figure, Numbers
from figures.page_style import CSS
from figures.panels import Panel
from figures.story import CHAPTERS, Chapter, Page

PROBLEM = "min over unit-norm atoms dⱼ, codes zⱼ ≥ 0 and bias b of E[½|x − b − zD|² + λ Σⱼ zⱼ]"
NOTATION = ("Notation: residual r = x − b − zD, cosines of the atoms G = DDᵀ, mean activity μⱼ = E[zⱼ] and score "
            "sⱼ = ⟨r, dⱼ⟩/λ of atom j, which is on where zⱼ > 0")
# on a phone, the panels of a figure are shown one below the other, each a part of the one picture; without scripts the
# picture is shown whole, to be swiped
SPLIT = """for (const picture of document.querySelectorAll("img[data-panels]"))
  picture.parentElement.style.setProperty("--picture", `url(${picture.src})`);
document.documentElement.classList.add("split");"""
PIXELS = 96 / 25.4  # CSS pixels per mm
FILES = (("svg", "SVG"), ("pdf", "PDF"), ("png", "PNG"), ("gif", "animated GIF"),
         ("csv", "numbers as CSV"), ("npz", "numbers as .npz"))


class Made(NamedTuple):
    """A figure as it was made: its numbers, its files by suffix, and where its panels are."""

    item: Figure
    numbers: Numbers
    files: Mapping[str, bytes]
    panels: Sequence[Panel]


def build(made: Mapping[str, Made], every: Mapping[str, Figure], out: Path) -> str:
    """The page. made: name -> figures there are; every: all of them; out: the folder in which the page will lie."""
    held = all(reports.trained_hold(m.numbers) for m in made.values())
    verdict = ('<span class="holds">every statement holds at every trained optimum</span>' if held else
               '<span class="fails">a statement fails at a trained optimum; see the reports</span>')
    contents = [f'<li><a href="#chapter-{c.id}">{escape(c.title)}</a></li>' for c in CHAPTERS]
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>What must be true of an optimal sparse dictionary</title>", f"<style>{CSS}</style>", "</head>",
        "<body>", '<a class="skip" href="#story">Skip to the story</a>', '<div class="page">',
        '<header class="top prose">', "<h1>What must be true of an optimal sparse dictionary, and is it?</h1>",
        "<p>Sparse autoencoders decompose activations into features. They approximate this problem:</p>",
        f'<p class="problem">{mathml.markup(PROBLEM)}</p>',
        "<p>Here it is solved to verified optima, on worlds whose truth is known, so that what optimality implies can "
        "be derived and then measured. In every figure lines are predictions of theory and markers are measurements, "
        f"and the numbers are there to take away.</p><p>Verdict: {verdict}.</p>",
        f'<p class="quiet">{mathml.markup(NOTATION)}.</p>', "</header>",
        '<nav aria-label="Chapters"><ol>', *contents, "</ol></nav>", '<main id="story" tabindex="-1">',
        *(chapter(i, c, made, every, out) for i, c in enumerate(CHAPTERS, 1)),
        *page_reports.sections(m.numbers for m in made.values()),
        "</main>", "</div>", f"<script>{SPLIT}</script>", "</body>", "</html>", "",
    ])


def chapter(number: int, c: Chapter, made: Mapping[str, Made], every: Mapping[str, Figure], out: Path) -> str:
    """A chapter: its text, its figures, and the further pages that exist."""
    parts = [f'<section class="chapter" id="chapter-{c.id}">', '<div class="prose">',
             f'<h2><span class="number">{number}</span>{escape(c.title)}</h2>',
             *(f"<p>{escape(paragraph)}</p>" for paragraph in c.text), "</div>"]
    parts += [exhibit(made[name]) if name in made else absent(every[name]) for name in c.figures]
    parts += [further(page) for page in c.pages if (out / page.file).is_file()]
    return "\n".join([*parts, "</section>"])


def exhibit(m: Made) -> str:
    """One figure: its finding, picture, caption, statements, and how to take it away."""
    item = m.item
    picture = base64.b64encode(style.adaptive(m.files[".svg"])).decode()
    divided = len(m.panels) > 1
    fits = divided and max(panel.width for panel in m.panels) < style.COLUMN + 12
    parts = (f'<div class="panels" role="img" aria-label="{escape(item.alt)}">'
             f"{''.join(map(part, m.panels))}</div>") if divided else ""
    return f"""<section class="exhibit{" fits" if fits else ""}" id="{item.name}">
<h3>{escape(item.title)}</h3>
<figure>
<div class="card" tabindex="0" role="region" aria-label="Figure: {escape(item.name)}">
<img{" data-panels" if divided else ""} src="data:image/svg+xml;base64,{picture}" alt="{escape(item.alt)}">{parts}</div>
<p class="swipe" aria-hidden="true">Swipe sideways to see the whole figure.</p>{film(m)}
<figcaption>{escape(item.caption)}</figcaption>
</figure>
<dl class="statements">{"".join(statements(item))}</dl>
<dl class="facts">{"".join(facts(m))}</dl>
</section>"""


def part(panel: Panel) -> str:
    """One panel: the picture as a background, so placed that the panel fills the box, hardly smaller than in print."""
    (width, height), across = panel.of, panel.width * PIXELS
    beyond, below = max(width - panel.width, 1e-9), max(height - panel.height, 1e-9)
    return (f'<div class="panel" style="min-width:{0.94 * across:.0f}px;max-width:{1.5 * across:.0f}px;'
            f"aspect-ratio:{panel.width:.2f}/{panel.height:.2f};"
            f"background-size:{100 * width / panel.width:.3f}% {100 * height / panel.height:.3f}%;"
            f'background-position:{100 * panel.left / beyond:.3f}% {100 * panel.top / below:.3f}%"></div>')


def film(m: Made) -> str:
    """The animation, if there is one: it moves only for who asks, and the figure above is its last frame."""
    if ".gif" not in m.files:
        return ""
    moving = base64.b64encode(m.files[".gif"]).decode()
    return (f'<details><summary>Play it</summary><div class="card" tabindex="0" role="region" '
            f'aria-label="Animation: {escape(m.item.name)}"><img src="data:image/gif;base64,{moving}" '
            f'alt="The same figure, drawn step by step."></div></details>')


def statements(item: Figure) -> Iterator[str]:
    """What the figure shows, as formulas."""
    from properties.theory import statements as known

    for s in (known()[id] for id in item.statements):
        yield (f"<div><dt>{escape(s.id)} {escape(s.name)} <span>({escape(s.where)})</span></dt>"
               f"<dd>{mathml.markup(s.statement)}</dd></div>")


def facts(m: Made) -> Iterator[str]:
    """Prediction against measurement, files, and the command with the time it takes."""
    item, numbers = m.item, m.numbers
    off, tolerance = float(numbers["deviation"]), float(numbers["tolerance"])
    kind, sign = ("holds", "≤") if off <= tolerance else ("fails", ">")
    yield (f"<dt>Prediction against measurement</dt><dd>{escape(item.agreement)}: largest deviation "
           f'<span class="{kind}">{off:.1e} {sign} {tolerance:g}</span></dd>')
    links = (f'<a href="{item.name}.{suffix}" aria-label="{item.name}: {text}">{text}</a>' for suffix, text in FILES
             if suffix != "gif" or ".gif" in m.files)
    yield f"<dt>Take it away</dt><dd>{' '.join(links)}</dd>"
    took = baselines.seconds(item.name)
    yield (f"<dt>Make it again</dt><dd><code>testbed figures --fresh {item.name}</code>"
           + (f", about {took} s on one core" if took else "") + "</dd>")


def absent(item: Figure) -> str:
    """A line for a figure that is not there, or whose numbers were computed by other code."""
    return (f'<p class="quiet exhibit">{escape(item.title)} (not made yet: '
            f"<code>testbed figures {item.name}</code>)</p>")


def further(page: Page) -> str:
    """A link to a page that is more than a figure."""
    return (f'<aside class="further"><p><a href="{escape(page.file)}">{escape(page.title)}</a></p>'
            f"<p>{escape(page.text)}</p></aside>")
