"""G2: on the way to one atom for each point: the objective, the residuals, whose atoms come, and how many it takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

LAM = 0.2
SHARES = np.array([0.05, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 1.0])  # widths, as shares of the directions
NAMES = {"tree": "tree", "sphere": "3-d", "six": "6-d", "digits": "digits"}
RING_LAMS, RING_WIDTHS, RING_POINTS = (0.1, 0.3, 0.7), np.array([5, 7, 10, 14, 20, 32]), 2400
CLOUDS, CLOUD_WIDTHS, CLOUD_LAM = (3, 4, 5), np.array([8, 16, 32, 64, 128]), 0.3
ALONE = 1e-7  # of |r| / lam above 1: a point has an atom of its own


def worlds() -> dict[str, Any]:
    """Samples with distinct directions, each as likely as it is."""
    from generators import digits, hierarchical, one_sparse

    return {"tree": hierarchical(roots=1, depth=3, branching=3, exclusive=True).exact(),
            "sphere": one_sparse(60).embed(3, "random", 0).exact(), "six": one_sparse(60).embed(6, "random", 0).exact(),
            "digits": digits().sample(100, 0)}


def own(optimum: Any) -> np.ndarray:
    """(n,) which points have an atom of their own: at the floor, which is |r| <= lam (G1), and longer than lam."""
    p = optimum.problem
    reached = np.linalg.norm(optimum.R, axis=1) <= p.lam * (1 + ALONE)
    return np.asarray(reached & (np.linalg.norm(p.X, axis=1) > p.lam))


def lonely(X: np.ndarray, lam: float) -> np.ndarray:
    """(n,) what a point would lose if it were coded by its nearest neighbour's direction, at least."""
    norms = np.linalg.norm(X, axis=1)
    U = X / norms[:, None]
    cosine = U @ U.T
    np.fill_diagonal(cosine, -1)
    best = np.maximum(norms * cosine.max(axis=1) - lam, 0)
    return np.asarray(((norms - lam) ** 2 - best**2) / 2)


def compute() -> Numbers:
    """Width paths of four worlds, first own atoms on digits, and the excess of rings and of clouds against m."""
    from generators.wide import ring_excess
    from testbed import fit
    from testbed.basins.paths import path, repair

    numbers: dict[str, Any] = {"ring_m": RING_WIDTHS, "ring_lams": RING_LAMS, "cloud_m": CLOUD_WIDTHS,
                               "cloud_d": CLOUDS}
    worst = []
    for name, sample in worlds().items():
        coded = np.linalg.norm(sample.X, axis=1) > LAM
        widths = np.unique(np.maximum(np.round(SHARES * coded.sum()), 1).astype(int))
        found = repair(path(sample.X, widths.tolist(), LAM, weights=sample.weights, restarts=1, rounds=0), rounds=1)
        mine = np.array([own(o) for o in found.optima])
        share = sample.weights[coded] / sample.weights[coded].sum()
        numbers |= {f"{name}_m": widths, f"{name}_n": int(coded.sum()), f"{name}_F": found.objectives,
                    f"{name}_floor": found.floors[0], f"{name}_radius": [o.radius for o in found.optima],
                    f"{name}_own": mine[:, coded] @ share}
        worst.append(abs(found.objectives[-1] / found.floors[-1] - 1))
        if name == "digits":
            first = np.where(mine.any(axis=0), widths[mine.argmax(axis=0)], 0)
            numbers |= {"born": first, "lonely": lonely(sample.X, LAM),
                        "kept": (mine[:-1] & mine[1:]).sum() / mine[:-1].sum()}
    angle = 2 * np.pi * (np.arange(RING_POINTS) + 0.5) / RING_POINTS
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def excess(X: np.ndarray, m: int, lam: float) -> float:
        optimum = fit(X, m, lam, restarts=1)
        return float(optimum.objective - optimum.problem.huber_floor)

    numbers["ring"] = [[excess(ring, m, lam) for m in RING_WIDTHS.tolist()] for lam in RING_LAMS]
    numbers["ring_law"] = [[ring_excess(m, lam) for m in RING_WIDTHS.tolist()] for lam in RING_LAMS]
    rng = np.random.default_rng(0)
    clouds = []
    for d in CLOUDS:
        X = rng.standard_normal((2000, d))
        clouds.append([excess(X / np.linalg.norm(X, axis=1)[:, None], m, CLOUD_LAM) for m in CLOUD_WIDTHS.tolist()])
    worst.append(float(np.abs(np.array(numbers["ring"]) / numbers["ring_law"] - 1).max()))
    return numbers | {"cloud": clouds, "deviation": max(worst), "tolerance": 1e-5}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Above, four worlds against the share of atoms; below, who gets an atom first, and the finite-size laws."""
    figure = style.canvas(style.PAGE, 108)
    (value, radius, share), (born, ring, cloud) = figure.subplots(2, 3)
    colours = dict(zip(NAMES, (style.BLACK, style.BLUE, style.VERMILION, style.GREEN), strict=True))
    for name, colour in colours.items():
        x = np.asarray(numbers[f"{name}_m"]) / int(numbers[f"{name}_n"])
        excess = numbers[f"{name}_F"] / float(numbers[f"{name}_floor"]) - 1
        for axes, y in ((value, 100 * np.maximum(excess, 0)), (radius, numbers[f"{name}_radius"]),
                        (share, numbers[f"{name}_own"])):
            axes.plot(x, y, color=colour, marker=".", markersize=4)
    for axes in (value, radius, share):
        axes.set(xlabel="atoms per direction, m/n", xlim=(0, 1.03), xticks=[0, 0.5, 1])
    value.set_yscale("symlog", linthresh=0.1, linscale=0.4)
    value.set(ylabel="objective above the floor (%)", ylim=(0, 300))
    value.set_yticks([0, 0.1, 1, 10, 100], ["0", "0.1", "1", "10", "100"])
    radius.axhline(1, color=style.GREY, linewidth=0.7, zorder=0)
    radius.set(ylabel="max|r| / λ", ylim=(0, None))
    share.set(ylabel="share with an own atom", ylim=(-0.03, 1.03))
    for k, (name, colour) in enumerate(colours.items()):
        style.label(share, 0.05, 0.93 - 0.1 * k, NAMES[name], colour)
    has = numbers["born"] > 0
    rng = np.random.default_rng(0)  # a little apart, so that points of one width do not cover each other
    born.plot(numbers["lonely"][has], numbers["born"][has] + rng.uniform(-2, 2, has.sum()), linestyle="none",
              marker="o", markersize=2.2, color=style.GREEN, alpha=0.6, markeredgewidth=0)
    born.set(xlabel="cost of sharing with the nearest point", ylabel="atoms m at its first own atom", ylim=(0, 106),
             xticks=[0.05, 0.1, 0.15])
    rings = zip(numbers["ring_lams"], numbers["ring_law"], numbers["ring"], strict=True)
    for k, (lam, line, marks) in enumerate(rings):
        ring.plot(numbers["ring_m"], line, color=style.SERIES[k])
        style.measured(ring, numbers["ring_m"], marks, style.SERIES[k], style.SHAPES[k])
        style.label(ring, 0.05, 0.05 + 0.1 * k, f"λ = {lam:g}", style.SERIES[k], xycoords="axes fraction")
    for k, (d, marks) in enumerate(zip(numbers["cloud_d"], numbers["cloud"], strict=True)):
        m = np.asarray(numbers["cloud_m"])
        slope = np.polyfit(np.log(m), np.log(marks), 1)[0]
        cloud.plot(m, marks[-1] * (m / m[-1]) ** (-2 / (d - 1)), color=style.SERIES[k], linestyle=(0, (4, 2)),
                   linewidth=0.8)
        style.measured(cloud, m, marks, style.SERIES[k], style.SHAPES[k])
        style.label(cloud, 0.04, 0.05 + 0.1 * k, f"d = {d}: slope −{-slope:.2f}", style.SERIES[k],
                    xycoords="axes fraction")
    for axes, ticks in ((ring, [5, 10, 20]), (cloud, [10, 30, 100])):
        axes.set(xscale="log", yscale="log", xlabel="atoms m")
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_xticks([], minor=True)
    ring.set_ylabel("objective above the floor")
    cloud.set(xlim=(6.5, 160), ylim=(8e-4, 0.2))
    style.panel(value, "a", "the floor is reached at m = n")
    style.panel(radius, "b", "with max|r| = λ")
    style.panel(share, "c", "own atoms come late")
    style.panel(born, "d", "lonely digits have theirs first")
    style.panel(ring, "e", "a ring: exact law, ~ m⁻²")
    style.panel(cloud, "f", "spheres; dashed −2/(d − 1)")
    return figure


FIGURE = Figure(
    name="wide_limit", statements=("G1", "G2"),
    title="To the floor there is no way round one atom for each direction; near it, the law is that of quantisation",
    caption="(a–c) A tree of 13 directions, 60 random ones in 3 and in 6 dimensions, 100 digits; λ = 0.2. A point "
            "has an atom of its own where |r| ≤ λ, which is where its loss is at the floor. (d) Digits: the width at "
            "which a point first has its own atom, against what sharing its nearest neighbour's would cost it. "
            "(e) Points all round a circle: F above the floor, trained (markers) and derived for evenly spaced atoms "
            "(lines), λ(1−λ)(2−λ)π²/6m² for many. (f) 2000 random directions, λ = 0.3: steeper than the limiting law.",
    alt="Six panels. The excess over the floor falls by orders of magnitude and vanishes only when there are as many "
        "atoms as directions, where the longest residual reaches lambda and every point has its own atom; half of them "
        "have it only at about 0.8 of that width. Digits far from all others get theirs first. On a circle trained "
        "markers lie on the derived lines of slope minus two; on spheres slopes are minus 1.1, 0.8 and 0.65.",
    agreement="trained excess on the ring against its exact law, relative; and F at m = n against the floor",
    compute=compute, draw=draw,
)
