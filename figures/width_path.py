"""G1 and G2: widening a dictionary pays, within known bounds, until the wide limit, and not at all after it."""

from __future__ import annotations

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

WIDTHS, LAM = tuple(range(1, 17)), 0.2


def compute(*, lam: float = LAM) -> Numbers:
    """Objectives, residuals and the two parts of the excess over the floor, against the number of atoms."""
    from generators import hierarchical
    from properties.g1_floor import excess
    from properties.scaled import Scaled
    from testbed.basins.paths import path, reach

    data = hierarchical(roots=1, depth=3, branching=3, exclusive=True).exact()
    found = path(data.X, WIDTHS, lam, weights=data.weights)
    F, w = found.objectives, data.weights
    parts = [excess(Scaled.whole(o)) for o in found.optima]
    misaligned, stray = (np.array([w @ part for part in column]) * lam**2
                         for column in zip(*((a, 0.5 * b * b) for a, b, _ in parts), strict=True))
    pairs = list(zip(found.optima, found.optima[1:], strict=False))
    low = np.array([a.objective - (reach(b, lam, a.n_atoms) - b.objective) for a, b in pairs])
    high = np.array([reach(a, lam, b.n_atoms) for a, b in pairs])
    outside = np.maximum(low - F[1:], F[1:] - high) / F[1:]
    return {
        "m": WIDTHS, "F": F, "floor": found.floors[0], "radius": [o.radius for o in found.optima],
        "misaligned": misaligned, "stray": stray, "low": low, "high": high,
        "live": [int(o.live.sum()) for o in found.optima],
        "deviation": max(float(np.abs(F - found.floors[0] - misaligned - stray).max()), float(outside.max())),
        "tolerance": 1e-10,
    }


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The objective with the bounds on each step, its excess in two parts, and the longest residual."""
    figure = style.canvas(style.PAGE, 64)
    value, parts, radius = figure.subplots(1, 3)
    m, F, floor = np.asarray(numbers["m"]), numbers["F"], float(numbers["floor"])
    limit = int(m[np.asarray(numbers["radius"]) <= 1 + 1e-9][0])
    for axes in figure.axes:
        axes.axvline(limit, color=style.GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
        axes.set(xlabel="atoms m", xlim=(0.3, m[-1] + 0.7), xticks=[1, 4, 7, 10, 13, 16])

    value.vlines(m[1:], np.maximum(numbers["low"], floor), numbers["high"], color=style.SKY, linewidth=4, alpha=0.6)
    value.axhline(floor, color=style.GREY, linewidth=0.9)
    style.measured(value, m, F, style.BLUE)
    value.set(ylabel="objective", ylim=(0, 1.06 * F[0]))
    style.label(value, 1.2, floor, "floor E[h(|x|)]", style.GREY, xytext=(0, -9))
    style.label(value, 3.6, 0.86 * F[0], "F*(m), between what\nits neighbours prove", style.BLUE, va="center")
    style.panel(value, "a", "each atom pays, within bounds")

    stray, total = numbers["stray"], numbers["stray"] + numbers["misaligned"]
    parts.fill_between(m, 0, stray, color=style.VERMILION, alpha=0.35, linewidth=0)
    parts.fill_between(m, stray, total, color=style.GREEN, alpha=0.35, linewidth=0)
    style.measured(parts, m, F - floor, style.BLUE)
    top = 1.06 * (F[0] - floor)
    parts.set(ylabel="objective above the floor", ylim=(0, top))
    style.label(parts, 3.2, 0.66 * top, "E[λ Σ z (1 − cos(d, x))]", style.GREEN)
    style.label(parts, 1.3, 0.1 * top, "½ E|r − q|²", style.VERMILION)
    style.panel(parts, "b", "what is left, in two parts")

    radius.axhline(1, color=style.GREY, linewidth=0.9)
    style.measured(radius, m, numbers["radius"], style.BLACK)
    high = 1.12 * max(numbers["radius"])
    radius.set(ylabel="longest residual, max|r| / λ", ylim=(0, high))
    style.label(radius, limit, 0.9 * high, "wide limit: an atom\nfor each direction", style.GREY, ha="right", va="top",
                xytext=(-4, 0))
    style.panel(radius, "c", "at the floor, max|r| = λ")
    return figure


FIGURE = Figure(
    name="width_path", statements=("G1", "G2", "M3"),
    title="Every atom pays until each direction of the data has its own; then the floor is reached, and max|r| = λ",
    caption="A tree of features, one child of three at each of two levels: thirteen directions of data. (a) Best "
            "objectives found (markers) lie in the bands: an atom gains at least what it offers to the residuals of "
            "the narrower dictionary, and at most half of the least E[z²] in the wider one. (b) What lies above the "
            "floor is exactly the sum of two parts: atoms that do not point at their data, and residuals r that "
            "differ from the q that a private atom would leave. (c) Both vanish when no residual exceeds λ.",
    alt="Three panels against the number of atoms, one to sixteen. The objective falls in every step inside its bands "
        "to the floor at thirteen atoms and stays there. Its excess is the sum of two shaded parts. The longest "
        "residual falls from about six lambda to exactly lambda at thirteen atoms.",
    agreement="excess over the floor against its two parts, and steps against their bounds",
    compute=compute, draw=draw,
)
