"""C3 and C4 in the plane: the residual as a projection, and its floor."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

LAM = 1.0
DEGREES = (15.0, 95.0, 230.0)  # where the three atoms point
SHOWN = ((3.6, -0.7), (2.9, 3.3), (-1.3, 4.1), (-4.6, 1.5), (-2.6, -3.6), (2.3, -4.1), (-0.6, 0.3))
PAIRS = tuple(combinations(range(3), 2))
FAR = 30.0  # beyond the picture
COLOURS = {(): style.GREY, (0,): style.BLUE, (1,): style.GREEN, (2,): style.ORANGE,
           (0, 1): style.SKY, (0, 2): style.PURPLE, (1, 2): style.OLIVE}
LABELS = (((2.9, -1.9), "{1}", style.BLUE), ((0.1, 3.3), "{2}", style.GREEN), ((-3.9, -2.2), "{3}", style.ORANGE),
           ((4.3, 2.2), "{1,2}", style.SKY), ((3.6, -4.6), "{1,3}", style.PURPLE), ((-4.3, 3.9), "{2,3}", style.OLIVE),
           ((3.2, 3.1), "x", style.BLACK), ((2.15, 1.85), "zD", style.BLACK), ((0.72, 0.28), "r", style.VERMILION))


def project(x: np.ndarray, D: np.ndarray, lam: float) -> np.ndarray:
    """The nearest point to x (2,) of {r : D r <= lam}: the best of x, its feet on the edges, and the vertices."""
    candidates = [x, *(x - (d @ x - lam) * d for d in D), *(vertex(D[[j, k]], lam) for j, k in PAIRS)]
    feasible = [r for r in candidates if (D @ r).max() <= lam * (1 + 1e-12)]
    return min(feasible, key=lambda r: float(np.linalg.norm(x - r)))


def vertex(pair: np.ndarray, lam: float) -> np.ndarray:
    """Where both scores of a pair of atoms (2, 2) are 1: the residual of every x that both of them code."""
    return np.linalg.solve(pair, np.full(2, lam))


def compute() -> Numbers:
    """Residuals of exact codes against projections and floors: a few points, and a cloud."""
    from testbed import encode

    angles = np.radians(DEGREES)
    D = np.column_stack([np.cos(angles), np.sin(angles)])
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    X = np.vstack([SHOWN, rng.uniform(-9, 9, (700, 2))])
    Z = encode(X, D, LAM).toarray()
    R = X - Z @ D
    projection = np.array([project(x, D, LAM) for x in X])
    corners = np.array([vertex(D[[j, k]], LAM) for j, k in PAIRS])
    pair_floor = LAM * np.sqrt(2 / (1 + np.array([D[j] @ D[k] for j, k in PAIRS])))
    floor = np.zeros(len(X))
    for i, z in enumerate(Z):
        on = tuple(np.flatnonzero(z))
        floor[i] = pair_floor[PAIRS.index(on)] if len(on) == 2 else LAM * len(on)
    radius = np.linalg.norm(R, axis=1)
    return {
        "lam": LAM, "D": D, "X": X, "Z": Z, "R": R, "projection": projection, "radius": radius, "floor": floor,
        "corners": corners, "pair_floor": pair_floor, "shown": len(SHOWN),
        "length": np.linalg.norm(X, axis=1),
        "least_margin": (radius - floor)[floor > 0].min(),
        "deviation": max(deviation(R, projection), float(np.maximum(floor - radius, 0).max())),
        "tolerance": 1e-11,
    }


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Left the plane with its regions of support, right the lengths of the residuals over the cloud."""
    figure = style.canvas(style.PAGE, 82)
    plane, lengths = figure.subplots(1, 2, width_ratios=[1, 1.1])
    lam, D = float(numbers["lam"]), numbers["D"]
    at = dict(zip(PAIRS, numbers["corners"], strict=True))

    style.square(plane, 5.6, (-0.3, -0.3))
    for (j, k), v in at.items():
        plane.fill(*np.array([v, v + FAR * D[j], v + FAR * (D[j] + D[k]), v + FAR * D[k]]).T,
                   color=COLOURS[j, k], alpha=0.2, linewidth=0)
    for j in range(3):
        u, v = (at[min(j, k), max(j, k)] for k in range(3) if k != j)
        plane.fill(*np.array([u, u + FAR * D[j], v + FAR * D[j], v]).T, color=COLOURS[j,], alpha=0.2, linewidth=0)
    plane.fill(*numbers["corners"].T, facecolor="white", edgecolor=style.BLACK, linewidth=1.0)
    turn = np.linspace(0, 2 * np.pi, 200)
    plane.plot(lam * np.cos(turn), lam * np.sin(turn), color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    for x, r in zip(numbers["X"][: numbers["shown"]], numbers["R"], strict=False):
        style.arrow(plane, (0, 0), r, style.VERMILION)
        if np.abs(x - r).max() > 0:
            style.arrow(plane, r, x, style.BLACK, 0.8)
        plane.plot(*x, "o", color=style.BLACK, markersize=3.2)
    for spot, text, colour in LABELS:
        style.label(plane, *spot, text, colour, ha="center", va="center")
    style.panel(plane, "a", "the residual is the projection onto {r : Dr ≤ λ}")

    for support, colour in COLOURS.items():
        rows = ((numbers["Z"] > 0) == [j in support for j in range(3)]).all(axis=1)
        lengths.plot(numbers["length"][rows] / lam, numbers["radius"][rows] / lam, "o", color=colour, alpha=0.8,
                     markersize=1.9, markeredgewidth=0)
    lines = [(lam, "λ: one atom fires", style.BLACK)]
    lines += [(floor, f"λ√(2/(1 + G{style.low(j + 1)}{style.low(k + 1)}))", COLOURS[j, k])
              for (j, k), floor in zip(PAIRS, numbers["pair_floor"], strict=True)]
    for floor, text, colour in lines:
        lengths.plot([0, 12.8], [floor / lam] * 2, color=colour, linewidth=0.9)
        style.label(lengths, 13, floor / lam, text, colour, va="center", xytext=(2, -3 if floor == lam else 0))
    style.label(lengths, 0.75, 0.55, "nothing fires: r = x", style.GREY, xytext=(4, -3))
    style.panel(lengths, "b", "its length: never below the floor of its support")
    lengths.set(xlabel="|x| / λ", ylabel="|r| / λ", xlim=(0, 17.2), ylim=(0, 3.6), xticks=[0, 4, 8, 12])
    lengths.spines["bottom"].set_bounds(0, 12.8)
    return figure


FIGURE = Figure(
    name="polytope", statements=("C3", "C4"),
    title="A residual stops at the wall of a polytope: at least λ long once anything fires, longer where atoms co-fire",
    caption="(a) Three atoms in the plane. Exact coding sends each x (dots) to the nearest point r (orange arrows "
            "from the origin) of the white polytope {r : Dr ≤ λ}, which the disc |r| < λ (dashed) touches from "
            "inside; black arrows are the reconstructions zD. Colours and braces name the atoms that fire. (b) Over a "
            "cloud of 700 points, |r| ≥ λ where one atom fires, and where a pair co-fires the residual is a corner of "
            "the polytope, exactly λ√(2/(1+G)) long (lines: theory; dots: exact codes).",
    alt="Left: a triangle around a dashed disc of radius lambda; seven points are connected to their nearest points "
        "of the triangle, which are their residuals. Right: residual length against data length; every point lies on "
        "or above the floor of its support, and co-firing pairs lie exactly on three horizontal lines at 1.3, 2.6 and "
        "3.3 lambda.",
    agreement="residuals of exact codes against projections found by geometry",
    compute=compute, draw=draw,
)
