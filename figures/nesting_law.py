"""N6, the nesting law: a hierarchy in which the parent stays on is allowed at one cosine, which the price sets."""

from __future__ import annotations

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

WORLDS = 24
FAMILIES = (("energy", style.BLUE, "o"), ("log", style.VERMILION, "s"), ("MCP", style.GREEN, "D"))


def compute(*, worlds: int = WORLDS, seed: int = 0) -> Numbers:
    """Minima near the truth of random nested pairs with supports that stay nested: cosine, law, codes, slopes."""
    from generators import nested_pair
    from generators.plane.atoms import unit
    from generators.plane.priced import codes, descend
    from testbed import Optimum, Problem
    from testbed.penalties import MCP, Energy, Log

    rows = []
    for k in range(worlds):
        rng = np.random.default_rng([seed, k])
        lam = float(rng.uniform(0.03, 0.12))
        prices = (Energy(lam, float(rng.uniform(0.05, 1))), Log(lam, float(rng.uniform(4, 20)) * lam),
                  MCP(lam, float(rng.uniform(4, 25))))
        loud, quiet = np.sort(rng.uniform(0.9, 2.2, 2)), np.sort(rng.uniform(0.3, 0.8, 2))
        for family, price in enumerate(prices):
            parent, child = (quiet, loud) if (family == 0) != (k % 3 == 0) else (loud, quiet)
            sample = nested_pair(float(rng.uniform(0.2, 0.7)), magnitude=f"discrete({parent.tolist()})",
                                 child_magnitude=f"discrete({child.tolist()})").exact()
            angles = descend(price, sample.X, sample.weights, np.array([0.05, 1.2]))[1]
            o = Optimum.at(Problem(sample.X, weights=sample.weights, penalty=price), unit(angles),
                           Z=codes(price, sample.X, angles))
            Z, on = o.Z.toarray(), o.Z.toarray() > 0
            if o.status == "unconverged" or not on[on[:, 1], 0].all() or o.G[0, 1] > 1 - 1e-6:
                continue
            slopes = np.where(on, price.slope(Z), 0)
            nu, law = (sample.weights @ (Z[:, 1] * slopes[:, j]) for j in (1, 0))
            if nu <= 0:
                continue
            louder = float(np.log(sample.weights @ (Z[:, 1] * Z[:, 0]) / (sample.weights @ Z[:, 1] ** 2)))
            rows.append((family, o.G[0, 1], law / nu, louder, o.stationarity))
    family, cosine, law, louder, stationarity = np.array(rows).T
    return {"family": family.astype(int), "cosine": cosine, "law": law, "louder": louder,
            "stationarity": stationarity.max(), "deviation": deviation(cosine, law), "tolerance": 1e-8}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Measured cosine against the law, and against which of the two is louder."""
    figure = style.canvas(style.PAGE, 74)
    a, b = figure.subplots(1, 2)
    a.plot([0, 1], [0, 1], color=style.GREY)
    b.axvspan(-2.6, 0, color=style.BLUE, alpha=0.10, linewidth=0)
    b.axvspan(0, 2.6, color=style.GREEN, alpha=0.12, linewidth=0)
    for k, (words, colour, shape) in enumerate(FAMILIES):
        some = numbers["family"] == k
        style.measured(a, numbers["law"][some], numbers["cosine"][some], colour, shape, label=words)
        style.measured(b, numbers["louder"][some], numbers["cosine"][some], colour, shape)
    b.plot([0], [1], marker="*", markersize=10, color=style.BLACK, linestyle="none", zorder=5, clip_on=False)
    style.label(b, 0.2, 1, "L1: one atom for both", style.BLACK, va="center")
    style.label(b, -2.4, 0.8, "parent quieter:\nenergy", style.BLUE)
    style.label(b, 1.3, 0.8, "parent louder:\nlog, MCP", style.GREEN)
    a.legend(frameon=False, loc="upper left", handletextpad=0.2)
    a.set(aspect="equal", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="cosine of parent's and child's atoms",
          xlabel="E[z g′(parent’s code)] / E[z g′(z)], z the child’s code")
    b.set(xlim=(-2.6, 2.6), ylim=(-0.04, 1.04), xlabel="log of how much louder the parent is: E[z zₚ] / E[z²]",
          ylabel="cosine")
    style.panel(a, "a", "the law, at optima that keep a parent on")
    style.panel(b, "b", "who may be louder")
    return style.hold(figure)


FIGURE = Figure(
    name="nesting_law", statements=("N6", "N2", "N4"),
    title="A parent that stays on under its child is allowed at one cosine, and the shape of the price sets it",
    caption="Local minima near the truth of random hierarchies, two orthogonal features each, on which the parent's "
            "atom is on wherever the child's is. (a) The cosine of the two atoms against what N6 says. (b) The same "
            "cosines against how loud the parent is under the child. Under L1 (star) both atoms are one; an energy "
            "price needs the parent to be the quieter one in codes (blue area), a concave price the louder one (green"
            " area).",
    alt="Left: blue, orange and green markers on the diagonal of measured against predicted cosine. Right: the blue "
        "markers of the energy price lie left of zero, where the parent is quieter, the orange and green markers of "
        "concave prices to the right; a star at cosine one marks L1.",
    agreement="cosine against E[z g′(parent)] / E[z g′(z)]",
    compute=compute, draw=draw,
)
