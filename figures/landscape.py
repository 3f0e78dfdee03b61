"""How many local minima there are, how often restarts find the best one, and what moves between basins add."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

RESTARTS, SEARCHES, STARTS = 60, 3, 2
DESCENTS = np.arange(1, 41)
SHARES = (0.1, 0.5, 0.9)  # of searches, for the bands and the median
SCALE = 0.01  # percent below which the axis is linear


def worlds() -> dict[str, tuple[Any, int, float]]:
    """Data with weights, number of atoms and lam: many directions and few atoms, and handwritten digits."""
    from generators import digits, one_sparse

    return {"rays": (one_sparse(60).embed(6, "random", 0).exact(), 15, 0.15),
            "digits": (digits().sample(200, 0), 12, 0.1)}


def compute() -> Numbers:
    """Objectives of many restarts, and of searches that start from two of them each."""
    from properties.m2_splitting import PROPERTY as M2
    from properties.m3_dead_atoms import PROPERTY as M3
    from testbed.basins.searching import search

    numbers: dict[str, Any] = {"tolerance": 1e-8, "descents": DESCENTS, "shares": SHARES}
    worst = 0.0
    for name, (data, n_atoms, lam) in worlds().items():
        alone = search(data.X, n_atoms, lam, weights=data.weights, restarts=RESTARTS, rounds=0)
        found = [search(data.X, n_atoms, lam, weights=data.weights, restarts=STARTS, seed=1 + seed)
                 for seed in range(SEARCHES)]
        best = min(alone.objectives.min(), *(s.objectives.min() for s in found))
        values, counts = np.array(alone.distribution).T
        # the best of k restarts exceeds g with the probability that one does, to the power k
        levels = 1 - (1 - np.array(SHARES)[:, None]) ** (1 / DESCENTS)
        sofar = [np.minimum.accumulate(np.append(s.objectives, np.full(len(DESCENTS), np.inf)))[: len(DESCENTS)]
                 for s in found]
        numbers |= {
            f"{name}_gap": 100 * (values / best - 1), f"{name}_count": counts,
            f"{name}_alone": 100 * (np.quantile(alone.objectives, levels, method="inverted_cdf") / best - 1),
            f"{name}_moves": 100 * (np.quantile(sofar, SHARES, axis=0, method="inverted_cdf") / best - 1),
            f"{name}_hits": [(s.best.objective / best - 1 < 1e-9) for s in found],
            f"{name}_used": [len(s.objectives) for s in found],
        }
        worst = max(worst, *(max(s.best.stationarity, M2.residual(s.best).max, M3.residual(s.best).max) for s in found))
    return numbers | {"deviation": worst}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """A row for each world: local minima with their frequency, and the best so far against descents."""
    figure = style.canvas(style.PAGE, 98)
    rows = figure.subplots(2, 2, width_ratios=[1.2, 1])
    titles = {"rays": ("a", "60 directions in 6 dimensions, 15 atoms", "b"),
              "digits": ("c", "200 handwritten digits, 12 atoms", "d")}
    for (minima, sofar), (name, (left, title, right)) in zip(rows, titles.items(), strict=True):
        gap, count = numbers[f"{name}_gap"], numbers[f"{name}_count"]
        heights = minima.hist(gap, np.linspace(0, gap.max(), 41), weights=count, color=style.BLUE, alpha=0.6)[0]
        style.measured(minima, 0, count[0] if gap[0] < 1e-7 else 0, style.VERMILION, "D", clip_on=False)
        minima.set(ylabel=f"of {RESTARTS} restarts", ylim=(0, 1.2 * heights.max()), xlim=(-0.02 * gap.max(), gap.max()))
        style.label(minima, gap.max(), 1.15 * heights.max(), f"{len(gap)} local minima", style.BLUE, ha="right",
                    va="top")
        style.panel(minima, left, title)
        k = numbers["descents"]
        for key, colour in (("alone", style.GREY), ("moves", style.VERMILION)):
            low, middle, high = numbers[f"{name}_{key}"]
            sofar.fill_between(k, low, high, color=colour, alpha=0.2, linewidth=0, step="mid")
            sofar.step(k, middle, color=colour, where="mid")
        sofar.set_yscale("symlog", linthresh=SCALE, linscale=0.4)
        sofar.set(ylabel="best so far (% above the best)", xlim=(0.5, k[-1]), ylim=(-0.2 * SCALE, 4))
        sofar.set_yticks([0, 0.01, 0.1, 1], ["0", "0.01", "0.1", "1"])
        style.panel(sofar, right, f"{int(np.sum(numbers[f'{name}_hits']))} of {SEARCHES} searches reach the best")
    minima, lower = rows[1]
    minima.set_xlabel("objective above the best (%)")
    lower.set_xlabel("descents")
    style.label(lower, DESCENTS[-1] - 1, 1.6, "restarts alone", style.GREY, ha="right")
    style.label(lower, DESCENTS[-1] - 1, 0.55, "two restarts, then moves", style.VERMILION, ha="right")
    return figure


FIGURE = Figure(
    name="landscape", statements=("M2", "M3"),
    title="Local minima abound; moving atoms between basins finds the best of them sooner than restarts do",
    caption="Left: objectives at which 60 restarts ended, above the best known; the diamond counts those that found "
            "it. Right: the best so far against the number of descents (median, and 10 to 90 percent): restarts "
            "alone, and 3 searches of two restarts each, followed by moves from the best so far. Moves take the "
            "least useful atoms to where a new one helps most (M3), split atoms along u* (M2), and merge similar "
            "ones. Every search ends at the best known; nothing proves that no better one exists.",
    alt="Two rows of panels. Histograms of the objectives of 60 restarts: for 60 directions most restarts end in a "
        "minimum of their own, spread over two percent; for digits there are fourteen minima within 0.6 percent. "
        "Every search with moves reaches the best, all within 23 descents; of as many restarts alone, a tenth do not.",
    agreement="S1, M2 and M3 at the end of every search",
    compute=compute, draw=draw,
)
