"""Real data: what an optimal dictionary of handwritten digits looks like, and that the statements hold there."""

from __future__ import annotations

import numpy as np

from figures import reports, style
from figures.base import Figure, Numbers, Picture

ATOMS, LAM, RESTARTS = 32, 0.05, 2
SIDE, ACROSS = 8, 4  # pixels of an image, images in a row
BINS = np.linspace(0, 9, 61)  # of residual lengths, in units of lam


def compute(*, lam: float = LAM, restarts: int = RESTARTS, seed: int = 0) -> Numbers:
    """Atoms by mean activity, residual lengths with their floors (C4), and the reports without and with a bias."""
    from generators import digits
    from testbed import fit

    X = digits().exact().X
    optimum, biased = (fit(X, n_atoms=ATOMS, lam=lam, restarts=restarts, bias=bias, seed=seed)
                       for bias in (False, True))
    order, on = np.argsort(-optimum.mu, kind="stable"), optimum.support
    numbers = reports.table({f"digits, {ATOMS} atoms": (optimum, True),
                             f"digits, {ATOMS} atoms and a bias": (biased, True)})
    radius = np.linalg.norm(optimum.R, axis=1) / lam
    least = np.array([floor(optimum.G, row) for row in on])
    return numbers | {
        "lam": lam, "atoms": optimum.D[order], "mu": optimum.mu[order], "rate": on.mean(axis=0)[order],
        "radius": radius, "floor": least, "fired": on.sum(axis=1), "bins": BINS,
        "radius_counts": np.histogram(radius, BINS)[0], "floor_counts": np.histogram(least, BINS)[0],
        "deviation": max(reports.worst_ratio(numbers), float((least - radius).max())), "tolerance": 1.0,
    }


def floor(G: np.ndarray, on: np.ndarray) -> float:
    """sqrt(1' pinv(G_A) 1): the least residual, in units of lam, that the support A allows (C4)."""
    A = np.flatnonzero(on)
    return float(np.sqrt(max(0.0, np.linalg.pinv(G[np.ix_(A, A)]).sum()))) if len(A) else 0.0


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Left the atoms as images, right the residuals above their floors and the reports."""
    figure = style.canvas(style.PAGE, 110)
    left, right = figure.subfigures(1, 2, width_ratios=[1, 2.1], squeeze=False)[0]
    images = left.subplots()
    images.imshow(mosaic(numbers["atoms"]), cmap="RdBu_r", vmin=-0.5, vmax=0.5, interpolation="nearest")
    images.axis("off")
    images.set_anchor("W")
    style.panel(images, "a", "atoms, busiest first")
    lengths, report = right.subplots(2, 1, height_ratios=[1, 1.5])
    for key, colour, alpha in (("floor", style.ORANGE, 0.55), ("radius", style.BLUE, 0.55)):
        lengths.stairs(numbers[f"{key}_counts"], numbers["bins"], fill=True, color=colour, alpha=alpha)
    lengths.axvline(1, color=style.BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    top = float(numbers["radius_counts"].max())
    style.label(lengths, 1, 2.35 * top, "wide\nlimit", ha="right", va="top", xytext=(-3, 0))
    style.label(lengths, 1.75, 2.35 * top, "floor of its support (C4)", style.ORANGE, va="top")
    style.label(lengths, 5.3, top, "residual |r| / λ", style.BLUE, va="center")
    lengths.set(xlim=(0, 9), ylim=(0, 2.4 * top), yticks=[], xlabel="length, in units of λ", ylabel="images")
    lengths.spines["left"].set_visible(False)
    style.panel(lengths, "b", "residuals: above their floors")
    reports.frame(report, numbers, 3)
    reports.dots(report, numbers, 0, style.BLUE, "o")
    reports.dots(report, numbers, 1, style.VERMILION, "s")
    style.label(report, 0.7, 11.5, "tolerance", ha="right", rotation=90, va="center")
    style.label(report, 1e-4, 4.5, "○ no bias", style.BLUE, va="center", xytext=(14, 0))
    style.label(report, 1e-4, 6.5, "□ fitted bias", style.VERMILION, va="center", xytext=(14, 0))
    style.panel(report, "c", "every statement holds")
    return figure


def mosaic(atoms: np.ndarray) -> np.ndarray:
    """Atoms as SIDE x SIDE images in rows of ACROSS, with a blank line between them."""
    pitch = SIDE + 1
    sheet = np.full((pitch * (len(atoms) // ACROSS) - 1, pitch * ACROSS - 1), np.nan)
    for i, atom in enumerate(atoms):
        row, column = pitch * (i // ACROSS), pitch * (i % ACROSS)
        sheet[row:row + SIDE, column:column + SIDE] = atom.reshape(SIDE, SIDE)
    return sheet


FIGURE = Figure(
    name="digits", statements=("C4", "S1", "S2", "S4", "S5", "S6", "G2"),
    title="On handwritten digits, too, training reaches an optimum at which every statement holds",
    caption="Scikit-learn's 1797 digits (8 × 8 pixels, scaled to unit root-mean-square norm), 32 atoms, λ = 0.05. (a) "
            "Atoms as images (red positive, blue negative). (b) Residual lengths, each above the floor set by its "
            "support, and all beyond λ: the dictionary is far from one atom per image. (c) Each statement's largest "
            "residual over its tolerance (below 10⁻¹⁰ drawn there), without and with a fitted bias.",
    alt="Thirty-two atoms that look like strokes and whole digits; a histogram of residual lengths between 2 and 8 "
        "lambda, right of a narrow histogram of their floors near 1.4 lambda; a dot plot in which all statements lie "
        "decades below their tolerance.",
    agreement="residuals of all statements, in units of their tolerance",
    compute=compute, draw=draw,
)
