"""SparseDictionary: what it costs over `fit`, and how soon it is where DictionaryLearning gets, from the same atoms.

The overhead is the estimator's time over the time of `fit` within a turn. The ratio is scikit-learn's time to the
least stationarity residual that it reached, over the estimator's time to that residual (fit's, and the overhead).
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

JOBS = (("toy", 2), ("digits", 2))
CAP = 16  # seconds for scikit-learn
TURNS = 7


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """Overhead and ratio on one problem."""
    import testbed
    from benchmarks import data, timing, training

    X, m, lam = data.problem("tiny" if tiny else case)
    start = data.start(X, m)
    training.warm_up(X.shape[1])
    facts = {"case": case, "threads": threads, "n": X.shape[0], "d": X.shape[1], "m": m, "lam": lam}
    try:
        model = testbed.SparseDictionary(m, lam, dict_init=start)
        peer = training.peer("scikit-learn", X, m, lam, start, threads, 1 if tiny else CAP)
    except ImportError as error:
        return facts | {"missing": str(error)}
    times = timing.alternate({"estimator": partial(model.fit, X), "fit": partial(testbed.fit, X, m, lam, start=start)},
                             3 if tiny else TURNS)
    began, trace = time.perf_counter(), []
    testbed.fit(X, m, lam, start=start, progress=lambda _, value, residual: trace.append(
        (time.perf_counter() - began, residual)))
    soon = next((t for t, residual in trace if residual <= peer["stationarity"]), float("inf"))
    overhead = timing.ratio(times["estimator"], times["fit"])
    return facts | {"overhead": overhead, "seconds": sorted(times["estimator"])[len(times["estimator"]) // 2],
                    "status": model.optimum_.status, "stationarity": model.optimum_.stationarity,
                    "peer_stationarity": peer["stationarity"], "peer_s": peer["stall_s"], "ours_s": soon * overhead,
                    "ratio": peer["stall_s"] / (soon * overhead)}
