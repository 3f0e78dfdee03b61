"""N6, N8, N9: one hierarchy under six objectives, and what each makes of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

PRICES = ("l1(lam=0.05)", "energy(lam=0.05, tau=0.3)", "log(lam=0.05, eps=0.5)", "mcp(lam=0.1, gamma=4)",
          "l0(lam0=0.02)", "topk(k=2)")
NAMES = ("L1", "energy", "log", "MCP", "L0", "TopK, k = 2")
WORDS = {"absorbed": "absorbed: parent silent\non part of the child", "tilted": "parent stays on,\natoms turned",
         "flat": "undetermined: all in\nthe wedges cost nothing", "merged": "one atom for both", "faithful": "kept"}


def compute(*, rho: float = 0.4) -> Numbers:
    """The best two atoms for a loud parent with a quiet child under each price, and the objective of the truth."""
    from generators import nested_pair
    from generators.plane.atoms import unit
    from generators.plane.priced import codes, minima, objectives, regime
    from testbed import Optimum, Problem
    from testbed.penalties import parse

    sample = nested_pair(rho, magnitude="discrete([1.2, 1.6, 2])", child_magnitude="discrete([0.5, 0.8])").exact()
    X, w = sample.X, sample.weights
    numbers: dict[str, Any] = {"X": X, "w": w, "angles": np.zeros((6, 2)), "F": np.zeros(6), "truth": np.zeros(6),
                               "verdict": np.zeros(6, dtype="U8")}
    again, off = np.zeros((2, 6))
    for k, text in enumerate(PRICES):
        price = parse(text)
        best = minima(price, X, w, most=3)[0]
        numbers["angles"][k], numbers["F"][k] = best.angles, best.objective
        numbers["truth"][k] = objectives(price, X, w, np.array(0.0), np.array(math.pi / 2))
        numbers["verdict"][k] = regime(best, sample.codes.all(axis=1), 0.0, math.pi / 2)
        seen = Optimum.at(Problem(X, weights=w, penalty=price), unit(best.angles), Z=codes(price, X, best.angles))
        again[k], off[k] = seen.objective, seen.kkt
    flat = numbers["verdict"] == "flat"  # of a valley one point is as good as any, and means nothing
    numbers["angles"][flat] = [0.0, math.pi / 2]
    return numbers | {"extreme": math.atan2(0.8, 1.2), "tolerance": 1e-9,
                      "deviation": max(deviation(again, numbers["F"]), float(off.max()))}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The plane of parent and child, six times."""
    figure = style.canvas(style.PAGE, 112)
    for k, axes in enumerate(figure.subplots(2, 3, sharex=True, sharey=True).ravel()):
        verdict = str(numbers["verdict"][k])
        axes.plot([0, 2.3], [0, 0], [0, 0], [0, 1.45], color=style.GREY, linestyle="dotted")
        if verdict == "flat":
            for low, high in ((float(numbers["extreme"]), math.pi / 2), (-0.35, 0.0)):
                fan = np.linspace(low, high, 40)
                axes.fill(np.append(0, 1.1 * np.cos(fan)), np.append(0, 1.1 * np.sin(fan)), color=style.ORANGE,
                          alpha=0.35, linewidth=0)
        axes.scatter(*np.asarray(numbers["X"]).T, s=120 * np.asarray(numbers["w"]), color=style.BLACK, linewidth=0,
                     alpha=0.7, zorder=2)
        for angle, colour in zip(numbers["angles"][k], (style.BLUE, style.VERMILION), strict=True):
            if verdict != "flat":
                style.arrow(axes, (0, 0), (1.1 * math.cos(angle), 1.1 * math.sin(angle)), colour, 1.8)
        axes.set(aspect="equal", xlim=(-0.1, 2.35), ylim=(-0.45, 1.6), xticks=[0, 1, 2], yticks=[0, 1])
        style.label(axes, 0.9, 1.15, WORDS[verdict], style.BLACK)
        saved = 1 - numbers["F"][k] / numbers["truth"][k] if numbers["truth"][k] > 1e-12 else 0.0
        style.panel(axes, "abcdef"[k], f"{NAMES[k]}: " + (f"truth costs {100 * saved / (1 - saved):.0f} % more"
                                                          if saved > 1e-9 else "truth costs 0"))
    first = figure.axes[0]
    style.label(first, 2.3, -0.22, "parent", style.GREY, ha="right")
    style.label(first, 0.06, 1.4, "child", style.GREY)
    return figure


FIGURE = Figure(
    name="six_objectives", statements=("N6", "N8", "N9", "T8"),
    title="Under none of six objectives are a nested parent and child the optimum",
    caption="One world: a parent of magnitude 1.2, 1.6 or 2, alone or with a child of .5 or .8 (dots, area their "
            "probability; dotted: the true features). Arrows: the best two atoms under each price, blue for the "
            "parent. L1, log, MCP and L0 absorb: the child's atom moves among the data, and the parent is silent on "
            "some of them. An energy price keeps the parent on, with atoms that lean. TopK costs nothing wherever the"
            " atoms enclose the data (orange wedges).",
    alt="Six panels of nine points in a plane. In four of them the second atom points into the data at about 25 "
        "degrees; under the energy price the first atom lies below the axis as well; under TopK two wedges outside "
        "the data are shaded and no arrow is drawn.",
    agreement="objective and N1 of its codes, by the verification, against the search in the plane",
    compute=compute, draw=draw,
)
