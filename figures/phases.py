"""T2, T3: the regimes of two features, over how often the child fires alone, the penalty, the angle, the spread."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

PARENT, BOTH = 0.4, 0.2  # probabilities of the parent alone and of both; the rest of the mass fires nothing
CHILD = 0.36  # of the child alone, where it does not vary
TOP, END = 1.12, 1.3  # largest lam shown, and searched
SCAN = np.array([5e-4, 0.01, 0.04, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.97, 1.12])  # changes are sought in between
CHILDREN = np.array([0.005, 0.02, 0.05, 0.09, 0.13, 0.19, 0.26, 0.33, 0.4])
ANGLES = np.radians([20, 40, 60, 80, 95, 104, 107, 110, *range(112, 119), 120, 126, 135, 150])
SPREADS = np.array([0.0, 0.04, 0.1, 0.14, 0.18, 0.28, 0.4])
JUMPS = (0.0, 0.05, 0.12)  # spreads at which the jump is measured
JUMP_CHILDREN = np.array([0.03, 0.09, 0.12, 0.16, 0.22, 0.3, 0.35, 0.4])
PALE = ("#d6eee6", "#d6e7f2", "#f9e4d6", "#e9e9e9")  # of the regimes
REGIMES = ("faithful", "tilted", "absorbed", "merged")
TRAINED = 3  # every third column is checked against training
BESIDE = 1e-3  # distance in lam from a boundary, at which it is


def world(child: float, angle: float = np.pi / 2, spread: float = 0.0) -> Any:
    """The two features, with magnitudes uniform on 1 +- spread."""
    from generators import two_features
    from generators.magnitudes import uniform

    return two_features(PARENT, BOTH, child, angle, uniform(1 - spread, 1 + spread) if spread else 1.0)


def longest(child: float, angle: float, spread: float) -> float:
    """max |x|: nothing is coded at a larger lam."""
    return (1 + spread) * max(1.0, 2 * np.cos(angle / 2))


def changes(of: Any, top: float) -> list[Any]:
    """Boundaries in lam, ascending, of a world, up to a given one."""
    from generators.plane.phases import landscape

    scan = [*SCAN[SCAN < top].tolist(), top]
    seen = [(lam, landscape(of, lam).best.regime) for lam in scan]
    return [found for low, high in pairwise(seen) for found in between(of, low, high)]


def between(of: Any, low: tuple[float, str], high: tuple[float, str]) -> list[Any]:
    """All boundaries between two lams with their regimes, where one that was found does not explain both."""
    from generators.plane.boundaries import boundary

    if low[1] == high[1]:
        return []
    found = boundary(lambda lam: (of, lam), low[0], high[0])
    step = 1e-6 * (high[0] - low[0])
    return [*between(of, low, (found.parameter - step, found.below.regime)), found,
            *between(of, (found.parameter + step, found.above.regime), high)]


class Check(NamedTuple):
    """A world at a lam beside a boundary, where training is to find F and a regime; near: pairs that it starts from."""

    of: Any
    lam: float
    F: float
    regime: str
    near: tuple[Any, ...]


def missed(checks: list[Check]) -> float:
    """The largest deviation of the best trained pair of atoms, from random starts and from near given pairs; 1 where
    its regime is another."""
    from generators.plane.atoms import unit
    from generators.plane.data import plane_data
    from generators.plane.phases import regime
    from testbed import fit_many

    drawn = [plane_data("phases", c.of).at(np.array([side.angles for side in c.near]), c.lam) for c in checks]
    most = 1 + max(len(points.X) for points in drawn)
    X, weights = np.zeros((len(checks), most, 2)), np.zeros((len(checks), most))
    for k, points in enumerate(drawn):
        n = len(points.X)
        X[k, :n], weights[k, :n], weights[k, n] = points.X, points.weights, max(1 - points.weights.sum(), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    lams = np.array([c.lam for c in checks])
    pairs = [np.array([unit(np.array(c.near[k].angles) + [0.02, -0.03]) for c in checks]) for k in range(3)]
    tries = [fit_many(X, 2, lams, weights=weights, restarts=3),
             *(fit_many(X, 2, lams, weights=weights, start=start) for start in pairs)]
    best = np.argmin([batch.objective for batch in tries], axis=0)
    worst = 0.0
    for k, c in enumerate(checks):
        D = tries[best[k]].D[k] @ plane_data("phases", c.of).basis
        same = regime(c.of, c.lam, D) == c.regime
        worst = max(worst, abs(tries[best[k]].objective[k] - c.F) if same else 1.0)
    return worst


def plane(name: str, xs: np.ndarray, child: Any = CHILD, angle: Any = np.pi / 2,
          spread: Any = 0.0) -> tuple[dict[str, Any], float]:
    """The boundaries of one diagram, and the largest deviation of trained objectives beside some of them."""
    from generators.plane.phases import landscape

    rows, tops, wanted = [], [], []
    for column, settings in enumerate(zip(*np.broadcast_arrays(child, angle, spread), strict=True)):
        of = world(*map(float, settings))
        tops.append(min(END, (1 - 1e-6) * longest(*settings)))
        for found in changes(of, tops[-1]):
            pair = [REGIMES.index(side.regime) for side in (found.below, found.above)]
            checked = column % TRAINED == 0 and 3 not in pair  # one atom dead: training says nothing of its direction
            for sign, side in ((-1, found.below), (1, found.above)) if checked else ():
                lam = found.parameter + sign * BESIDE
                best = landscape(of, lam).best  # quadrature points are exact for the atoms they are made for: it too
                differs = best.regime != side.regime
                wanted.append(Check(of, lam, np.inf if differs else best.objective, side.regime,
                                    (best, found.below, found.above)))
            rows.append((xs[column], found.parameter, *pair, found.jump, checked))
        bottom = landscape(of, SCAN[0]).best.regime
        rows.append((xs[column], 0.0, -1, REGIMES.index(bottom), False, False))
    return {f"{name}_x": xs, f"{name}_boundaries": np.array(rows, dtype=float), f"{name}_top": tops}, missed(wanted)


def compute() -> Numbers:
    """Three diagrams by their boundaries; the tie of dictionaries held fixed; how far atoms jump, by spread."""
    from scipy.optimize import brentq

    from generators import held_fixed
    from generators.plane.boundaries import boundary, distance

    numbers: dict[str, Any] = {"children": CHILDREN, "jump_spreads": JUMPS, "jump_children": JUMP_CHILDREN}
    worst = []
    for name, xs in (("child", CHILDREN), ("angle", ANGLES), ("spread", SPREADS)):
        diagram, deviation = plane(name, xs, **{name: xs})
        numbers |= diagram
        worst.append(deviation)
    numbers["held"] = [brentq(lambda lam, c=c: held_fixed(BOTH, c, lam), 1e-6, 1 - 1e-6)
                       if held_fixed(BOTH, c, 1e-6) < 0 < held_fixed(BOTH, c, 1 - 1e-6) else np.nan
                       for c in CHILDREN.tolist()]
    jumps = np.zeros((len(JUMPS), len(JUMP_CHILDREN)))
    for i, spread in enumerate(JUMPS):
        for j, child in enumerate(JUMP_CHILDREN.tolist()):
            of = world(child, spread=spread)
            found = boundary(lambda lam, of=of: (of, lam), SCAN[0], 0.97, "absorbed")  # type: ignore[misc]
            jumps[i, j] = np.degrees(distance(found.below, found.above)) if found.jump else 0.0
    return numbers | {"jumps": jumps, "deviation": max(worst), "tolerance": 1e-9}


def cells(numbers: Numbers, name: str) -> list[tuple[float, list[tuple[float, float, int]]]]:
    """(x, [(low, high, regime), ...]) of every column of a diagram, from below."""
    rows = numbers[f"{name}_boundaries"]
    columns = []
    for x, top in zip(numbers[f"{name}_x"], numbers[f"{name}_top"], strict=True):
        mine = rows[rows[:, 0] == x]
        mine = mine[np.argsort(mine[:, 1])]
        ends = [*mine[1:, 1], top]
        columns.append((float(x), [(low, high, int(regime)) for low, high, regime
                                   in zip(mine[:, 1], ends, mine[:, 3], strict=True)]))
    return columns


def shade(axes: Any, numbers: Numbers, name: str, scale: float) -> None:
    """Colour the regimes: trapezoids between columns of equal sequence, steps halfway where it changes."""
    columns = cells(numbers, name)
    for (x, here), (y, there) in pairwise(columns):
        same = [c[2] for c in here] == [c[2] for c in there]
        half = (x + y) / 2
        parts = [([x, y], a, b) for a, b in zip(here, there, strict=True)] if same else [
            *(([x, half], a, a) for a in here), *(([half, y], b, b) for b in there)]
        for ends, a, b in parts:
            # pale but opaque, with an edge, so that no seams show
            axes.fill_between(np.array(ends) * scale, [a[0], b[0]], [a[1], b[1]], color=PALE[a[2]], linewidth=0.4)


def borders(axes: Any, numbers: Numbers, name: str, scale: float) -> None:
    """Boundaries: thick where the atoms jump, thin and dotted where they slide; squares where training was asked."""
    rows = numbers[f"{name}_boundaries"]
    xs = list(numbers[f"{name}_x"])
    for pair in sorted({tuple(row) for row in rows[rows[:, 2] >= 0][:, 2:4].tolist()}):
        mine = rows[(rows[:, 2] == pair[0]) & (rows[:, 3] == pair[1])]
        for a, b in pairwise(mine):
            if xs.index(b[0]) - xs.index(a[0]) > 1:
                continue
            jumps = a[4] and b[4]
            axes.plot(np.array([a[0], b[0]]) * scale, [a[1], b[1]], color=style.BLACK, linewidth=1.5 if jumps else 0.9,
                      linestyle="-" if jumps else (0, (1, 1.2)), solid_capstyle="butt")
    checked = rows[rows[:, 5] > 0]
    style.measured(axes, checked[:, 0] * scale, checked[:, 1], style.BLACK, "s", markersize=3)


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Three diagrams against the penalty, and the size of the jump."""
    figure = style.canvas(style.PAGE, 118)
    (child, angle), (spread, jump) = figure.subplots(2, 2)
    for axes, name, scale in ((child, "child", 1.0), (angle, "angle", 180 / np.pi), (spread, "spread", 1.0)):
        shade(axes, numbers, name, scale)
        borders(axes, numbers, name, scale)
        axes.set(ylim=(0, TOP), xlim=np.array(numbers[f"{name}_x"])[[0, -1]] * scale, yticks=[0, 0.25, 0.5, 0.75, 1])
    child.plot(numbers["children"], numbers["held"], color=style.GREY, linestyle=(0, (4, 2)))
    for axes in (child, spread):
        axes.set_ylabel("penalty λ")
    child.set_xlabel("P(child without parent)")
    angle.set_xlabel("angle between the features (degrees)")
    spread.set_xlabel("spread of magnitudes, uniform on 1 ± spread")
    style.label(child, 0.12, 0.72, "absorbed", style.VERMILION)
    style.label(child, 0.17, 0.13, "tilted", style.BLUE)
    style.label(child, 0.26, 0.34, "tie if held fixed", style.GREY)
    style.label(child, 0.2, 1.05, "merged", style.GREY, va="center")
    style.label(child, 0.395, 0.05, "faithful", "#007552", ha="right")
    style.panel(child, "a", "how often the child fires alone")
    style.label(angle, 55, 0.78, "absorbed", style.VERMILION)
    style.label(angle, 75, 0.3, "tilted", style.BLUE)
    style.label(angle, 128, 0.7, "faithful", "#007552")
    style.label(angle, 60, 1.05, "merged", style.GREY, va="center")
    style.label(angle, 149, 1.05, "nothing coded", style.GREY, va="center", ha="right")
    style.panel(angle, "b", "the angle")
    style.label(spread, 0.2, 0.82, "absorbed", style.VERMILION)
    style.label(spread, 0.2, 0.3, "tilted", style.BLUE)
    style.panel(spread, "c", "the spread")
    colours = (style.BLACK, style.BLUE, style.VERMILION)
    for sizes, s, colour in zip(numbers["jumps"], numbers["jump_spreads"], colours, strict=True):
        jump.plot(numbers["jump_children"], sizes, color=colour, marker=".")
        k = int(np.flatnonzero(sizes)[0])  # the first jump
        style.label(jump, numbers["jump_children"][k], sizes[k], f"{s:g}" if s else "spread 0", colour,
                    xytext=(-5, 5) if s == 0 else (7, -2), ha="right" if s == 0 else "left")
    jump.set(xlabel="P(child without parent)", ylabel="jump of an atom (degrees)", ylim=(-0.7, 20.5), xlim=(0, 0.43),
             yticks=[0, 5, 10, 15, 20])
    style.panel(jump, "d", "how far atoms jump into absorption")
    return figure


FIGURE = Figure(
    name="phases", statements=("T2", "T3"),
    title="Absorption wins when the child is rarely alone or the penalty is large; varied magnitudes soften the jump",
    caption="Parent alone with probability 0.4, with its child 0.2; two atoms, no bias. Shaded: regime of the global "
            "optimum. Thick lines: it jumps; dotted: it slides; squares: trained optima agree on both sides, 0.001 "
            "away. Faithful: both atoms within 1° of their features. Merged: only pairs are coded. (a) Features at a "
            "right angle, magnitude 1; dashed: where the features and the absorbed pair would tie, held fixed. (b, c) "
            "P(child alone) = 0.36. (d) The jump shrinks as magnitudes vary, and below a rate it becomes a slide.",
    alt="Four panels. Against the probability that the child fires alone, the penalty at which absorption takes over "
        "rises from zero to 0.62; it slides below a probability of about 0.1 and jumps above. Against the angle it is "
        "about 0.6 up to 112 degrees; beyond that the optimum goes from tilted to faithful. Against the spread it "
        "rises slowly, and the jump ends at a spread of about 0.17. The jump grows with the probability to 20 degrees "
        "and shrinks with the spread.",
    agreement="trained objective beside the boundaries against the exact optimum there (1 if the regime differs)",
    compute=compute, draw=draw,
)
