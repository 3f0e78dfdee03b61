"""S5 and B2: what an atom's cosines weigh must be reached by the codes that are seen while it is silent."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

LAM = 0.1
PAIRS = ((0.7, 0.22, 0.48), (0.22, 0.52, 0.3), (0.48, 0.3, 0.78))  # P(i and j fire); no feature fires alone
CASES = ("cone", "hull", "fails", "mended")
EXTENT = 2.0  # of the axes


def compute(*, lam: float = LAM) -> Numbers:
    """Co-firing pairs trained without and with a bias; a hierarchy's true features, and what they are trained into."""
    from generators import cofiring, forest
    from testbed import Optimum, Problem, fit

    pairs = cofiring(PAIRS, magnitude="discrete([.6,.8,1,1.2,1.4],[.2,.2,.2,.2,.2])").exact()
    line = forest((-1, 0, 1), (0.9, 0.7, 0.6), magnitude="discrete([.2,.6,1,1.4,1.8],[.2,.2,.2,.2,.2])").exact()
    problem = Problem(line.X, lam, line.weights)
    trained = fit(line.X, n_atoms=3, lam=lam, weights=line.weights).D
    order = (trained @ line.features.T).argmax(axis=0)  # atoms in the order of the features they come closest to
    optima = {
        "cone": (fit(pairs.X, n_atoms=3, lam=lam, weights=pairs.weights), 0),
        "hull": (fit(pairs.X, n_atoms=3, lam=lam, weights=pairs.weights, bias=True), 0),
        "fails": (Optimum.at(problem, line.features), 1),
        "mended": (Optimum.at(problem, trained[order]), 1),
    }
    numbers: dict[str, Any] = {"lam": lam, "tolerance": 1e-9}
    for case, (optimum, j) in optima.items():
        numbers |= {f"{case}_{name}": value for name, value in describe(optimum, j).items()}
    gap = {case: deviation(numbers[f"{case}_vector"], numbers[f"{case}_sum"]) for case in CASES}
    return numbers | {"failure": gap.pop("fails"), "deviation": max(gap.values())}


def describe(optimum: Any, j: int) -> dict[str, Any]:
    """The vector of atom j, the codes of the other two with and without it, and the cone and hull of the latter.

    sum is E[z_k (1 - s_j) 1{j off}], which S5 says is the vector; mass is what each code contributes its weight with.
    """
    from properties.s5_cone import distance

    others = [k for k in range(3) if k != j]
    Z, S, w = optimum.Z.toarray(), optimum.S, optimum.problem.weights
    off = Z[:, j] == 0
    codes, mass = Z[off][:, others], (w * (1 - S[:, j]))[off]
    fires = codes.sum(axis=1) > 0
    slopes = np.arctan2(codes[fires, 1], codes[fires, 0])
    return {
        "atom": j, "others": others, "G": optimum.G, "mu": optimum.mu, "status": optimum.status,
        "vector": optimum.mu[others] * (1 - optimum.G[j, others]),
        "sum": mass @ codes, "total": mass.sum(), "codes_off": codes, "mass": mass, "codes_on": Z[~off][:, others],
        "rays": [slopes.min(), slopes.max()] if len(slopes) else [np.nan, np.nan], "hull": hull(codes),
        "distance": distance(optimum, j, hull=optimum.problem.bias),
    }


def hull(points: np.ndarray) -> np.ndarray:
    """Corners of the convex hull, in order; the points themselves if they do not span the plane."""
    from scipy.spatial import ConvexHull

    if np.linalg.matrix_rank(points - points[0], tol=1e-9) < 2:
        return np.unique(points, axis=0)
    return points[ConvexHull(points).vertices]


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The plane of the other two atoms' codes, four times."""
    figure = style.canvas(style.PAGE, 51)
    titles = ("optimum", "optimum with bias", "hierarchy: true features", "hierarchy: optimum")
    for letter, title, axes, case in zip("abcd", titles, figure.subplots(1, 4, sharey=True), CASES, strict=True):
        n = {name: numbers[f"{case}_{name}"] for name in ("vector", "codes_off", "codes_on", "mass", "rays", "hull")}
        j, (k, l) = numbers[f"{case}_atom"] + 1, numbers[f"{case}_others"] + 1
        edges = 4 * EXTENT * np.column_stack([np.cos(n["rays"]), np.sin(n["rays"])])
        axes.fill(*np.vstack([np.zeros(2), edges]).T, color=style.SKY, alpha=0.22, linewidth=0)
        if case == "fails":
            axes.plot(*np.vstack([np.zeros(2), edges[0]]).T, color=style.SKY, alpha=0.5, linewidth=3)
        if case == "hull":
            axes.fill(*n["hull"].T, facecolor=style.SKY, alpha=0.45, linewidth=0)
        axes.scatter(*n["codes_on"].T, s=1.5, color=style.PALE, linewidth=0, zorder=2)
        axes.scatter(*n["codes_off"].T, s=3 + 900 * n["mass"], color=style.BLUE, alpha=0.65, linewidth=0, zorder=3,
                     clip_on=False)
        style.arrow(axes, (0, 0), n["vector"], style.VERMILION, 1.4)
        axes.set(aspect="equal", xlim=(0, EXTENT), ylim=(0, EXTENT), xticks=[0, 0.5, 1, 1.5], yticks=[0, 0.5, 1, 1.5],
                 xlabel=f"z{style.low(k)} where z{style.low(j)} = 0", ylabel=f"z{style.low(l)}")
        axes.yaxis.labelpad = 4
        style.panel(axes, letter, title)
    a, b, c, _ = figure.axes
    style.label(a, 0.3, 0.56, "(μₖ(1 − G₁ₖ))ₖ", style.VERMILION)
    style.label(a, 1.2, 1.2, "cone", style.BLUE)
    inside = np.asarray(numbers["hull_hull"]).mean(axis=0)
    style.label(b, float(inside[0]), float(inside[1]), "hull", style.BLACK)
    style.label(c, 1.0, 0.38, "off the cone", style.VERMILION)
    style.label(c, 1.1, 0.13, "cone: a ray", style.BLUE)
    return figure


FIGURE = Figure(
    name="cone", statements=("S5", "B2"),
    title="Cosines and activities of the atoms point into the cone of the codes seen while an atom is silent",
    caption="Three atoms; the plane shows the codes of two while the third, j, is silent (blue, area: their weight in "
            "S5; grey: codes while j is on). At an optimum the vector (μₖ(1 − Gⱼₖ))ₖ (orange arrow) lies in the cone "
            "of the blue codes (a, shaded) and, with a fitted bias, in their convex hull (b, darker). The true "
            "features of a three-step hierarchy fail (c): where the middle feature is silent its child never fires, "
            "the cone is a ray, and the arrow is off it; training mends this by absorption (d).",
    alt="Four scatter plots of two codes while the third is zero. In the trained cases an arrow from the origin lies "
        "within the shaded cone or hull of the points; for the true features of a hierarchy the points lie on the "
        "horizontal axis and the arrow points away from it.",
    agreement="μₖ(1 − Gⱼₖ) against E[zₖ(1 − sⱼ) 1{j off}] at the optima",
    compute=compute, draw=draw,
)
