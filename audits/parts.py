"""Some of the rows of data: ranges, and two halves that both see all of it."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.checks import Array
from testbed.data import Rows, Shards

BLOCK = 4096  # rows worked on together; alternate blocks make the two halves


class Part:
    """Rows lo to hi - 1 of some data, as data (testbed.data.Rows)."""

    def __init__(self, data: Rows, lo: int, hi: int) -> None:
        self.data, self.lo, self.name = data, lo, data.name
        self.shape = (hi - lo, data.shape[1])

    def rows(self, lo: int, hi: int) -> Array:
        """Rows by their numbers within the part."""
        return self.data.rows(self.lo + lo, self.lo + min(hi, self.shape[0]))


def first(data: Rows, most: int) -> Rows:
    """At most so many first rows."""
    return Part(data, 0, min(most, data.shape[0]))


def halves(data: Rows) -> tuple[Rows, Rows]:
    """Even and odd blocks of rows; at least four of each, however few rows there are (8 at least)."""
    n = data.shape[0]
    step = min(BLOCK, n // 8)
    parts = [Part(data, lo, min(lo + step, n)) for lo in range(0, n, step)]
    return Shards(parts[::2], data.name), Shards(parts[1::2], data.name)


def blocks(data: Rows) -> Iterator[Array]:
    """All rows in order, block by block."""
    for lo in range(0, data.shape[0], BLOCK):
        yield data.rows(lo, min(lo + BLOCK, data.shape[0]))
