"""Training at toy, S1, digits and patches: how soon each trainer is how near to a stationary point, if ever.

Ours is followed through `fit`'s own progress (its clock includes the callback) and verified at the end; a peer's atoms
are taken out now and then, off the clock, and measured with exact codes. Everyone starts from the same atoms. A peer
has stalled when, over the last half of its time, the residual has not fallen by a tenth; it is given up at its cap.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

LEVELS = (1e-4, 1e-8, 1e-10)
CAPS = {"toy": 16, "S1": 25, "digits": 100, "patches": 210}  # seconds for SPAMS batch; the others get a share
SHARES = {"SPAMS batch": 1.0, "SPAMS online": 0.15, "scikit-learn": 0.5}
SEEDS = {"toy": 5, "S1": 3, "digits": 3, "patches": 1}
OURS = "testbed"
JOBS = tuple((f"{problem}/{trainer}", threads) for problem in CAPS for trainer, threads in (
    (OURS, 1), (OURS, 2), ("SPAMS batch", 2), ("SPAMS online", 2), ("scikit-learn", 2)))


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """One trainer on one problem."""
    from benchmarks import data

    problem, trainer = case.split("/")
    X, m, lam = data.problem("tiny" if tiny else problem)
    facts = {"case": problem, "trainer": trainer, "threads": threads, "n": X.shape[0], "d": X.shape[1], "m": m,
             "lam": lam}
    if trainer == OURS:
        warm_up(X.shape[1])
        seeds = 1 if tiny else SEEDS[problem]
        return facts | {"runs": [ours(X, m, lam, data.start(X, m, seed)) for seed in range(seeds)]}
    cap = 1.0 if tiny else CAPS[problem] * SHARES[trainer]
    try:
        return facts | {"cap_s": cap, "runs": [peer(trainer, X, m, lam, data.start(X, m), threads, cap)]}
    except ImportError as error:
        return facts | {"missing": str(error)}


def warm_up(d: int) -> None:
    """Load or compile every kernel, the threaded ones too, before anything is timed."""
    from testbed import fit

    X = np.random.default_rng(0).standard_normal((4000, d))
    fit(X, 40, 1.5, restarts=1)


def ours(X: Any, m: int, lam: float, start: Any) -> dict[str, Any]:
    """One fit with its trajectory and what was verified of its end."""
    from testbed import fit

    trace = []
    began = time.perf_counter()
    optimum = fit(X, m, lam, start=start, progress=lambda _, objective, stationarity: trace.append(
        (time.perf_counter() - began, objective, stationarity)))
    total = time.perf_counter() - began
    return summary(trace) | {"total_s": total, "objective": optimum.objective, "stationarity": optimum.stationarity,
                             "kkt": optimum.kkt, "status": optimum.status, "dead": int((~optimum.live).sum())}


def peer(trainer: str, X: Any, m: int, lam: float, start: Any, threads: int, cap: float) -> dict[str, Any]:
    """One run of a peer until it stalls or has used its time."""
    from benchmarks.trainers import PEERS
    from testbed import Optimum, Problem

    problem = Problem(X, lam)
    trace: list[tuple[float, float, float]] = []
    spent, iterations, began = 0.0, 0, time.perf_counter()

    def watch(atoms: Any, done: int) -> bool:
        nonlocal spent, iterations, began
        spent += time.perf_counter() - began
        iterations = done
        if not trace or spent > 1.1 * trace[-1][0]:  # measuring costs as much as a few of their steps
            D = np.array(atoms, dtype=float)
            length = np.linalg.norm(D, axis=1)
            D[length == 0, 0] = length[length == 0] = 1  # an atom the peer gave up: any direction, it stays dead
            at = Optimum.at(problem, D / length[:, None])
            trace.append((spent, at.objective, at.stationarity))
        began = time.perf_counter()
        return spent < cap and trace[-1][2] > LEVELS[-1] and not stalled(trace)

    PEERS[trainer](X, m, lam, start, threads, watch)
    times, objectives, residuals = map(np.array, zip(*trace, strict=True))
    best = residuals.min()
    return summary(trace) | {"total_s": spent, "iterations": iterations, "objective": float(objectives[-1]),
                             "stationarity": float(best), "stalled": stalled(trace),
                             "stall_s": float(times[residuals <= best / 0.9][0])}


def stalled(trace: list[tuple[float, float, float]]) -> bool:
    """Whether the least residual has not fallen by a tenth over the last half of the time, of ten looks at least."""
    if len(trace) < 10:
        return False
    earlier = [residual for seconds, _, residual in trace if seconds <= trace[-1][0] / 2]
    return bool(earlier) and min(r for _, _, r in trace) > 0.9 * min(earlier)


def summary(trace: list[tuple[float, float, float]]) -> dict[str, Any]:
    """Time to each level of stationarity (None: never), and the trajectory thinned to what a plot can show."""
    reached = {f"{level:g}": next((t for t, _, residual in trace if residual <= level), None) for level in LEVELS}
    kept = [trace[i] for i in np.unique(np.linspace(0, len(trace) - 1, min(len(trace), 80)).round().astype(int))]
    return {"reached": reached, "trace": [[float(f"{value:.6g}") for value in point] for point in kept]}
