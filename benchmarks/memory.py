"""Peak memory of coding 200,000 samples in 256 dimensions on 4,096 atoms, whose scores alone would take 6.5 GB.

The peak is the process's own (ru_maxrss) less the bytes of data and atoms: interpreter, libraries, compiled kernels and
the codes returned are all counted against us.
"""

from __future__ import annotations

import sys
import time
from typing import Any

JOBS = (("encode", 2),)


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """Code the large problem once."""
    import resource

    from benchmarks import data
    from testbed import encode

    size = data.SIZES["tiny"] if tiny else data.Size(200_000, 256, 4096, 8, 0.3)
    X, D = data.planted(size)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    began = time.perf_counter()
    Z = encode(X, D, size.lam)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    given = X.nbytes + D.nbytes
    return {"case": case, "threads": threads, "n": size.n, "d": size.d, "m": size.m, "lam": size.lam,
            "seconds": seconds, "support": Z.nnz / size.n, "data_gb": given / 1e9, "before_gb": (before - given) / 1e9,
            "beyond_gb": (peak - given) / 1e9, "scores_gb": 8 * size.n * size.m / 1e9}
