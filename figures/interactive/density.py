"""A density slider: one feature becomes an antipodal pair at density 1/2, if its magnitudes spread enough (T5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Numbers, deviation
from figures.interactive import document
from figures.interactive.base import STATUS, Control, Interactive, Say, columns, evenly

# at 1/2 the bias is not unique
DENSITY = Control("density", "density p = P(feature on)",
                  (*evenly(0.01, 0.49, 0.02), 0.495, 0.499, 0.501, 0.505, *evenly(0.51, 0.99, 0.02)), 0.31, 3)
SPREAD = Control("spread", "half-spread h of its magnitudes",
                 (0, 0.05, *evenly(0.1, 0.2, 0.02), 0.3, 0.4, 0.5, 0.6), 0.5)
LAM, LEVELS, RESTARTS = 0.2, 21, (1, 8)
REGIMES = (
    "One atom, along the feature: it codes presence. The bias only makes up for shrinkage, b = λp/(1 − p).",
    "One atom, against the feature: the bias sits at the magnitudes, a little low, and the atom codes absence.",
    "An antipodal pair: the bias sits among the magnitudes, +u codes larger ones, −u codes smaller ones and absence.",
)


def world(density: float, spread: float) -> Any:
    """x = s u in the plane: s is 0 with probability 1 - p, else one of equally likely values from 1 - h to 1 + h."""
    from generators import antipodal
    from generators.magnitudes import constant, discrete

    values = np.linspace(1 - spread, 1 + spread, LEVELS)
    law = discrete(values, np.full(LEVELS, 1 / LEVELS)) if spread else constant(1.0)
    return antipodal(law=law, p=density, directions=[[1.0, 0.0]])


def compute(say: Say) -> Numbers:
    """Two atoms and a bias, trained at every setting, against T5's bias, firing rates and objective."""
    from testbed import fit_many

    settings = PAGE.parameters()
    toys = [world(*pair) for pair in zip(*(grid.tolist() for grid in settings.values()), strict=True)]
    samples, theory = [toy.exact() for toy in toys], [toy.predict(LAM) for toy in toys]
    rows = {name: np.zeros(PAGE.frames) for name in ("bias", "plus", "minus", "F", "status", "stationarity", "kkt")}

    def train(frames: np.ndarray, restarts: int) -> np.ndarray:
        """Fill in these frames; returns those that have no certified optimum."""
        w = np.array([samples[k].weights for k in frames])
        found = fit_many(np.array([samples[k].X for k in frames]), 2, LAM, bias=True, weights=w, restarts=restarts)
        rates, along = np.einsum("ai,aij->aj", w, found.Z > 0), found.D[:, :, 0]
        rows["bias"][frames], rows["F"][frames] = found.b[:, 0], found.objective
        rows["plus"][frames], rows["minus"][frames] = ((rates * side).sum(axis=1) for side in (along > 0, along < 0))
        rows["status"][frames] = [STATUS.index(status) for status in found.status]
        rows["stationarity"][frames], rows["kkt"][frames] = found.stationarity, found.kkt
        return frames[found.status != "global"]

    sizes = np.array([len(sample.X) for sample in samples])
    for size in np.unique(sizes):
        left = np.flatnonzero(sizes == size)
        for restarts in RESTARTS:  # more only where fewer found no certified optimum
            say(f"page {PAGE.name}: {len(left)} frames of {size} points, {restarts} starts each")
            if len(left):
                left = train(left, restarts)
    predicted = {f"{name}_predicted": np.array([one.values[key] for one in theory])
                 for name, key in (("bias", "location"), ("plus", "plus_on"), ("minus", "minus_on"))}
    predicted["F_predicted"] = np.array([one.objective for one in theory])
    numbers = settings | rows
    live = np.stack([numbers["plus"] > 0, numbers["minus"] > 0], axis=1)
    worst = max(deviation(numbers[name], predicted[f"{name}_predicted"]) for name in ("bias", "plus", "minus", "F"))
    return numbers | predicted | {"lam": np.full(PAGE.frames, LAM), "tolerance": 1e-8, "deviation": worst,
                                  "regime": np.where(live.all(axis=1), 2, np.where(live[:, 0], 0, 1))}


CODE = """
const p = f("density"), h = f("spread"), b = f("bias"), lam = f("lam"), n = h > 0 ? levels : 1;
const values = [0], mass = [1 - p];
for (let i = 0; i < n; i++) { values.push(n > 1 ? 1 - h + 2 * h * i / (n - 1) : 1); mass.push(p / n); }
const colour = s => s > b + lam + 1e-9 ? colours[0] : s < b - lam - 1e-9 ? colours[1] : colours[2];
// heights are cube roots, so that one value of 21 is seen beside a mass of 1
bars.data = { x: values, top: mass.map(m => Math.cbrt(m)), colour: values.map(colour) };
dead.data = { left: [b - lam], right: [b + lam] };
bias.data = { x: [b, b], y: [0, 1.12] };
const arms = [[1, f("plus")], [-1, f("minus")]].filter(([_, rate]) => rate > 0);
atoms.data = { x0: arms.map(_ => b), y0: arms.map(_ => 1.2), x: arms.map(([sign, _]) => b + 0.45 * sign),
  y: arms.map(_ => 1.2), text: arms.map(([sign, _]) => sign > 0 ? "+u" : "−u"),
  lx: arms.map(([sign, _]) => b + 0.6 * sign), colour: arms.map(([sign, _]) => colours[sign > 0 ? 0 : 1]) };
// the curves against the density, with the spread as it is; two pieces, as the bias is not unique at 1/2
const pieces = [[0, half], [half, densities]].map(([from, to]) =>
  Array.from({ length: to - from }, (_, i) => at[1] + (from + i) * strides[0]));
pieces.forEach((line, i) => {
  const column = name => line.map(j => f(name, j));
  (i ? dense : sparse).data = { p: column("density"), bias: column("bias_predicted"), plus: column("plus_predicted"),
    minus: column("minus_predicted"), F: column("F_predicted") };
});
now.data = { p: [p], bias: [b], plus: [f("plus")], minus: [f("minus")], F: [f("F")] };
put("says", regimes[f("regime")]);
put("bias", fixed(b, 10)); put("plus", fixed(f("plus"), 6)); put("minus", fixed(f("minus"), 6));
put("objective", fixed(f("F"), 10)); put("status", statuses[f("status")]);
"""

LEAD = f"""<p>One feature along u: off with probability 1 − p, otherwise of a magnitude spread evenly over 1 ± h (λ =
{LAM}). Two atoms of unit norm and a bias b are trained to the optimum of E[½|x − b − zD|² + λ Σ z], z ≥ 0. Below
density ½ the bias stays near 0 and one atom codes the feature. Above, the bias jumps among the magnitudes: what is
coded is how far the feature is from its usual value. With magnitudes that all lie within λ of the bias only their
absence is coded; once they spread further, both signs of u are live.</p>"""

READOUT = """<dl><dt>bias along u</dt><dd id="bias"></dd>
<dt>P(+u on)</dt><dd id="plus"></dd><dt>P(−u on)</dt><dd id="minus"></dd>
<dt>objective F</dt><dd id="objective"></dd><dt>status</dt><dd id="status"></dd></dl>"""


def build(numbers: Numbers) -> bytes:
    """The line of the data, and bias, firing rates and objective against the density."""
    curve = "p bias plus minus F"
    sources = document.sources(bars="x top colour", dead="left right", bias="x y", atoms="x0 y0 x y text lx colour",
                               sparse=curve, dense=curve, now=curve)
    frames = columns(numbers, {name: name for name in (
        "density", "spread", "bias", "plus", "minus", "F", "lam", "regime", "status", "bias_predicted",
        "plus_predicted", "minus_predicted", "F_predicted")})
    constants = {"colours": [style.BLUE, style.VERMILION, style.GREY], "regimes": list(REGIMES), "levels": LEVELS,
                 "statuses": list(STATUS), "densities": DENSITY.count, "half": int((DENSITY.values < 0.5).sum())}
    code = document.constants(constants) + document.lookup(PAGE) + CODE
    about = document.about(PAGE, numbers, "each certified to be global: no residual is longer than λ (G2)",
                           "T5, and of the bias and the firing rates")
    panels = [
        document.Panel(_line(sources), "The data along u",
                       "Bars: the values of s, their height the cube root of their probability; blue ones are coded by "
                       "+u, red ones by −u, grey ones by neither. Shaded: within λ of the bias, where nothing fires. "
                       "Arrows: live atoms, from the bias.",
                       "The distribution of the feature's values, the bias, and which atom codes which values."),
        document.Panel(_curves(sources, ("bias",), "bias along u", (-0.05, 1.1)), "The bias against the density",
                       "Lines: T5; circles here and below: the trained optimum of this setting.",
                       "The bias against the density."),
        document.Panel(_curves(sources, ("plus", "minus"), "firing rate", (-0.03, 0.56)), "How often +u and −u fire",
                       "Of an antipodal pair both do, about equally often (B3).",
                       "The firing rates of both atoms against the density."),
        document.Panel(_curves(sources, ("F",), "objective F", (0, 0.1)), "The objective",
                       "The least mean Huber loss about any bias.", "The objective against the density."),
    ]
    return document.assemble(PAGE, LEAD, panels, READOUT, about, document.chosen(frames, code, sources))


def _line(s: dict[str, Any]) -> Any:
    from bokeh.models import Arrow, NormalHead

    made = document.plot("s, the value along u", "probability (cube root)", 4 / 3, x_range=(-0.75, 2.1),
                         y_range=(0, 1.35))
    made.quad("left", "right", 1.12, 0, source=s["dead"], color=style.PALE, alpha=0.6)
    made.segment("x", 0, "x", "top", source=s["bars"], line_color="colour", line_width=5)
    made.line("x", "y", source=s["bias"], color=style.BLACK, line_width=2, line_dash="dashed")
    made.add_layout(Arrow(source=s["atoms"], x_start="x0", y_start="y0", x_end="x", y_end="y", line_color="colour",
                          line_width=3, end=NormalHead(size=12, line_color="colour", fill_color="colour")))
    made.text("lx", "y", "text", source=s["atoms"], text_color="colour", text_align="center",
              text_baseline="middle", text_font_size="15px", text_font_style="bold")
    return made


def _curves(s: dict[str, Any], names: tuple[str, ...], label: str, y_range: tuple[float, float]) -> Any:
    made = document.plot("density p", label, 4 / 3, x_range=(0, 1.03), y_range=y_range)
    made.line([0.5, 0.5], list(y_range), color=style.GREY, line_dash="dotted")
    for name in names:
        colour = {"plus": style.BLUE, "minus": style.VERMILION}.get(name, style.BLACK)
        for piece in ("sparse", "dense"):
            made.line("p", name, source=s[piece], color=colour, line_width=2)
        if len(names) > 1:
            made.text([0.25], [0.26 if name == "plus" else 0.01], ["+u" if name == "plus" else "−u"], text_color=colour,
                      text_align="right", text_baseline="bottom", text_font_size="13px", text_font_style="bold")
        made.scatter("p", name, source=s["now"], size=13, fill_color="white", line_color=colour, line_width=3)
    return made


PAGE = Interactive(
    name="interactive_density",
    title="One feature, ever denser: beyond ½ it becomes an antipodal pair, if its magnitudes spread",
    statements=("T5", "B1", "B3", "G1"),
    controls=(DENSITY, SPREAD),
    presets={"sparse: one atom": (0.15, 0.5), "just below ½": (0.499, 0.5), "just above ½: a pair": (0.501, 0.5),
             "nearly always on": (0.99, 0.5), "no spread, dense: absence is coded": (0.81, 0),
             "little spread: absence still": (0.81, 0.1)},
    compute=compute, build=build,
)
