"""Small problems by the thousand, as phase diagrams need them: verified optima per second."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

JOBS = (("batch", 1), ("batch", 2), ("loop", 1), ("loop", 2))
M, D, N, LAM = 4, 8, 200, 0.1
BATCH, LOOP = 2048, 64


def problems(count: int) -> Any:
    """(count, N, D): problem p has its own M directions, on with probability 0.3, magnitudes 0.3 + Exp(0.7), noise."""
    X = np.empty((count, N, D))
    for p in range(count):
        rng = np.random.default_rng([p, 4])
        atoms = rng.standard_normal((M, D))
        atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
        on = rng.random((N, M)) < 0.3
        X[p] = (on * (0.3 + rng.exponential(0.7, (N, M)))) @ atoms + 0.05 * rng.standard_normal((N, D))
    return X


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """Optima per second, counting only those verified here again; three runs, the median."""
    import testbed

    core: Any = testbed
    count = 8 if tiny else BATCH if case == "batch" else LOOP
    X = problems(count)
    facts = {"case": case, "threads": threads, "problems": count, "m": M, "d": D, "n": N, "lam": LAM}
    if case == "loop":
        def solve() -> Any:
            ends = [testbed.fit(x, M, LAM, restarts=1) for x in X]
            return [end.D for end in ends], [end.status for end in ends]
    elif hasattr(core, "fit_many"):
        def solve() -> Any:
            ends = core.fit_many(X, M, LAM)
            return ends.D, ends.status
    else:
        return facts | {"missing": "testbed has no fit_many"}
    solve()
    seconds = []
    for _ in range(1 if tiny else 3):
        began = time.perf_counter()
        found, claims = solve()
        seconds.append(time.perf_counter() - began)
    ends = [testbed.Optimum.at(testbed.Problem(x, LAM), atoms) for x, atoms in zip(X, found, strict=True)]
    good = sum(end.status != "unconverged" for end in ends)
    return facts | {"seconds": float(np.median(seconds)), "verified": good,
                    "claimed": sum(str(claim) != "unconverged" for claim in claims),
                    "per_second": good / float(np.median(seconds)),
                    "stationarity": max(end.stationarity for end in ends), "kkt": max(end.kkt for end in ends)}
