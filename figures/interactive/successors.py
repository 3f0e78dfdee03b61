"""A price that bends: from an energy price through l1 to one that saturates, and what parent and child make of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from figures import style
from figures.base import Numbers, deviation
from figures.interactive import document
from figures.interactive.base import STATUS, Control, Interactive, Say, columns, evenly

SHAPE = Control("shape", "shape of the price: energy −, L1 0, saturating +", evenly(-0.6, 0.9, 0.075), 0.0, 3)
LOUD = Control("loud", "magnitude of the parent (the child's is about 1)", evenly(0.5, 2.0, 0.5), 1.5)
LAM, RHO = 0.1, 0.4
CHILD = (0.85, 1.15)
REGIMES = (
    "Faithful: each atom is a feature.",
    "The parent stays on under its child, and the atoms have turned: the cosine is what the nesting law says.",
    "Absorbed: the child's atom has moved among the data, and the parent is silent on some of them.",
    "One direction for both.",
    "Undetermined: the child's atom may turn at no cost. The truth is one point of a valley.",
)


def price(shape: float) -> Any:
    """Energy of tau = -shape, l1, or MCP of 1/gamma = shape."""
    from testbed.penalties import L1, MCP, Energy

    return Energy(LAM, -shape) if shape < 0 else MCP(LAM, 1 / shape) if shape > 0 else L1(LAM)


def compute(say: Say) -> Numbers:
    """Descent from the truth, and the best of several starts, at every setting."""
    from generators import nested_pair
    from generators.plane import priced
    from generators.plane.atoms import unit
    from properties.n10_second_order import plane_hessian
    from testbed import Optimum, Problem

    settings = PAGE.parameters()
    rows: dict[str, Any] = {name: np.zeros(PAGE.frames) for name in (
        "F", "best_F", "law", "cosine", "regime", "best", "stationarity", "kkt", "status")}
    rows |= {name: np.zeros((PAGE.frames, 2)) for name in ("near", "angles")}
    again = np.zeros(PAGE.frames)
    say(f"page {PAGE.name}: {PAGE.frames} frames")
    for k, (shape, loud) in enumerate(zip(settings["shape"].tolist(), settings["loud"].tolist(), strict=True)):
        penalty = price(shape)
        sample = nested_pair(RHO, magnitude=f"discrete([{loud - 0.15}, {loud + 0.15}])",
                             child_magnitude=f"discrete({list(CHILD)})").exact()
        X, w, both = sample.X, sample.weights, sample.codes.all(axis=1)
        aim = math.atan2(1, loud)
        ends = [priced.descend(penalty, X, w, np.array(start)) for start in (
            (0.0, math.pi / 2), (0.0, aim), (0.02, 0.5 * (aim + math.pi / 2)), (0.3 * aim, 0.8 * aim))]
        for name, (F, angles) in (("near", ends[0]), ("best", min(ends, key=lambda end: end[0] + 1e-12))):
            pair = priced.Pair(F, angles, priced.codes(penalty, X, angles), priced.flat(penalty, X, w, angles))
            told = priced.REGIMES.index(priced.regime(pair, both, 0.0, math.pi / 2))
            rows["F" if name == "near" else "best_F"][k] = F
            rows["near" if name == "near" else "angles"][k] = angles
            rows["regime" if name == "near" else "best"][k] = told
        Z = priced.codes(penalty, X, rows["near"][k])
        slope = np.where(Z > 0, penalty.slope(Z), 0)
        nu, law = (float(w @ (Z[:, 1] * slope[:, j])) for j in (1, 0))
        nested = nu > 1e-12 and (Z[Z[:, 1] > 0, 0] > 0).all()
        rows["law"][k] = law / nu if nested else np.nan
        rows["cosine"][k] = math.cos(rows["near"][k, 1] - rows["near"][k, 0])
        o = Optimum.at(Problem(X, weights=w, penalty=penalty), unit(rows["near"][k]))
        again[k], rows["stationarity"][k], rows["kkt"][k] = o.objective, o.stationarity, o.kkt
        curved = np.linalg.eigvalsh(plane_hessian(penalty, X, w, rows["near"][k]))[0] > 1e-9 * o.objective
        rows["status"][k] = STATUS.index("local_min" if curved and o.status == "stationary" else o.status)
    off = max(deviation(rows["cosine"], rows["law"]), deviation(again, rows["F"]))
    flat = rows["regime"] == priced.REGIMES.index("flat")
    return settings | rows | {"flat": flat, "deviation": off, "tolerance": 1e-7}


CODE = """
const s = f("shape"), a = f("loud"), lam = lams;
const g = z => s <= 0 ? lam * z - s * z * z / 2 : z < lam / s ? lam * z - s * z * z / 2 : lam * lam / (2 * s);
const grid = Array.from({ length: 101 }, (_, i) => i / 50);
curve.data = { z: grid, g: grid.map(g) };
const px = [], py = [];
for (const p of [a - 0.15, a + 0.15]) { px.push(p); py.push(0); for (const c of child) { px.push(p); py.push(c); } }
points.data = { x: px, y: py };
const tips = (one, two) => ({ x0: [0, 0], y0: [0, 0], x: [1.2 * Math.cos(one), 1.2 * Math.cos(two)],
  y: [1.2 * Math.sin(one), 1.2 * Math.sin(two)], colour: colours });
atoms.data = tips(f("near_0"), f("near_1"));
ghost.data = tips(f("best_0"), f("best_1"));
const line = Array.from({ length: shapes }, (_, i) => at[1] + i * strides[0]);
path.data = { s: line.map(j => f("shape", j)), near: line.map(j => f("near_1", j) * 180 / Math.PI),
  best: line.map(j => f("best_1", j) * 180 / Math.PI) };
now.data = { s: [s, s], angle: [f("near_1") * 180 / Math.PI, f("best_1") * 180 / Math.PI], colour: [colours[1], grey] };
put("says", regimes[f("regime")]);
put("price", s < 0 ? "energy, τ = " + fixed(-s, 2) : s > 0 ? "MCP, γ = " + fixed(1 / s, 2) : "L1");
put("cosine", fixed(f("cosine"), 6));
put("law", Number.isFinite(f("law")) ? fixed(f("law"), 6) : "not nested, or free");
put("objective", fixed(f("F"), 10)); put("best", fixed(f("best_F"), 10));
"""

LEAD = f"""<p>A parent that always fires, and a child at right angles that joins it with probability {RHO}. A unit of
code costs λ = {LAM} at first; the slider bends the price. To the left it rises with the code (energy, τ), in the middle
it is L1, to the right it falls until codes are free (MCP, 1/γ). Arrows: where descent from the truth ends. Grey: the
best pair of atoms found. L1 forbids a parent that stays on under its child (N6). A saturating price lets the truth be:
the child's atom lets go of the parent. But what is allowed is not what is best.</p>"""

READOUT = """<dl><dt>price</dt><dd id="price"></dd><dt>cosine of the atoms</dt><dd id="cosine"></dd>
<dt>nesting law</dt><dd id="law"></dd><dt>F from the truth</dt><dd id="objective"></dd>
<dt>best F found</dt><dd id="best"></dd></dl>"""


def build(numbers: Numbers) -> bytes:
    """The price, the plane, and the angle of the child's atom against the shape."""
    ends = "x0 y0 x y colour"
    sources = document.sources(curve="z g", points="x y", atoms=ends, ghost=ends, path="s near best",
                               now="s angle colour")
    frames = columns(numbers, {"shape": "shape", "loud": "loud", "near": "near", "angles": "best", "regime": "regime",
                               "best": "best", "F": "F", "best_F": "best_F", "cosine": "cosine", "law": "law"})
    constants = {"colours": [style.BLUE, style.VERMILION], "grey": style.GREY, "regimes": list(REGIMES), "lams": LAM,
                 "child": list(CHILD), "shapes": SHAPE.count}
    code = document.constants(constants) + document.lookup(PAGE) + CODE
    about = document.about(PAGE, numbers, "the end of descent from the truth, and the best of four starts",
                           "the nesting law where the parent stays on, and of the objective with exact codes")
    panels = [
        document.Panel(_plane(sources), "Parent and child", "Dots: the data. Arrows: atoms that descent from the truth "
                       "ends at, blue the parent's. Grey: the best pair found.", "Data and atoms in the plane."),
        document.Panel(_price(sources), "What a code costs", "The price g(z) of a code z.",
                       "The price against the code."),
        document.Panel(_path(sources), "The child's atom against the shape", "Its angle from the parent, from the "
                       "truth (orange) and at the best pair (grey). 90° is the child.",
                       "The angle of the child's atom against the shape of the price."),
    ]
    return document.assemble(PAGE, LEAD, panels, READOUT, about, document.chosen(frames, code, sources))


def _plane(s: dict[str, Any]) -> Any:
    from bokeh.models import Arrow, NormalHead

    made = document.plot("parent", "child", 4 / 3, x_range=(-1.1, 2.5), y_range=(-0.75, 1.95))
    for name, width in (("ghost", 6), ("atoms", 3)):
        colour: Any = style.PALE if name == "ghost" else "colour"
        made.add_layout(Arrow(source=s[name], x_start="x0", y_start="y0", x_end="x", y_end="y", line_color=colour,
                              line_width=width, end=NormalHead(size=12, line_color=colour, fill_color=colour)))
    made.scatter("x", "y", source=s["points"], size=9, color=style.BLACK)
    return made


def _price(s: dict[str, Any]) -> Any:
    made = document.plot("code z", "price g(z)", 4 / 3, x_range=(0, 2), y_range=(0, 0.5))
    made.line("z", "g", source=s["curve"], color=style.BLACK, line_width=3)
    return made


def _path(s: dict[str, Any]) -> Any:
    made = document.plot("shape", "angle of the child's atom (°)", 4 / 3, x_range=(-0.63, 0.93), y_range=(0, 125))
    made.line([-1, 1], [90, 90], color=style.GREY, line_dash="dotted")
    made.line([0, 0], [0, 125], color=style.GREY, line_dash="dotted")
    made.line("s", "best", source=s["path"], color=style.GREY, line_width=3)
    made.line("s", "near", source=s["path"], color=style.VERMILION, line_width=2)
    made.scatter("s", "angle", source=s["now"], size=12, fill_color="white", line_color="colour", line_width=3)
    return made


PAGE = Interactive(
    name="interactive_successors",
    title="Bend the price, and the child lets go of the parent: allowed, yet not the optimum",
    statements=("N6", "N9", "T8"),
    controls=(SHAPE, LOUD),
    presets={"L1": (0, 1.5), "energy": (-0.375, 1.5), "energy, quiet parent": (-0.375, 0.5), "concave": (0.075, 1.5),
             "free codes": (0.525, 1.5), "free codes, quiet parent": (0.525, 0.5)},
    compute=compute, build=build,
)
