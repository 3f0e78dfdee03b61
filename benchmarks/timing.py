"""Timing side by side: contenders take turns, and ratios are taken within a turn: a busy moment hits them alike.

Between two runs there is a pause: the workers of a threaded matrix product go on spinning after it, and would slow down
whoever comes next.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

PAUSE = 0.06  # seconds
STEADY, MOST = 0.1, 50  # seconds, and runs, of one turn of a quick contender: a product alone is over in 3 ms
TURN = 6.0  # seconds that one contender may take in all; the slow ones get fewer turns, at least three


def once(run: Callable[[], object]) -> float:
    """Seconds of one run; of a short one, the mean over as many as take STEADY seconds, with its data in the cache."""
    time.sleep(PAUSE)
    began = time.perf_counter()
    run()
    seconds = time.perf_counter() - began
    if seconds >= STEADY:
        return seconds
    count = min(MOST, math.ceil(STEADY / seconds))
    began = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - began) / count


def alternate(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every run of each contender, one of each in turn; a run that came before has warmed it up."""
    first = {name: once(run) for name, run in runs.items()}
    turns = {name: max(min(repeats, 3), min(repeats, int(TURN / seconds))) for name, seconds in first.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats):
        for name, run in runs.items():
            if turn < turns[name]:
                times[name].append(once(run))
    return times


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of over / under within each turn that both took."""
    return median(a / b for a, b in zip(over, under, strict=False))
