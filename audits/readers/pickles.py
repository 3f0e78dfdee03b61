"""Tensors of a PyTorch file (.pt, the zip format since 1.6) without PyTorch, and without running what it asks for.

A pickle names functions to call. This reader knows five names, all of which only describe tensors, and refuses every
other; it makes numpy arrays of the storages beside it.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from testbed.errors import InputError
from testbed.files import EXPANDED_LIMIT

STORAGES = {"DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8",
            "IntStorage": "<i4", "BFloat16Storage": "bfloat16"}


def load(path: Path) -> dict[str, Any]:
    """The state dictionary of a .pt file, tensors as numpy arrays, bfloat16 as float32.

    Raises ValueError naming the file for anything but a dictionary of tensors and numbers: other pickles, truncated
    archives, storages out of bounds, archives that would expand beyond a stated size or hold two members of one name.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [item.filename for item in archive.infolist()]
            if len(set(names)) < len(names):
                raise InputError(f"{path}: the archive holds two members of one name")
            if sum(item.file_size for item in archive.infolist()) > EXPANDED_LIMIT:
                raise InputError(f"{path}: would expand to more than {EXPANDED_LIMIT >> 30} GiB")
            home = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
            if len(home) != 1:
                raise InputError(f"{path}: holds no single data.pkl: not a PyTorch file of tensors")
            folder = home[0].rpartition("/")[0]
            order = f"{folder}/byteorder"
            if order in names and archive.read(order).strip() != b"little":
                raise InputError(f"{path}: was written on a big-endian machine")
            found = _Tensors(io.BytesIO(archive.read(home[0])), archive, folder).load()
    except InputError as error:
        raise InputError(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from None
    except Exception as error:  # damaged archives and pickles raise nearly anything
        raise InputError(f"{path}: not a readable PyTorch file ({type(error).__name__}: {error})") from None
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise InputError(f"{path}: must hold a dictionary of tensors; got {type(found).__name__}")
    return dict(found)


class _Tensors(pickle.Unpickler):
    """An unpickler that can make nothing but ordered dictionaries and arrays."""

    def __init__(self, stream: Any, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(stream)
        self.archive, self.folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        """The five names, and an error for every other."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in STORAGES:
            return name
        raise InputError(f"its pickle asks for {module}.{name}, which is not a tensor")

    def persistent_load(self, pid: Any) -> np.ndarray:
        """A storage: ('storage', kind, key, device, entries)."""
        if not (isinstance(pid, tuple) and len(pid) == 5 and pid[0] == "storage" and pid[1] in STORAGES):
            raise InputError("its pickle refers to something that is not a storage")
        content = self.archive.read(f"{self.folder}/data/{pid[2]}")
        kind = STORAGES[pid[1]]
        if kind == "bfloat16":  # the upper half of a float32
            storage = (np.frombuffer(content, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            storage = np.frombuffer(content, kind)
        if len(storage) != pid[4]:
            raise InputError(f"storage {pid[2]} holds {len(storage)} entries and should hold {pid[4]}")
        return storage


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> np.ndarray:
    """The view of a storage, copied, within its bounds."""
    if not isinstance(storage, np.ndarray) or len(shape) != len(stride):
        raise InputError("its pickle describes a tensor without a storage")
    if min([offset, *shape, *stride], default=0) < 0:
        raise InputError("a tensor has a negative shape")
    if 0 in shape:
        return np.empty(shape, storage.dtype)
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    if last >= len(storage):
        raise InputError("a tensor reaches beyond its storage")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps).copy()
