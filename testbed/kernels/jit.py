"""One place that decides how kernels are compiled: cached where the folder allows it, never with NaN-blind maths."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path

# Threads that spin long at barriers steal the processor from whoever works (on a busy machine, fits took 50 times as
# long); threads that never spin are slow to wake, and two were slower than one. A short spin, a few microseconds, is
# near the best in both. Read once, when the first parallel kernel starts; a choice made outside stands.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import numba
from numba.core import cgutils
from numba.extending import intrinsic


def jit(parallel=False, fastmath=False, inline=False):
    """numba.njit with a disk cache, or without one where the package's folder cannot be written.

    inline: for small functions with many array arguments, whose passing would cost more than what they do.
    """

    def wrap(function):
        _forget_stale(Path(function.__code__.co_filename).parent)
        options = {"parallel": parallel, "fastmath": fastmath, "forceinline": inline, "error_model": "numpy"}
        try:
            return numba.njit(function, cache=True, **options)
        except RuntimeError:  # numba found no folder for its cache
            return numba.njit(function, **options)

    return wrap


@functools.cache
def _forget_stale(folder: Path) -> None:
    """Remove a folder's compiled kernels older than any source there or here: numba compares a kernel with its own file
    alone, and would keep one whose helper in another file has changed. Kernels call those of their own folder and of
    this one."""
    newest = max(file.stat().st_mtime for place in {folder, Path(__file__).parent} for file in place.glob("*.py"))
    with contextlib.suppress(OSError):  # where nothing can be removed, nothing could be written either
        for index in (folder / "__pycache__").glob("*.nbi"):
            if index.stat().st_mtime < newest:
                index.unlink()


@intrinsic
def _pointer(typing, array):
    def code(context, builder, signature, arguments):
        return cgutils.create_struct_proxy(array)(context, builder, arguments[0]).data

    return numba.types.CPointer(array.dtype)(array), code


@numba.njit(forceinline=True)
def _flat(array):
    return array.reshape(-1)


# The elements of a C-contiguous array, to be indexed as one row. As a pointer it costs nothing to pass, while an array
# is a counted reference whose every index is tried for being negative: that took more time than the mathematics of
# coding. The array must outlive it: numba frees one of its own after its last use by name, so `flat` is only for arrays
# that are arguments. Where bounds are to be checked it is the array itself, flat.
flat = _flat if numba.config.BOUNDSCHECK else _pointer  # type: ignore[attr-defined]
