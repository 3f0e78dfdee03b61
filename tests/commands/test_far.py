"""Data that stay in a file: the optimum refers to them, check reads them by blocks and says how far it is."""

import numpy as np
import pytest

from commands.cli import main
from testbed import problem

X = np.random.default_rng(0).standard_normal((600, 3)).astype(np.float16)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(problem, "BLOCK_ENTRIES", 90)
    np.save("x.npy", X)

    def call(line):
        status = main(line.split())
        return status, *capsys.readouterr()

    assert call("fit x.npy --atoms 2 --lam 0.4 --restarts 1 --out o.npz")[0] == 0
    return call


def test_check_says_how_far_it_is(run):
    status, out, err = run("check o.npz")
    assert status == 0 and "All " in out and "local minimum" in out
    told = [line for line in err.splitlines() if line.startswith("verified: ")]
    assert 5 <= len(told) <= 10 and told[0].startswith("verified: 60 of 600 samples  (") and " left)" in told[0]


def test_data_that_moved(run, tmp_path):
    (tmp_path / "x.npy").rename("y.npy")
    status, out, err = run("check o.npz")
    assert status == 2 and out == "" and err.count("\n") == 1 and "--data FILE" in err
    status, out, err = run("check o.npz --data y.npy")
    assert status == 0 and "All " in out
    np.save("z.npy", X + 1)
    status, out, err = run("check o.npz --data z.npy")
    assert status == 2 and err.count("\n") == 1 and "the data are not those it was saved with" in err


def test_fit_prints_the_floor_of_the_problem_solved(run):
    for options, bias in (("", False), ("--bias", True)):
        _, out, _ = run(f"fit x.npy --atoms 2 --lam 0.4 --restarts 1 {options} --out p.npz")
        floor = problem.Problem(X, 0.4, bias=bias).floor
        assert f"(floor of any width: {floor:.12g})" in out


def test_codes_per_sample_are_a_mean_over_weights(run):
    np.savez("w.npz", X=[[0.1, 0], [2, 0], [0, 5]], weights=[1.0, 0, 0])
    _, out, _ = run("fit w.npz --atoms 1 --lam 0.4 --restarts 1 --out p.npz")
    assert "codes per sample 0.00" in out and "every code is zero" in out
