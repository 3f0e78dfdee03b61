"""T2, M1: along a cut through the phases, the minima, the saddle between them, and what training that follows sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

# P(child alone), spread of magnitudes, range of lam shown: a jump, a slide at a border, a smooth slide
CUTS = {"jump": (0.36, 0.0, (0.54, 0.64)), "corner": (0.05, 0.0, (0.12, 0.22)), "smooth": (0.36, 0.2, (0.54, 0.69))}
SWEEP = 21  # lams of a sweep, in each direction
NEAR = 2e-3  # a marker this near to an end of a minimum is not compared: training may pass to either side


def world(child: float, spread: float) -> Any:
    """Parent alone with probability 0.4, with its child 0.2; magnitudes uniform on 1 +- spread, or in 41 levels."""
    from generators import two_features
    from generators.magnitudes import discrete

    levels = 1 + spread * (2 * np.arange(41) + 1 - 41) / 41
    return two_features(0.4, 0.2, child, magnitude=discrete(levels, np.full(41, 1 / 41)) if spread else 1.0)


def sweep(of: Any, lams: np.ndarray, start: Any) -> list[Any]:
    """Trained pairs of atoms, each from the one before."""
    from testbed import fit

    sample = of.exact()
    found = []
    for lam in lams.tolist():
        optimum = fit(sample.X, 2, lam, weights=sample.weights, start=start)
        start = optimum.D
        found.append(optimum)
    return found


def angles(optimum: Any) -> np.ndarray:
    """(2,) angles of the atoms in radians, ascending."""
    return np.sort(np.arctan2(optimum.D[:, 1], optimum.D[:, 0]))


def compute() -> Numbers:
    """Traced curves, the boundary and the spinodals, and two sweeps of training, for each cut."""
    from generators.plane.atoms import unit
    from generators.plane.boundaries import boundary, follow, spinodal, trace
    from generators.plane.phases import landscape, prepare

    numbers: dict[str, Any] = {"cuts": list(CUTS)}
    worst = 0.0
    for name, (child, spread, (low, high)) in CUTS.items():
        of = world(child, spread)

        def line(lam: float, of: Any = of) -> tuple[Any, float]:
            return of, lam

        curve = trace(line, low, landscape(of, low).best, low, high, step=0.01)
        middle = boundary(line, low, high, "absorbed")
        ends = [spinodal(line, middle.parameter, stop, side) if middle.jump else None
                for stop, side in ((low, middle.above), (high, middle.below))]
        lams = np.linspace(low, high, SWEEP)
        for way, order in (("up", lams), ("down", lams[::-1])):
            best = landscape(of, float(order[0])).best
            optima = sweep(of, order, unit(np.array(best.angles)))
            numbers[f"{name}_{way}"] = np.array([[lam, *angles(o)] for lam, o in zip(order, optima, strict=True)])
            minimum = best
            for lam, optimum in zip(order.tolist(), optima, strict=True):
                minimum = follow(prepare("hysteresis", of, lam), minimum) or landscape(of, lam).best
                far = all(end is None or abs(lam - end.parameter) > NEAR for end in ends)
                worst = max(worst, abs(optimum.objective - minimum.objective) if far else 0.0)
        numbers |= {f"{name}_curve": np.array([(t.parameter, *t.angles, t.objective, t.least) for t in curve]),
                    f"{name}_boundary": middle.parameter, f"{name}_jumps": middle.jump,
                    f"{name}_ends": [end.parameter if end else np.nan for end in ends]}
    return numbers | {"deviation": worst, "tolerance": 1e-9}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Above, the child's atom along each cut; below, the least curvature."""
    figure = style.canvas(style.PAGE, 92)
    rows = figure.subplots(2, 3, sharex="col")
    titles = {"jump": "child alone 0.36: a jump", "corner": "child alone 0.05: a slide",
              "smooth": "0.36, spread 0.2: a slide"}
    for k, (name, (above, below)) in enumerate(zip(titles, rows.T, strict=True)):
        lam, _, atom, _, least = numbers[f"{name}_curve"].T
        stable = least > 0
        for axes, y in ((above, np.degrees(atom)), (below, least)):
            axes.plot(lam, np.where(stable, y, np.nan), color=style.BLUE)
            axes.plot(lam, np.where(stable, np.nan, y), color=style.VERMILION, linestyle=(0, (3, 1.5)))
            axes.axvline(numbers[f"{name}_boundary"], color=style.GREY, linewidth=0.7, zorder=0)
            for end in numbers[f"{name}_ends"]:
                axes.axvline(end, color=style.GREY, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0)
        for way, shape, colour in (("up", "^", style.BLACK), ("down", "v", style.GREEN)):
            sweep = numbers[f"{name}_{way}"]
            style.measured(above, sweep[:, 0], np.degrees(sweep[:, 2]), colour, shape)
        below.axhline(0, color=style.GREY, linewidth=0.6, zorder=0)
        above.set(ylim=(40, 80))
        below.set(xlabel="penalty λ", xlim=(lam.min(), lam.max()))
        style.panel(above, "abc"[k], titles[name])
    rows[1][2].set_xticks([0.55, 0.6, 0.65])
    (jump, *_), (curvature, *_) = rows
    jump.set_ylabel("angle of child's atom\nfrom parent (degrees)")
    curvature.set_ylabel("least curvature (M1)")
    curve = numbers["jump_curve"]
    style.label(jump, 0.541, 70, "tilted", style.BLUE)
    style.label(jump, 0.638, 61, "absorbed", style.BLUE, ha="right")
    saddle = curve[curve[:, 4] < 0]
    middle = saddle[len(saddle) // 2]
    style.label(jump, middle[0], np.degrees(middle[2]), "saddle", style.VERMILION, xytext=(-5, 0), ha="right",
                va="center")
    style.label(jump, 0.639, 77, "▲ λ rising", style.BLACK, ha="right", va="top")
    style.label(jump, 0.639, 73.5, "▼ falling", style.GREEN, ha="right", va="top")
    return figure


FIGURE = Figure(
    name="hysteresis", statements=("T2", "M1"),
    title="Where atoms jump, training that follows the penalty jumps late, and at another penalty on the way back",
    caption="Cuts through the phases: parent alone 0.4, with its child 0.2, features at a right angle. Blue: local "
            "minima; dashed: the saddle between them, all by continuation in arclength; triangles: training from the "
            "optimum at the penalty before. Solid grey: where the global optimum changes regime; dotted: where a "
            "minimum ends, softly at a fold (right) or where the parent's atom, silent on the pair, is about to fire "
            "(left). (b) A rare child, or (c) varied magnitudes (41 levels): one minimum throughout, and a slide.",
    alt="Three columns. In the first the angle of the child's atom against the penalty is an S: two branches of minima "
        "joined by a saddle, and training up jumps at 0.603, training down at 0.579, around the switch of the global "
        "optimum at 0.594; the least curvature falls to zero at the fold and jumps at the other end. In the other two "
        "there is one curve, with a corner and without, which training follows both ways.",
    agreement="objective of trained dictionaries against the minimum that is followed, away from its ends",
    compute=compute, draw=draw,
)
