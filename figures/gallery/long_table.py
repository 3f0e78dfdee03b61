"""The numbers of a figure as text: one long table that any program reads.

    quantity,i,j,k,value
    psi_lam_trained,0,3,,0.0213...

One line an entry, its indices from 0; columns of indices that an array does not have are empty. Numbers have all their
digits, so that reading them back gives the same bits.
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
    deepest = max((array.ndim for array in arrays.values()), default=0)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["quantity", *INDICES[:deepest], "value"])
    for name, array in arrays.items():
        blank = [""] * (deepest - array.ndim)
        for place in np.ndindex(array.shape):
            writer.writerow([name, *place, *blank, array[place].item()])
    return stream.getvalue()
