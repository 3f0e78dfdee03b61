"""Twenty-four hostile initialisations: duplicates, near-duplicates, dead atoms, five times too many atoms.

Each must end at a verified optimum, with codes that satisfy C1 on every sample.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

KINDS = ("duplicates", "near-duplicates", "dead", "overcomplete")
SEEDS = 6
JOBS = tuple((kind, 2) for kind in KINDS)


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """Train from six initialisations of one kind."""
    from testbed import CodingError, fit, verify

    ends = []
    for seed in range(1 if tiny else SEEDS):
        X, D, lam = initialisation(case, seed, tiny)
        began = time.perf_counter()
        try:
            o = fit(X, len(D), lam, start=D)
            failed = sum(int((verify.kkt_violation(o.problem, block) > verify.KKT_TOLERANCE).sum())
                         for block in o.blocks())
            ends.append({"status": o.status, "stationarity": o.stationarity, "kkt": o.kkt, "failed_codes": failed,
                         "dead": int((~o.live).sum()), "seconds": time.perf_counter() - began})
        except CodingError as error:
            ends.append({"status": str(error), "failed_codes": 1, "seconds": time.perf_counter() - began})
    return {"case": case, "threads": threads, "n": len(X), "d": X.shape[1], "m": len(D), "lam": lam, "ends": ends}


def initialisation(kind: str, seed: int, tiny: bool = False) -> tuple[Any, Any, float]:
    """Data, initial atoms and penalty. The data leave two dimensions empty: atoms there are dead, and stay so until
    they are moved."""
    from benchmarks import data

    size = data.SIZES["tiny" if tiny else "toy"]
    X = np.pad(data.planted(size, seed)[0], ((0, 0), (0, 2)))
    rng = np.random.default_rng([seed, 3])
    m = 5 * size.m if kind == "overcomplete" else size.m
    D = data.start(X, m, seed)
    half = m // 2
    if kind == "duplicates":
        D[half:] = D[rng.integers(half, size=m - half)]
    elif kind == "near-duplicates":
        D[half:] = D[:half] + 10.0 ** -rng.uniform(4, 14, (m - half, 1)) * rng.standard_normal((m - half, X.shape[1]))
    elif kind == "dead":
        D[half:] = 0
        D[half:, -2:] = rng.standard_normal((m - half, 2))
    return X, D / np.linalg.norm(D, axis=1, keepdims=True), size.lam
