"""The gallery page: one HTML file that needs nothing else, from the figures and their numbers."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from figures import reports
from figures.base import Figure, Numbers

STYLE = """
:root { color-scheme: light dark; --ground: #fbfbf9; --ink: #222; --quiet: #5c5c5c; --line: #ddd; --good: #00694a;
  --bad: #a33c00; --link: #005a94; }
@media (prefers-color-scheme: dark) { :root { --ground: #17191c; --ink: #e6e6e3; --quiet: #a0a4a8; --line: #3a3e44;
  --good: #4fc79b; --bad: #ff9a5c; --link: #79bdf0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem clamp(.8rem, 3vw, 2rem) 4rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 3rem 0 .7rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
a { color: var(--link); }
nav ol { padding-left: 1.4rem; }
figure { margin: 0; }
.card { background: #fff; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; overflow-x: auto; }
.card img { display: block; width: 100%; min-width: 34rem; height: auto; }
figcaption { margin: .7rem 0; }
.quiet, dd { color: var(--quiet); font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .8rem; margin: .6rem 0; font-size: .9rem; }
dt { font-weight: 600; } dd { margin: 0; }
code { font: .88em ui-monospace, monospace; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .15rem .8rem .15rem 0; text-align: left; border-bottom: 1px solid var(--line); }
.holds { color: var(--good); } .fails { color: var(--bad); font-weight: 600; }
"""


def build(made: Mapping[str, tuple[Figure, Numbers, bytes]], every: Sequence[Figure]) -> str:
    """The page. made: name -> (figure, its numbers, its SVG) for the figures there are; every: all, in order."""
    held = all(reports.trained_hold(numbers) for _, numbers, _ in made.values())
    verdict = ('<span class="holds">every statement holds at every trained optimum</span>' if held else
               '<span class="fails">a statement fails at a trained optimum; see the reports</span>')
    entries = [f'<li><a href="#{f.name}">{escape(f.title)}</a></li>' if f.name in made else
               f'<li class="quiet">{escape(f.title)} (not made yet: <code>testbed figures {f.name}</code>)</li>'
               for f in every]
    return "\n".join([
        '<!DOCTYPE html>', '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>What must be true of an optimal sparse dictionary</title>", f"<style>{STYLE}</style>", "</head>",
        "<body>",
        "<header>", "<h1>What must be true of an optimal sparse dictionary, and is it?</h1>",
        "<p>Dictionaries are trained to verified optima of E[½|x − b − zD|² + λ Σ z], z ≥ 0, atoms of unit norm. "
        "Lines are predictions of theory, and markers are measurements at what was trained. Notation: "
        "r = x − b − zD the residual, G = DDᵀ the cosines of the atoms, μⱼ = E[zⱼ] the mean activity of atom j, and "
        f"sⱼ = ⟨r, dⱼ⟩/λ its score.</p><p>Verdict: {verdict}.</p>", "</header>",
        "<nav aria-label=\"Figures\"><ol>", *entries, "</ol></nav>", "<main>",
        *(section(*item) for item in made.values()), *report_sections(made), "</main>", "</body>", "</html>", "",
    ])


def section(item: Figure, numbers: Numbers, svg: bytes) -> str:
    """One figure: picture, caption, statements, agreement, files and the command that makes it again."""
    picture = base64.b64encode(svg).decode()
    statements = "".join(f"<dt>{escape(i)}</dt><dd>{escape(statement(i))}</dd>" for i in item.statements)
    links = ", ".join(f'<a href="{item.name}.{suffix}">{suffix}</a>' for suffix in ("svg", "png", "npz"))
    within = float(numbers["deviation"]) <= float(numbers["tolerance"])
    return f"""<section id="{item.name}">
<h2>{escape(item.title)}</h2>
<figure>
<div class="card" tabindex="0" role="region" aria-label="Figure: {escape(item.name)}">
<img src="data:image/svg+xml;base64,{picture}" alt="{escape(item.alt)}"></div>
<figcaption>{escape(item.caption)}</figcaption>
</figure>
<dl>{statements}</dl>
<p class="quiet">Largest deviation ({escape(item.agreement)}):
<span class="{'holds' if within else 'fails'}">{float(numbers['deviation']):.1e}</span> (tolerance
{float(numbers['tolerance']):g}). Files: {links}. Make it again: <code>testbed figures {item.name}</code></p>
</section>"""


def statement(id: str) -> str:
    """One line of mathematics for a statement's id."""
    from properties.theory import statements

    return statements()[id].statement


def report_sections(made: Mapping[str, tuple[Figure, Numbers, bytes]]) -> Iterable[str]:
    """The property reports of all optima, folded away under their labels."""
    with_reports = [numbers for _, numbers, _ in made.values() if "report_ids" in numbers]
    if not with_reports:
        return
    yield "<section id=\"reports\"><h2>Property reports</h2>"
    yield ("<p>Residuals are dimensionless: 0 where a statement holds exactly, unmoved by scaling X and λ together. "
           "Dictionaries that are not optimal are shown for contrast and do not count in the verdict.</p>")
    for numbers in with_reports:
        for row in range(len(numbers["report_labels"])):
            yield report(numbers, row)
    yield "</section>"


def report(numbers: Numbers, row: int) -> str:
    """One optimum's report as a table that unfolds."""
    import properties

    held = reports.holds(numbers)[row]
    applied = np.flatnonzero(numbers["report_applied"][row])
    failed = int((~held[applied]).sum())
    label, trained = str(numbers["report_labels"][row]), bool(numbers["report_trained"][row])
    kind = f"trained, {numbers['report_status'][row]}" if trained else "not an optimum"
    outcome = (f'<span class="fails">{failed} of {len(applied)} fail</span>' if failed else
               f'<span class="holds">all {len(applied)} hold</span>')
    rows = []
    for i in applied:
        name, value = str(numbers["report_ids"][i]), float(numbers["report_residual"][row][i])
        rows.append(
            f"<tr><td>{name}</td><td>{escape(properties.BY_ID[name].name)}</td><td>{value:.1e}</td>"
            f"<td>{float(numbers['report_tolerance'][i]):.0e}</td><td class=\"{'holds' if held[i] else 'fails'}\">"
            f"{'holds' if held[i] else 'FAILS'}</td><td>{escape(str(numbers['report_worst'][row][i]))}</td></tr>")
    return f"""<details><summary>{escape(label)} <span class="quiet">({kind})</span>: {outcome}</summary>
<p class="quiet">objective {float(numbers['report_objective'][row]):.10g};
{int(numbers['report_live'][row])} live atoms, {int(numbers['report_dead'][row])} dead</p>
<div class="scroll" tabindex="0" role="region" aria-label="Report: {escape(label)}"><table>
<thead><tr><th>id</th><th>statement</th><th>residual</th><th>tolerance</th><th>verdict</th><th>worst place</th></tr>
</thead>
<tbody>{''.join(rows)}</tbody></table></div></details>"""
