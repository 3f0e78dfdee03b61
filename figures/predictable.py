"""N3, S3: how much of the residual a linear map predicts from the reconstruction, under four prices."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

STRENGTHS = np.linspace(0.05, 0.4, 6)
FAMILIES = (("L1", style.BLUE, "o"), ("energy, τ = .1", style.VERMILION, "s"), ("MCP, γ = 12", style.GREEN, "D"),
            ("L0, TopK", style.BLACK, "o"))


def prices(lam: float) -> tuple[Any, ...]:
    """A price of each family."""
    from testbed.penalties import L0, L1, MCP, Energy

    return L1(lam), Energy(lam, 0.1), MCP(lam, 12), L0(1.5 * lam * lam)


def compute(*, seed: int = 0, samples: int = 14) -> Numbers:
    """Trace of the least-squares map from reconstruction to residual: by regression, and from decoder and prices."""
    from generators.plane.atoms import unit
    from generators.plane.priced import codes, minima

    rng = np.random.default_rng(seed)
    X = np.abs(rng.standard_normal((samples, 2))) * [1.2, 0.8] + 0.2
    w = rng.dirichlet(np.full(samples, 4.0))
    measured, predicted = (np.zeros((len(FAMILIES), len(STRENGTHS))) for _ in range(2))
    for i, lam in enumerate(STRENGTHS.tolist()):
        for k, price in enumerate(prices(lam)):
            angles = minima(price, X, w, most=1)[0].angles
            Z, D = codes(price, X, angles), unit(angles)
            Y, root = Z @ D, np.sqrt(w)[:, None]
            measured[k, i] = np.trace(np.linalg.lstsq(root * Y, root * (X - Y), rcond=None)[0])
            nu = w @ (Z * np.where(Z > 0, price.slope(Z), 0))
            predicted[k, i] = np.trace(np.linalg.solve(Y.T @ (w[:, None] * Y), D.T @ (nu[:, None] * D)))
    return {"lam": STRENGTHS, "measured": measured, "predicted": predicted,
            "deviation": deviation(measured, predicted), "tolerance": 1e-7}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The slope against the strength of the price."""
    figure = style.canvas(style.COLUMN, 62)
    axes = figure.subplots()
    for k, (words, colour, shape) in enumerate(FAMILIES):
        axes.plot(numbers["lam"], numbers["predicted"][k], color=colour)
        style.measured(axes, numbers["lam"], numbers["measured"][k], colour, shape)
        style.label(axes, numbers["lam"][-1], numbers["predicted"][k][-1], words, colour, xytext=(6, 0), va="center")
    axes.set(xlabel="strength of the price, λ", ylabel="linear prediction of the residual", xlim=(0, 0.56))
    axes.set_xticks([0, 0.1, 0.2, 0.3, 0.4])
    return style.hold(figure)


FIGURE = Figure(
    name="predictable", statements=("N3", "S3"),
    title="What a linear map predicts of the residual is the price of the codes, and nothing where codes are free",
    caption="The best linear map from reconstruction to residual (its trace) at optima of two atoms for random points"
            " in the plane, as the price grows. Markers: least squares on the samples; lines: N3, from the decoder, "
            "the mean prices and the reconstruction's covariance. Under L0, and MCP where it has saturated, it is "
            "zero: whatever is predictable of such an SAE's residual is encoder error or unfinished training.",
    alt="Two rising curves over the penalty's size, energy above L1, with markers on them; the markers of MCP lie near "
        "zero and those of L0 exactly there.",
    agreement="trace of the least-squares map against N3",
    compute=compute, draw=draw,
)
