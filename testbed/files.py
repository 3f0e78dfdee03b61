"""Files: written whole or not at all, read with suspicion.

Readers refuse pickles, damaged archives, archives that would expand beyond a stated size, and duplicated members, in
one sentence that names the file (an InputError). OSError is left for the caller to report.
"""

from __future__ import annotations

import errno
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from testbed import checks, encodings
from testbed.errors import InputError, InputTypeError
from testbed.formats import brief, open_npy, open_safetensors, reading, safetensors_header

EXPANDED_LIMIT = 16 << 30  # bytes; a small archive can claim any size


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part of it."""
    with _replacing(Path(path)) as stream:
        stream.write(content)


class _replacing:
    """A temporary file beside `path` that takes its place only once it is complete and on disk.

    A symbolic link stays one: what it leads to is replaced, or created.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        if self.path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))

    def __enter__(self) -> Any:
        if self.path.is_dir():
            raise IsADirectoryError(f"{self.path} is a folder")
        handle, self.temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        self.stream = os.fdopen(handle, "wb")
        return self.stream

    def __exit__(self, kind: type | None, *_: object) -> None:
        try:
            if kind is None:
                self.stream.flush()
                os.fsync(self.stream.fileno())
            self.stream.close()
            if kind is None:
                mask = os.umask(0)
                os.umask(mask)
                os.chmod(self.temporary, 0o666 & ~mask)
                os.replace(self.temporary, self.path)
        finally:
            if os.path.exists(self.temporary):
                os.unlink(self.temporary)


def save_npz(path: str | Path, arrays: Mapping[str, Any]) -> None:
    """Save named arrays as a compressed .npz; the same arrays give the same bytes.

    numpy stamps no time into its archives, so identical content is an identical file.
    """
    for name, value in arrays.items():
        if np.asarray(value).dtype.kind == "O":
            raise InputTypeError(f"save_npz: {name} is an object array, which only a pickle could hold")
    with _replacing(Path(path)) as stream:
        np.savez_compressed(stream, **{name: np.asarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]


def load_npz(path: str | Path, required: Sequence[str] = (), wanted: Sequence[str] | None = None) -> dict[str, Any]:
    """Arrays of a .npz: all of them, or those of `wanted` that it has.

    InputError naming the file: not an archive, damaged, too large, pickled, or lacking one of `required`.
    """
    with reading(path, "a readable .npz archive"):
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        names = [member.filename for member in members]
        if len(set(names)) < len(names):
            raise InputError(f"{path}: the archive holds two members of one name")
        if sum(member.file_size for member in members) > EXPANDED_LIMIT:
            raise InputError(f"{path}: would expand to more than {EXPANDED_LIMIT >> 30} GiB")
        arrays = {}
        with np.load(path, allow_pickle=False) as archive:
            held = list(archive.files)
            for name in held if wanted is None else [name for name in wanted if name in held]:
                arrays[name] = _member(path, archive, name)
    missing = [name for name in required if name not in held]
    if missing:
        there = ", ".join(held) or "nothing"
        lacks = f"arrays {', '.join(missing)} are" if len(missing) > 1 else f"array {missing[0]} is"
        raise InputError(f"{path}: {lacks} missing; the file holds {there}",
                         where=str(path), argument=missing[0])
    return arrays


def _member(path: str | Path, archive: Any, name: str) -> np.ndarray:
    """One array of an open archive; what a damaged member raises names it."""
    try:
        value = archive[name]
    except Exception as error:  # an OSError of zipfile's decoders too is about the bytes and not about the file
        raise InputError(f"{path}: array {name} cannot be read: {brief(error)}") from None
    if not isinstance(value, np.ndarray):
        raise InputError(f"{path}: member {name} is not an array")
    return value


def load_data(path: str | Path) -> dict[str, Any]:
    """Data for a fit: {'X': ...} and, if the file has them, {'weights': ...}.

    .npy holds X alone; .npz the arrays X and optionally weights; .safetensors the tensors X and optionally weights, or
    exactly one tensor. X of a .npy or .safetensors file is not read but ready to be (testbed.data.Rows). Anything else
    is an InputError naming the file.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return {"X": open_npy(path)}
    if suffix == ".npz":
        arrays = load_npz(path, required=["X"], wanted=["X", "weights"])
        found = {"X": checks.matrix(str(path), "array X", encodings.numbers(arrays["X"]))}
        if "weights" in arrays:
            found["weights"] = checks.vector(str(path), "array weights", arrays["weights"], len(found["X"]))
        return found
    if suffix == ".safetensors":
        names = list(safetensors_header(path)[0])
        data: dict[str, Any] = {"X": open_safetensors(path, names[0] if len(names) == 1 else "X")}
        if "weights" in names and len(names) > 1:
            column = open_safetensors(path, "weights", vector=True)
            data["weights"] = column.rows(0, column.shape[0])[:, 0]
        return data
    raise InputError(f"{path}: data must be a .npy, .npz or .safetensors file", where=str(path), argument="DATA")
