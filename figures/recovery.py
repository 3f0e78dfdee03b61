"""T6: a linear program on the truth foretells whether training leaves it as lam vanishes, and how fast."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

WORLDS = 64  # half of them without a bias, half with one
LAMS = np.array([1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5])
EXACT = 1e-9  # drifts below are none: the features themselves are optimal
LOWEST = -2.0  # margins below, minus infinity among them, are drawn here


def truth(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features at random angles, codes in random patterns, random weights: a small world of finite support."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 5))
    features = np.zeros((k, k))
    while np.linalg.svd(features)[1].min() < 0.4:
        features = rng.standard_normal((k, k))
        features /= np.linalg.norm(features, axis=1, keepdims=True)
    on = np.zeros((1, k), bool)
    while not on.any(axis=0).all() or on.all(axis=0).any():
        on = rng.random((int(rng.integers(3 * k, 8 * k + 1)), k)) < rng.uniform(0.2, 0.6)
    weights = rng.uniform(0.5, 1.5, len(on))
    return features, on * rng.uniform(0.5, 1.5, on.shape), weights / weights.sum()


def drifts(worlds: list[Any], bias: bool) -> np.ndarray:
    """(w, lams): the largest angle between a feature and the atom trained from it, for worlds of as many features."""
    from testbed import fit_many

    n, k, each = max(len(codes) for _, codes, _ in worlds), len(worlds[0][0]), len(LAMS)
    X, weights = np.zeros((len(worlds), n, k)), np.zeros((len(worlds), n))  # the shorter ones with points of no weight
    for i, (features, codes, w) in enumerate(worlds):
        X[i, :len(codes)], weights[i, :len(codes)] = codes @ features, w
    truth = np.repeat([features for features, _, _ in worlds], each, axis=0)
    D = fit_many(np.repeat(X, each, axis=0), k, np.tile(LAMS, len(worlds)), bias=bias,
                 weights=np.repeat(weights, each, axis=0), start=truth,
                 start_bias=np.zeros((len(truth), k)) if bias else None).D
    return (2 * np.arcsin(np.linalg.norm(D - truth, axis=2).max(axis=1) / 2)).reshape(len(worlds), each)


def compute(*, worlds: int = WORLDS, seed: int = 0) -> Numbers:
    """Margins and predicted rates of random worlds, and the drifts measured at decreasing lam."""
    from properties.first_order import tilt_rate
    from properties.recovery import recoverable

    known = [truth(seed + one) for one in range(worlds)]
    biased, sizes = np.arange(worlds) % 2 == 1, np.array([len(features) for features, _, _ in known])
    margins, rates, drift = np.empty(worlds), np.full(worlds, np.nan), np.empty((worlds, len(LAMS)))
    for one, (world, bias) in enumerate(zip(known, biased.tolist(), strict=True)):
        margins[one] = recoverable(*world, bias=bias).margin
        if margins[one] > 0:
            rates[one] = np.linalg.norm(tilt_rate(*world, bias=bias), axis=1).max()
    for bias in (False, True):
        for k in np.unique(sizes[biased == bias]):
            alike = np.flatnonzero((biased == bias) & (sizes == k))
            drift[alike] = drifts([known[one] for one in alike], bias)
    # the error of drift / lam is of order lam: a step of extrapolation in lam removes it
    (far, near), (high, low) = LAMS[-2:], drift[:, -2:].T
    measured = (far * low / near - near * high / far) / (far - near)
    exact = drift.max(axis=1) < EXACT
    order = np.full(len(drift), np.nan)
    order[~exact] = np.log(high[~exact] / low[~exact]) / np.log(far / near)
    numbers: dict[str, Any] = {"lams": LAMS, "bias": biased, "margin": margins, "drift": drift, "exact": exact,
                               "order": order, "rate": rates, "measured": measured}
    return numbers | {"deviation": deviation(measured / (1 + rates), rates / (1 + rates)), "tolerance": 1e-2}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Drift against lam; its order in lam against the margin; its rate against the predicted rate."""
    figure = style.canvas(style.PAGE, 66)
    a, b, c = figure.subplots(1, 3)
    inside, moves = numbers["margin"] > 0, ~numbers["exact"]
    for kind, colour in ((inside, style.BLUE), (~inside, style.VERMILION)):
        for drift in np.degrees(numbers["drift"][kind & moves]):
            a.plot(numbers["lams"], drift, color=colour, linewidth=0.7, alpha=0.55)
    a.set(xscale="log", yscale="log", xlabel="penalty λ", ylabel="drift from the truth (degrees)",
          xlim=(2e-5, 1.4e-2), ylim=(1e-4, 400), yticks=[1e-4, 1e-2, 1, 100])
    style.label(a, 1.1e-3, 170, "margin < 0", style.VERMILION)
    style.label(a, 1.1e-3, 4e-4, "margin > 0", style.BLUE)
    style.panel(a, "a", "drift")

    margin = np.maximum(numbers["margin"], LOWEST)
    b.axvline(0, color=style.PALE, linewidth=0.8, zorder=0)
    b.step([LOWEST - 1, 0, 4], [0, 0, 1], where="pre", color=style.GREY, zorder=1)
    for biased, shape in ((False, "o"), (True, "s")):
        for kind, colour in ((inside, style.BLUE), (~inside, style.VERMILION)):
            which = kind & moves & (numbers["bias"] == biased)
            style.measured(b, margin[which], numbers["order"][which], colour, shape)
    b.set(xlabel="margin (T6)", ylabel="order of the drift in λ", xlim=(LOWEST - 0.25, 2.8), ylim=(-0.2, 1.2),
          xticks=[-2, -1, 0, 1, 2], xticklabels=["≤ −2", "−1", "0", "1", "2"], yticks=[0, 0.5, 1])
    style.panel(b, "b", "order of the drift")

    rates = numbers["rate"][inside & moves]
    ends = [0.8 * rates.min(), 1.25 * rates.max()]
    c.plot(ends, ends, color=style.GREY)
    for biased, shape in ((False, "o"), (True, "s")):
        which = inside & moves & (numbers["bias"] == biased)
        style.measured(c, numbers["rate"][which], numbers["measured"][which], style.BLUE, shape,
                       label="bias" if biased else "no bias")
    c.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="predicted drift / λ (radians)",
          ylabel="measured, λ → 0")
    c.legend(frameon=False, loc="upper left", handletextpad=0.2)
    style.panel(c, "c", "rate of the tilt")
    return figure


FIGURE = Figure(
    name="recovery", statements=("T6",),
    title="A linear program on the truth foretells whether training keeps the true features as λ vanishes, and their "
          "tilt",
    caption="Random worlds of two to four features, trained from the truth without (circles) and with (squares) a "
            "bias. (a) Where every feature's margin is positive the largest drift of an atom vanishes with λ; where "
            "one is negative it tends to a finite angle. (b) The order of the drift in λ, its slope at the left end "
            "of a, is 1 or 0 by the sign of the least margin (minus infinity included at the left). (c) The rate of "
            "the drift is predicted too (line). Worlds recovered exactly at every λ are not drawn.",
    alt="Three panels. Blue curves of drift fall in proportion to lambda while orange ones stay flat. The order of "
        "the drift jumps from 0 to 1 as the margin passes zero. Measured rates of drift lie on the diagonal of "
        "predicted ones.",
    agreement="measured rate of drift, relative to 1 + rate, against theory",
    compute=compute, draw=draw,
)
