"""S3: what a dictionary leaves over is not noise; its covariance with the reconstruction is known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

LAM, ATOMS, DIMENSIONS, SAMPLES = 0.2, 9, 6, 600


def compute(*, lam: float = LAM, atoms: int = ATOMS, samples: int = SAMPLES, seed: int = 0) -> Numbers:
    """Both sides of S3 at a trained dictionary, and at the true features of the same data, which are not stationary."""
    from generators import hierarchical
    from testbed import Optimum, fit

    world = hierarchical(roots=3, depth=2, branching=2, magnitude="uniform(0.5,1.5)")
    sample = world.embed(DIMENSIONS, "random", seed=3).sample(samples, rng=seed)
    optimum = fit(sample.X, n_atoms=atoms, lam=lam)
    measured, predicted = sides(optimum)
    order = np.argsort(-optimum.mu)  # equally good restarts find the atoms in any order
    untrained_measured, untrained_predicted = sides(Optimum.at(optimum.problem, sample.features))
    return {
        "lam": lam, "status": optimum.status, "D": optimum.D[order], "mu": optimum.mu[order],
        "measured": measured, "predicted": predicted,
        "untrained_measured": untrained_measured, "untrained_predicted": untrained_predicted,
        "deviation": deviation(measured, predicted), "tolerance": 1e-10,
        "untrained_deviation": deviation(untrained_measured, untrained_predicted),
        "asymmetry": np.abs(measured - measured.T).max(),
    }


def sides(optimum: Any) -> tuple[np.ndarray, np.ndarray]:
    """The two sides of S3 divided by lam: E[r (zD)^T] / lam as measured, and D' diag(mu) D; both (d, d)."""
    R, reconstruction, problem = optimum.R, optimum.Z @ optimum.D, optimum.problem
    return ((problem.weights[:, None] * R).T @ reconstruction / problem.lam,
            optimum.D.T @ (optimum.mu[:, None] * optimum.D))


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The two matrices side by side, and their entries against each other."""
    figure = style.canvas(style.PAGE, 62)
    left, right, scatter = figure.subplots(1, 3, width_ratios=[1, 1, 1.25])
    top = np.abs(numbers["predicted"]).max()
    d = len(numbers["measured"])
    for axes, key, letter, title in ((left, "measured", "a", "E[r (zD)ᵀ] / λ, measured"),
                                     (right, "predicted", "b", "Dᵀ diag(μ) D, from D and μ")):
        image = axes.imshow(numbers[key], cmap="RdBu_r", vmin=-top, vmax=top)
        axes.set(xticks=range(d), yticks=range(d), xticklabels=range(1, d + 1), yticklabels=range(1, d + 1),
                 xlabel="dimension of zD")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        style.panel(axes, letter, title)
    left.set_ylabel("dimension of r")
    bar = figure.colorbar(image, ax=[left, right], shrink=0.75, aspect=18, pad=0.02)
    bar.outline.set_visible(False)
    scatter.axline((0, 0), slope=1, color=style.BLACK, linewidth=0.9)
    scatter.plot(numbers["untrained_predicted"].ravel(), numbers["untrained_measured"].ravel(), "x",
                 color=style.GREY, markersize=3.2, markeredgewidth=0.8)
    style.measured(scatter, numbers["predicted"].ravel(), numbers["measured"].ravel(), style.BLUE)
    style.label(scatter, 0.02, 0.38, "trained", style.BLUE)
    style.label(scatter, 0.13, -0.13, "true features:\nnot stationary", style.GREY)
    style.panel(scatter, "c", "entry against entry")
    scatter.set(xlabel="predicted", ylabel="measured", aspect="equal", xlim=(-0.22, 0.5), ylim=(-0.22, 0.5))
    return figure


FIGURE = Figure(
    name="residuals", statements=("S3",),
    title="The residual is predictable from the reconstruction, by the decoder and the mean activities alone",
    caption="Nine features of three small hierarchies, superposed in six dimensions. (a) Covariance of residual and "
            "reconstruction at a trained dictionary, over λ. (b) The same matrix predicted from decoder and mean "
            "activities only: symmetric and positive semidefinite. (c) Their entries; for the true features of the "
            "data, which are not stationary, the two sides differ (crosses).",
    alt="Two heat maps of six by six entries that look identical, and a scatter plot in which the entries of the "
        "trained dictionary lie on the diagonal while those of the true features scatter about it.",
    agreement="E[r (zD)ᵀ] against λ Dᵀ diag(μ) D, both divided by λ",
    compute=compute, draw=draw,
)
