"""The blocks of a page: pictures, animations, tables, and what became of statements."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from figures import style
from figures.pages.panels import Panel

PIXELS = 96 / 25.4  # CSS pixels per mm


def fits(panels: Sequence[Panel]) -> bool:
    """Whether the panels of a picture, one below the other, fit the width of a phone."""
    return len(panels) > 1 and max(panel.width for panel in panels) < style.COLUMN + 12


def picture(name: str, svg: bytes, alt: str, panels: Sequence[Panel] = ()) -> str:
    """A picture on a card, which can be swiped where it is wider than the page, or is shown by panels."""
    encoded = base64.b64encode(style.adaptive(svg)).decode()
    divided = len(panels) > 1
    parts = (f'<div class="panels" role="img" aria-label="{escape(alt)}">{"".join(map(_panel, panels))}</div>'
             if divided else "")
    return (f'<div class="card" tabindex="0" role="region" aria-label="Figure: {escape(name)}">\n'
            f'<img{" data-panels" if divided else ""} src="data:image/svg+xml;base64,{encoded}" alt="{escape(alt)}">'
            f'{parts}</div>\n<p class="swipe" aria-hidden="true">Swipe sideways to see the whole figure.</p>')


def exhibit(name: str, title: str, svg: bytes, alt: str, caption: str, panels: Sequence[Panel] = (),
            more: str = "", film: bytes | None = None) -> str:
    """A picture under its finding and over its caption. more : HTML that follows. film : an animated GIF of it."""
    return f"""<section class="exhibit{" fits" if fits(panels) else ""}" id="{escape(name)}">
<h3>{escape(title)}</h3>
<figure>
{picture(name, svg, alt, panels)}{"" if film is None else animation(name, film)}
<figcaption>{escape(caption)}</figcaption>
</figure>
{more}
</section>"""


def _panel(panel: Panel) -> str:
    """One panel: the picture as a background, so placed that the panel fills the box, hardly smaller than in print."""
    (width, height), across = panel.of, panel.width * PIXELS
    beyond, below = max(width - panel.width, 1e-9), max(height - panel.height, 1e-9)
    return (f'<div class="panel" style="min-width:{0.94 * across:.0f}px;max-width:{1.5 * across:.0f}px;'
            f"aspect-ratio:{panel.width:.2f}/{panel.height:.2f};"
            f"background-size:{100 * width / panel.width:.3f}% {100 * height / panel.height:.3f}%;"
            f'background-position:{100 * panel.left / beyond:.3f}% {100 * panel.top / below:.3f}%"></div>')


def animation(name: str, gif: bytes) -> str:
    """An animation: it moves only for who asks, and the picture above is its last frame."""
    return (f'<details><summary>Play it</summary><div class="card" tabindex="0" role="region" '
            f'aria-label="Animation: {escape(name)}"><img src="data:image/gif;base64,'
            f'{base64.b64encode(gif).decode()}" alt="The same figure, drawn step by step."></div></details>')


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Terms beside what they are. pairs : (words, HTML)."""
    return f'<dl class="facts">{"".join(f"<dt>{escape(term)}</dt><dd>{html}</dd>" for term, html in pairs)}</dl>'


def verdict(holds: bool, text: str) -> str:
    """Words in the colour of what holds or of what fails."""
    return f'<span class="{"holds" if holds else "fails"}">{escape(text)}</span>'


def table(label: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls by itself where it is wider than the page. rows : cells as HTML."""
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table>\n<thead><tr>'
            f'{"".join(f"<th>{escape(cell)}</th>" for cell in head)}</tr></thead>\n<tbody>{body}</tbody></table></div>')


class Judged(NamedTuple):
    """A statement as a line of a table."""

    id: str
    name: str
    residual: float
    tolerance: float
    holds: bool
    worst: str


def judged(label: str, statements: Iterable[Judged]) -> str:
    """The table of what became of statements."""
    return table(label, ("id", "statement", "residual", "tolerance", "verdict", "worst place"),
                 ((s.id, escape(s.name), f"{s.residual:.1e}", f"{s.tolerance:.0e}",
                   verdict(s.holds, "holds" if s.holds else "FAILS"), escape(s.worst)) for s in statements))
