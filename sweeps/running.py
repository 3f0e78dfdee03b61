"""`run`: a design into a folder, from wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sweeps import engines
from sweeps.designs import Design
from sweeps.store import Store
from testbed import checks

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """cells : of the design. found : those whose files were there and whole. computed : now. damaged : files that were
    there and not whole, and were computed anew. failed : cells that have no answer, but a reason for it.
    """

    cells: int
    found: int
    computed: int
    damaged: int
    failed: int


def run(design: Design, folder: str | Path, jobs: int | None = None, dask: str | None = None,
        report: Report | None = None) -> Outcome:
    """Compute the cells of a design that a folder has not got, and write each as it is done.

    jobs : processes of this machine; None for as many as it has processors. dask : the address of a scheduler instead.
    report : called as report(line, done, total) of the cells computed now.

    The same files come out for any number of jobs, on any cluster of processors like this one, after any number of
    interruptions, of which each loses what was being computed and no more. InputError where the folder is in use, or
    is another design's or another code's.
    """
    if jobs is not None:
        jobs = checks.count("sweep", "--jobs", jobs, high=1024)
    with Store(folder, design) as store:
        answers = {cell.name: store.get(cell) for cell in design.cells}
        todo = [cell for cell in design.cells if answers[cell.name] is None]
        damaged = sum(store.path(cell).exists() for cell in todo)
        failed = sum("error" in (answer or {}) for answer in answers.values())
        if todo:
            count = engines.processors() if jobs is None else jobs
            done = engines.dask(todo, dask) if dask is not None else engines.here(todo, count)
            with closing(done):  # so that workers are let go of where this is interrupted
                for number, (cell, answer) in enumerate(done, 1):
                    store.put(cell, answer)
                    failed += "error" in answer
                    if report is not None:
                        report(f"cell {len(design.cells) - len(todo) + number}/{len(design.cells)}", number, len(todo))
    return Outcome(len(design.cells), len(design.cells) - len(todo), len(todo), damaged, failed)
