"""V4: a price on activity merges the atoms of single points into categories; the tree beside that of clustering."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

LAM = 0.5
WEIGHTS = (0.20, 0.20, 0.15, 0.15, 0.03, 0.03, 0.12, 0.12)
BOUNDED = 3  # every third price is checked against the convex bound
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5)
PAIRS, NEAR, FAR = (0.95, 0.90, 0.85, 0.80), 0.45, 0.10  # cosines in pairs, in fours, and between them


def world(lam: float) -> Any:
    """Eight unit vectors in four pairs and two fours, of unequal weight."""
    from testbed import Problem

    G = np.full((8, 8), FAR)
    for four in (slice(0, 4), slice(4, 8)):
        G[four, four] = NEAR
    for k, cosine in enumerate(PAIRS):
        G[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = cosine
    np.fill_diagonal(G, 1)
    return Problem(np.linalg.cholesky(G), lam, np.array(WEIGHTS))


def compute(*, lam: float = LAM) -> Numbers:
    """The events along tau, the closed forms for pairs, and the average-linkage tree of the same points."""
    from scipy.cluster.hierarchy import linkage

    from testbed import lower_bound
    from testbed.bounds.merging import merging, pair_events

    problem = world(lam)
    taus = np.geomspace(0.02, 0.7, 24)
    found = merging(problem, taus)
    predicted = np.array([pair_events(problem, 2 * k, 2 * k + 1) for k in range(4)])
    seen = np.array([[next((e.tau for e in found.events if (e.kind, e.samples) == (kind, (2 * k, 2 * k + 1))), np.nan)
                      for kind in ("share", "merge")] for k in range(4)])
    short = [value - lower_bound(problem, float(tau)).value
             for tau, value in zip(taus[::BOUNDED], found.objectives[::BOUNDED], strict=True)]
    arms, ends = tree(found.events, float(taus[0]), problem.n)
    names = np.array([e.kind for e in found.events])
    lost = np.cumsum([len(e.samples) * ((e.kind == "silent") - (e.kind == "heard")) for e in found.events])
    return {
        "arms": arms, "ends": ends, "event": names, "event_tau": [e.tau for e in found.events],
        "atoms": 8 - np.cumsum([e.fewer for e in found.events]), "coded": 8 - lost,
        "predicted": predicted, "seen": seen, "linkage": linkage(problem.X, "average"), "weights": problem.weights,
        "tau_low": taus[0], "tau_high": taus[-1], "largest_gap": max(short),
        "deviation": max(float(np.abs(seen / predicted - 1).max()), max(short), -min(short)), "tolerance": 1e-6,
    }


def tree(events: Any, start: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Lines (k, 4) as x, tau, x, tau of a tree whose leaves stand at 0..n-1, and where it ends, (j, 2).

    Nodes that begin to share lean towards each other from then until they have one atom.
    """
    nodes = {(i,): (float(i), start) for i in range(n)}
    leaning: dict[tuple[int, ...], float] = {}
    lines, ends = [], []
    for e in events:
        inside = [node for node in nodes if set(node) <= set(e.samples)]
        if e.kind == "share":
            leaning[e.samples] = e.tau
        elif e.kind == "merge" and len(inside) > 1:
            x = float(np.mean([nodes[node][0] for node in inside]))
            for node in inside:
                at, since = nodes.pop(node)
                lines += [(at, since, at, leaning[e.samples]), (at, leaning[e.samples], x, e.tau)]
            nodes[e.samples] = (x, e.tau)
        elif e.kind == "silent":
            for node in [node for node in nodes if set(node) & set(e.samples)]:
                at, since = nodes.pop(node)
                lines.append((at, since, at, e.tau))
                ends.append((at, e.tau))
    return np.array(lines), np.array(ends)


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The tree in tau, the tree of distances, and how many atoms and coded points are left."""
    figure = style.canvas(style.PAGE, 84)
    path, cluster, count = figure.subplots(1, 3, width_ratios=(5, 4, 4))
    weights = [f"{100 * w:.0f}" for w in np.asarray(numbers["weights"])]
    rare = (4, 5)

    for x0, y0, x1, y1 in np.asarray(numbers["arms"]):
        colour = style.VERMILION if rare[0] <= min(x0, x1) and max(x0, x1) <= rare[1] else style.BLUE
        path.plot([x0, x1], [y0, y1], color=colour, solid_capstyle="round")
    ends = np.asarray(numbers["ends"])
    path.plot(ends[:, 0], ends[:, 1], "x", color=style.BLACK, markersize=5, zorder=3)
    predicted = np.asarray(numbers["predicted"])
    for k, (share, merge) in enumerate(predicted):
        style.measured(path, [2 * k, 2 * k + 1], [share, share], style.GREY, "o")
        style.measured(path, [2 * k + 0.5], [merge], style.GREY, "s")
    path.set(yscale="log", ylim=(float(numbers["tau_low"]), 0.95), xlim=(-0.5, 8.6), ylabel="price τ")
    for at, tau in ends:
        style.label(path, at, tau, "silent", style.BLACK, ha="center", xytext=(0, 5))
    style.label(path, 7, predicted[3, 0], "share", style.GREY, xytext=(6, 0), va="center")
    style.label(path, 6.5, predicted[3, 1], "merge", style.GREY, xytext=(6, 0), va="center")
    path.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    path.set_yticks([], minor=True)
    style.panel(path, "a", "price path: rare points merge first")

    at = {i: (float(i), 0.0) for i in range(8)}
    for step, (i, j, height, _) in enumerate(np.asarray(numbers["linkage"])):
        (x0, y0), (x1, y1) = at[int(i)], at[int(j)]
        both = {x0, x1} <= set(map(float, rare))
        cluster.plot([x0, x0, x1, x1], [y0, height, height, y1], color=style.VERMILION if both else style.GREEN)
        at[8 + step] = (0.5 * (x0 + x1), height)
    cluster.set(xlim=(-0.5, 7.5), ylim=(0, 1.5), ylabel="mean distance")
    root = at[14]
    style.label(cluster, root[0], root[1], "always a root", style.GREEN, ha="center", xytext=(0, 5))
    style.panel(cluster, "b", "average linkage: distance alone")
    for axes in (path, cluster):
        axes.set_xticks(range(8), weights)
        axes.set_xlabel("points, by weight in %")
        axes.tick_params(axis="x", length=0)

    low, high = float(numbers["tau_low"]), float(numbers["tau_high"])
    taus = np.r_[low, np.asarray(numbers["event_tau"]), high]
    for key, colour, line in (("coded", style.GREY, (0, (4, 2))), ("atoms", style.BLUE, "-")):
        steps = np.r_[8, np.asarray(numbers[key])]
        count.step(taus, np.r_[steps, steps[-1]], where="post", color=colour, linestyle=line)
    count.set(xscale="log", xlabel="price τ", xlim=(low, 0.95), ylim=(-0.3, 8.8), yticks=range(0, 9, 2),
              ylabel="number")
    count.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    count.set_xticks([], minor=True)
    style.label(count, 0.2, 8, "points coded", style.GREY, ha="center", xytext=(0, 4))
    style.label(count, 0.09, 5.1, "atoms", style.BLUE, ha="right", xytext=(-3, -6))
    style.panel(count, "c", "from one atom each to none")
    return figure


FIGURE = Figure(
    name="merging", statements=("V4",),
    title="A price on activity merges the atoms of single points into categories, rare points first; then they fall "
          "silent",
    caption="Eight unit vectors in pairs (cosines 0.95, 0.90, 0.85, 0.80 from the left) and fours (0.45), λ = 0.5, "
            "and the best dictionary of any width at every price τ. (a) Lines lean from where points begin to share "
            "atoms (circles, closed form) to where one atom is left (squares); in between the atoms are not unique. "
            "(b) Average linkage of the same points knows distances alone: the closest pair is first. The price also "
            "weighs how often a point occurs, so the rare pair (vermilion), third in closeness, is first in (a). "
            "Linkage always ends in a root; the two fours never share an atom, they fall silent (crosses) before. (c)"
            " Atoms and coded points left.",
    alt="Three panels. In the tree along the price, the pair of weight three percent joins first although it is third"
        " in closeness, the other pairs follow, then each four joins, and the two fours end in crosses at different "
        "prices without joining. The tree of average linkage joins pairs by distance and ends in one root. A step "
        "curve falls from eight atoms to none while the number of coded points falls from eight to four to none.",
    agreement="events of pairs against closed forms, relative, and optima against the doubly nonnegative bound",
    compute=compute, draw=draw,
)
