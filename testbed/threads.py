"""How many threads work, and that nothing of it shows in the results."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import threadpoolctl

SMALL = 1 << 23  # below this n * m * d, starting threads costs more than it saves (tenfold on a busy machine)


@functools.cache
def _controller() -> Any:
    return threadpoolctl.ThreadpoolController()


def available() -> int:
    """How many threads kernels may use: workspaces hold a place for each."""
    return int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


@contextmanager
def threads(work: int) -> Iterator[None]:
    """The context of all coding and training: BLAS on one thread, and so are the kernels where `work`, n * m * d, is
    small. Bits do not depend on the number of threads; time does.
    """
    before = numba.get_num_threads()
    if work < SMALL:
        numba.set_num_threads(1)
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        numba.set_num_threads(before)
