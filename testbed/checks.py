"""Validation, once, at the public face: what passes here is trusted by everything behind it.

Every message names the caller, the argument, what was expected and what came. Errors are InputError (a ValueError) for
bad values and shapes and InputTypeError (a TypeError too) for the wrong kind of thing; nothing is repaired silently.
"""

from __future__ import annotations

import importlib
import reprlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from testbed.errors import InputError, InputTypeError

Array = NDArray[np.float64]

UNIT_TOLERANCE = 1e-9  # how far from 1 a norm handed in from outside may be (float32 decoders are normalised first)
SUM_TOLERANCE = 1e-9  # likewise for weights that must sum to 1
FLOAT32 = 2.0**-23  # rounding of float32: a norm over d entries, or a sum of d, is off by about sqrt(d) of it
COUNT = 2**31 - 1  # of things in memory
TRIALS = 1_000_000  # of restarts and the like


def real_array(where: str, name: str, value: Any, ndim: int) -> Array:
    """A finite, C-contiguous float64 array with `ndim` dimensions, or one clear error.

    Refused: masked, complex, object, string and boolean arrays (TypeError); wrong dimensions, NaN, inf (ValueError,
    naming the first offending row and column). The caller's array is never modified; it is copied only if it must be.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise InputTypeError(f"{where}: {name} is a masked array; fill or drop the masked entries first")
    if hasattr(value, "toarray") and not isinstance(value, np.ndarray):
        raise InputTypeError(f"{where}: {name} is a sparse {type(value).__name__}; pass a dense array, "
                             f"{name}.toarray()")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"{where}: {name} is not a rectangular array: {error}") from None
    if array.dtype.kind not in "iuf":
        raise InputTypeError(f"{where}: {name} must hold real numbers; its dtype is {array.dtype}")
    if array.ndim != ndim:
        raise InputError(f"{where}: {name} must have {ndim} dimension{'s' * (ndim != 1)}; its shape is {array.shape}")
    array = np.ascontiguousarray(array, dtype=np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        place = np.argwhere(~finite)[0]
        words = " ".join(f"{axis} {index}" for axis, index in zip(("row", "column"), place, strict=False))
        raise InputError(f"{where}: {name} must be finite; {words if ndim == 2 else f'entry {place[0]}'} "
                         f"is {array[tuple(place)]}")
    return array


def matrix(where: str, name: str, value: Any, columns: int | None = None, empty: bool = False) -> Array:
    """A finite (rows, columns) matrix; `columns` fixes its width, and rows may be zero only if `empty`."""
    array = real_array(where, name, value, 2)
    if columns is not None and array.shape[1] != columns:
        raise InputError(f"{where}: {name} must have {columns} columns; its shape is {array.shape}")
    if array.shape[1] == 0 or (array.shape[0] == 0 and not empty):
        raise InputError(f"{where}: {name} is empty; its shape is {array.shape}")
    return array


def vector(where: str, name: str, value: Any, size: int) -> Array:
    """A finite vector with `size` entries."""
    array = real_array(where, name, value, 1)
    if array.size != size:
        raise InputError(f"{where}: {name} must have {size} entries; it has {array.size}")
    return array


def unit_rows(where: str, name: str, value: Any, columns: int | None = None) -> Array:
    """Atoms: a matrix whose rows have unit norm within UNIT_TOLERANCE, returned normalised to the last bit.

    Atoms that are float32 numbers, in whatever type they come, were normalised in float32: within its rounding they are
    taken too.
    """
    array = matrix(where, name, value, columns)
    norms = np.sqrt(np.einsum("jk,jk->j", array, array))
    bad = np.flatnonzero(np.abs(norms - 1) > UNIT_TOLERANCE)
    if bad.size and float32_numbers(array):
        bad = np.flatnonzero(np.abs(norms - 1) > FLOAT32 * (1 + np.sqrt(array.shape[1])))
    if bad.size:
        row = bad[0]
        what = "is zero" if norms[row] == 0 else f"has norm {norms[row]:.12g}"
        raise InputError(f"{where}: {name} must have rows of unit norm; row {row} {what}",
                         where=where, argument=name, expected="rows of unit norm", got=float(norms[row]))
    # a norm that is 1 to the last bit is left alone, so that what was normalised once stays as it is
    return array / np.where(np.abs(norms - 1) <= 4e-16, 1.0, norms)[:, None]


def weights(where: str, value: Any, n: int) -> Array:
    """Sample weights: n entries >= 0 with sum 1, which float32 numbers have to its rounding; None gives 1/n each."""
    if value is None:
        return np.full(n, 1.0 / n)
    array = vector(where, "weights", value, n)
    if (array < 0).any():
        row = int(np.argmax(array < 0))
        raise InputError(f"{where}: weights must not be negative; entry {row} is {array[row]}")
    total = float(array.sum())
    if abs(total - 1) <= SUM_TOLERANCE:
        return array
    if abs(total - 1) <= FLOAT32 * (1 + np.sqrt(n)) and float32_numbers(array):
        return array / total
    raise InputError(f"{where}: weights must sum to 1; they sum to {total:.12g}",
                     where=where, argument="weights", expected="sum 1", got=total)


def float32_numbers(array: Array) -> bool:
    """Whether every entry is a float32 number, so that the array was computed in that precision at most."""
    with np.errstate(over="ignore"):
        return bool((array == array.astype(np.float32)).all())


def number(where: str, name: str, value: Any, low: float = -np.inf, high: float = np.inf, *,
           open_low: bool = False, open_high: bool = False) -> float:
    """A finite real number in an interval; `open_low` and `open_high` exclude its ends."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputTypeError(f"{where}: {name} must be a number; got {type(value).__name__} {reprlib.repr(value)}",
                             where=where, argument=name, expected="a number", got=value)
    try:
        x = float(value)
    except OverflowError:  # of a whole number
        x = np.inf if value > 0 else -np.inf
    inside = (x > low if open_low else x >= low) and (x < high if open_high else x <= high)
    if not (np.isfinite(x) and inside):
        interval = _interval(low, high, open_low, open_high)
        shown = f"{x:g}" if not isinstance(value, int) or np.isfinite(x) else _digits(value)
        raise InputError(f"{where}: {name} must be {interval}; got {shown}",
                         where=where, argument=name, expected=interval, got=value)
    return x


def _interval(low: float, high: float, open_low: bool, open_high: bool) -> str:
    bounds = [f"{'>' if open_low else '>='} {low:g}"] * bool(np.isfinite(low))
    bounds += [f"{'<' if open_high else '<='} {high:g}"] * bool(np.isfinite(high))
    return " and ".join(["finite", *bounds])


def integer(where: str, name: str, value: Any, low: int = 0, high: int | None = None) -> int:
    """A whole number >= low (and <= high)."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise InputTypeError(f"{where}: {name} must be a whole number; got {type(value).__name__} "
                             f"{reprlib.repr(value)}",
                             where=where, argument=name, expected="a whole number", got=value)
    if value < low or (high is not None and value > high):
        bound = f">= {low}" if high is None else f"between {low} and {high}"
        raise InputError(f"{where}: {name} must be {bound}; got {_digits(value)}",
                         where=where, argument=name, expected=bound, got=value)
    return int(value)


def count(where: str, name: str, value: Any, low: int = 1, high: int = COUNT) -> int:
    """How many of something that is held in memory or done one by one: a whole number between low and `high`."""
    if (found := integer(where, name, value, low)) > high:
        raise InputError(f"{where}: {name} must be at most {high}; got {_digits(found)}",
                         where=where, argument=name, expected=f"at most {high}", got=found)
    return found


def _digits(value: int | np.integer) -> str:
    """A whole number, or how long it is."""
    size = int(value).bit_length()
    return str(value) if size < 100 else f"a whole number of about {round(size * 0.30103)} digits"


def flag(where: str, name: str, value: Any) -> bool:
    """True or False, and nothing that merely resembles them."""
    if not isinstance(value, bool | np.bool_):
        raise InputTypeError(f"{where}: {name} must be True or False; got {type(value).__name__} {reprlib.repr(value)}")
    return bool(value)


def choice(where: str, name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of the allowed words."""
    if value not in allowed:
        raise InputError(f"{where}: {name} must be one of {', '.join(allowed)}; got {value!r}")
    return str(value)


def installed(where: str, extra: str, *packages: str) -> None:
    """Packages that an extra brings; InputError naming both where one cannot be imported."""
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError:
            raise InputError(f"{where}: needs {package}, which is not installed; install the extra '{extra}'",
                             where=where, expected=package) from None


def frozen(array: Array) -> Array:
    """A read-only view: results are facts, and nothing downstream may edit them."""
    view = array.view()
    view.flags.writeable = False
    return view


def kept(array: Array, given: Any) -> Array:
    """What was made of an argument `given`, as an array that nobody can write to: copied only if somebody could.

    Editing an argument after the call must change nothing.
    """
    if array is not given and array.base is None:  # made here
        array.flags.writeable = False
        return array
    owner: Any = array
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    if owner is not None:
        array = array.copy()
        array.flags.writeable = False
    return array


def codes(where: str, name: str, value: Any, n: int, m: int) -> csr_array:
    """Codes (n, m), dense or sparse, as a csr_array of float64 with sorted columns and no stored zeros.

    Sparse arrays are examined as dense ones are, and copied: real numbers, finite, indices that are whole numbers and
    within the shape, no place twice.
    """
    if not issparse(value):
        array = matrix(where, name, value, m)
        if array.shape != (n, m):
            raise InputError(f"{where}: {name} must have shape {(n, m)}; its shape is {array.shape}")
        return csr_array(array)
    if value.dtype.kind not in "iuf":
        raise InputTypeError(f"{where}: {name} must hold real numbers; its dtype is {value.dtype}")
    if value.shape != (n, m):
        raise InputError(f"{where}: {name} must have shape {(n, m)}; its shape is {value.shape}")
    for part in ("indices", "indptr", "row", "col"):
        index = getattr(value, part, None)
        if index is not None and index.dtype.kind not in "iu":
            raise InputTypeError(f"{where}: {name}.{part} must hold whole numbers; its dtype is {index.dtype}")
    try:
        if value.format in ("csr", "csc", "bsr"):
            value.check_format(full_check=True)
        found = csr_array(value, dtype=np.float64, copy=True)
        found.check_format(full_check=True)
    except ValueError as error:
        raise InputError(f"{where}: {name} is not a sound sparse array: {error}") from None
    found.sort_indices()
    row = np.repeat(np.arange(n), np.diff(found.indptr))
    wrong = ~np.isfinite(found.data)
    if wrong.any():
        i = int(wrong.argmax())
        raise InputError(f"{where}: {name} must be finite; row {row[i]} column {found.indices[i]} is {found.data[i]}")
    twice = (np.diff(found.indices) == 0) & (np.diff(row) == 0)
    if twice.any():
        i = int(twice.argmax())
        raise InputError(f"{where}: {name} must hold every place once; row {row[i]} column {found.indices[i]} is there "
                         "twice")
    found.eliminate_zeros()
    return found
