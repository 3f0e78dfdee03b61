"""How many threads work, and that nothing of it shows in the results: their bits are the same for any number.

Limits are of two kinds. BLAS has one for the whole process: it works on one thread while anyone is in `limited`,
entries are counted, and the last to leave restores what the first found. Kernels share numba's threads: with several
Python threads inside at once (joblib, dask) each has its part, so that together they are never more than numba has.

A kernel that has one thread runs without a parallel region (`testbed.kernels.jit`). So small problems never start the
threads' runtime; and in a process forked after that was started, where GNU OpenMP would end the process, kernels run on
the one thread that the fork left.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numba
import threadpoolctl

from testbed import checks

# Threads that spin long at barriers steal the processor from whoever works (on a busy machine, fits took 50 times as
# long); threads that never spin are slow to wake, and two were slower than one. A short spin, a few microseconds, is
# near the best in both. Read once, when the first parallel kernel starts; a choice made outside stands.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")

SMALL = 1 << 23  # below this n * m * d, starting threads costs more than it saves (tenfold on a busy machine)


Limits = list[tuple[Any, int]]  # libraries, and what they were limited to


class _Here(threading.local):
    """Of one Python thread: how deep it is in `limited`, the threads asked for, and whether its work is small."""

    depth = 0
    asked: int | None = None
    small = False
    blas: Limits = []  # noqa: RUF012  # replaced, never changed; what this thread restores


class _Process:
    """Of the process: who is in `limited`, and whether kernels must do without threads since a fork."""

    lock = threading.Lock()  # of what follows
    inside = 0  # Python threads
    blas: Limits = []  # noqa: RUF012  # what the last to leave restores
    region = threading.Lock()  # held in a parallel region where the threading layer allows one at a time
    forked = False


_here = _Here()


@functools.cache
def _libraries() -> tuple[Limits, Limits]:
    """Every BLAS: those with a limit for the process, and those (OpenBLAS made with OpenMP) with one a thread."""
    found = [(lib, 1) for lib in threadpoolctl.ThreadpoolController().lib_controllers if lib.user_api == "blas"]
    own = [lib.internal_api == "openblas" and lib.threading_layer == "openmp" for lib, _ in found]
    return ([pair for pair, mine in zip(found, own, strict=True) if not mine],
            [pair for pair, mine in zip(found, own, strict=True) if mine])


def _set(limits: Limits) -> Limits:
    """Set limits; returns what they were.

    threadpoolctl lets one thread at a time set limits of the process and ignores the others, who would go on with a
    BLAS that is not limited, and other bits. Here entries are counted: the right is taken for a moment and given up.
    """
    before = [(lib, lib.get_num_threads()) for lib, _ in limits]
    _let_anyone_set(force=True)
    for lib, number in limits:
        lib.set_num_threads(number)
    _let_anyone_set(force=True)
    return before


_let_anyone_set: Callable[..., None] = getattr(  # an older threadpoolctl ignores no one
    threadpoolctl.OpenBLASController, "clear_controlling_thread", lambda force: None)


def started() -> bool:
    """Whether numba's threads have been started; asking numba how many they are would start them."""
    try:
        numba.threading_layer()
    except ValueError:
        return False
    return True


def most() -> int:
    """The most threads that a kernel called here may be given: workspaces hold a place for each."""
    if _here.small or _Process.forked:
        return 1
    available = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    if _here.asked is not None:
        return min(_here.asked, available)
    return int(numba.get_num_threads()) if started() else available


def share() -> int:
    """How many threads a kernel called here is given now: its part of numba's threads, at most `most()`."""
    available = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    return max(1, min(most(), available // max(_Process.inside, 1)))


def together(count: int, kernel: Callable[..., Any], *args: Any) -> Any:
    """Call a kernel with parallel regions on `count` threads; numba is left as it was found."""
    before = numba.get_num_threads()
    if before == count and numba.threading_layer() != "workqueue":
        return kernel(*args)
    # under workqueue, numba's layer of last resort, two regions at once abort the process
    with _Process.region if numba.threading_layer() == "workqueue" else nullcontext():
        numba.set_num_threads(count)
        try:
            return kernel(*args)
        finally:
            numba.set_num_threads(before)


@contextmanager
def limited(work: int, threads: int | None = None, where: str = "testbed") -> Iterator[None]:
    """The context of all coding and training: BLAS on one thread; kernels on at most `threads`, and on one where
    `work`, n * m * d, is small.

    threads : at least 1, and never more are used than numba has; None for what encloses this, and at the outermost
    for as many as numba is set to. InputError naming `where` for anything else.
    """
    asked = _here.asked if threads is None else checks.integer(where, "threads", threads, 1)
    before = _here.asked, _here.small
    _enter()
    _here.asked, _here.small = asked, work < SMALL
    try:
        yield
    finally:
        _here.asked, _here.small = before
        _leave()


def _enter() -> None:
    if _here.depth == 0:
        shared, own = _libraries()
        with _Process.lock:
            if _Process.inside == 0:
                _Process.blas = _set(shared)
            _Process.inside += 1
            _here.blas = _set(own)
    _here.depth += 1


def _leave() -> None:
    _here.depth -= 1
    if _here.depth == 0:
        with _Process.lock:
            _set(_here.blas)
            _Process.inside -= 1
            if _Process.inside == 0:
                _set(_Process.blas)


def _in_child() -> None:
    """Only the thread that forked is left, and of numba's threads, if they had been started, only their books."""
    _Process.lock, _Process.region = threading.Lock(), threading.Lock()
    _Process.forked = _Process.forked or started()
    if _Process.inside and not _here.depth:
        _set(_Process.blas)
    _Process.inside = int(_here.depth > 0)


if hasattr(os, "register_at_fork"):
    # the lock is held across the fork, so that the child's copy of what it guards is whole
    os.register_at_fork(before=lambda: _Process.lock.acquire(), after_in_parent=lambda: _Process.lock.release(),
                        after_in_child=_in_child)
