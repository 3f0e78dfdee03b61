"""Coding at S1-S4: time as a multiple of one matrix product, beside the peers, with the accuracy each one reached.

The floor is one float64 product X @ D.T into memory that is already there, on as many threads. Matched accuracy: every
contender is set to 1e-10 or the best it offers, and what it reached is measured, so that none is credited for stopping
early.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

JOBS = tuple((size, threads) for size in ("S1", "S2", "S3", "S4") for threads in (1, 2))
SLOW = 100  # floors: a peer slower than this is run on some of the rows
SLICE = 1.5  # seconds that such a run should take
TRIAL = 0.15  # seconds after which a peer's speed is taken as known


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """One size on one number of threads: times, ratios and accuracies of everyone who is installed."""
    from benchmarks import data, timing
    from benchmarks.coders import CODERS, GIVEN, OURS

    size = data.SIZES["tiny" if tiny else case]
    X, D = data.planted(size)
    out = np.empty((size.n, size.m))
    floor = min(timing.once(partial(np.dot, X, D.T, out)) for _ in range(3))
    runs: dict[str, Any] = {"floor": partial(np.dot, X, D.T, out)}
    entries: dict[str, dict[str, Any]] = {}
    for coder in CODERS:
        if threads not in coder.threads:
            continue
        try:
            code = coder.make(D, size.lam, threads)
            rows = size.n if coder.whole else how_many(code, X, floor)
            codes = code(X[:rows])
        except ImportError as error:
            entries[coder.name] = {"missing": str(error)}
            continue
        scale = size.n / rows
        make = 0.0 if coder.given else min(timing.once(partial(coder.make, D, size.lam, threads)) for _ in range(2))
        runs[coder.name] = partial(code, X[:rows])
        entries[coder.name] = {"rows": rows, "scale": scale, "make_s": make, "given": coder.given, "ours": coder.ours,
                               **accuracy(X[:rows], D, size.lam, codes)}
    times = timing.alternate(runs, 3 if tiny else 7)
    whole = {name: [entries[name]["make_s"] + entries[name]["scale"] * t for t in times[name]]
             for name in times if name != "floor"}
    for name, series in whole.items():
        mine = whole[GIVEN if entries[name]["given"] and GIVEN in whole else OURS]
        entries[name] |= {"seconds": float(np.median(series)), "runs": len(series),
                          "floors": timing.ratio(series, times["floor"]), "ratio": timing.ratio(series, mine)}
    return {"case": case, "threads": threads, "n": size.n, "d": size.d, "m": size.m, "lam": size.lam,
            "floor_s": float(np.median(times["floor"])), "coders": entries}


def how_many(code: Any, X: Any, floor: float) -> int:
    """All rows, or for a very slow coder as many as take SLICE seconds."""
    from benchmarks import timing

    timing.once(partial(code, X[:2]))  # compiles, if it must
    rows = min(16, len(X))
    while (seconds := timing.once(partial(code, X[:rows]))) < TRIAL and rows < len(X):
        rows = min(4 * rows, len(X))
    if seconds / rows * len(X) < max(SLOW * floor, SLICE):
        return len(X)
    return int(np.clip(SLICE / seconds * rows, min(16, len(X)), len(X)))


def accuracy(X: Any, D: Any, lam: float, codes: Any) -> dict[str, Any]:
    """The worst and the median KKT violation over samples, normalised, and the mean support."""
    from scipy.sparse import csr_array

    from testbed import Problem, verify

    Z = csr_array(codes)
    problem = Problem(X, lam)
    blocks = verify.coded_blocks(problem, D, np.zeros(problem.d), Z)
    kkt = np.concatenate([verify.kkt_violation(problem, block) for block in blocks])
    return {"kkt": float(kkt.max()), "kkt_median": float(np.median(kkt)), "support": float(Z.nnz / len(X))}
