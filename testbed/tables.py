"""Tables: of numbers, tidy (a row a point, a column a quantity, by name), and of words, as a terminal shows them.

A tidy table is a numpy record array, which pandas and polars take as it is, and which a .csv holds without losing a
bit:

    table = path(X, n_atoms=[2, 4, 8], lams=[0.1, 0.2]).table()
    table["objective"][table["n_atoms"] == 4]
    tables.save("sweep.csv", table)
"""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from testbed import files
from testbed.errors import InputError, InputTypeError

NARROWEST = 10  # characters that a folded column keeps


def tidy(columns: Mapping[str, Any]) -> np.ndarray:
    """(k,) record array with these columns, each (k,) or a single value. InputError for one of another length."""
    arrays = {name: np.asarray(value) for name, value in columns.items()}
    rows = max((array.size for array in arrays.values() if array.ndim), default=1)
    for name, array in arrays.items():
        if array.ndim > 1 or (array.ndim == 1 and array.size != rows):
            raise InputError(f"table: column {name} must have {rows} entries; its shape is {array.shape}")
        if array.dtype.kind == "O":
            arrays[name] = array.astype(str)
    table = np.zeros(rows, [(name, array.dtype) for name, array in arrays.items()])
    for name, array in arrays.items():
        table[name] = array
    return table


def text(table: np.ndarray) -> str:
    """A record array as CSV, its head the names of its columns; numbers with all their digits."""
    if table.dtype.names is None:
        raise InputTypeError("table: expected an array with named columns, such as Path.table() gives")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.dtype.names)
    writer.writerows(table.tolist())
    return stream.getvalue()


def save(path: str | Path, table: np.ndarray) -> None:
    """Write a record array to a .csv, whole or not at all."""
    if Path(path).suffix != ".csv":
        raise InputError(f"table: the file must end in .csv; got {path}")
    files.write_atomically(path, text(table).encode())


def aligned(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows of words as lines with aligned columns, the first row their head.

    width : of the terminal. Where the table is wider, its widest columns are folded, cell by cell; None never folds, so
    that a row is a line.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines = []
    for row in rows:
        cells = [textwrap.wrap(cell, room) or [""] for cell, room in zip(row, widths, strict=True)] if width else [
            [cell] for cell in row]
        for k in range(max(map(len, cells))):
            lines.append("  ".join((cell[k] if k < len(cell) else "").ljust(room)
                                   for cell, room in zip(cells, widths, strict=True)).rstrip())
    return lines
