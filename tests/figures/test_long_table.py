"""Numbers as text lose nothing."""

from __future__ import annotations

import csv
import io

import numpy as np

from figures.gallery import long_table

NUMBERS = {"lam": np.array(0.1), "psi": np.array([[1 / 3, np.nan, -0.0], [1e-300, np.inf, 2.0]]),
           "n": np.array([3, 2**53]), "on": np.array([True, False]),
           "names": np.array(['a "pair", split', "two\nlines"]), "none": np.zeros((0, 2))}


def test_every_entry_comes_back_with_its_bits() -> None:
    rows = list(csv.DictReader(io.StringIO(long_table.text(NUMBERS))))
    assert list(rows[0]) == ["quantity", "i", "j", "value"]
    assert len(rows) == sum(value.size for value in NUMBERS.values())
    for row in rows:
        array = NUMBERS[row["quantity"]]
        value = array[tuple(int(row[k]) for k in "ij" if row[k])]
        if array.dtype.kind == "f":
            assert np.float64(row["value"]).tobytes() == np.float64(value).tobytes()
        else:
            assert row["value"] == str(value)
