"""Data by blocks of rows: an array in memory, a file on disk, several files one after the other.

Whatever loops over samples asks for a few thousand rows at a time and gets float64, however the data are stored, so
that data larger than memory need no other code than small data. Files are read, not mapped into memory: the operating
system ends a process whose mapped file shrinks, while a read that comes short can be said in a sentence.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from testbed import checks, encodings
from testbed.checks import Array
from testbed.errors import InputError, InputTypeError

BLOCK = 1 << 22  # entries looked at in one go where a whole array must be looked at


@runtime_checkable
class Rows(Protocol):
    """A matrix of samples that gives its rows by blocks.

    shape : (n, d). name : what it is called in messages: a file, or an argument.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d): samples and dimensions."""

    @property
    def name(self) -> str:
        """The file or the argument, for messages."""

    def rows(self, lo: int, hi: int) -> Array:
        """Rows lo to hi - 1 (0 <= lo <= hi <= n) as a finite, C-contiguous float64 array (hi - lo, d).

        Not to be written to: it may be a view. Raises InputError naming the rows where the data cannot be read, have
        changed since they were opened, or are not finite.
        """


class _Whole(ABC):
    """What small data are for whoever wants an array: all rows at once."""

    shape: tuple[int, int]

    @abstractmethod
    def rows(self, lo: int, hi: int) -> Array:
        """Rows lo to hi - 1, as in Rows."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.rows(0, self.shape[0]), dtype=dtype)


class Held(_Whole):
    """An array in memory, of any real dtype: looked at once, converted block by block, never copied whole."""

    def __init__(self, array: np.ndarray, name: str = "X") -> None:
        self.array, self.name = _matrix(array, name), name
        self.shape: tuple[int, int] = array.shape
        step = max(1, BLOCK // self.shape[1])
        for lo in range(0, self.shape[0], step):
            finite(self.rows(lo, lo + step), name, lo)

    def rows(self, lo: int, hi: int) -> Array:
        return np.ascontiguousarray(self.array[lo:hi], dtype=np.float64)


class Mapped(_Whole):
    """A numpy memory map that the caller made: looked at block by block, its file compared at each."""

    def __init__(self, array: np.memmap, name: str = "X") -> None:
        self.array, self.name = _matrix(array, name), f"{name} ({array.filename})"
        self.shape: tuple[int, int] = array.shape
        self.seen = Fingerprint(Path(str(array.filename)), self.name)

    def rows(self, lo: int, hi: int) -> Array:
        self.seen.compare(lo, hi)
        return finite(np.array(self.array[lo:hi], dtype=np.float64, order="C"), self.name, lo)


class Stored(_Whole):
    """A matrix inside a file: `shape` numbers of `kind` from byte `offset`, read when asked for.

    kind : how numbers are stored, a name of `encodings.KINDS` or of numpy. columns_first : Fortran order.
    """

    def __init__(self, path: str | Path, offset: int, kind: str, shape: tuple[int, int], *, columns_first: bool = False,
                 name: str | None = None) -> None:
        self.path, self.offset, self.kind, self.shape = Path(path), offset, kind, shape
        self.columns_first, self.name = columns_first, name or str(path)
        self.stored, self.decode = encodings.of(kind)
        self.seen = Fingerprint(self.path, self.name)
        if 0 in shape:
            raise InputError(f"{self.name}: is empty; its shape is {shape}")
        if self.seen.size < offset + shape[0] * shape[1] * self.stored.itemsize:
            raise InputError(f"{self.name}: ends before the {shape[0]} rows of {shape[1]} numbers that it announces")

    def rows(self, lo: int, hi: int) -> Array:
        n, d = self.shape
        lo, hi = max(0, lo), min(n, hi)
        block = np.empty((d, hi - lo) if self.columns_first else (hi - lo, d), dtype=self.stored)
        runs = [(j * n + lo, block[j]) for j in range(d)] if self.columns_first else [(lo * d, block)]
        try:
            with open(self.path, "rb", buffering=0) as stream:
                self.seen.compare(lo, hi, stream.fileno())
                for start, into in runs:
                    self._read(stream, self.offset + start * self.stored.itemsize, into, lo, hi)
        except OSError as error:
            raise InputError(f"{self.name}: rows {lo} to {hi - 1} cannot be read: {error.strerror or error}") from None
        values = self.decode(block.T if self.columns_first else block)
        with np.errstate(over="ignore"):  # of a long double, which `finite` then reports
            return finite(np.ascontiguousarray(values, dtype=np.float64), self.name, lo)

    def _read(self, stream: Any, start: int, into: np.ndarray, lo: int, hi: int) -> None:
        stream.seek(start)
        view = into.view(np.uint8).data.cast("B") if into.size else memoryview(b"")
        done = 0
        while done < len(view):  # one read returns 2 GiB at most
            got = stream.readinto(view[done:])
            if not got:
                raise InputError(f"{self.name}: the file ends within rows {lo} to {hi - 1}")
            done += got


class Shards(_Whole):
    """Several matrices of one width and one kind of numbers, one after the other."""

    def __init__(self, parts: Sequence[Rows], name: str | None = None) -> None:
        if not parts:
            raise InputError("data: there are no shards")
        first = parts[0]
        for part in parts[1:]:
            if part.shape[1] != first.shape[1]:
                raise InputError(f"{part.name}: shards must have one width; {first.name} has {first.shape[1]} columns, "
                                 f"this one {part.shape[1]}")
            if _kind(part) != _kind(first):
                raise InputError(f"{part.name}: shards must be stored alike; {first.name} holds {_kind(first)}, this "
                                 f"one {_kind(part)}")
        self.parts = list(parts)
        self.ends = np.cumsum([part.shape[0] for part in parts]).tolist()
        self.shape = (int(self.ends[-1]), first.shape[1])
        self.name = name or f"{first.name} and {len(parts) - 1} more"

    def rows(self, lo: int, hi: int) -> Array:
        lo, hi = max(0, lo), min(self.shape[0], hi)
        k = bisect_right(self.ends, lo)
        pieces = []
        while lo < hi:
            begin = self.ends[k] - self.parts[k].shape[0]
            stop = min(hi, self.ends[k])
            pieces.append(self.parts[k].rows(lo - begin, stop - begin))
            lo, k = stop, k + 1
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty((0, self.shape[1])), *pieces])


class Fingerprint:
    """Size and time of change of a file when it was opened, to notice that it is another one now."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        status = os.stat(path)
        self.size, self.changed = status.st_size, status.st_mtime_ns

    def compare(self, lo: int, hi: int, descriptor: int | None = None) -> None:
        """InputError naming the rows about to be read if the file is not what it was."""
        try:
            status = os.stat(self.path) if descriptor is None else os.fstat(descriptor)
        except FileNotFoundError:
            raise InputError(f"{self.name}: the file was gone before rows {lo} to {hi - 1} were read") from None
        if (status.st_size, status.st_mtime_ns) != (self.size, self.changed):
            how = f"{self.size} bytes then, {status.st_size} now" if status.st_size != self.size else "its time differs"
            raise InputError(f"{self.name}: the file changed while it was in use ({how}), before rows {lo} to {hi - 1} "
                             "were read")


def as_rows(where: str, name: str, value: Any) -> Rows:
    """Data of any admitted form as Rows: what is Rows already, a memory map, or anything that is a matrix.

    Raises InputError (also a TypeError for what is no matrix of real numbers), naming `where`, `name` and the place.
    """
    if isinstance(value, Rows):
        return value
    if isinstance(value, np.memmap) and value.filename is not None:
        return Mapped(value, f"{where}: {name}")
    return Held(value if isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.ndim == 2
                and not isinstance(value, np.ma.MaskedArray) else checks.matrix(where, name, value), f"{where}: {name}")


def finite(block: Array, name: str, lo: int) -> Array:
    """The block, which begins at row lo of the data; InputError naming row and column of a NaN or inf in it."""
    good = np.isfinite(block)
    if not good.all():
        row, column = np.argwhere(~good)[0]
        raise InputError(f"{name} must be finite; row {lo + row} column {column} is {block[row, column]}")
    return block


def _matrix(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype.kind not in "iuf":
        raise InputTypeError(f"{name} must hold real numbers; its dtype is {array.dtype}")
    if array.ndim != 2:
        raise InputError(f"{name} must have 2 dimensions; its shape is {array.shape}")
    if 0 in array.shape:
        raise InputError(f"{name} is empty; its shape is {array.shape}")
    return array


def _kind(part: Rows) -> str:
    held = getattr(part, "array", None)
    return str(getattr(part, "kind", None) or getattr(held, "dtype", "rows"))
