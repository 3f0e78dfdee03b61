"""Workers: every task is told once, however many they are; failures are told; and they go when they are told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from figures.gallery import workers

COUNTS = [1, 2, 3]


def quiet(_: list[workers.Running]) -> None:
    pass


def square(task: Any, say: workers.Say) -> Any:
    """What a worker is given: a number to square, or a word that says how to fail."""
    if task == "raise":
        raise ArithmeticError("no\nanswer")
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "threads":
        import numba

        return numba.config.NUMBA_NUM_THREADS, os.getpid()
    if task == "sleep":
        say("asleep")
        time.sleep(60)
    return task * task


@pytest.mark.parametrize("count", COUNTS)
def test_every_task_is_done_and_stages_follow_each_other(count: int) -> None:
    found = [(f.task, f.value) for f in workers.run(square, [[1, 2, 3], [4, 5]], count, quiet)]
    assert sorted(found[:3]) == [(1, 1), (2, 4), (3, 9)] and sorted(found[3:]) == [(4, 16), (5, 25)]


@pytest.mark.parametrize("count", COUNTS)
def test_a_failure_is_told_and_the_others_finish(count: int) -> None:
    found = {f.task: f for f in workers.run(square, [["raise", 2], ["raise"], [3]], count, quiet)}
    assert found[2].value == 4 and found[3].value == 9 and not found[3].error
    assert found["raise"].error == "ArithmeticError: no answer" and "in square" in found["raise"].trace


def test_a_process_that_dies_is_replaced() -> None:
    found = {f.task: f for f in workers.run(square, [["die", 2, 3, 4, 5]], 2, quiet)}
    assert found["die"].error == "its process ended (SIGKILL)"
    assert [found[k].value for k in (2, 3, 4, 5)] == [4, 9, 16, 25]


def test_cores_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "cores", lambda: 4)
    values = [f.value for f in workers.run(square, [["threads", "threads"]], 2, quiet)]
    assert [threads for threads, _ in values] == [2, 2] and os.getpid() not in {pid for _, pid in values}


def test_workers_go_when_the_iterator_is_closed() -> None:
    seen: list[str] = []
    crew: list[int] = []

    def look(running: list[workers.Running]) -> None:
        seen.extend(run.said for run in running)

    with closing(workers.run(square, [["threads", "sleep", "sleep"]], 2, look)) as finished:
        crew.append(next(finished).value[1])
        began = time.monotonic()
    assert time.monotonic() - began < 1.5
    with pytest.raises(ProcessLookupError):
        os.kill(crew[0], 0)


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
sys.path.insert(0, {folder!r})
import test_workers
from figures.gallery import workers
if __name__ == "__main__":
    def look(running):
        if [run.said for run in running] == ["asleep", "asleep"]:
            print("ready", flush=True)
    for _ in workers.run(test_workers.square, [["sleep", "sleep"]], 2, look):
        pass
"""


@pytest.mark.slow
def test_an_interrupt_of_the_whole_group_ends_all_within_a_second(tmp_path: Path) -> None:
    """As a terminal sends it: to every process at once."""
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED.format(folder=str(Path(__file__).parent)))
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, said = process.communicate(timeout=10)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    # the streams have ended, so nobody who held them is left: within a second, and Python's own end
    assert time.monotonic() - began < 1.5
    assert said.count("Traceback") == 1 and said.rstrip().endswith("KeyboardInterrupt")  # the workers say nothing
