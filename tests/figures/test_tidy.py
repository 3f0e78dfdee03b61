"""Numbers as text lose nothing, and a point is a row with the parameters it was taken at."""

from __future__ import annotations

import csv
import io

import numpy as np

from figures.gallery import tidy

NUMBERS = {"lam": np.array(0.1), "psi": np.array([[1 / 3, np.nan, -0.0], [1e-300, np.inf, 2.0]]),
           "theta": np.array([0.1, 0.2, 0.3]), "phi": np.arange(6.0).reshape(2, 3), "square": np.eye(3),
           "n": np.array([3, 2**53]), "on": np.array([True, False]),
           "names": np.array(['a "pair", split', "two\nlines"]), "none": np.zeros((0, 2))}


def rows(points: str) -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(tidy.text(NUMBERS))) if row["points"] == points]


def test_every_entry_comes_back_with_its_bits() -> None:
    for name, array in NUMBERS.items():
        there = rows(",".join(map(str, array.shape)))
        assert len(there) == array.size
        for row in there:
            value = array[tuple(int(row[k]) for k in "ij" if row[k])]
            if array.dtype.kind == "f":
                assert np.float64(row[name]).tobytes() == np.float64(value).tobytes()
            else:
                assert row[name] == str(value)


def test_a_row_is_a_point_with_all_that_is_known_of_it() -> None:
    (*_, last) = rows("2,3")
    assert {name for name, cell in last.items() if cell} == {"points", "i", "j", "psi", "phi", "theta", "n", "on",
                                                             "names"}
    assert (last["i"], last["j"], last["theta"], last["phi"], last["on"]) == ("1", "2", "0.3", "5.0", "False")
    assert not any(row["theta"] for row in rows("3,3"))  # along which axis it is a list cannot be told
    assert list(rows("")[0]) == ["points", "i", "j", *NUMBERS]
