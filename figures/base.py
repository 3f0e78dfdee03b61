"""What a figure is: numbers computed by the layers below, and a drawing made from the numbers alone.

    numbers = FIGURE.compute()      # plain arrays: measurements from trained optima, predictions from theory
    picture = FIGURE.draw(numbers)  # a matplotlib figure; computes nothing, so it can be redrawn from the .npz
    FIGURE.compute(lam=0.3)         # the same at another parameter; FIGURE.parameters has those that there are

Every figure holds measurement against theory. `deviation` among its numbers is the largest difference between the two,
and `tolerance` the largest that counts as agreement. Figure modules import what computes inside `compute`, so that
listing the figures loads neither numba nor matplotlib.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
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
    compute : (*, parameters) -> numbers, `deviation` and `tolerance` among them. Every parameter has the gallery's
        value as its default, and what is drawn and predicted follows it.
    draw : numbers -> matplotlib figure.
    frame : for an animation, (picture, numbers, k) puts what moves in its place as of frame k of numbers["frames"] and
        returns those artists, the same ones for every k; the picture that `draw` makes is the last frame, and stands
        for the animation where nothing moves.
    """

    name: str
    title: str
    statements: tuple[str, ...]
    caption: str
    alt: str
    agreement: str
    compute: Callable[..., Numbers]
    draw: Callable[[Numbers], Picture]
    frame: Callable[[Picture, Numbers, int], Sequence[Any]] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What `compute` can be given: name -> the gallery's value."""
        return {name: given.default for name, given in inspect.signature(self.compute).parameters.items()}


def deviation(measured: Any, predicted: Any) -> float:
    """max |measured - predicted| where there is a prediction (it is NaN where theory is silent)."""
    difference = np.abs(np.asarray(measured, dtype=float) - np.asarray(predicted, dtype=float))
    return float(np.max(difference, where=np.isfinite(np.asarray(predicted, dtype=float)), initial=0.0))
