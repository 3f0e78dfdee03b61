"""Files: written whole or not at all, read with suspicion.

Readers refuse pickles, truncated archives, archives that would expand beyond a stated size, and duplicated members, in
one sentence that names the file. OSError is left for the caller to report.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from testbed.errors import InputError, InputTypeError

EXPANDED_LIMIT = 16 << 30  # bytes; a small archive can claim any size


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part of it."""
    with _replacing(Path(path)) as stream:
        stream.write(content)


class _replacing:
    """A temporary file beside `path` that takes its place only once it is complete and on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

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


def load_npz(path: str | Path, required: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Every array of a .npz, or ValueError: not an archive, truncated, too large, pickled, or lacking `required`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        names = [member.filename for member in members]
        if len(set(names)) < len(names):
            raise InputError(f"{path}: the archive holds two members of one name")
        if sum(member.file_size for member in members) > EXPANDED_LIMIT:
            raise InputError(f"{path}: would expand to more than {EXPANDED_LIMIT >> 30} GiB")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {}
            for name in archive.files:
                try:
                    arrays[name] = archive[name]
                except ValueError as error:
                    raise InputError(f"{path}: array {name} cannot be read: {_brief(error)}") from None
                if not isinstance(arrays[name], np.ndarray):
                    raise InputError(f"{path}: member {name} is not an array")
    except (zipfile.BadZipFile, EOFError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise InputError(f"{path}: not a readable .npz archive ({_brief(error)})") from None
    missing = [name for name in required if name not in arrays]
    if missing:
        held = ", ".join(arrays) or "nothing"
        raise InputError(f"{path}: array {', '.join(missing)} is missing; the file holds {held}")
    return arrays


def load_data(path: str | Path) -> dict[str, np.ndarray]:
    """Data for a fit: {'X': ...} and, if the file has them, {'weights': ...}.

    .npy holds X alone; .npz the arrays X and optionally weights; .safetensors the tensors X and optionally weights, or
    exactly one tensor. Anything else is a ValueError.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        try:
            return {"X": np.load(path, allow_pickle=False)}
        except (ValueError, EOFError) as error:
            raise InputError(f"{path}: not a readable .npy array of numbers") from error
    if suffix == ".npz":
        arrays = load_npz(path, required=["X"])
    elif suffix == ".safetensors":
        arrays = _load_safetensors(path)
    else:
        raise InputError(f"{path}: data must be a .npy, .npz or .safetensors file")
    return {name: arrays[name] for name in ("X", "weights") if name in arrays}


def _load_safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        import ml_dtypes  # noqa: F401  # registers bfloat16 with numpy before safetensors asks for it
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise InputError(f"{path}: reading .safetensors needs the packages safetensors and ml_dtypes") from None
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path}: not a readable .safetensors file ({_brief(error)})") from None
    if "X" not in tensors and len(tensors) == 1:
        tensors = {"X": next(iter(tensors.values()))}
    if "X" not in tensors:
        raise InputError(f"{path}: tensor X is missing; the file holds {', '.join(tensors) or 'nothing'}")
    return {name: value.astype(np.float64) for name, value in tensors.items()}


def _brief(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
