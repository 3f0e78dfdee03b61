"""One place that decides how kernels are compiled: cached where the folder allows it, never with NaN-blind maths."""

from __future__ import annotations

import numba


def jit(parallel=False, fastmath=False):
    """numba.njit with a disk cache, or without one where the package's folder cannot be written."""

    def wrap(function):
        try:
            return numba.njit(function, cache=True, parallel=parallel, fastmath=fastmath, error_model="numpy")
        except RuntimeError:  # numba found no folder for its cache
            return numba.njit(function, parallel=parallel, fastmath=fastmath, error_model="numpy")

    return wrap
