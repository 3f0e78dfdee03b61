"""A width slider: categories refine until every point has its own atom, and the objective meets its floor (G1, G2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Numbers
from figures.interactive import document
from figures.interactive.base import STATUS, Control, Interactive, Say, columns, evenly

# two halves of the plane, two groups in each, three points in each group; no two alike, so that no two optima tie
DEGREES = np.array([-9.0, 2.0, 12.0, 67.0, 79.0, 88.0, 170.0, 181.0, 193.0, 246.0, 257.0, 268.0])
LENGTH = np.array([1.00, 1.15, 0.95, 1.05, 1.20, 0.90, 1.10, 0.98, 1.02, 0.92, 1.12, 1.06])
X = LENGTH[:, None] * np.stack([np.cos(np.radians(DEGREES)), np.sin(np.radians(DEGREES))], axis=1)
POINTS = len(X)
LAM = Control("lam", "penalty λ", evenly(0.05, 0.5, 0.05), 0.2)
WIDTH = Control("width", "number of atoms m", evenly(1, POINTS, 1), 4, 0)
RESTARTS = 16


def compute(say: Say) -> Numbers:
    """Optima of every width at all penalties at once, warm starts along both, and the bounds of G1 checked."""
    from testbed import Path, fit_many, huber
    from testbed.basins.paths import repair

    every_lam = []  # for each width, its optima at all penalties
    for m in WIDTH.values.astype(int).tolist():
        say(f"page {PAGE.name}: m = {m}")
        batch = fit_many(np.repeat(X[None], LAM.count, axis=0), m, LAM.values, restarts=RESTARTS)
        every_lam.append(repair(Path(tuple(map(batch.optimum, range(LAM.count))))).optima)
    found = [repair(Path(optima)) for optima in zip(*every_lam, strict=True)]
    optima = [_in_order(one) for path in found for one in path.optima]
    violations = sum(len(path.violations) for path in found)
    settings = PAGE.parameters()
    D, Z = np.full((PAGE.frames, POINTS, 2), np.nan), np.zeros((PAGE.frames, POINTS, POINTS))
    for k, one in enumerate(optima):
        D[k, :one.n_atoms], Z[k, :, :one.n_atoms] = one.D, one.Z.toarray()
    floor = np.array([huber(LENGTH, lam).mean() for lam in settings["lam"]])
    F = np.array([one.objective for one in optima])
    every = settings["width"] == POINTS
    return settings | {
        "D": D, "Z": Z, "F": F, "floor": floor, "violations": violations, "X": X,
        "radius": [one.radius for one in optima], "status": [STATUS.index(one.status) for one in optima],
        "alone": [((one.Z > 0).sum(axis=0) == 1).sum() for one in optima],
        "uncoded": [int((one.Z.sum(axis=1) == 0).sum()) for one in optima],
        "stationarity": np.array([one.stationarity for one in optima]), "kkt": np.array([one.kkt for one in optima]),
        "tolerance": 1e-8, "deviation": float(np.abs(F - floor)[every].max() + np.maximum(floor - F, 0).max()),
    }


def _in_order(optimum: Any) -> Any:
    """The atoms by their angle, from that of the first point on."""
    from testbed import Optimum

    angle = np.degrees(np.arctan2(optimum.D[:, 1], optimum.D[:, 0]))
    order = np.argsort((angle - DEGREES[0] + 1) % 360)
    return Optimum.at(optimum.problem, optimum.D[order], Z=optimum.Z[:, order], hessian_min=optimum.hessian_min)


CODE = """
const m = f("width"), lam = f("lam"), n = points.length, own = [...Array(m).keys()];
const D = own.map(j => [f(`D_${j}_0`), f(`D_${j}_1`)]), Z = points.map((_, i) => own.map(j => f(`Z_${i}_${j}`)));
const first = Z.map(z => z.some(v => v > 0) ? z.indexOf(Math.max(...z)) : -1);
const hue = j => j < 0 ? grey : palette[j % palette.length];
const links = [];
Z.forEach((z, i) => z.forEach((v, j) => { if (v > 0) links.push([i, j, v]); }));
spokes.data = { x0: D.map(_ => 0), y0: D.map(_ => 0), x: D.map(d => d[0]), y: D.map(d => d[1]),
  colour: own.map(hue) };
data.data = { x: points.map(p => p[0]), y: points.map(p => p[1]), colour: first.map(hue) };
served.data = { x0: links.map(([i, j]) => D[j][0]), y0: links.map(([i, j]) => D[j][1]),
  x: links.map(([i]) => points[i][0]), y: links.map(([i]) => points[i][1]), colour: links.map(([i, j]) => hue(j)) };
cells.data = { point: links.map(([i]) => i + 1), atom: links.map(([i, j]) => j + 1),
  size: links.map(([i, j, v]) => 3 + scale * v), colour: links.map(([i, j]) => hue(j)) };
const line = Array.from({ length: n }, (_, i) => at[0] * strides[0] + i);
const above = j => Math.log10(Math.max(f("F", j) - f("floor", j), 1e-5));
path.data = { width: line.map(j => f("width", j)), gap: line.map(above) };
now.data = { width: [m], gap: [above(k)] };
const alone = f("alone"), left = f("uncoded"), shared = Z.filter(z => z.filter(v => v > 0).length > 1).length;
const some = (k, what) => k + (k == 1 ? " point is " : " points are ") + what;
put("says", (m == 1 ? "One atom" : m + " atoms") + ": " + (m == n ?
  "every point has its own, every residual is as long as λ, and the objective is at the floor (G2)." :
  (alone ? (alone == 1 ? "one serves a single point, the others" : alone + " serve a single point each, the others") +
    " a category" : "each serves a category") + (shared ? "; " + some(shared, "shared") : "") +
  (left ? "; " + some(left, "not coded") : "") + "." +
  " Some residual is longer than λ: one more atom helps (G2)."));
put("objective", fixed(f("F"), 10)); put("floor", fixed(f("floor"), 10));
put("gap", fixed(f("F") - f("floor"), 10)); put("radius", fixed(f("radius"), 6));
put("status", statuses[f("status")]);
"""

LEAD = """<p>Twelve points in the plane, in two halves of two groups of three. Atoms of unit norm are trained to the
optimum of E[½|x − zD|² + λ Σ z], z ≥ 0. Add atoms: categories split, first into groups, then within them, until every
point has an atom of its own. No dictionary of any width is below the floor E[h<sub>λ</sub>(|x|)].</p>"""

READOUT = """<dl><dt>objective F</dt><dd id="objective"></dd><dt>floor E[h<sub>λ</sub>(|x|)]</dt>
<dd id="floor"></dd><dt>gap</dt><dd id="gap"></dd><dt>max |r| / λ</dt><dd id="radius"></dd>
<dt>status</dt><dd id="status"></dd></dl>"""


def build(numbers: Numbers) -> bytes:
    """The plane with points and atoms, who codes what, and the gap to the floor against the width."""
    sources = document.sources(spokes="x0 y0 x y colour", data="x y colour", served="x0 y0 x y colour",
                               cells="point atom size colour", path="width gap", now="width gap")
    frames = columns(numbers, {name: name for name in (
        "D", "Z", "F", "floor", "lam", "width", "radius", "status", "alone", "uncoded")})
    constants = {"points": X.tolist(), "palette": [style.BLUE, style.VERMILION, style.GREEN, style.ORANGE,
                                                   style.PURPLE, style.SKY],
                 "grey": style.GREY, "scale": 14, "statuses": list(STATUS)}
    code = document.constants(constants) + document.lookup(PAGE) + CODE
    about = document.about(PAGE, numbers, f"each the best of {RESTARTS} random starts and of the optima one atom "
                           "narrower and wider, and at the penalties before and after, as starts; bounds of G1 "
                           f"between widths that were broken: {int(numbers['violations'])}",
                           "the floor, where every point has its own atom")
    panels = [
        document.Panel(_plane(sources), "Points and atoms",
                       "Arrows: atoms, of length 1. A point has the colour of the atom it uses most, and a line to "
                       "each atom it uses; grey points are not coded.",
                       "The points of the plane, the atoms, and which atoms code which points."),
        document.Panel(_cells(sources), "Who codes what",
                       "A disc where an atom codes a point, its diameter the code. Columns 1–3, 4–6, 7–9 and 10–12 are "
                       "the groups.", "Which atom codes which point, and how strongly."),
        document.Panel(_gap(sources), "Objective above the floor",
                       "On a logarithmic axis, against the number of atoms; circle: the setting shown.",
                       "The gap between the objective and the Huber floor, against the number of atoms."),
    ]
    return document.assemble(PAGE, LEAD, panels, READOUT, about, document.chosen(frames, code, sources))


def _plane(s: dict[str, Any]) -> Any:
    from bokeh.models import Arrow, NormalHead

    made = document.plot("x₁", "x₂", x_range=(-1.35, 1.35), y_range=(-1.35, 1.35))
    made.segment("x0", "y0", "x", "y", source=s["served"], line_color="colour", line_width=1.5)
    made.add_layout(Arrow(source=s["spokes"], x_start="x0", y_start="y0", x_end="x", y_end="y", line_color="colour",
                          line_width=2.5, end=NormalHead(size=10, line_color="colour", fill_color="colour")))
    made.scatter("x", "y", source=s["data"], size=11, fill_color="colour", line_color=style.BLACK)
    return made


def _cells(s: dict[str, Any]) -> Any:
    ends = (0.3, POINTS + 0.7)
    made = document.plot("point", "atom", x_range=ends, y_range=ends[::-1])
    made.xaxis.ticker = made.yaxis.ticker = list(range(1, POINTS + 1))
    for edge in (3.5, 6.5, 9.5):
        made.line([edge, edge], list(ends), color=style.PALE, line_width=3 if edge == 6.5 else 1)
    made.scatter("point", "atom", source=s["cells"], size="size", color="colour")
    return made


def _gap(s: dict[str, Any]) -> Any:
    made = document.plot("number of atoms m", "F − floor", x_range=(0.5, POINTS + 0.5), y_range=(-5.3, -0.2))
    made.xaxis.ticker, made.yaxis.ticker = list(range(1, POINTS + 1)), [-5, -4, -3, -2, -1]
    made.yaxis.major_label_overrides = {-5: "0", -4: "10⁻⁴", -3: "10⁻³", -2: "10⁻²", -1: "10⁻¹"}
    made.line([0, POINTS + 1], [-5, -5], color=style.GREY)
    made.text([1], [-5], ["the floor"], text_baseline="bottom", text_font_size="12px", text_color="#5c5c5c")
    made.line("width", "gap", source=s["path"], color=style.BLACK, line_width=2)
    made.scatter("width", "gap", source=s["path"], color=style.BLACK, size=6)
    made.scatter("width", "gap", source=s["now"], size=14, fill_color="white", line_color=style.VERMILION, line_width=3)
    return made


PAGE = Interactive(
    name="interactive_width",
    title="Wider and wider: categories refine until every point has its own atom",
    statements=("G1", "G2", "M2"),
    controls=(LAM, WIDTH),
    presets={"two atoms: halves": (0.2, 2), "four: groups": (0.2, 4), "eight: within groups": (0.2, 8),
             "twelve: the floor": (0.2, 12), "large λ, three atoms": (0.5, 3)},
    compute=compute, build=build,
)
