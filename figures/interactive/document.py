"""From Bokeh figures, sliders and words to the bytes of one HTML file that needs nothing else.

The sliders are the browser's own (keyboard, touch and screen readers work as everywhere); they set the model `chosen`,
and a CustomJS on it copies one frame into the sources that are drawn. Bytes do not depend on what was built before:
Bokeh's running numbers and random names are replaced by their order of appearance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from figures import style
from figures.interactive.base import Control, Interactive
from figures.interactive.looks import SCRIPT, STYLE
from figures.pages import shell


class Panel(NamedTuple):
    """A picture of the bench: a Bokeh figure, its heading, what is drawn in it (HTML), and a text alternative."""

    figure: Any
    heading: str
    caption: str
    alt: str


def plot(width: str, height: str, aspect: float = 1.0, **options: Any) -> Any:
    """An empty Bokeh figure in the project's style, as wide as its place; axis labels as given.

    No tools: on a phone a finger on the figure scrolls the page.
    """
    from bokeh.plotting import figure

    made = figure(sizing_mode="stretch_width", aspect_ratio=aspect, tools="", toolbar_location=None,
                  x_axis_label=width, y_axis_label=height, **options)
    made.xgrid.visible = made.ygrid.visible = False
    made.outline_line_color = None
    made.min_border_right = 12
    for axis in (made.xaxis, made.yaxis):
        axis.axis_label_text_font_size, axis.major_label_text_font_size = "13px", "12px"
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = axis.major_label_text_color = style.BLACK
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = style.GREY
    return made


def sources(**columns: str) -> dict[str, Any]:
    """Empty sources by name, each with the columns listed in a string; the browser fills them."""
    from bokeh.models import ColumnDataSource

    return {name: ColumnDataSource(data={column: [] for column in text.split()}, name=name)
            for name, text in columns.items()}


def chosen(frames: Mapping[str, Any], code: str, filled: Mapping[str, Any]) -> Any:
    """The model that sliders set: its CustomJS finds the frame k and runs `code`, which sees k, `frames` and `sources`.

    frames : column -> (frames,) array. sources : name -> ColumnDataSource to be filled.
    """
    from bokeh.models import ColumnDataSource, CustomJS

    held = ColumnDataSource(data=dict(frames), name="frames")
    model = ColumnDataSource(data={"i": []}, name="chosen")
    model.js_on_change("data", CustomJS(args={"table": held, **filled}, code=code))
    return model


def lookup(page: Interactive) -> str:
    """JavaScript for the head of a page's code: `at` the sliders' positions, `k` the frame, `f(name)` its number."""
    strides = [1]
    for count in reversed(page.shape[1:]):
        strides.insert(0, strides[0] * count)
    return f"""
const strides = {json.dumps(strides)}, at = cb_obj.data.i, frames = table.data;
const k = at.reduce((sum, i, n) => sum + i * strides[n], 0);
const f = (name, frame = k) => frames[name][frame];
const fixed = (x, n) => (Math.abs(x) < 0.5 / 10 ** n ? 0 : x).toFixed(n);
const put = (id, text) => {{ document.getElementById(id).textContent = text; }};
"""


def assemble(page: Interactive, lead: str, panels: Sequence[Panel], readout: str, about: str, model: Any) -> bytes:
    """The page, from HTML for its head, numbers and notes, and the model that the sliders set.

    The bench comes first and fills a window: sliders, settings to try, what is seen, numbers; beside them the pictures,
    three in a row if there are three, else two. Under it what there is to read.
    """
    from bokeh.embed import components
    from bokeh.resources import Resources

    from properties.theory import statements

    panels[0].figure.tags = [model]  # so that the document holds it
    script, divs = components([panel.figure for panel in panels])
    script, *divs = _named_in_order([script, *divs])
    known = statements()
    row = {3: "bench three", 4: "bench four"}.get(len(panels), "bench")
    body = "\n".join([
        f'<div class="page"><header><h1>{escape(page.title)}</h1></header>', f'<main><div class="{row}">',
        '<div class="side">',
        '<form class="controls" aria-label="Parameters" onsubmit="return false">', *map(_slider, page.controls),
        "</form>", '<ul class="presets" aria-label="Settings to try">',
        *(f'<li><button type="button" data-positions="{json.dumps(list(where))}">{escape(text)}</button></li>'
          for text, where in page.positions().items()),
        "</ul>", "<noscript><p>The sliders need JavaScript; the numbers are in the .npz.</p></noscript>",
        '<p id="says" role="status" aria-live="polite"></p>',
        '<div class="tools"><button type="button" id="save_svg">Save as SVG</button>'
        '<button type="button" id="save_png">Save as PNG</button>'
        '<button type="button" id="copy_link">Copy link</button></div></div>', '<div class="plots">',
        *(f'<figure><figcaption>{escape(panel.heading)}</figcaption>'
          f'<div class="card" role="img" aria-label="{escape(panel.alt)}">{div}</div></figure>'
          for panel, div in zip(panels, divs, strict=True)),
        f'</div><div class="numbers">{readout}</div></div><div class="read">', lead, "<h2>What is drawn</h2>",
        *(f"<p><b>{escape(panel.heading)}.</b> {panel.caption}</p>" for panel in panels),
        "<h2>What theory says here</h2>", "<dl>",
        *(f"<dt>{id}</dt><dd>{escape(known[id].statement)}</dd>" for id in page.statements), "</dl>",
        "<p>The address of this page holds the settings: a link to it shows what you see.</p>",
        f"<h2>About the frames</h2>{about}", "</div></main></div>",
        f"<script>document.body.dataset.name = {json.dumps(page.name)};</script>", script,
    ])
    head = '<link rel="icon" href="data:,">\n' + Resources(mode="inline", components=["bokeh"]).render_js()
    return shell.document(page.title, body, head=head, style=STYLE, script=SCRIPT).encode()


def _slider(control: Control) -> str:
    value = f"{control.values[control.start]:.{control.digits}f}"
    return (f'<div><label for="{control.name}">{escape(control.label)}: '
            f'<output id="{control.name}_value" for="{control.name}">{value}</output></label>'
            f'<input type="range" id="{control.name}" min="0" max="{control.count - 1}" step="1" '
            f'value="{control.start}" data-values="{json.dumps(control.values.tolist())}" '
            f'data-digits="{control.digits}" aria-valuetext="{value}" autocomplete="off"></div>')


def _named_in_order(texts: Sequence[str]) -> list[str]:
    """Bokeh's names of models and documents, replaced by their order of appearance: the same page, the same bytes."""
    seen: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        return seen.setdefault(found[0], f'"m{len(seen):04d}"')

    return [re.sub(r'"(?:p\d{4,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"', renamed, text) for text in texts]


def constants(values: Mapping[str, Any]) -> str:
    """JavaScript that defines constants."""
    return "".join(f"const {name} = {json.dumps(value, ensure_ascii=False)};\n" for name, value in values.items())


def about(page: Interactive, numbers: Mapping[str, Any], how: str, theory: str) -> str:
    """How the frames were made, how well they agree with theory, and the command that makes them again."""
    worst = max(float(numbers["stationarity"].max()), float(numbers["kkt"].max()))
    return (f"<p>{page.frames} optima, {how}. Stationarity and KKT are at most {worst:.0e} in every one. Largest "
            f"deviation of F from {theory}: {float(numbers['deviation']):.0e}. Status: global means certified (G2), "
            "local_min a verified local minimum, the best that was found. Nothing is solved in this page: it shows "
            f'frames of <a href="{page.name}.npz">{page.name}.npz</a>. Make it again: '
            f"<code>testbed figures {page.name}</code></p>")
