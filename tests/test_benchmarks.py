"""The benchmarks run, at sizes that take no time and whether or not a peer is installed; their arithmetic is right."""

from __future__ import annotations

import importlib
import json

import pytest

from benchmarks import __main__ as command
from benchmarks import coders, goals, job, report, timing, trainers, training

SOME = [("coding", "S1", 1), ("training", "toy/testbed", 1), ("hostile", "dead", 1), ("hostile", "near-duplicates", 1),
        ("small", "batch", 1), ("small", "loop", 1), ("scaling", "coding/m", 1), ("memory", "encode", 2),
        ("startup", "help", 1), ("estimator", "toy", 1)]


@pytest.fixture
def without_peers(monkeypatch):
    """As on a machine where no peer is installed, and so as quick."""

    def missing(*_):
        raise ImportError("not here")

    monkeypatch.setattr(coders, "CODERS", [c if c.ours else coders.Coder(c.name, missing) for c in coders.CODERS])
    monkeypatch.setattr(trainers, "PEERS", dict.fromkeys(trainers.PEERS, missing))


@pytest.mark.slow
def test_every_section_runs_small_and_is_reported(without_peers):
    jobs = {f"{section} {case} {threads}": job.run(section, case, threads, tiny=True) | {
        "date": "2000-01-01", "took_s": 1.0, "others": 0.0} for section, case, threads in SOME}
    jobs["training toy/SPAMS batch 2"] = job.run("training", "toy/SPAMS batch", 2, tiny=True) | {
        "date": "2000-01-02", "took_s": 1.0}
    jobs["estimator digits 2"] = jobs["estimator toy 1"] | {
        "case": "digits", "overhead": 1.01, "peer_stationarity": 1e-3, "peer_s": 9.0, "ours_s": 0.5, "ratio": 18.0,
        "stationarity": 1e-13}
    machine = {"cpu": "a processor", "cores": 1, "memory_gb": 1, "system": "none", "python": "3", "blas": "none",
               "versions": {"numpy": "2"}}
    text = report.build(json.loads(json.dumps({"jobs": jobs, "machine": machine})))
    assert "2000-01-01 to 2000-01-02 on 1 cores of a processor" in text and "not here" in text
    assert "| digits | +1.0% | 0.001 | 9 | 0.5 | 18 | 1e-13 |" in text
    for heading in ("Goals", "Coding", "Training", "As an estimator", "Hostile", "Scaling", "Memory", "Waiting",
                    "Not measured"):
        assert f"## {heading}" in text
    assert jobs["coding S1 1"]["coders"]["testbed"]["kkt"] < 1e-12
    assert jobs["training toy/testbed 1"]["runs"][0]["reached"]["1e-10"] > 0


def test_every_job_names_a_section_that_can_run_it():
    for section in command.SECTIONS:
        module = importlib.import_module(f"benchmarks.{section}")
        assert module.JOBS and callable(module.run)


def test_goals_are_computed():
    end = {"reached": {"1e-10": 2.0}, "stalled": True, "stall_s": 50.0, "total_s": 90.0}
    jobs = {"coding S1 1": {"coders": {coders.OURS: {"floors": 7.0, "ratio": 1.0, "kkt": 2e-10},
                                       coders.RIVAL: {"floors": 30.0, "ratio": 4.0, "kkt": 1e-9}}},
            "training digits/testbed 2": {"runs": [end, end | {"reached": {"1e-10": None}}, end]},
            "training digits/SPAMS batch 2": {"runs": [end]},
            "training patches/testbed 2": {"runs": [end | {"reached": {"1e-10": None}}]}}
    found = {goal.what: goal for goal in goals.goals(jobs)}
    first = found["coding S1, 1 thread, multiple of the matrix product"]
    assert first.met and not first.stretched
    assert found["coding S1, 1 thread, times faster than SPAMS (Q, q)"].met
    assert found["coding, worst KKT violation over all samples of all sizes"].met is False
    assert found["training digits to 1e-10, 2 threads"].reached == 2 and not found[
        "training digits to 1e-10, 2 threads"].met
    assert found["training digits, SPAMS batch's time to its own stall over our time to 1e-10"].reached == 25
    assert found["training patches to 1e-10, 2 threads"].met is False
    assert found["peak memory beyond the data, 200,000 × 256, 4,096 atoms"].met is None


def test_a_ratio_is_taken_within_turns():
    assert timing.ratio([2, 20, 3], [1, 10, 1]) == 2
    assert timing.ratio([2.0], [1, 10, 1]) == 2


def test_a_stall_is_a_residual_that_no_longer_falls():
    falling = [(float(t), 1.0, 0.9**t) for t in range(1, 40)]
    assert not training.stalled(falling)
    assert training.stalled([*falling, *((float(t), 1.0, 0.9**39) for t in range(40, 90))])
    assert not training.stalled(falling[:5])


def test_an_unknown_section_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["codng"])
    assert "unknown section 'codng'; the sections are coding," in capsys.readouterr().err
