"""T5: a feature that is on more than half of the time becomes a dense antipodal pair about a bias at its median."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

LAM, DIMENSIONS = 0.1, 4
VALUES = np.linspace(0.5, 1.5, 201)  # equally likely magnitudes where the feature is on
LINE = np.r_[np.linspace(0.01, 0.4999, 50), np.linspace(0.5001, 0.99, 50)]  # P(on); at 1/2 the bias is not unique
MARK = np.r_[np.linspace(0.06, 0.46, 6), 0.49, 0.51, np.linspace(0.54, 0.94, 6)]
QUANTITIES = ("location", "plus", "minus", "F", "single")


def world(p: float) -> Any:
    """x = s u in four dimensions: s is 0 with probability 1 - p, otherwise a magnitude from 0.5 to 1.5."""
    from generators import antipodal
    from generators.magnitudes import discrete

    law = discrete(VALUES, np.full(len(VALUES), 1 / len(VALUES)))
    return antipodal(law=law, p=p).embed(DIMENSIONS, "orthonormal", seed=0)


def predicted(ps: np.ndarray, lam: float) -> np.ndarray:
    """(k, 5): bias along u, firing rates of +u and -u, F; and F of the best single atom, by a one-sided Huber loss."""
    rows = [(found.values["location"], found.values["plus_on"], found.values["minus_on"], found.objective)
            for found in (world(p).predict(lam) for p in ps.tolist())]
    return np.column_stack([rows, alone(ps, lam)])


def alone(ps: np.ndarray, lam: float) -> np.ndarray:
    """(k,) F of the best single atom: the mean of t^2/2 below lam and of lam t - lam^2/2 above, t = +-(s - c), is
    convex in c, and its slope is bisected until c is known to rounding."""
    from testbed import huber

    s = np.append(VALUES, 0.0)
    w = np.column_stack([np.outer(ps, np.full(len(VALUES), 1 / len(VALUES))), 1 - ps])
    best = []
    for sign in (1.0, -1.0):
        low, high = np.full(len(ps), -1.0), np.full(len(ps), 2.5)
        for _ in range(60):
            c = (low + high) / 2
            rising = sign * (w * np.minimum(sign * (s - c[:, None]), lam)).sum(axis=1) < 0
            low, high = np.where(rising, low, c), np.where(rising, c, high)
        t = sign * (s - low[:, None])
        best.append((w * np.where(t > 0, huber(t, lam), 0.5 * t * t)).sum(axis=1))
    return np.minimum(*best)


def trained(ps: np.ndarray, lam: float) -> np.ndarray:
    """The same numbers from training two atoms and a bias, and one atom and a bias."""
    from testbed import fit_many

    samples = [world(p).exact() for p in ps.tolist()]
    X, w, u = np.array([s.X for s in samples]), np.array([s.weights for s in samples]), samples[0].features[0]
    pair = fit_many(X, 2, lam, bias=True, weights=w, restarts=8)
    signs = [fit_many(X, 1, lam, bias=True, weights=w, start=np.tile(sign * u, (len(X), 1, 1))).objective
             for sign in (1, -1)]  # two local minima
    rates, towards = np.einsum("pn,pnm->pm", w, pair.Z > 0), pair.D @ u
    rates = np.where(np.abs(np.abs(towards) - 1) < 1e-9, rates, np.where(rates > 0, np.nan, 0.0))  # exactly along u
    plus, minus = (np.where(sign * towards > 0, rates, 0.0).sum(axis=1) for sign in (1, -1))
    return np.column_stack([pair.b @ u, plus, minus, pair.objective, np.minimum(*signs)])


def compute(*, lam: float = LAM) -> Numbers:
    """Against the density p: the bias, the firing rates of the two atoms, and the objective with two atoms and one."""
    line, theory, found = (f(points, lam) for f, points in ((predicted, LINE), (predicted, MARK), (trained, MARK)))
    numbers: dict[str, Any] = {"lam": lam, "p_line": LINE, "p_mark": MARK, "tolerance": 1e-8,
                               "deviation": deviation(found, theory), "values": VALUES}
    for i, name in enumerate(QUANTITIES):
        numbers |= {f"{name}_line": line[:, i], f"{name}_predicted": theory[:, i], f"{name}_trained": found[:, i]}
    return numbers


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Bias, firing rates and objective against density, with the threshold 1/2."""
    figure = style.canvas(style.PAGE, 62)
    bias, rates, objective = figure.subplots(1, 3)
    curves = ((bias, "location", style.BLACK, "o"), (rates, "plus", style.BLUE, "o"),
              (rates, "minus", style.VERMILION, "s"), (objective, "single", style.GREY, "D"),
              (objective, "F", style.BLACK, "o"))
    sparse = numbers["p_line"] < 0.5
    for axes, name, colour, shape in curves:
        for part in (sparse, ~sparse):
            axes.plot(numbers["p_line"][part], numbers[f"{name}_line"][part], color=colour)
        style.measured(axes, numbers["p_mark"], numbers[f"{name}_trained"], colour, shape)
    for axes in figure.axes:
        axes.axvline(0.5, color=style.GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
        axes.set(xlabel="p = P(feature on)", xlim=(0, 1.02), xticks=[0, 0.25, 0.5, 0.75, 1])
    bias.set(ylim=(-0.03, 1.1), ylabel="bias along the feature")
    style.label(bias, 0.06, 0.15, "λ p / (1 − p)")
    style.label(bias, 0.66, 0.6, "among the\nmagnitudes,\nnear the median", va="top", xytext=(-8, 0))
    style.panel(bias, "a", "bias: jumps at ½")
    rates.set(ylim=(-0.025, 0.57), ylabel="firing rate")
    style.label(rates, 0.04, 0.36, "atom +u", style.BLUE)
    style.label(rates, 0.15, 0.03, "−u: dead", style.VERMILION)
    style.label(rates, 1.0, 0.24, "a dense pair,\nabout equally\noften on", ha="right")
    style.panel(rates, "b", "atoms: one, then two")
    objective.set(ylim=(0, 0.064), ylabel="objective F")
    style.label(objective, 0.74, 0.0515, "one atom", style.GREY)
    style.label(objective, 0.55, 0.0265, "two atoms", style.BLACK)
    style.panel(objective, "c", "what the second atom saves")
    return figure


FIGURE = Figure(
    name="density", statements=("T5",),
    title="A feature on more than half of the time becomes a dense antipodal pair; below one half one atom is enough",
    caption="One direction u in four dimensions, off with probability 1 − p, otherwise of magnitude 0.5 to 1.5 (λ = "
            "0.1), with a fitted bias. Lines: theory, the bias being the Huber location of the magnitudes; markers: "
            "trained. Below p = ½ the bias only makes up for shrinkage and −u is dead; above, it jumps among the "
            "magnitudes and +u and −u, exactly antipodal, each fire nearly half of the time.",
    alt="Three panels against density. The bias rises slowly to 0.1 at density one half and then jumps; the second "
        "atom is dead below one half and fires about as often as the first above it; the objective with two atoms "
        "falls below that with one from one half on.",
    agreement="bias, firing rates and objectives against theory",
    compute=compute, draw=draw,
)
