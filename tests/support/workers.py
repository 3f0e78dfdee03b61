"""What tests run in other threads and processes: it must be importable there."""

import os

import numba
import numpy as np
import threadpoolctl

from testbed import fit, threads

SMALL = threads.SMALL  # as it is when nobody has changed it: two Python threads may both be in `optimum`


def data(n=400, d=12, m=9):
    """Samples (n, d), of m features."""
    rng = np.random.default_rng(7)
    D = rng.standard_normal((m, d))
    D /= np.linalg.norm(D, axis=1)[:, None]
    return (rng.uniform(0.5, 2, (n, m)) * (rng.uniform(size=(n, m)) < 0.3)) @ D + 0.05 * rng.standard_normal((n, d))


def blas():
    """The threads of every BLAS in the process."""
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]


def optimum(seed=0, small=0, look=lambda: None, **options):
    """The bytes of a fit with as many threads as it can get, and the (kernel, BLAS) threads at each of its steps.

    look : called before and after the threads are looked at.
    """
    seen = []

    def progress(*_):
        look()
        seen.append((threads.share(), max(blas())))
        look()

    threads.SMALL = small
    try:
        found = fit(data(), 9, 0.15, seed=seed, restarts=1, progress=progress, **options)
    finally:
        threads.SMALL = SMALL
    return found.D.tobytes() + found.Z.data.tobytes(), seen


def in_a_worker(seed):
    """`optimum`, with what this process has: numba's threads, and the threads that the system counts in it."""
    bits, seen = optimum(seed)
    return bits, seen, int(numba.config.NUMBA_NUM_THREADS), len(os.listdir("/proc/self/task")), os.getpid()
