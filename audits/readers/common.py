"""What the readers share: configurations, tensors, orientation, and one way to say what is wrong with a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from testbed import checks, encodings
from testbed.errors import InputError
from testbed.formats import open_safetensors, safetensors_header

CONFIG_LIMIT = 1 << 24  # bytes of a configuration


def configuration(path: Path) -> dict[str, Any]:
    """The object in a JSON file; ValueError naming the file for anything else."""
    if path.stat().st_size > CONFIG_LIMIT:
        raise InputError(f"{path}: a configuration of {path.stat().st_size} bytes is not read")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable JSON ({error})") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: must hold a JSON object; got {type(found).__name__}")
    return found


def tensors(path: Path) -> dict[str, np.ndarray]:
    """All tensors of real numbers in a .safetensors file, as float64 where they are stored so and float32 elsewhere
    (which holds half precisions exactly). Finite; those of other kinds are left out, as if they were not there."""
    held = {}
    header, _ = safetensors_header(path)
    for name, entry in header.items():
        kind, shape = str(entry.get("dtype")), entry.get("shape")
        if kind not in encodings.KINDS or not isinstance(shape, list) or len(shape) > 2 or 0 in shape:
            continue
        stored = open_safetensors(path, name, vector=len(shape) < 2)
        values = stored.rows(0, stored.shape[0]).reshape(shape)
        held[name] = values if kind == "F64" else values.astype(np.float32)
    return held


def working(where: str, value: np.ndarray) -> np.ndarray:
    """The array in the precision it is worked in: float64 stays, all other real numbers become float32. Finite."""
    if value.dtype.kind not in "iuf":
        raise InputError(f"{where} must hold real numbers; its dtype is {value.dtype}")
    array = np.ascontiguousarray(value, dtype=np.float64 if value.dtype == np.float64 else np.float32)
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise InputError(f"{where} must be finite; entry {place} is {array[place]}")
    return array


def taken(path: Path, held: Mapping[str, np.ndarray], names: Iterable[str]) -> list[np.ndarray]:
    """The tensors of these names; ValueError says which are missing and what is there."""
    missing = [name for name in names if name not in held]
    if missing:
        raise InputError(f"{path}: {', '.join(missing)} is missing; the file holds {', '.join(held) or 'nothing'}")
    return [held[name] for name in names]


def oriented(path: Path, name: str, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The matrix in the given shape, transposed if it came the other way round and the shape tells."""
    if matrix.ndim == 2 and matrix.shape == shape:
        return matrix
    if matrix.ndim == 2 and matrix.shape == shape[::-1]:
        return np.ascontiguousarray(matrix.T)
    raise InputError(f"{path}: {name} must have shape {shape} or its transpose; its shape is {matrix.shape}")


def sized(path: Path, name: str, vector: np.ndarray, size: int) -> np.ndarray:
    """The vector, of this many entries."""
    if vector.shape != (size,):
        raise InputError(f"{path}: {name} must have {size} entries; its shape is {vector.shape}")
    return vector


def whole(path: Path, config: Mapping[str, Any], name: str, low: int = 1, high: int | None = None) -> int:
    """A whole number of a configuration."""
    if name not in config:
        raise InputError(f"{path}: {name} is missing")
    return checks.integer(str(path), name, config[name], low, high)


def coefficient(path: Path, name: str, value: Any) -> float:
    """A penalty coefficient >= 0 of a configuration."""
    return checks.number(str(path), name, value, 0)
