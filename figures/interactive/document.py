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
from typing import Any

from figures import style
from figures.interactive.base import Interactive
from figures.pages import shell

# beyond the looks of every page
STYLE = """
.page { max-width: 68rem; padding-top: 1.2rem; } h1 { font-size: 1.5rem; margin: .3rem 0; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; } p { margin: .5rem 0; }
figcaption, dd { color: var(--quiet); font-size: .9rem; }
.controls { position: sticky; top: 0; z-index: 5; display: grid; gap: .3rem 1.4rem; padding: .6rem .8rem;
  grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
.controls label { display: block; font-size: .9rem; } .controls output { font-weight: 700;
  font-variant-numeric: tabular-nums; }
input[type=range] { width: 100%; height: 1.5rem; accent-color: #0072B2; margin: 0; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
.presets { display: flex; flex-wrap: wrap; gap: .5rem; margin: .7rem 0; padding: 0; list-style: none; }
button { font: inherit; font-size: .9rem; padding: .25rem .7rem; border: 1px solid var(--line); border-radius: 1rem;
  background: var(--card); color: var(--ink); cursor: pointer; }
#says { min-height: 3em; font-weight: 600; }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(2, minmax(0, 1fr)); align-items: start; }
.plots figure { min-width: 0; } .plots .card { background: #fff; padding: .4rem; overflow: visible; }
.plots.three { grid-template-columns: repeat(3, minmax(0, 1fr)); }
@media (max-width: 47rem) { .plots, .plots.three { grid-template-columns: minmax(0, 1fr); } }
table { font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .8rem; margin: .4rem 0; }
dt { font-weight: 600; } dd { margin: 0; }
@media (max-height: 30rem) { .controls { position: static; } }
"""

SCRIPT = """
(function start() {
  const doc = window.Bokeh && Bokeh.documents[0];
  if (!doc || !doc.is_idle) { setTimeout(start, 20); return; }
  const chosen = doc.get_model_by_name("chosen");
  const sliders = [...document.querySelectorAll(".controls input")];
  const send = () => {
    for (const s of sliders) {
      const text = (+s.dataset.first + s.value * s.dataset.step).toFixed(+s.dataset.digits);
      s.setAttribute("aria-valuetext", text);
      document.getElementById(s.id + "_value").textContent = text;
    }
    chosen.data = { i: sliders.map(s => +s.value) };
  };
  for (const s of sliders) s.addEventListener("input", send);
  for (const b of document.querySelectorAll("button[data-positions]")) b.addEventListener("click", () => {
    JSON.parse(b.dataset.positions).forEach((value, k) => { sliders[k].value = value; });
    send();
  });
  send();
  document.body.dataset.ready = "yes";
})();
"""


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


def assemble(page: Interactive, lead: str, panels: Sequence[tuple[Any, str, str]], readout: str, about: str,
             model: Any) -> bytes:
    """The page, from HTML for its head, numbers and notes, and the model that the sliders set.

    panels : (Bokeh figure, caption, text alternative), three in a row if there are three, else two.
    """
    from bokeh.embed import components
    from bokeh.resources import Resources

    from properties.theory import statements

    panels[0][0].tags = [model]  # so that the document holds it
    script, divs = components([figure for figure, _, _ in panels])
    script, *divs = _named_in_order([script, *divs])
    known = statements()
    row = "plots three" if len(panels) == 3 else "plots"
    body = "\n".join([
        '<div class="page">', f"<header><h1>{escape(page.title)}</h1>{lead}</header>", "<main>",
        '<form class="controls" aria-label="Parameters" onsubmit="return false">', *map(_slider, page.controls),
        "</form>", '<ul class="presets" aria-label="Settings to try">',
        *(f'<li><button type="button" data-positions="{json.dumps(list(where))}">{escape(text)}</button></li>'
          for text, where in page.presets.items()),
        "</ul>", "<noscript><p>The sliders need JavaScript; the numbers are in the .npz.</p></noscript>",
        '<p id="says" role="status" aria-live="polite"></p>', f'<div class="{row}">',
        *(f'<figure><div class="card" role="img" aria-label="{escape(alt)}">{div}</div>'
          f"<figcaption>{caption}</figcaption></figure>"
          for (_, caption, alt), div in zip(panels, divs, strict=True)),
        "</div>", readout, "<h2>What theory says here</h2>", "<dl>",
        *(f"<dt>{id}</dt><dd>{escape(known[id].statement)}</dd>" for id in page.statements), "</dl>",
        f"<h2>About the frames</h2>{about}", "</main>", "</div>", script,
    ])
    head = '<link rel="icon" href="data:,">\n' + Resources(mode="inline", components=["bokeh"]).render_js()
    return shell.document(page.title, body, head=head, style=STYLE, script=SCRIPT).encode()


def _slider(control: Any) -> str:
    value = f"{control.values[control.start]:.{control.digits}f}"
    return (f'<div><label for="{control.name}">{escape(control.label)}: '
            f'<output id="{control.name}_value" for="{control.name}">{value}</output></label>'
            f'<input type="range" id="{control.name}" min="0" max="{control.count - 1}" step="1" '
            f'value="{control.start}" data-first="{control.first!r}" data-step="{control.step!r}" '
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
