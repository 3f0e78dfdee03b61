"""Processes that share work: spawned, one task at a time each, gone within a second when they are no longer wanted.

Cores are divided among the workers, so that workers * threads = cores, and what a task returns does not depend on how
many there are. A task that fails, or whose process dies, is told with its reason, and the others go on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

Say = Callable[[str], None]
TICK = 0.5  # seconds between two looks at what is running
COLLECT = 100_000  # objects made between two collections in a worker; Python's own choice is 700
GRACE = 0.3  # seconds for workers to end before they are killed


class Finished(NamedTuple):
    """A task, what it returned, and why it failed (one line; empty if it did not) with its traceback."""

    task: Any
    value: Any
    error: str = ""
    trace: str = ""


class Running(NamedTuple):
    """A task at work: since when (time.monotonic), and what it said last."""

    task: Any
    since: float
    said: str


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(function: Callable[[Any, Say], Any], stages: Sequence[Sequence[Any]], workers: int,
        look: Callable[[list[Running]], None]) -> Generator[Finished, None, None]:
    """function(task, say) for every task, each as it finishes; a stage begins when the one before it is finished.

    With one worker everything happens in this process. `look` is called every TICK with what is running. Close the
    iterator to stop early.
    """
    if workers <= 1:
        for task in (task for stage in stages for task in stage):
            began = time.monotonic()
            look([Running(task, began, "")])
            yield _done(function, task, lambda line, t=task, s=began: look([Running(t, s, line)]))  # type: ignore[misc]
        return
    crew: list[_Worker] = []
    try:
        for stage in stages:
            todo = list(stage)
            while todo or any(worker.running for worker in crew):
                crew = [worker for worker in crew if worker.running is not None or worker.process.is_alive()]
                while len(crew) < min(workers, len(todo) + sum(worker.running is not None for worker in crew)):
                    crew.append(_Worker(function, max(1, cores() // workers)))
                for worker in crew:
                    if todo and worker.running is None:
                        worker.give(todo.pop(0))
                ready = wait([worker.pipe for worker in crew if worker.running is not None], TICK)
                for worker in crew:
                    if worker.pipe in ready and (finished := worker.hear()) is not None:
                        yield finished
                look([worker.running for worker in crew if worker.running is not None])
    finally:
        _end(crew)


def _done(function: Callable[[Any, Say], Any], task: Any, say: Say) -> Finished:
    try:
        return Finished(task, function(task, say))
    except Exception as error:
        line = " ".join(str(error).split())
        return Finished(task, None, f"{type(error).__name__}: {line}" if line else type(error).__name__,
                        traceback.format_exc())


class _Worker:
    """One process, with a pipe to it."""

    def __init__(self, function: Callable[[Any, Say], Any], threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, function, threads), daemon=True)
        self.running: Running | None = None
        with _uninterrupted():
            self.process.start()
        theirs.close()

    def give(self, task: Any) -> None:
        self.running = Running(task, time.monotonic(), "")
        try:
            self.pipe.send(task)
        except OSError:
            pass  # it died while idle, which `hear` tells

    def hear(self) -> Finished | None:
        """What came through the pipe: the end of a task, None for words on the way."""
        assert self.running is not None
        try:
            message = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(GRACE)
            message = Finished(self.running.task, None, f"its process ended ({_cause(self.process.exitcode)})")
        if isinstance(message, str):
            self.running = self.running._replace(said=message)
            return None
        self.running = None
        return message if isinstance(message, Finished) else None


def _cause(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}"


def _serve(pipe: Connection, function: Callable[[Any, Say], Any], threads: int) -> None:
    """The life of a worker: a task, its end, the next, until the pipe closes."""
    for library in ("NUMBA", "OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)  # of what is imported from now on
    import gc

    import threadpoolctl

    gc.set_threshold(COLLECT)  # looking for circles so often took a seventh of drawing
    threadpoolctl.threadpool_limits(threads)  # of what was imported already
    while True:
        try:
            task = pipe.recv()
            pipe.send(_done(function, task, pipe.send))
        except (EOFError, OSError):  # who asked is gone
            return


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started here do not hear Ctrl-C, which a terminal sends to all: who started them ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(crew: Sequence[_Worker]) -> None:
    for worker in crew:
        worker.process.terminate()
    until = time.monotonic() + GRACE
    for worker in crew:
        worker.process.join(max(0.0, until - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.pipe.close()
