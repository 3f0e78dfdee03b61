"""M2: splitting an atom is a ridge of phi, with a slope on either side that theory gives; moving it is a valley."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

LAM = 0.3
ANGLES = np.radians(np.linspace(-40, 40, 81))
TURNS = np.linspace(0, np.pi, 181)  # directions orthogonal to an atom in three dimensions, up to sign
EPS = 2e-4  # for the derivatives at 0


def optimum(lam: float, d: int, n_atoms: int, bias: bool = False, nonnegative: bool = True, seed: int = 0) -> Any:
    """Training on generic data: more atoms' worth of structure than there are atoms."""
    from testbed import fit

    rng = np.random.default_rng(seed)
    X = rng.standard_normal((80, d)) * rng.exponential(size=(80, 1)) + 0.2
    return fit(X, n_atoms, lam, bias, nonnegative, restarts=3)


def change(o: Any, atoms: np.ndarray) -> float:
    """phi at other atoms, by exact codes, less the objective of the optimum."""
    from testbed import encode

    p = o.problem
    D = atoms / np.linalg.norm(atoms, axis=1, keepdims=True)
    Z = encode(p.X, D, p.lam, o.b, p.nonnegative)
    R = p.X - o.b - Z @ D
    return float(p.weights @ (0.5 * (R * R).sum(axis=1) + p.lam * np.asarray(abs(Z).sum(axis=1)).ravel())) - o.objective


def split(o: Any, j: int, u: np.ndarray, angle: float) -> np.ndarray:
    """The dictionary with atom j turned by an angle towards u, and a copy of it turned the other way."""
    D = np.vstack([o.D, np.cos(angle) * o.D[j] - np.sin(angle) * u])
    D[j] = np.cos(angle) * o.D[j] + np.sin(angle) * u
    return D


def rate(o: Any, j: int, u: np.ndarray) -> float:
    """d phi / d eps at 0 along a split, from exact codes, by Richardson's extrapolation."""
    whole, half = (change(o, split(o, j, u, eps)) / eps for eps in (EPS, EPS / 2))
    return 2 * half - whole


def compute(*, lam: float = LAM, seed: int = 0) -> Numbers:
    """phi along splits and single moves, its slope against the direction, and slopes at many atoms of many optima."""
    from properties.m2_splitting import splitting_slopes

    o = optimum(lam, 3, 2, seed=seed)
    slopes, directions = splitting_slopes(o)
    j = int(np.argmax(slopes))
    u, other = directions[j], np.cross(o.D[j], directions[j])
    circle = np.cos(TURNS)[:, None] * u + np.sin(TURNS)[:, None] * other
    pull = o.problem.weights * o.Z.toarray()[:, j]
    curve = pull @ np.abs(o.R @ circle.T)
    some = slice(0, None, 9)
    around = np.array([-rate(o, j, v) for v in circle[some]])
    predicted, measured = [], []
    for one, (bias, nonnegative, n_atoms) in enumerate([(False, True, 5), (True, True, 9), (False, False, 5),
                                                         (True, False, 3)]):
        many = optimum(lam, 5, n_atoms, bias, nonnegative, seed + one)
        for k, (slope, v) in enumerate(zip(*splitting_slopes(many), strict=True)):
            predicted.append(slope)
            measured.append(-rate(many, k, v))
    order = np.argsort(predicted)  # optima have no first atom
    scale = lam * o.mu[j]
    return {
        "angle": ANGLES, "turn": TURNS, "slope": slopes[j] / scale, "curve": curve / scale, "around": around / scale,
        "turned": TURNS[some], "predicted": np.array(predicted)[order],
        "measured": np.array(measured)[order],
        "split": [change(o, split(o, j, u, a)) / scale for a in ANGLES],
        "across": [change(o, split(o, j, other, a)) / scale for a in ANGLES], "across_slope": curve[90] / scale,
        "moved": [change(o, split(o, j, u, a)[:-1]) / scale for a in ANGLES],
        "deviation": float(max(np.abs(around / curve[some] - 1).max(),
                               np.abs(np.array(measured) / predicted - 1).max())),
        "tolerance": 1e-5,
    }


@style.styled
def draw(numbers: Numbers) -> Picture:
    """phi against the angle, the slope against the direction, and slopes measured against predicted."""
    figure = style.canvas(style.PAGE, 64)
    ridge, compass, many = figure.subplots(1, 3, width_ratios=[1.2, 1, 1])
    angle = np.degrees(numbers["angle"])
    for key, slope, colour in (("split", "slope", style.BLUE), ("across", "across_slope", style.GREEN)):
        for side in (-1, 1):
            end = side * 24.0
            ridge.plot([0, end], [0, -float(numbers[slope]) * np.radians(abs(end))], color=colour, linewidth=0.9)
        style.measured(ridge, angle[::2], np.asarray(numbers[key])[::2], colour, markersize=2.4, markeredgewidth=0.7)
    style.measured(ridge, angle[::2], np.asarray(numbers["moved"])[::2], style.VERMILION, "s", markersize=2.4,
                   markeredgewidth=0.7)
    low = min(np.min(numbers["split"]), -float(numbers["slope"]) * np.radians(24.0))
    ridge.set(xlabel="angle ε of the turn (degrees)", ylabel="change of φ, in units of λ μ", xlim=(-41, 41),
              ylim=(1.15 * low, -0.75 * low), xticks=[-40, -20, 0, 20, 40])
    style.label(ridge, 0, -0.62 * low, "one atom, turned", style.VERMILION, ha="center")
    style.label(ridge, 0, 1.02 * low, "split along u*", style.BLUE, ha="center")
    style.label(ridge, 40, 0.2 * low, "across u*", style.GREEN, ha="right")
    style.panel(ridge, "a", "a duplicate is a ridge, not a minimum")

    compass.plot(np.degrees(numbers["turn"]), numbers["curve"], color=style.BLACK)
    style.measured(compass, np.degrees(numbers["turned"]), numbers["around"], style.BLUE)
    compass.set(xlabel="direction of u (degrees from u*)", ylabel="slope at ε = 0, in units of λ μ", xlim=(-4, 184),
                xticks=[0, 45, 90, 135, 180], ylim=(0, 1.12 * np.max(numbers["curve"])))
    style.label(compass, 90, 0.25 * np.max(numbers["curve"]), "E[z |⟨u, r⟩|]", ha="center")
    style.panel(compass, "b", "the slope, by direction")

    ends = np.array([0.7 * np.min(numbers["predicted"]), 1.4 * np.max(numbers["predicted"])])
    many.plot(ends, ends, color=style.BLACK, linewidth=0.9)
    style.measured(many, numbers["predicted"], numbers["measured"], style.BLUE)
    many.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="predicted slope", ylabel="measured slope")
    style.panel(many, "c", "every atom of four optima")
    return figure


FIGURE = Figure(
    name="splitting", statements=("M2", "S1"),
    title="A duplicated atom sits on a ridge: its copies part at a rate that is known in advance, E[z |⟨u, r⟩|]",
    caption="An optimum of two atoms in three dimensions. (a) Turning one atom raises φ (squares); turning two copies "
            "of it apart, to d ± εu, lowers φ at once (circles), along u* fastest, with the slope of M2 (lines). (b) "
            "The slope in every direction orthogonal to the atom: E[z |⟨u, r⟩|] (line) and exact codes (circles). (c) "
            "Every atom of four optima in five dimensions, with and without a bias, nonnegative and signed.",
    alt="Three panels. The change of phi against the angle is an upward parabola for one atom and a downward kink at "
        "zero for two copies, touching the predicted lines. The slope against direction follows the predicted curve. "
        "Measured against predicted slopes lie on the diagonal.",
    agreement="slopes of φ along splits, measured with exact codes, relative to M2",
    compute=compute, draw=draw,
)
