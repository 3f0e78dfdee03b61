"""T1: one-sparse directions are recovered exactly, however many share a space; superposition costs nothing here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

if TYPE_CHECKING:
    from testbed.descent.batch import Batch

K, LAM = 9, 0.3
LAMS = np.linspace(0.05, 0.95, 10)
SPACES = (2, 3, 9)  # dimensions that the nine directions share
WIDTHS = np.arange(1, 13)  # atoms, for F against the width


def world(d: int) -> Any:
    """Nine directions, one at a time, magnitudes 1 to 3: random in 2 and 3 dimensions, orthogonal in 9."""
    from generators import one_sparse

    apart = np.exp(2j * np.pi * (np.arange(K) + np.random.default_rng(6).uniform(-0.32, 0.32, K)) / K)
    directions = np.stack([apart.real, apart.imag], axis=1) if d == 2 else None
    made = one_sparse(K, magnitude="discrete([1,2,3],[.5,.3,.2])", directions=directions)
    return made.embed(d, "random", seed=1) if d == 3 else made


def trained(d: int, lams: Sequence[float], m: int = K) -> Batch:
    """Dictionaries trained on the exact distribution, one for each lam."""
    from testbed import fit_many

    sample = world(d).exact()
    return fit_many(np.tile(sample.X, (len(lams), 1, 1)), m, np.array(lams), weights=sample.weights, restarts=12)


def misses(D: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(k,) for each true direction the distance of the nearest atom."""
    return np.linalg.norm(D[:, None] - truth, axis=2).min(axis=0)


def compute(*, lam: float = LAM) -> Numbers:
    """Atoms in the plane; F against lam in three spaces; F against the number of atoms."""
    numbers: dict[str, Any] = {"lam": lam, "lams": LAMS, "widths": WIDTHS, "spaces": SPACES, "tolerance": 1e-8}
    worlds = [world(d) for d in SPACES]
    F = np.array([[of.predict(at).objective for at in LAMS.tolist()] for of in worlds])
    found = [trained(d, LAMS.tolist()) for d in SPACES]
    measured = np.array([batch.objective for batch in found])
    away = max(misses(D, of.features).max() for of, batch in zip(worlds, found, strict=True) for D in batch.D)
    numbers |= {"F_lam": F[0], "F_lam_trained": measured, "features": worlds[0].features, "X": worlds[0].exact().X,
                "floor": worlds[0].predict(lam).objective}
    for d in SPACES:
        widths = [trained(d, [lam], m) for m in WIDTHS.tolist()]
        numbers[f"F_width_{d}"] = np.array([batch.objective[0] for batch in widths])
        if d == SPACES[0]:
            numbers["atoms"] = widths[WIDTHS.tolist().index(K)].D[0]
    wide = [deviation(numbers[f"F_width_{d}"][WIDTHS >= K], np.full((WIDTHS >= K).sum(), numbers["floor"]))
            for d in SPACES]
    return numbers | {"deviation": max(deviation(measured, F), float(away), *wide)}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The plane with data and atoms; F against lam; F against width."""
    figure = style.canvas(style.PAGE, 64)
    plane, lam, width = figure.subplots(1, 3)
    for v in np.asarray(numbers["features"]):
        plane.plot([0, 3.35 * v[0]], [0, 3.35 * v[1]], color=style.PALE, linewidth=3.5, zorder=1)
    plane.plot(*np.asarray(numbers["X"]).T, "o", color=style.GREY, markersize=2.6, zorder=2)
    for atom in np.asarray(numbers["atoms"]):
        style.arrow(plane, (0, 0), atom, style.BLUE, 1.2)
    style.square(plane, 3.6)
    style.label(plane, -3.5, -3.5, "data", style.GREY)
    style.label(plane, 3.5, -3.5, "trained atoms", style.BLUE, ha="right")
    lam.plot(numbers["lams"], numbers["F_lam"], color=style.BLACK)
    for i, (d, colour, shape) in enumerate(zip(numbers["spaces"], style.SERIES, style.SHAPES, strict=True)):
        some = slice(i, None, 3)  # all lie on the line; a third each can be told apart
        style.measured(lam, numbers["lams"][some], numbers["F_lam_trained"][i][some], colour, shape)
        width.plot(numbers["widths"], numbers[f"F_width_{d}"], color=colour, marker=shape, linewidth=0.8,
                   markerfacecolor="white", markeredgecolor=colour)
    style.label(lam, 0.5, 0.78, "λ E a − λ²/2", ha="right")
    for y, (d, colour) in zip((0.42, 0.3, 0.18), zip(numbers["spaces"], style.SERIES, strict=True), strict=True):
        style.label(lam, 0.95, y, f"in {d} dimensions", colour, ha="right")
    width.axhline(float(numbers["floor"]), color=style.BLACK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    width.axvline(K, color=style.GREY, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0)
    style.label(width, K - 0.4, float(numbers["floor"]), "Huber floor", ha="right", xytext=(0, -9))
    width.set(xlabel="atoms m", ylabel="objective F", xlim=(0.4, 12.6), ylim=(0.25, None), xticks=[1, 3, 6, 9, 12])
    lam.set(xlabel="penalty λ", ylabel="objective F with 9 atoms", xlim=(0, 1), ylim=(0, None))
    style.panel(plane, "a", "nine directions in a plane")
    style.panel(lam, "b", "the same F in every space")
    style.panel(width, "c", "the floor, with nine atoms")
    return figure


FIGURE = Figure(
    name="one_sparse", statements=("T1", "G1"),
    title="Features that fire one at a time are recovered exactly at any angles, more of them than dimensions too",
    caption="Nine directions, exactly one active in a sample, with magnitude 1, 2 or 3. (a) In the plane: grey rays "
            "are the true directions, arrows the trained atoms (λ = 0.3). (b) The objective with nine atoms does not "
            "depend on the dimension that the directions share; line: T1, markers: trained. (c) Against the number of "
            "atoms: all reach the Huber floor (dashed) with nine, and none before.",
    alt="Left: nine rays in a plane, each with a trained atom exactly along it. Middle: trained objectives in 2, 3 and "
        "9 dimensions lie on one predicted curve. Right: the objective falls with the number of atoms and stays at the "
        "floor from nine on.",
    agreement="trained objective against T1, and the distance of every direction from its nearest atom",
    compute=compute, draw=draw,
)
