"""Threads: counted, shared, restored, and without a trace in the results."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numba
import numpy as np
import pytest
import threadpoolctl
import workers

from testbed import classify, encode, fit, fit_many, path, search, threads

AVAILABLE = int(numba.config.NUMBA_NUM_THREADS)
ROOT = Path(__file__).parents[2]


def run(code, **env):
    """What a new process prints that runs `code`; it must end well, and soon."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": paths} | env,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def many(count, job, *arguments):
    """Results of job in `count` Python threads that begin together."""
    gate = threading.Barrier(count)

    def begin():
        gate.wait()
        return job(*arguments)

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(begin) for _ in range(count)]]


def test_nested_contexts_leave_blas_and_numba_as_found():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = workers.blas(), numba.get_num_threads()
        with threads.limited(0):
            assert set(workers.blas()) == {1}
            with threads.limited(0):
                assert set(workers.blas()) == {1}
            assert set(workers.blas()) == {1}
        assert (workers.blas(), numba.get_num_threads()) == before


def test_the_last_to_leave_restores_blas():
    """In the order of leaving that loses the limit when each restores what it found itself."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = workers.blas()
        first, second = threads.limited(0), threads.limited(0)
        with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
            one.submit(first.__enter__).result()
            two.submit(second.__enter__).result()
            one.submit(first.__exit__, None, None, None).result()
            assert set(workers.blas()) == {1}  # the second is still at work
            two.submit(second.__exit__, None, None, None).result()
        assert workers.blas() == before


def test_an_error_inside_restores_all():
    before = workers.blas(), numba.get_num_threads(), threads.most()
    with pytest.raises(ZeroDivisionError), threads.limited(0, 1):
        raise ZeroDivisionError
    assert (workers.blas(), numba.get_num_threads(), threads.most()) == before


def test_four_threads_that_fit_leave_blas_as_found_and_give_the_same_bits():
    alone = workers.optimum(threads=1)[0]
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = workers.blas()
        found = many(4, workers.optimum)
        assert workers.blas() == before
    assert {bits for bits, _ in found} == {alone}


def test_two_threads_that_fit_share_what_numba_has():
    both = threading.Barrier(2)
    found = many(2, lambda: workers.optimum(look=lambda: both.wait(60)))  # side by side at every step
    shares, limits = zip(*[step for _, seen in found for step in seen], strict=True)
    assert 2 * max(shares) <= max(AVAILABLE, 2) and set(limits) == {1}
    assert found[0][0] == found[1][0] == workers.optimum()[0]
    assert max(share for share, _ in workers.optimum()[1]) == AVAILABLE  # alone it has them all


def test_loky_workers_do_not_oversubscribe():
    found = joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(workers.in_a_worker)(3) for _ in range(4))
    alone = workers.optimum(3)[0]
    for bits, seen, available, tasks, _ in found:
        assert bits == alone
        assert {limit for _, limit in seen} == {1}
        assert max(share for share, _ in seen) <= available <= max(joblib.cpu_count() // 2, 1)
        assert tasks <= 8 + available  # those of loky are idle
    assert os.getpid() not in {pid for *_, pid in found}


@pytest.mark.parametrize("call", [
    lambda t: encode(workers.data(), np.eye(12), 0.3, threads=t).data,
    lambda t: fit(workers.data(), 4, 0.3, restarts=1, bias=True, threads=t).D,
    lambda t: fit_many(workers.data().reshape(4, 100, 12), 3, 0.4, threads=t).D,
    lambda t: search(workers.data(90), 2, 0.5, restarts=1, rounds=1, threads=t).best.D,
    lambda t: path(workers.data(90), 2, [0.5, 0.6], restarts=1, rounds=1, threads=t).optima[1].D,
    lambda t: classify(fit(workers.data(), 3, 0.4, restarts=1, threads=t), threads=t).direction,
], ids=["encode", "fit", "fit_many", "search", "path", "classify"])
def test_the_same_bits_for_any_number_of_threads(monkeypatch, call):
    asked = []
    share = threads.share
    monkeypatch.setattr(threads, "SMALL", 0)
    monkeypatch.setattr(threads, "share", lambda: asked.append(share()) or asked[-1])
    one = call(1)
    assert set(asked) == {1}
    for count in (2, 64, None):
        asked.clear()
        assert np.array_equal(call(count), one)
        assert max(asked) == min(count or AVAILABLE, AVAILABLE)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "two"])
def test_a_number_of_threads_that_is_none_is_refused(wrong):
    X = workers.data()
    optimum = fit(X, 2, 0.5, restarts=1)
    for name, call in {
        "encode": lambda: encode(X, np.eye(12), 0.3, threads=wrong), "fit": lambda: fit(X, 2, 0.5, threads=wrong),
        "fit_many": lambda: fit_many(X[None], 2, 0.5, threads=wrong),
        "search": lambda: search(X, 2, 0.5, threads=wrong), "path": lambda: path(X, 2, [0.5, 0.6], threads=wrong),
        "classify": lambda: classify(optimum, threads=wrong),
    }.items():
        with pytest.raises((ValueError, TypeError), match="threads must be") as caught:
            call()
        assert str(caught.value).startswith({"path": "search"}.get(name, name) + ":")


def test_none_is_as_numba_is_set(monkeypatch):
    monkeypatch.setattr(threads, "SMALL", 0)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        with threads.limited(0):
            assert threads.most() == 1
            with threads.limited(0, 2):
                assert threads.most() == min(2, AVAILABLE)
                with threads.limited(0):
                    assert threads.most() == min(2, AVAILABLE)  # as what encloses it
        assert numba.get_num_threads() == 1
    finally:
        numba.set_num_threads(before)


def test_small_problems_start_no_threads():
    code = "import workers; from testbed import threads; workers.optimum(small=threads.SMALL); print(threads.started())"
    assert run(code) == ["False"]


FORK = """
import multiprocessing, workers
from testbed import threads
def job(): return workers.optimum()[0], workers.optimum()[1][0][0], max(workers.blas())
started = {started}
parent = workers.optimum()[0] if started else workers.optimum(small=threads.SMALL)[0]
assert threads.started() is started
with {context}:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        child, share, blas = pool.apply_async(job).get(timeout=120)
print(child == parent, share, blas, workers.optimum()[0] == parent)
"""


@pytest.mark.parametrize(("started", "share"), [(True, "1"), (False, "2")])
def test_a_forked_worker_goes_on_alone(started, share):
    """After numba's threads were started a child has one thread; before, it starts its own. It never hangs."""
    code = FORK.format(started=started, context="__import__('contextlib').nullcontext()")
    assert run(code, NUMBA_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2") == ["True", share, "2", "True"]


def test_a_fork_beside_a_thread_at_work_leaves_that_thread_s_limit_behind():
    """The child has BLAS as it was before the other thread, which is not in the child, limited it."""
    code = FORK.format(started=True, context="beside()").replace("started = True", """
import contextlib, threading
@contextlib.contextmanager
def beside():
    held, done = threading.Event(), threading.Event()
    def hold():
        with threads.limited(0):
            held.set()
            done.wait()
    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    yield
    done.set()
    other.join()
started = True""")
    assert run(code, NUMBA_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2") == ["True", "1", "2", "True"]


def test_four_threads_under_workqueue():
    """numba's own layer allows one parallel region at a time, and aborts the process at the second."""
    code = """
import sys; sys.path.insert(0, 'tests/testbed')
import numba, workers
from test_threads import many
found = many(4, workers.optimum)
print(numba.threading_layer(), len({bits for bits, _ in found}), max(s for _, seen in found for s, _ in seen) > 1,
      found[0][0] == workers.optimum(threads=1)[0])
"""
    assert run(code, NUMBA_THREADING_LAYER="workqueue", NUMBA_NUM_THREADS="8") == ["workqueue", "1", "True", "True"]
