"""How time grows with n, m and d: coding, and training to its end, with the exponents of fitted power laws.

Coding has the floor beside it. Training times include luck (the number of steps): one step is fitted too.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

CODING = {"n": (1000, 2000, 4000, 8000, 16000, 32000), "m": (64, 128, 256, 512, 1024, 2048, 4096),
          "d": (16, 32, 64, 128, 256, 512)}
TRAINING = {"n": (1000, 2000, 4000, 8000, 16000), "m": (16, 32, 64, 128), "d": (8, 16, 32, 64, 128)}
JOBS = tuple((f"{what}/{axis}", 1) for what in ("coding", "training") for axis in "nmd")


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """One curve."""
    what, axis = case.split("/")
    curve = (coding if what == "coding" else training)(axis, tiny)
    x = np.array(curve["values"], dtype=float)
    exponents = {name: float(np.polyfit(np.log(x), np.log(y), 1)[0]) for name, y in curve["seconds"].items()}
    return {"case": case, "threads": threads, "axis": axis, **curve, "exponents": exponents}


def coding(axis: str, tiny: bool) -> dict[str, Any]:
    """Seconds of `encode` and of the floor along an axis, the other sizes fixed."""
    from benchmarks import data, timing
    from testbed import encode

    base = data.Size(n=4000, d=64, m=256, active=5, lam=0.15)
    values = CODING[axis][:2] if tiny else CODING[axis]
    seconds: dict[str, list[float]] = {"encode": [], "floor": []}
    support = []
    for value in values:
        size = replace(base, **{axis: value})
        X, D = data.planted(size)
        out = np.empty((size.n, size.m))
        support.append(encode(X, D, size.lam).nnz / size.n)
        runs = {"encode": partial(encode, X, D, size.lam), "floor": partial(np.dot, X, D.T, out)}
        times = timing.alternate(runs, 3 if tiny else 7)
        for name, series in times.items():
            seconds[name].append(float(np.median(series)))
    return {"base": vars(base), "values": list(values), "seconds": seconds, "support": support}


def training(axis: str, tiny: bool) -> dict[str, Any]:
    """Seconds of `fit` and of one of its steps along an axis, the medians of three starts."""
    import time

    from benchmarks import data
    from testbed import fit

    base = data.Size(n=4000, d=16, m=32, active=3, lam=0.1)
    values = TRAINING[axis][:2] if tiny else TRAINING[axis]
    seconds: dict[str, list[float]] = {"fit": [], "step": []}
    for value in values:
        size = replace(base, **{axis: value})
        X = data.planted(size)[0]
        whole, step = [], []
        for seed in range(1 if tiny else 3):
            calls: list[float] = []
            began = time.perf_counter()
            fit(X, size.m, size.lam, start=data.start(X, size.m, seed), progress=lambda *a, c=calls: c.append(a[1]))
            whole.append(time.perf_counter() - began)
            step.append(whole[-1] / len(calls))
        seconds["fit"].append(float(np.median(whole)))
        seconds["step"].append(float(np.median(step)))
    return {"base": vars(base), "values": list(values), "seconds": seconds}
