"""One job in this process: `python -m benchmarks.job SECTION CASE THREADS`; prints its result as one line of JSON."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def run(section: str, case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """Run a job here and now; BLAS is held to the number of threads even if numpy was loaded with another."""
    import testbed  # noqa: F401, I001  # before numba starts its threads: it limits how long they spin at barriers

    import numba
    import threadpoolctl

    numba.set_num_threads(min(threads, int(numba.config.NUMBA_NUM_THREADS)))  # type: ignore[attr-defined]
    with threadpoolctl.threadpool_limits(threads, user_api="blas"):
        result: dict[str, Any] = importlib.import_module(f"benchmarks.{section}").run(case, threads, tiny)
    return result


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
