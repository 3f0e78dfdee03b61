"""A2, N2: the price that each atom behaves as if it paid, against how strong its codes are."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

TEXTS = ("l1(lam=0.1)", "energy(lam=0.1, tau=0.1)", "mcp(lam=0.1, gamma=12)", "l0(lam0=0.02)", "topk(k=1)")
FAMILIES = (("L1", style.BLUE, "o"), ("energy", style.VERMILION, "s"), ("MCP", style.GREEN, "D"),
            ("L0", style.ORANGE, "^"), ("TopK", style.PURPLE, "v"))


def compute(*, draws: int = 5, seed: int = 0) -> Numbers:
    """Implied price <E[z r], d> / E[z] and strength E[z^2] / E[z] of every live atom at optima of random points."""
    from generators.plane.atoms import unit
    from generators.plane.priced import codes, minima
    from testbed.penalties import parse

    rows = []
    for s in range(draws):
        rng = np.random.default_rng([seed, s])
        X = rng.uniform(0.1, 1.2, (8, 2)) * rng.uniform(0.5, 1.8, 2)
        w = rng.dirichlet(np.full(8, 4.0))
        for k, price in enumerate(map(parse, TEXTS)):
            angles = minima(price, X, w, most=1)[0].angles
            Z, D = codes(price, X, angles), unit(angles)
            R = X - Z @ D
            for j in np.flatnonzero(w @ Z > 1e-9):
                mu = w @ Z[:, j]
                paid = w @ (Z[:, j] * np.where(Z[:, j] > 0, price.slope(Z[:, j]), 0)) / mu
                rows.append((k, w @ Z[:, j] ** 2 / mu, (w * Z[:, j]) @ R @ D[j] / mu, paid))
    family, strength, price, paid = np.array(rows).T
    return {"family": family.astype(int), "strength": strength, "price": price,
            "deviation": deviation(price, paid), "tolerance": 1e-8}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Price against strength of code, atom by atom, with g' as lines."""
    figure = style.canvas(style.COLUMN, 66)
    axes = figure.subplots()
    z = np.linspace(0.01, 2.0, 200)
    lines: tuple[Any, ...] = (0 * z + 0.1, 0.1 + 0.1 * z, np.maximum(0.1 - z / 12, 0), 0 * z, 0 * z)
    for k, (words, colour, shape) in enumerate(FAMILIES):
        some = numbers["family"] == k
        axes.plot(z, lines[k], color=colour, linewidth=0.8)
        style.measured(axes, numbers["strength"][some], numbers["price"][some], colour, shape)
        where = ((1.6, 0.108), (1.5, 0.222), (0.1, 0.058), (0.12, 0.01), (0.3, 0.01))[k]
        style.label(axes, *where, words, colour)
    axes.set(xlabel="strength of an atom's codes, E[z²] / E[z]", ylabel="implied price p", xlim=(0, 2.0),
             ylim=(-0.012, 0.31))
    return style.hold(figure)


FIGURE = Figure(
    name="price_fingerprint", statements=("A2", "N2"),
    title="Which price was paid can be read off a dictionary and its codes, atom by atom",
    caption="Each marker an atom at an optimum for random points in the plane: its implied price, from residual and "
            "codes alone, against the strength of its codes. Lines: g′. Under L1 all atoms pay λ; under an energy "
            "price λ + τ times the strength, exactly; under MCP the less, the stronger; under L0 and TopK nothing.",
    alt="Blue circles on a horizontal line at 0.1, orange squares on a rising line, green diamonds along a falling "
        "curve, triangles on zero.",
    agreement="implied price against E[z g′(z)] / E[z]",
    compute=compute, draw=draw,
)
