"""Who computes cells: processes of this machine, or the workers of a Dask cluster. Answers come back as they are done.

A job is a process with one thread. Cells are handed out a few at a time: one where a cell takes long, more where the
handing would. Workers return answers and write nothing, so that a cluster needs no common disk. They are asked which
code they run, and must run the same as who asks.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from typing import Any

from sweeps.cells import Cell
from sweeps.store import code
from testbed import checks
from testbed.errors import InputError

Answered = tuple[Cell, dict[str, Any]]


def compute(cell: Cell, digest: str) -> Answered:
    """What a worker does; InputError where its code is not the one with this digest."""
    from sweeps.solving import solve

    if code()["digest"] != digest:
        raise InputError("sweep: a worker runs other code than this process: install the same on all machines")
    return cell, solve(cell)


def here(cells: Sequence[Cell], jobs: int) -> Generator[Answered]:
    """On this machine, `jobs` cells at a time."""
    if jobs == 1:
        yield from (compute(cell, code()["digest"]) for cell in cells)
        return
    checks.installed("sweep --jobs", "sweeps", "joblib")
    import joblib

    with joblib.parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        yield from _parallel(cells)


def dask(cells: Sequence[Cell], address: str) -> Generator[Answered]:
    """On the workers of a cluster whose scheduler listens at `address`."""
    checks.installed("sweep --dask", "dask", "joblib", "distributed")
    import distributed
    import joblib

    try:
        client = distributed.Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"sweep: --dask {address}: no scheduler answers there: {error}") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise InputError(f"sweep: --dask {address}: the cluster has no workers yet")
        with joblib.parallel_config("dask", client=client):
            yield from _parallel(cells)


def _parallel(cells: Sequence[Cell]) -> Generator[Answered]:
    import joblib

    parallel = joblib.Parallel(return_as="generator_unordered", batch_size="auto", pre_dispatch="2*n_jobs")
    yield from parallel(joblib.delayed(compute)(cell, code()["digest"]) for cell in cells)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
