"""Two features, three sliders: atoms tilt towards each other, absorb, and jump (S6, T2, T3)."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np

from figures import style
from figures.base import Numbers, deviation
from figures.interactive import document
from figures.interactive.base import STATUS, Control, Interactive, Say, columns, evenly

X = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])  # the parent alone, both, the child alone
BOTH = Control("both", "P(parent and child)", evenly(0.05, 0.55, 0.05), 0.3)
ALONE = Control("alone", "P(child without parent)", (0, 0.005, 0.01, 0.02, *evenly(0.03, 0.3, 0.03)), 0.09, 3)
LAM = Control("lam", "penalty λ", evenly(0.05, 0.6, 0.025), 0.15, 3)
RESTARTS = 2
BETTER = 1e-11  # an objective lower by less is the same optimum
NEIGHBOURS = 0.05  # entries of atoms of two frames that differ by less are one optimum's, moved on
KEPT = ("objective", "status", "stationarity", "kkt")  # of what training says of a frame
REGIMES = (
    "The child’s atom has absorbed the parent: where both fire it fires alone, and the parent’s atom is silent (S6).",
    "The parent’s atom has absorbed the child: where both fire it fires alone, and the child’s atom is silent (S6).",
    "Both atoms fire where both features do, and each has tilted towards the other.",
    "Partly absorbed: the child’s atom has tilted so far towards the parent that, where both fire, it does most of the "
    "work.",
    "Partly absorbed: the parent’s atom has tilted so far towards the child that, where both fire, it does most of the "
    "work.",
)


def weights(both: float, alone: float) -> np.ndarray:
    """(3,) probabilities of the three points; one feature or both always fire."""
    return np.array([1 - both - alone, both, alone])


def compute(say: Say) -> Numbers:
    """The best pair of atoms found for every setting: restarts, then neighbours' atoms as starts, both ways."""
    from testbed import fit_many

    settings = PAGE.parameters()
    w = np.array([weights(*pair) for pair in zip(settings["both"], settings["alone"], strict=True)])
    lam = settings["lam"]
    best: dict[str, np.ndarray] = {}

    def offer(frames: np.ndarray, **start: Any) -> None:
        found = fit_many(np.tile(X, (len(frames), 1, 1)), 2, lam[frames], weights=w[frames], **start)
        order = np.argsort(np.arctan2(found.D[..., 1], found.D[..., 0]), axis=1)  # the parent's atom first
        new = {name: getattr(found, name) for name in KEPT} | {
            "D": np.take_along_axis(found.D, order[..., None], axis=1),
            "Z": np.take_along_axis(found.Z, order[:, None], axis=2)}
        if not best:
            best.update({name: value.copy() for name, value in new.items()})
        better = new["objective"] < best["objective"][frames] - BETTER * lam[frames]
        for name, value in new.items():
            best[name][frames[better]] = value[better]

    ids = np.arange(PAGE.frames)
    say(f"page {PAGE.name}: {PAGE.frames} frames from random starts")
    offer(ids, restarts=RESTARTS)
    for step, axis in product((1, -1), range(3)):
        say(f"page {PAGE.name}: from neighbours in {PAGE.controls[axis].name}")
        line = np.moveaxis(ids.reshape(PAGE.shape), axis, 0)[::step].reshape(PAGE.shape[axis], -1)
        for before, after in pairwise(line):
            far = np.abs(best["D"][before] - best["D"][after]).max(axis=(1, 2)) > NEIGHBOURS
            if far.any():
                offer(after[far], start=best["D"][before[far]])
    return _numbers(settings, w, _nearer(best, w))


def _nearer(best: dict[str, np.ndarray], w: np.ndarray) -> dict[str, np.ndarray]:
    """Of two mirror images, equally good, the one whose first atom is nearer the parent, in every frame."""
    angles = np.arctan2(best["D"][..., 1], best["D"][..., 0])
    turn = (np.abs(w[:, 0] - w[:, 2]) < 1e-12) & (np.abs(angles[:, 0]) > np.abs(np.pi / 2 - angles[:, 1]) + 1e-6)
    return best | {"D": np.where(turn[:, None, None], best["D"][:, ::-1, ::-1], best["D"]),
                   "Z": np.where(turn[:, None, None], best["Z"][:, ::-1, ::-1], best["Z"])}


def _numbers(settings: dict[str, np.ndarray], w: np.ndarray, best: dict[str, np.ndarray]) -> Numbers:
    found: dict[str, Any] = settings | {
        "D": best["D"], "Z": best["Z"], "R": X - best["Z"] @ best["D"], "F": best["objective"],
        "status": [STATUS.index(status) for status in best["status"]], "stationarity": best["stationarity"],
        "kkt": best["kkt"], "weights": w, "regime": [_regime(z[1]) for z in best["Z"]],
    }
    found["angle"] = np.degrees(np.arctan2(found["D"][..., 1], found["D"][..., 0]))
    found["predicted"] = np.array([_predicted(*row) for row in zip(*settings.values(), strict=True)])
    return found | {"tolerance": 1e-8, "deviation": deviation(found["F"], found["predicted"])}


def _regime(pair: np.ndarray) -> int:
    """Which of REGIMES, from the codes of the point where both features fire."""
    if pair.min() == 0:
        return 0 if pair[0] == 0 else 1
    return 3 if pair[1] > 2 * pair[0] else 4 if pair[0] > 2 * pair[1] else 2


def _predicted(both: float, alone: float, lam: float) -> float:
    """F by T3 where the child never fires alone, by T2 where both fire alone equally often, else NaN."""
    from generators import correlated_pair, nested_pair

    if alone == 0:
        return nested_pair(rho=both).predict(lam).objective
    if abs(1 - both - 2 * alone) > 1e-12:
        return np.nan
    try:
        return correlated_pair(alpha=alone, beta=both).predict(lam).objective
    except ValueError:  # T2 makes no claim there
        return np.nan


CODE = """
const D = [[f("D_0_0"), f("D_0_1")], [f("D_1_0"), f("D_1_1")]], lam = f("lam"), X = [[1, 0], [1, 1], [0, 1]];
const w = [0, 1, 2].map(i => f("w_" + i)), R = [0, 1, 2].map(i => [f("R_" + i + "_0"), f("R_" + i + "_1")]);
const Z = [0, 1, 2].map(i => [f("Z_" + i + "_0"), f("Z_" + i + "_1")]), seen = [0, 1, 2].filter(i => w[i] > 0);
// the polytope: the box of the picture, cut by one half-plane for each atom
let P = [[-0.6, -0.6], [1.5, -0.6], [1.5, 1.5], [-0.6, 1.5]];
for (const d of D) {
  const slack = p => lam - p[0] * d[0] - p[1] * d[1], cut = [];
  P.forEach((p, i) => {
    const q = P[(i + 1) % P.length], a = slack(p), b = slack(q);
    if (a >= 0) cut.push(p);
    if (a * b < 0) cut.push([p[0] + (q[0] - p[0]) * a / (a - b), p[1] + (q[1] - p[1]) * a / (a - b)]);
  });
  P = cut;
}
polytope.data = { x: P.map(p => p[0]), y: P.map(p => p[1]) };
cone.data = w[2] > 0 ? { x: [0, 3, 0], y: [0, 0, 3] } : { x: [0, 3, 3], y: [0, 0, 3] };
atoms.data = { x0: [0, 0], y0: [0, 0], x: D.map(d => d[0]), y: D.map(d => d[1]),
  lx: D.map((d, j) => 1.06 * d[0] + 0.13 * (j ? d[1] : -d[1])),
  ly: D.map((d, j) => 1.06 * d[1] + 0.13 * (j ? -d[0] : d[0])), text: ["d₁", "d₂"], colour: colours };
points.data = { x: seen.map(i => X[i][0]), y: seen.map(i => X[i][1]), size: seen.map(i => 8 + 26 * Math.sqrt(w[i])) };
residuals.data = { x0: seen.map(_ => 0), y0: seen.map(_ => 0), x: seen.map(i => R[i][0]), y: seen.map(i => R[i][1]) };
codes.data = { x0: seen.map(i => R[i][0]), y0: seen.map(i => R[i][1]), x: seen.map(i => X[i][0]),
  y: seen.map(i => X[i][1]) };
// the angles against lam, everything else as it is
const line = Array.from({ length: lams }, (_, l) => k - at[2] + l);
path.data = { lam: line.map(j => f("lam", j)), one: line.map(j => f("angle_0", j)),
  two: line.map(j => f("angle_1", j)) };
now.data = { lam: [lam, lam], angle: [f("angle_0"), f("angle_1")], colour: colours };
put("says", regimes[f("regime")]);
for (let i = 0; i < 3; i++) {
  put("p_" + i, fixed(w[i], 3));
  put("z_" + i, w[i] > 0 ? Z[i].map(z => fixed(z, 4)).join(", ") : "never seen");
  put("r_" + i, w[i] > 0 ? fixed(Math.hypot(...R[i]) / lam, 4) : "");
}
put("objective", fixed(f("F"), 10));
put("angles", fixed(f("angle_0"), 4) + "° and " + fixed(f("angle_1"), 4) + "°");
put("cosine", fixed(D[0][0] * D[1][0] + D[0][1] * D[1][1], 6));
put("status", statuses[f("status")]);
put("call", "fit([[1, 0], [1, 1], [0, 1]], n_atoms=2, lam=" + fixed(lam, 3) + ", weights=[" +
  w.map(p => fixed(p, 3)).join(", ") + "])");
"""

LEAD = """<p>A parent (direction e₁) and a child (direction e₂), both of magnitude 1. One or both fire, so the data are
three points. Two atoms of unit norm, d₁ and d₂, are trained to the optimum of E[½|x − zD|² + λ Σ z], z ≥ 0. Move the
sliders: the less often the child fires without its parent, the further its atom turns towards their sum.</p>"""

READOUT = """<div class="scroll" tabindex="0" role="region" aria-label="Codes and residuals"><table>
<thead><tr><th>what fires</th><th>probability</th><th>codes z₁, z₂</th><th>|r| / λ</th></tr></thead><tbody>
<tr><td>parent only</td><td id="p_0"></td><td id="z_0"></td><td id="r_0"></td></tr>
<tr><td>both</td><td id="p_1"></td><td id="z_1"></td><td id="r_1"></td></tr>
<tr><td>child only</td><td id="p_2"></td><td id="z_2"></td><td id="r_2"></td></tr></tbody></table></div>
<dl><dt>objective F</dt><dd id="objective"></dd><dt>angles of d₁, d₂</dt><dd id="angles"></dd>
<dt>cosine ⟨d₁, d₂⟩</dt><dd id="cosine"></dd><dt>status</dt><dd id="status"></dd>
<dt>in Python</dt><dd><code id="call"></code></dd></dl>"""


def build(numbers: Numbers) -> bytes:
    """The plane of the data on the left, the angles of the atoms against lam on the right."""
    sources = document.sources(
        polytope="x y", cone="x y", atoms="x0 y0 x y lx ly text colour", points="x y size", residuals="x0 y0 x y",
        codes="x0 y0 x y", path="lam one two", now="lam angle colour")
    frames = columns(numbers, {"D": "D", "Z": "Z", "R": "R", "weights": "w", "angle": "angle", "F": "F",
                               "lam": "lam", "regime": "regime", "status": "status"})
    constants = {"colours": [style.BLUE, style.VERMILION], "regimes": list(REGIMES), "statuses": list(STATUS),
                 "lams": LAM.count}
    code = document.constants(constants) + document.lookup(PAGE) + CODE
    about = document.about(PAGE, numbers, f"each the best of {RESTARTS} random starts and of its neighbours’ atoms as "
                           "starts. Where both features fire alone equally often an optimum without symmetry has a "
                           "mirror image; one of the two is shown", "T3 (child never alone) and T2 (both alone equally "
                           "often)")
    panels = [
        document.Panel(_plane(sources), "Data and residuals",
                       "Circles: the three points, their area their probability. Green: the cone of the data. Grey: "
                       "the polytope {r : Dr ≤ λ}. Each residual (orange) is the point of the polytope nearest to its "
                       "data point (C3); the dotted line from one to the other is what the atoms code.",
                       "The plane of the data: two unit atoms, the data cone, the polytope and the residuals of the "
                       "chosen setting."),
        document.Panel(_angles(sources), "Angles of the atoms against λ",
                       "The other sliders are where they are; circles: the setting shown. A step in a curve is a jump "
                       "from one optimum to another.",
                       "The angles of the two atoms from the parent's direction, against the penalty."),
    ]
    return document.assemble(PAGE, LEAD, panels, READOUT, about, document.chosen(frames, code, sources))


def _plane(s: dict[str, Any]) -> Any:
    from bokeh.models import Arrow, NormalHead, VeeHead

    made = document.plot("along the parent, e₁", "along the child, e₂", x_range=(-0.6, 1.5), y_range=(-0.6, 1.5))
    made.patch("x", "y", source=s["cone"], color=style.GREEN, alpha=0.12, line_width=0)
    made.patch("x", "y", source=s["polytope"], fill_color=style.GREY, fill_alpha=0.3, line_color=style.GREY)
    made.segment("x0", "y0", "x", "y", source=s["codes"], color=style.BLACK, line_dash="dotted", line_width=1.5)
    for name, colour, width, head in (("residuals", style.ORANGE, 3, VeeHead), ("atoms", "colour", 3, NormalHead)):
        tip = {"size": 12, "line_color": colour, "fill_color": colour}
        made.add_layout(Arrow(source=s[name], x_start="x0", y_start="y0", x_end="x", y_end="y", line_color=colour,
                              line_width=width, end=head(**tip)))
    made.scatter("x", "y", source=s["points"], size="size", fill_color="white", fill_alpha=0.6,
                 line_color=style.BLACK, line_width=1.5)
    made.text("lx", "ly", "text", source=s["atoms"], text_color="colour", text_align="center",
              text_baseline="middle", text_font_size="16px", text_font_style="bold")
    return made


def _angles(s: dict[str, Any]) -> Any:
    made = document.plot("penalty λ", "angle from the parent (degrees)", x_range=(0, 0.62), y_range=(-9, 99))
    made.yaxis.ticker = [0, 15, 30, 45, 60, 75, 90]
    for name, colour in (("one", style.BLUE), ("two", style.VERMILION)):
        made.line("lam", name, source=s["path"], color=colour, line_width=2)
        made.scatter("lam", name, source=s["path"], color=colour, size=4)
    made.scatter("lam", "angle", source=s["now"], size=13, fill_color="white", line_color="colour", line_width=3)
    for y, text, side in ((90, "child", "bottom"), (45, "sum of both", "top"), (0, "parent", "top")):
        made.line([0, 0.62], [y, y], color=style.PALE, level="underlay")
        made.text([0.01], [y], [text], text_baseline=side, text_font_size="12px", text_color="#5c5c5c")
    return made


PAGE = Interactive(
    name="interactive_two_features",
    title="Two features, two atoms: they tilt, absorb and jump",
    statements=("C3", "S4", "S6", "T2", "T3"),
    controls=(BOTH, ALONE, LAM),
    presets={"child never alone: absorbed": (0.3, 0, 0.15), "rarely alone: partly absorbed": (0.2, 0.06, 0.15),
             "equally often alone: tilt": (0.4, 0.3, 0.15), "larger λ: jump": (0.4, 0.3, 0.45),
             "rare co-occurrence: nearly the features": (0.05, 0.3, 0.05)},
    compute=compute, build=build,
)
