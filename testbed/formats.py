"""Matrices inside files, found by their headers and left there: .npy and .safetensors, with suspicion.

Headers are read here rather than by the libraries that wrote them where those map the whole file (safetensors), judge
tensors that nobody asked for, or know no bfloat16 (numpy). Only what is asked for is looked at.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from testbed import encodings
from testbed.data import Stored
from testbed.errors import InputError, InputTypeError

HEADER_LIMIT = 100 << 20  # bytes, the limit of safetensors itself


@contextmanager
def reading(path: str | Path, what: str) -> Iterator[None]:
    """Whatever a parser raises over a damaged file becomes one InputError: '{path}: not {what} (why)'.

    Parsers raise what they please over damage (TokenError, LZMAError, NotImplementedError, RecursionError, MemoryError
    for an absurd shape), so every exception counts; an OSError that names its file is the caller's to report.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parsers about damaged headers: the sentence says it
            yield
    except InputError:
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        raise InputError(f"{path}: not {what} ({brief(error)})", where=str(path), expected=what) from None
    except Exception as error:
        raise InputError(f"{path}: not {what} ({brief(error)})", where=str(path), expected=what) from None


def brief(error: BaseException) -> str:
    """The first line of an exception's message, or its name where it has none; printable and short."""
    lines = str(error).strip().splitlines()
    text = lines[0].rstrip(". ") if lines else type(error).__name__
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 200 else text[:197] + "..."


def open_npy(path: str | Path) -> Stored:
    """The matrix of a .npy file, its rows read when asked for; bfloat16 as numpy saves it ('|V2') included.

    Raises InputError naming the file for anything but a matrix of real numbers, OSError for a file that is not there.
    """
    path = Path(path)
    what = "a readable .npy array of numbers"
    with reading(path, what), open(path, "rb") as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, columns_first, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, columns_first, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise InputError(f"{path}: not {what} (version {version[0]}.{version[1]} is for records)")
        offset = stream.tell()
    kind = "BF16" if dtype == encodings.VOID else dtype.str
    if kind != "BF16" and dtype.kind not in "iuf":
        refuse_kind(f"{path}: the array", str(dtype))
    return Stored(path, offset, kind, _matrix_shape(f"{path}: the array", shape), columns_first=columns_first)


def safetensors_header(path: str | Path) -> tuple[dict[str, dict[str, Any]], int]:
    """Tensor name -> {dtype, shape, data_offsets}, not yet judged, and the byte where the data begin."""
    path = Path(path)
    with reading(path, "a readable .safetensors file"), open(path, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= min(HEADER_LIMIT, size - 8):
            raise ValueError("its header is damaged")
        header = json.loads(stream.read(length).decode("utf-8"), object_pairs_hook=_no_name_twice)
        if not isinstance(header, dict):
            raise ValueError("its header lists no tensors")
    return {name: entry for name, entry in header.items() if name != "__metadata__"}, 8 + length


def open_safetensors(path: str | Path, name: str, vector: bool = False) -> Stored:
    """One tensor of a .safetensors file, its rows read when asked for; the other tensors are not looked at.

    vector : a tensor of one dimension, as a matrix of one column. Raises InputError naming file and tensor where it is
    missing, damaged, or not a matrix of real numbers.
    """
    tensors, begin = safetensors_header(path)
    if name not in tensors:
        raise InputError(f"{path}: tensor {name} is missing; the file holds {', '.join(tensors) or 'nothing'}",
                         where=str(path), argument=name)
    where = f"{path}: tensor {name}"
    with reading(path, "a readable .safetensors file"):
        entry = tensors[name]
        kind, shape = str(entry["dtype"]), tuple(map(_whole, entry["shape"]))
        start, stop = map(_whole, entry["data_offsets"])
        if kind not in encodings.KINDS:
            refuse_kind(where, kind)
        shape2 = _matrix_shape(where, (*shape, 1) if vector and len(shape) == 1 else shape)
        if stop - start != shape2[0] * shape2[1] * encodings.of(kind)[0].itemsize:
            raise ValueError(f"tensor {name} does not fill the bytes that the header gives it")
    return Stored(path, begin + start, kind, shape2, name=where)


def refuse_kind(where: str, kind: str) -> NoReturn:
    """One sentence for numbers that are not real, or of a kind that is not known here."""
    raise InputTypeError(f"{where} must hold real numbers, float8 (e4m3, e5m2) to float64 or integers; it holds {kind}",
                         where=where, expected="real numbers", got=kind)


def _matrix_shape(where: str, shape: Any) -> tuple[int, int]:
    if len(shape) != 2:
        raise InputError(f"{where} must have 2 dimensions; its shape is {tuple(shape)}", where=where)
    if min(shape) < 1:
        raise InputError(f"{where} is empty; its shape is {tuple(shape)}", where=where)
    return int(shape[0]), int(shape[1])


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("its header names a tensor twice")
    return dict(pairs)
