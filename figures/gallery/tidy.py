"""The numbers of a figure as text, tidy: one row a point, one column a quantity.

    points,i,j,theta,psi_trained,psi_predicted
    "3,8",0,0,0.1,0.0213...,0.0213...

Arrays of one shape are measured at the same points, and share their rows: `points` holds the shape, i, j, ... the
place of a point, counted from 0. A list as long as exactly one axis of the points stands in their rows too, so that a
point has the parameters it was taken at. Rows of other shapes follow, with their own columns filled and the others
empty:

    table[table.points == "3,8"].dropna(axis=1)    # in pandas

Numbers have all their digits, so that reading them back gives the same bits.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from figures.base import Numbers

INDICES = "ijklmn"


def text(numbers: Numbers) -> str:
    """The table of every array."""
    arrays = {name: np.asarray(value) for name, value in numbers.items()}
    shapes = list(dict.fromkeys(array.shape for array in arrays.values()))
    deepest = max(map(len, shapes), default=0)
    column = {name: place for place, name in enumerate(arrays)}
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["points", *INDICES[:deepest], *arrays])
    for shape in shapes:
        here = {name: axis for name, array in arrays.items() if (axis := _axis(array.shape, shape)) is not None}
        for place in np.ndindex(shape):
            cells: list = [""] * len(arrays)
            for name, axis in here.items():
                cells[column[name]] = arrays[name][place if axis < 0 else place[axis]].item()
            writer.writerow([",".join(map(str, shape)), *place, *[""] * (deepest - len(place)), *cells])
    return stream.getvalue()


def _axis(own: tuple[int, ...], points: tuple[int, ...]) -> int | None:
    """Where a quantity of shape `own` stands at these points: -1 at each of them, else the axis along which it is a
    list; None if at none."""
    if own == points:
        return -1
    return points.index(own[0]) if len(own) == 1 < len(points) and points.count(own[0]) == 1 else None
