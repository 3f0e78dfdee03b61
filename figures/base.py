"""What a figure is: numbers computed by the layers below, and a drawing made from the numbers alone.

    numbers = FIGURE.compute()      # plain arrays: measurements from trained optima, predictions from theory
    picture = FIGURE.draw(numbers)  # a matplotlib figure; computes nothing, so it can be redrawn from the .npz

Every figure holds measurement against theory. `deviation` among its numbers is the largest difference between the two,
and `tolerance` the largest that counts as agreement. Figure modules import what computes inside `compute`, so that
listing the figures loads neither numba nor matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = Mapping[str, Any]  # what compute returns: array-likes that an .npz can hold
Picture = Any  # a matplotlib.figure.Figure, not named here: naming it would load matplotlib


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    name : what `testbed figures NAME` calls it, and the stem of its files.
    title : the finding, in one sentence.
    statements : ids of the statements it shows, such as "S5" (docs/theory.md).
    caption : one to three sentences: the message, and what is drawn.
    alt : a text alternative that states the finding to a reader who cannot see it.
    agreement : what `deviation` compares with what, in a few words.
    compute : () -> numbers, `deviation` and `tolerance` among them.
    draw : numbers -> matplotlib figure.
    frame : for an animation, (picture, numbers, k) redraws the picture as of frame k of numbers["frames"]; the picture
        that `draw` makes is the last one, and stands for the animation where nothing moves.
    """

    name: str
    title: str
    statements: tuple[str, ...]
    caption: str
    alt: str
    agreement: str
    compute: Callable[[], Numbers]
    draw: Callable[[Numbers], Picture]
    frame: Callable[[Picture, Numbers, int], None] | None = None


def deviation(measured: Any, predicted: Any) -> float:
    """max |measured - predicted| where there is a prediction (it is NaN where theory is silent)."""
    difference = np.abs(np.asarray(measured, dtype=float) - np.asarray(predicted, dtype=float))
    return float(np.max(difference, where=np.isfinite(np.asarray(predicted, dtype=float)), initial=0.0))
