"""One place that decides how kernels are compiled: cached where the folder allows it, never with NaN-blind maths."""

from __future__ import annotations

import contextlib
import functools
import os
import types
from pathlib import Path

import numba
from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.extending import intrinsic

from testbed import threads

HOME = Path(__file__).parent


@functools.cache
def _newest(folder: Path) -> float:
    """When a file of the folder or of this one last changed: kernels call those of their own folder and of this one."""
    return max(file.stat().st_mtime for place in {folder, HOME} for file in place.glob("*.py"))


class Cache(FunctionCache):
    """numba's cache of one kernel, wherever it lies (beside the source, NUMBA_CACHE_DIR, the user's), and two faults of
    it mended.

    Stale: numba compares a kernel with its own file alone, and would keep one whose helper in another file has changed;
    what is older than any file beside it or in testbed.kernels is forgotten. Broken: files cut short, by a full disk or
    a machine that went down, end every run with whatever reading them raises; they are forgotten, and the kernel
    compiled anew.
    """

    def __init__(self, function):
        super().__init__(function)
        index = self._cache_file._index_path
        with contextlib.suppress(OSError):  # there is none, or another process was sooner
            if os.path.getmtime(index) < _newest(Path(function.__code__.co_filename).parent):
                os.unlink(index)

    def load_overload(self, sig, target_context):
        """The compiled kernel for a signature, or None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # half a pickle may raise anything
            try:
                self.flush()
            except OSError:
                self.disable()
            return None


def _compiled(function, **options):
    kernel = numba.njit(function, error_model="numpy", **options)
    # a kernel called with a constant would be compiled for that constant, and again for the others: even where `k = 0`
    # only begins a loop, and is never what is passed
    template = kernel.get_call_template
    kernel.get_call_template = lambda args, kws: template(tuple(map(numba.types.unliteral, args)), kws)
    with contextlib.suppress(RuntimeError):  # numba found no folder for its cache
        kernel._cache = Cache(function)
    return kernel


@numba.njit(forceinline=True)
def _only():
    return 0


class Parallel:
    """A kernel that loops over `prange`, compiled twice: for several threads, and for one without a parallel region.

    Both run the same blocks in the same code, and each releases the GIL.
    """

    def __init__(self, function, **options):
        functools.update_wrapper(self, function)
        self.shared = _compiled(function, parallel=True, **options)
        alone = types.FunctionType(function.__code__, function.__globals__ | {"get_thread_id": _only},
                                   f"{function.__name__}_alone")
        alone.__module__, alone.__qualname__ = function.__module__, f"{function.__qualname__}_alone"  # names its cache
        self.alone = _compiled(alone, nogil=True, **options)

    def __call__(self, *args):
        count = threads.share()
        return self.alone(*args) if count == 1 else threads.together(count, self.shared, *args)


def jit(parallel=False, fastmath=False, inline=False):
    """numba.njit with a disk cache, or without one where no folder for it can be written.

    parallel: the function loops over prange and is called from Python. inline: for small functions with many array
    arguments, whose passing would cost more than what they do.
    """
    kind = Parallel if parallel else _compiled
    return functools.partial(kind, fastmath=fastmath, forceinline=inline)


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
