"""S6 and T3: in a hierarchical pair the child's atom leaves the child's direction and takes over the parent."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

LEVELS = 201  # equally likely magnitudes of the child, evenly spaced on [1 - spread, 1 + spread]
SPREADS = (0.0, 0.5, 0.9)  # for the curves against lam
LAMS = (0.01, 0.1, 0.4)  # for the curves against spread
LAM_LINE, SPREAD_LINE = np.geomspace(0.003, 0.6, 31), np.linspace(0.0, 0.96, 25)
MARKED = {"lam": slice(1, None, 2), "spread": slice(0, None, 2)}  # of the lines' points, where training is asked
QUANTITIES = ("angle", "parent", "bound", "F")


def world(spread: float) -> Any:
    """Parent e1 always on; half the time its child e2, with magnitudes about 1 that have the given spread."""
    from generators import nested_pair
    from generators.magnitudes import discrete

    values = 1 + spread * (2 * np.arange(LEVELS) + 1 - LEVELS) / LEVELS if spread else np.ones(1)
    return nested_pair(rho=0.5, child_magnitude=discrete(values, np.full(len(values), 1 / len(values))))


def predicted(spread: float, lams: np.ndarray) -> np.ndarray:
    """T3, (k, 4): the child atom's angle, P(parent on | child) weighted by its activity, S6's bound on that, and F."""
    from testbed import Optimum, Problem

    of, rows = world(spread), []
    sample = of.exact()
    for lam in lams.tolist():
        found = of.predict(lam)
        at = Optimum.at(Problem(sample.X, lam, sample.weights), found.D)  # codes only: the atoms are theory's
        rows.append((found.values["child_angle"], found.values["parent_given_child"], bound(at), found.objective))
    return np.array(rows)


def trained(spread: float, lams: np.ndarray) -> np.ndarray:
    """The same numbers at trained dictionaries."""
    from testbed import fit_many

    sample, rows = world(spread).exact(), []
    batch = fit_many(np.tile(sample.X, (len(lams), 1, 1)), 2, lams, weights=sample.weights, restarts=4)
    for found in map(batch.optimum, range(len(batch))):
        parent, child = np.argsort(-found.D[:, 0])
        on = float(activity(found, child) @ found.support[:, parent])
        rows.append((np.arctan2(found.D[child, 1], found.D[child, 0]), on, bound(found), found.objective))
    return np.array(rows)


def activity(optimum: Any, atom: int) -> np.ndarray:
    """(n,) weights of the mean over an atom's activity."""
    return np.asarray(optimum.problem.weights * optimum.Z.toarray()[:, atom] / optimum.mu[atom])


def bound(optimum: Any) -> float:
    """S6 at the child's atom: P(parent on | child) <= E_child[tan of its angle to r; parent off] / tan(theta/2)."""
    parent, child = np.argsort(-optimum.D[:, 0])
    strays = np.linalg.norm(optimum.R / optimum.problem.lam - optimum.D[child], axis=1)  # |t|, r / lam = d + t
    cosine = min(float(optimum.G[parent, child]), 1.0)
    half = np.sqrt((1 - cosine) / (1 + cosine))  # tan(theta/2)
    return float(activity(optimum, child) @ (strays * ~optimum.support[:, parent]) / half)


def compute() -> Numbers:
    """Against lam for several spreads, and against spread for several lam: lines predicted, marks trained."""
    numbers: dict[str, Any] = {"spreads": SPREADS, "lams": LAMS, "tolerance": 1e-7,
                               "extreme": np.arctan(1 + np.array(SPREADS) * (1 - 1 / LEVELS)),
                               "extreme_line": np.arctan(1 + SPREAD_LINE * (1 - 1 / LEVELS))}
    worst = 0.0
    for axis, line in (("lam", LAM_LINE), ("spread", SPREAD_LINE)):
        mark = line[MARKED[axis]]
        lines, found = (np.array([f(spread, points) for spread in SPREADS]) if axis == "lam" else
                        np.array([f(spread, np.array(LAMS)) for spread in points.tolist()]).swapaxes(0, 1)
                        for f, points in ((predicted, line), (trained, mark)))
        theory = lines[:, MARKED[axis]]
        numbers |= {f"{axis}_line": line, f"{axis}_mark": mark}
        for i, quantity in enumerate(QUANTITIES):
            numbers |= {f"{quantity}_{axis}_line": lines[..., i], f"{quantity}_{axis}_predicted": theory[..., i],
                        f"{quantity}_{axis}_trained": found[..., i]}
        worst = max(worst, deviation(found, theory))
    return numbers | {"deviation": worst}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Above the child atom's angle, below how often the parent's atom is on with it; by lam and by spread."""
    figure = style.canvas(style.PAGE, 112)
    grid = figure.subplots(2, 2, sharex="col", sharey="row")
    for (above, below), axis, cases in zip(grid.T, ("lam", "spread"), ("spreads", "lams"), strict=True):
        line, mark = numbers[f"{axis}_line"], numbers[f"{axis}_mark"]
        for i, (case, colour) in enumerate(zip(numbers[cases], style.SERIES, strict=True)):
            angles = np.degrees(numbers[f"angle_{axis}_line"][i])
            above.plot(line, angles, color=colour)
            style.measured(above, mark, np.degrees(numbers[f"angle_{axis}_trained"][i]), colour, style.SHAPES[i])
            below.plot(line, numbers[f"parent_{axis}_line"][i], color=colour)
            style.measured(below, mark, numbers[f"parent_{axis}_trained"][i], colour, style.SHAPES[i])
            below.plot(line, numbers[f"bound_{axis}_line"][i], color=colour, linestyle=(0, (1, 1.5)))
            name = f"spread {case:g}" if axis == "lam" else f"λ = {case:g}"
            style.label(above, line[-1], angles[-1], name, colour, xytext=(5, 0), va="center")
    (angle_lam, angle_spread), (parent_lam, parent_spread) = grid
    for i, colour in enumerate(style.SERIES):
        angle_lam.plot(numbers["lam_line"][[0, 6]], [np.degrees(numbers["extreme"][i])] * 2, color=colour,
                       linestyle=(0, (4, 2)), linewidth=0.9)
    angle_spread.plot(numbers["spread_line"], np.degrees(numbers["extreme_line"]), color=style.BLACK,
                      linestyle=(0, (4, 2)), linewidth=0.9)
    style.label(angle_lam, 0.0098, np.degrees(numbers["extreme"][2]), "extreme ray of the data", va="center")
    style.label(angle_spread, 0.52, 60.2, "extreme ray\nof the data", ha="right", va="center")
    style.label(angle_lam, 0.0031, 45, "normalised sum, 45°", xytext=(0, 5))
    for axes in grid[0]:
        style.label(axes, 1, 1, "true child: 90° ↑", style.GREY, xycoords="axes fraction", ha="right", va="top")
    style.label(parent_lam, 0.6, 0.46, "at most (S6)", xytext=(5, 0), va="center")
    style.label(parent_spread, 0.62, 0.7, "at most (S6)", ha="center")
    style.label(parent_lam, 0.0031, 0, "spread 0: never", style.SERIES[0], xytext=(0, 5))
    for i, colour in enumerate(style.SERIES):
        x, y = numbers["spread_line"][-1], numbers["parent_spread_line"][i][-1]
        style.label(parent_spread, x, y, f"λ = {numbers['lams'][i]:g}", colour, xytext=(5, 0), va="center")
    for i, y in ((1, 0.56), (2, 0.63)):
        style.label(parent_lam, 0.03, y, f"spread {numbers['spreads'][i]:g}", style.SERIES[i], ha="right")
    style.panel(angle_lam, "a", "the child's atom, by penalty")
    style.panel(angle_spread, "b", "the child's atom, by spread of its magnitude")
    style.panel(parent_lam, "c", "the parent's atom, where the child's is on")
    style.panel(parent_spread, "d", "the same, by spread")
    angle_lam.set(ylabel="angle of child's atom\nfrom parent (degrees)", ylim=(43, 66), xscale="log",
                  xlim=(0.0028, 1.6))
    parent_lam.set(ylabel="P(parent on | child)", xlabel="penalty λ", ylim=(-0.04, 1.04))
    for axes in (angle_spread, parent_spread):
        axes.tick_params(labelleft=True)  # so that the panels can stand alone
    parent_lam.set_xticks([0.01, 0.1], ["0.01", "0.1"])
    parent_spread.set(xlabel="spread of the child's magnitude, ± about 1", xlim=(-0.02, 1.2),
                      xticks=[0, 0.25, 0.5, 0.75])
    return figure


FIGURE = Figure(
    name="absorption", statements=("S6", "T3"),
    title="The child's atom takes over the parent, whose own atom must go silent on part of the child's support",
    caption="Parent e₁ is always on and, half of the time, so is its child e₂, orthogonal, with magnitude uniform on "
            "1 ± spread (201 levels). Lines: the two optimal atoms of T3; markers: trained. The child's atom lies "
            "between the normalised sum and the extreme ray of the data, which it reaches as λ → 0, and never near "
            "the child (90°). The parent's atom is on for a share of the child's activity that S6 bounds (dotted), "
            "ever more tightly as λ → 0.",
    alt="Four panels. The angle of the child's atom falls from the extreme ray of the data towards 45 degrees as the "
        "penalty grows, and rises with the spread of the child's magnitude; the probability that the parent's atom is "
        "on with the child's falls from 0.9 to 0.15 with the penalty, is zero without spread, and never exceeds its "
        "bound.",
    agreement="trained angle (radians), P(parent on | child), bound and objective against theory",
    compute=compute, draw=draw,
)
