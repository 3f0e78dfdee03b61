"""T4: with more atoms, exclusive children stop sharing them; the splits draw a tree, or they do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

LAM = 0.5
FREQUENCIES = (0.3, 0.25, 0.2, 0.15, 0.1)  # of five orthogonal children
CHAIN = (0.4, 0.5, 0.4)  # cosines between neighbours of four children, equally likely


def worlds() -> dict[str, Any]:
    """Two parents with exclusive children: orthogonal ones of unequal frequency, and a chain of equally likely ones."""
    from generators import exclusive_children

    k = len(CHAIN) + 1
    directions = np.zeros((k + 1, k + 1))
    directions[0, 0] = 1
    directions[1:, 1:] = np.linalg.cholesky(np.eye(k) + np.diag(CHAIN, 1) + np.diag(CHAIN, -1))
    return {"orthogonal": exclusive_children(len(FREQUENCIES), probabilities=FREQUENCIES),
            "chain": exclusive_children(k, directions=directions)}


def membership(groups: Any, k: int) -> np.ndarray:
    """For each child the least child with which it shares its atom."""
    first = np.full(k, -1)
    for group in groups:
        first[list(group)] = min(group)
    return first


def compute(*, lam: float = LAM, seed: int = 1) -> Numbers:
    """For m = 1..k atoms: which children share one, and F; predicted, and trained."""
    from generators import nests
    from generators.splitting import children
    from properties.splitting_tree import confirmed, partition, trained

    numbers: dict[str, Any] = {"lam": lam, "tolerance": 1e-9}
    worst = 0.0
    for name, world in worlds().items():
        k = world.n_features - 1
        theory = [confirmed(world, lam, m) for m in range(1, k + 1)]
        X, weights = children(world)
        optima = [trained(X, weights, lam, m, 16, seed=seed) for m in range(1, k + 1)]
        found, path = np.array([o.objective for o in optima]), [partition(o) for o in optima]
        predicted = np.array([membership(p.values["groups"], k) for p in theory])
        worst = max(worst, deviation(found, [p.objective for p in theory]),
                    deviation(np.array([membership(groups, k) for groups in path]), predicted))
        numbers |= {f"groups_{name}": predicted, f"F_{name}": np.array([p.objective for p in theory]),
                    f"trained_{name}": found, f"nests_{name}": nests(path),
                    f"floor_{name}": theory[-1].objective}
    return numbers | {"deviation": worst}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Two diagrams of who shares an atom with whom, a row for each m, and F against m."""
    figure = style.canvas(style.PAGE, 74)
    tree, knot, objective = figure.subplots(1, 3, width_ratios=(5, 4, 4))
    for axes, name, colour in ((tree, "orthogonal", style.BLUE), (knot, "chain", style.PURPLE)):
        groups = np.asarray(numbers[f"groups_{name}"])
        _diagram(axes, groups, colour)
        k = groups.shape[1]
        names = [f"{i + 1}" if k < 5 else f"{100 * FREQUENCIES[i]:.0f}%" for i in range(k)]
        axes.set_xticks(range(k), names)
        objective.plot(np.arange(1, k + 1), numbers[f"F_{name}"], color=colour)
        style.measured(objective, np.arange(1, k + 1), numbers[f"trained_{name}"], colour, "o" if k == 5 else "s")
    style.label(knot, 1.5, -3.4, "formed across two", style.VERMILION, ha="center", va="top")
    style.label(objective, 2, numbers["F_orthogonal"][1], "five orthogonal", style.BLUE, xytext=(6, 2))
    style.label(objective, 3, numbers["F_chain"][2], "chain of four", style.PURPLE, ha="right", xytext=(-7, -7))
    style.panel(tree, "a", "orthogonal: a tree")
    style.panel(knot, "b", "a chain: no tree")
    style.panel(objective, "c", "what a further atom saves")
    objective.set(xlabel="atoms m", ylabel="objective F", xticks=range(1, 6), xlim=(0.7, 5.3))
    return figure


def _diagram(axes: Any, groups: np.ndarray, colour: str) -> None:
    """Row m: a bar for each group of children that share an atom, tied to the groups of row m - 1 it came from."""
    rows, k = groups.shape
    for row in range(rows):
        for first in np.unique(groups[row]):
            inside = np.flatnonzero(groups[row] == first)
            above = np.unique(groups[row - 1][inside]) if row else np.empty(0)
            crossing = len(above) > 1
            shade = style.VERMILION if crossing else colour
            axes.plot([inside[0], inside[-1]], [-row, -row], color=shade, linewidth=7, solid_capstyle="round",
                      alpha=0.28, zorder=2)
            axes.plot(inside, np.full(len(inside), -row), "o", color=shade, markersize=3.2, zorder=3)
            for parent in above:
                origin = np.flatnonzero(groups[row - 1] == parent)
                axes.plot([origin.mean(), inside.mean()], [1 - row, -row], color=shade, linewidth=0.9,
                          linestyle=(0, (2.5, 1.5)) if crossing else "-", zorder=1)
    axes.set(xlim=(-0.5, k - 0.5), ylim=(0.7 - rows - 0.5 * (k < 5), 0.5), yticks=range(0, -rows, -1))
    axes.set_yticklabels([f"m = {row + 1}" for row in range(rows)])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


FIGURE = Figure(
    name="splitting_tree", statements=("T4",),
    title="With more atoms, exclusive children stop sharing them; whether the splits draw a tree depends on geometry",
    caption="A parent with exactly one child in every sample (λ = 0.5), and m atoms: bars join the children that share "
            "one, lines lead from the atoms of one row to those of the next. (a) Five orthogonal children of the "
            "frequencies above: the most frequent gets an atom of its own first, and the splits nest. (b) Four equally "
            "likely children in a chain, neighbours at cosines 0.4, 0.5, 0.4: of three atoms one is shared by the two "
            "middle children, which with two were apart. (c) Lines: F of the best partition; markers: trained. "
            "Training finds the same groups.",
    alt="Two diagrams with a row for each number of atoms. In the first, children leave a shared group one at a time, "
        "most frequent first. In the second, two pairs become two single children and a pair formed across the old "
        "pairs. A third panel shows the objective falling with the number of atoms, trained markers on the lines.",
    agreement="trained objective against T4, and trained groups equal to the predicted ones",
    compute=compute, draw=draw,
)
