"""The picture of a counterexample: the data and the atoms, and which codes each point has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from testbed import Optimum


@style.styled
def draw(optimum: Optimum) -> Figure:
    """Points (area: weight), bias and atoms in the plane in which the data extend most; codes, a row a point."""
    figure = style.canvas(style.PAGE, 70)
    plane, codes = figure.subplots(1, 2)
    _plane(plane, optimum)
    _codes(codes, optimum)
    return figure


def _plane(axes: Any, optimum: Optimum) -> None:
    p = optimum.problem
    view = _view(optimum)
    X, D, b = p.X @ view, optimum.D @ view, optimum.b @ view
    reach = max(float(np.abs(np.vstack([X, b + D, b])).max()), 1e-9) * 1.25
    for j, d in enumerate(D):
        axes.annotate("", b + d, b, arrowprops={"arrowstyle": "-|>", "color": style.VERMILION, "linewidth": 1.2})
        axes.annotate(f"d{style.low(j)}", b + d, (3, 3), textcoords="offset points", color=style.INK[style.VERMILION])
    axes.scatter(*X.T, s=12 + 120 * p.weights, color=style.BLUE, alpha=0.8, linewidth=0, zorder=3)
    for i, x in enumerate(X):
        axes.annotate(f"x{style.low(i)}", x, (4, -9), textcoords="offset points", color=style.BLUE)
    if p.bias:
        axes.plot(*b, "+", color=style.BLACK, markersize=6)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal",
             title="data and atoms" + (", in the plane of most variance" if p.d > 2 else ""))
    axes.axhline(0, color=style.PALE, linewidth=0.5, zorder=0)
    axes.axvline(0, color=style.PALE, linewidth=0.5, zorder=0)


def _view(optimum: Optimum) -> np.ndarray:
    """(d, 2) the directions shown: the axes in the plane and on a line, else those in which the data extend most."""
    d = optimum.problem.d
    if d <= 2:
        return np.eye(d, 2)
    return np.linalg.svd(optimum.problem.X, full_matrices=False)[2][:2].T if optimum.problem.n > 1 else np.eye(d, 2)


def _codes(axes: Any, optimum: Optimum) -> None:
    Z = optimum.Z.toarray()
    top = float(np.abs(Z).max()) or 1.0
    axes.imshow(Z, cmap="RdBu_r", vmin=-1.6 * top, vmax=1.6 * top, aspect="auto")
    for (i, j), z in np.ndenumerate(Z):
        axes.text(j, i, f"{z:.3g}", ha="center", va="center", color=style.BLACK if z else style.GREY)
    axes.set_xticks(range(Z.shape[1]), [f"d{style.low(j)}" for j in range(Z.shape[1])])
    axes.set_yticks(range(Z.shape[0]), [f"x{style.low(i)}" for i in range(Z.shape[0])])
    axes.set(title="codes")
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
