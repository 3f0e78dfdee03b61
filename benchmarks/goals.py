"""What was aimed at, beside what was reached: computed from the results, never typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.coders import GIVEN, OURS, RIVAL, SINGLE

SIZES = ("S1", "S2", "S3", "S4")
FLOORS = {"S1": (8.0, 4.0), "S2": (4.0, 2.5), "S3": (1.8, 1.2), "S4": (2.5, None)}  # goal, stretch
Jobs = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Goal:
    """A goal: reached is a number, or None where nothing was measured; at most or at least the aim."""

    what: str
    aim: float
    reached: float | None
    most: bool = True
    unit: str = ""
    stretch: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.reached is None else self._holds(self.aim)

    @property
    def stretched(self) -> bool:
        return self.stretch is not None and self.reached is not None and self._holds(self.stretch)

    def _holds(self, aim: float) -> bool:
        assert self.reached is not None
        return self.reached <= aim if self.most else self.reached >= aim


def goals(jobs: Jobs) -> list[Goal]:
    """Every goal, measured or not."""
    return [*coding(jobs), *training(jobs), *estimator(jobs), *small(jobs), *waiting(jobs)]


def coder(jobs: Jobs, size: str, threads: int, name: str) -> Mapping[str, Any]:
    """What was measured of a coder; empty if it was not."""
    found: Mapping[str, Any] = jobs.get(f"coding {size} {threads}", {}).get("coders", {}).get(name, {})
    return {} if "missing" in found else found


def coding(jobs: Jobs) -> Iterator[Goal]:
    for size, (aim, stretch) in FLOORS.items():
        yield Goal(f"coding {size}, 1 thread, multiple of the matrix product", aim,
                   coder(jobs, size, 1, OURS).get("floors"), stretch=stretch)
    yield Goal("coding S4, Gram given, 1 thread, multiple of the matrix product", 0.9,
               coder(jobs, "S4", 1, GIVEN).get("floors"), stretch=0.7)
    for size in SIZES:
        yield Goal(f"coding {size}, 1 thread, times faster than SPAMS (Q, q)", 3.5,
                   coder(jobs, size, 1, RIVAL).get("ratio"), most=False)
    for size in SIZES:
        ratios = [entry["ratio"] for name, entry in jobs.get(f"coding {size} 1", {}).get("coders", {}).items()
                  if name.startswith("scikit-learn") and "ratio" in entry]
        yield Goal(f"coding {size}, 1 thread, times faster than scikit-learn's faster route", 20,
                   min(ratios, default=None), most=False)
    for size in SIZES:
        yield Goal(f"coding {size}, two threads over one, times faster", 1.7,
                   coder(jobs, size, 2, SINGLE).get("ratio"), most=False)
    worst = [entry["kkt"] for size in SIZES for threads in (1, 2) for name in (OURS, GIVEN, SINGLE)
             if (entry := coder(jobs, size, threads, name))]
    yield Goal("coding, worst KKT violation over all samples of all sizes", 1e-10, max(worst, default=None))


def runs(jobs: Jobs, problem: str, trainer: str, threads: int = 2) -> list[Mapping[str, Any]]:
    """Runs of a trainer; none if it was not measured."""
    found: list[Mapping[str, Any]] = jobs.get(f"training {problem}/{trainer} {threads}", {}).get("runs", [])
    return found


def time_to(ends: list[Mapping[str, Any]], level: str) -> float | None:
    """The median time to a level of stationarity; infinite if most runs never reached it."""
    times = [float("inf") if run["reached"][level] is None else run["reached"][level] for run in ends]
    return median(times) if times else None


def training(jobs: Jobs) -> Iterator[Goal]:
    for problem, aim in (("digits", 1.5), ("patches", 40.0)):
        mine = time_to(runs(jobs, problem, OURS), "1e-10")
        yield Goal(f"training {problem} to 1e-10, 2 threads", aim, mine, unit="s")
        peer = runs(jobs, problem, "SPAMS batch")
        stall = peer[0]["stall_s"] if peer and peer[0]["stalled"] else peer[0]["total_s"] if peer else None
        reached = None if stall is None or mine is None else stall / mine
        note = "a lower bound: SPAMS was still falling at its cap" if peer and not peer[0]["stalled"] else ""
        yield Goal(f"training {problem}, SPAMS batch's time to its own stall over our time to 1e-10", 20, reached,
                   most=False, note=note)
    ends = [end for name, job in jobs.items() if name.startswith("hostile ") for end in job.get("ends", [])]
    converged = sum(end["status"] in ("global", "local_min", "stationary") for end in ends)
    yield Goal("hostile initialisations that converge, of 24", 24, converged if ends else None, most=False)
    yield Goal("failed codes in them", 0, sum(end["failed_codes"] for end in ends) if ends else None)


def estimator(jobs: Jobs) -> Iterator[Goal]:
    yield Goal("SparseDictionary, digits, time over fit's", 1.02, jobs.get("estimator digits 2", {}).get("overhead"))


def small(jobs: Jobs) -> Iterator[Goal]:
    yield Goal("verified small optima a second, 2 threads", 500, jobs.get("small batch 2", {}).get("per_second"),
               most=False, stretch=2000)


def waiting(jobs: Jobs) -> Iterator[Goal]:
    yield Goal("peak memory beyond the data, 200,000 × 256, 4,096 atoms", 2, jobs.get("memory encode 2", {}).get(
        "beyond_gb"), unit="GB")
    for case, what, aim in (("cold", "first fit ever, imports and compilation included", 15),
                            ("warm", "first fit of a process, imports included", 1), ("help", "testbed --help", 0.3)):
        yield Goal(what, aim, jobs.get(f"startup {case} 2", {}).get("seconds"), unit="s")
    for case in ("fit", "encode"):
        yield Goal(f"Ctrl-C to the end of a long {case}, worst of five", 1,
                   jobs.get(f"startup interrupt {case} 2", {}).get("worst"), unit="s")
