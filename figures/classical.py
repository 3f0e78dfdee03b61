"""T7: how many samples a basis needs to be recoverable, with signed codes (the classical result) and nonnegative."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

SIGNS = ("signed", "nonnegative")
K, COHERENCE, DRAWS = 6, 0.3, 10  # of the maps
SAMPLES, PS = np.round(np.geomspace(8, 1000, 11)).astype(int), np.linspace(0.05, 0.77, 11)
SIZES, SLIGHT = (8, 16, 32), 0.1  # of the scaling: numbers of features, their coherence
RATIOS, MANY = np.geomspace(0.7, 8, 9), 30  # n in units of k log k, draws
PAIR_PS, PAIR_SAMPLES, PAIR_DRAWS = (0.1, 0.2, 0.5), np.array([2, 4, 6, 9, 13, 19, 28, 40]), 1500


def compute() -> Numbers:
    """Shares of recoverable draws, and what is known exactly: the signed limit of many samples, and k = 2."""
    from properties.sample_size import largest_p, recovery_share

    numbers: dict[str, Any] = {"samples": SAMPLES, "ps": PS, "sizes": SIZES, "ratios": RATIOS, "pair_ps": PAIR_PS,
                               "pair_samples": PAIR_SAMPLES, "limit": largest_p(K, COHERENCE)}
    for name in SIGNS:
        positive = name == "nonnegative"
        numbers[f"{name}_map"] = np.array([
            [recovery_share(K, n, p, COHERENCE, DRAWS, positive) for n in SAMPLES.tolist()] for p in PS.tolist()])
        numbers[f"{name}_scaling"] = np.array([
            [recovery_share(k, round(x * k * np.log(k)), 1 / k, SLIGHT, MANY, positive) for x in RATIOS.tolist()]
            for k in SIZES])
    line = np.linspace(2, PAIR_SAMPLES[-1], 100)
    counted = np.array([[recovery_share(2, n, p, COHERENCE, PAIR_DRAWS, True) for n in PAIR_SAMPLES.tolist()]
                        for p in PAIR_PS])
    exact = np.array([pair(p, PAIR_SAMPLES) for p in PAIR_PS])
    numbers |= {"pair_share": counted, "pair_line_samples": line,
                "pair_line": np.array([pair(p, line) for p in PAIR_PS])}
    # a share of 1500 draws has a standard error of at most 0.013: four of them
    return numbers | {"deviation": deviation(counted, exact), "tolerance": 2 / np.sqrt(PAIR_DRAWS)}


def pair(p: float, n: np.ndarray) -> np.ndarray:
    """Probability that in n samples each of two features is seen alone (T7)."""
    q = p * (1 - p)
    return 1 - 2 * (1 - q) ** n + (1 - 2 * q) ** n


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Two maps of the share over n and p; its scaling with k; two features, counted and exact."""
    figure = style.canvas(style.PAGE, 118)
    (a, b), (c, d) = figure.subplots(2, 2)
    for axes, letter, name in ((a, "a", "signed"), (b, "b", "nonnegative")):
        image = axes.pcolormesh(numbers["samples"], numbers["ps"], numbers[f"{name}_map"], cmap="Blues", vmin=0, vmax=1,
                                shading="nearest", rasterized=True)
        axes.set(xscale="log", xlabel="samples n", ylabel="p = P(a feature fires)",
                 xlim=(numbers["samples"][0], numbers["samples"][-1]))
        style.panel(axes, letter, f"{name} codes, {K} features")
    a.axhline(numbers["limit"], color=style.VERMILION)
    style.label(a, 9, numbers["limit"] + 0.02, "limit as n → ∞", style.VERMILION,
                backgroundcolor=style.WHITE)
    bar = figure.colorbar(image, ax=(a, b), label="share recoverable", ticks=[0, 0.5, 1], aspect=14, pad=0.015)
    bar.outline.set_visible(False)
    for name, colour, place in (("nonnegative", style.BLUE, (1.05, 0.9)), ("signed", style.VERMILION, (5.2, 0.3))):
        for share, k, shape, look in zip(numbers[f"{name}_scaling"], numbers["sizes"], style.SHAPES, (":", "--", "-"),
                                         strict=True):
            c.plot(numbers["ratios"], share, look, color=colour, linewidth=0.8)
            style.measured(c, numbers["ratios"], share, colour, shape, clip_on=False,
                           label=f"k = {k}" if name == "signed" else None)
        style.label(c, *place, name, colour, va="center")
    for line in (legend := c.legend(frameon=False, loc=(0.02, 0.3), handletextpad=0.2)).get_lines():
        line.set_markeredgecolor(style.GREY)
    legend.set_in_layout(False)
    c.set(xscale="log", xlabel="n / (k log k)", ylabel="share recoverable", ylim=(0, 1.04), yticks=[0, 0.5, 1],
          xticks=[0.7, 1, 2, 4, 8], xticklabels=["0.7", "1", "2", "4", "8"])
    c.minorticks_off()
    style.panel(c, "c", "one feature active on average, p = 1/k")
    rows = zip(numbers["pair_ps"], numbers["pair_line"], numbers["pair_share"], style.SERIES, style.SHAPES, strict=True)
    for p, exact, counted, colour, shape in rows:
        d.plot(numbers["pair_line_samples"], exact, color=colour)
        style.measured(d, numbers["pair_samples"], counted, colour, shape, clip_on=False, label=f"p = {p:g}")
    d.legend(frameon=False, loc="lower right", handletextpad=0.2)
    d.set(xlabel="samples n", ylabel="share recoverable", xlim=(0, 42), ylim=(0, 1.04), yticks=[0, 0.5, 1])
    style.panel(d, "d", "two features, nonnegative: counted and exact")
    return figure


FIGURE = Figure(
    name="classical", statements=("T7", "T6"),
    title="A basis takes about k log k samples to be recoverable; nonnegative codes take fewer, at any density",
    caption="Share of random draws at which T6's condition holds. (a, b) Six features of coherence 0.3 with "
            "Bernoulli-Gaussian codes, and with their sizes: signed codes have a firing probability (line, exact) "
            "above which the share tends to 0 as samples are added; nonnegative codes have none. (c) With p = 1/k "
            "the curves of several k come together when n is measured in k log k; nonnegative codes take about half "
            "as many samples. (d) For two features the nonnegative share is known exactly (lines).",
    alt="Two maps over samples and firing probability: the recoverable region of signed codes ends at a horizontal "
        "line, that of nonnegative codes reaches to the top. Below, curves for 8, 16 and 32 features nearly coincide "
        "against n over k log k, and counts for two features lie on exact curves.",
    agreement="counted share against the exact one, for two features",
    compute=compute, draw=draw,
)
