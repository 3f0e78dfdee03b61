"""The command line as a stranger uses it: what it prints, what it refuses, what it exits with."""

import json
from pathlib import Path

import numpy as np
import pytest

from commands.cli import main
from testbed import Optimum, Problem


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def call(line):
        try:
            status = main(line.split())
        except SystemExit as stop:
            status = stop.code
        out, err = capsys.readouterr()
        return status, out, err

    return call


def fitted(run, world="hierarchical", options="--lam .1 --atoms 3 --restarts 2"):
    assert run(f"generate {world} --out s.npz")[0] == 0
    status, out, err = run(f"fit s.npz {options} --out o.npz")
    assert status == 0 and all(line.startswith("restart ") for line in err.splitlines())
    return out


def test_worlds_lists_names_and_parameters(run):
    status, out, _ = run("worlds")
    assert status == 0
    for word in ("independent", "hierarchical", "correlated", "antipodal", "digits", "magnitude="):
        assert word in out


def test_generate_fit_check(run):
    out = fitted(run)
    assert "o.npz: " in out and "stationarity" in out and "restarts      2" in out
    status, out, err = run("check o.npz")
    assert status == 0 and err == ""
    for statement in ("C1", "C2", "C3", "C4", "S1", "S2", "S3", "S4", "S5", "S6"):
        assert statement in out


def test_check_with_a_bias_applies_B(run):
    fitted(run, options="--lam .1 --atoms 3 --bias")
    status, out, _ = run("check o.npz --json")
    report = json.loads(out)
    assert status == 0 and report["objective"] > 0
    names = [entry["id"] for entry in report["properties"]]
    assert {"B1", "B2", "B3", "B4"} <= set(names)
    for entry in report["properties"]:
        assert {"name", "where", "residual", "tolerance", "holds"} <= set(entry)


def test_signed_codes(run):
    fitted(run, "antipodal --set law=sign", "--lam .1 --atoms 1 --signed")
    assert run("check o.npz")[0] == 0
    assert not np.load("o.npz")["nonnegative"]


def test_sampled_worlds(run):
    assert run("generate independent --n 50 --seed 3 --set p=0.5 --set magnitude=uniform(1,2) --out a.npz")[0] == 0
    run("generate independent --n 50 --seed 3 --set p=0.5 --set magnitude=uniform(1,2) --out b.npz")
    run("generate independent --n 50 --seed 4 --set p=0.5 --set magnitude=uniform(1,2) --out c.npz")
    a, b, c = (np.load(f)["X"] for f in ("a.npz", "b.npz", "c.npz"))
    assert a.shape[0] == 50 and np.array_equal(a, b) and not np.array_equal(a, c)


def resaved(**changes):
    arrays = dict(np.load("o.npz")) | changes
    np.savez("x.npz", **arrays)


def test_check_exits_1_on_what_is_not_an_optimum(run):
    """The four of the contract: a random dictionary, true features of a hierarchy, a rotated atom, a changed lam."""
    fitted(run)
    o, s = Optimum.load("o.npz"), np.load("s.npz")
    p = Problem(s["X"], 0.1, s["weights"])
    rng = np.random.default_rng(0)
    random = rng.standard_normal((3, 3))
    Optimum.at(p, random / np.linalg.norm(random, axis=1, keepdims=True)).save("x.npz")
    assert run("check x.npz")[0] == 1
    Optimum.at(p, s["features"]).save("x.npz")
    assert run("check x.npz")[0] == 1
    D = o.D.copy()
    off = rng.standard_normal(3)
    off -= (off @ D[0]) * D[0]
    D[0] = np.cos(1e-3) * D[0] + np.sin(1e-3) * off / np.linalg.norm(off)
    Optimum.at(p, D).save("x.npz")
    assert run("check x.npz")[0] == 1
    resaved(D=D)
    assert run("check x.npz")[0] == 1
    resaved(lam=np.array(0.101))
    status, out, _ = run("check x.npz")
    assert status == 1 and "C1" in out
    status, out, _ = run("check x.npz --json")
    assert status == 1 and not all(entry["holds"] for entry in json.loads(out)["properties"])


@pytest.mark.parametrize("penalty, says", [
    ("energy(lam=0.05,tau=0.3)", "codes: exact"), ("log(lam=0.1,eps=0.3)", "codes: exact"),
    ("mcp(lam=0.1,gamma=4)", "codes: exact"), ("l1(lam=0.1)", "codes: exact"),
])
def test_another_penalty(run, penalty, says):
    """Fitted, said, kept in the file; statements about l1 alone do not apply, and bounds refuse it."""
    laws = "--set rho=0.4 --set magnitude=discrete([.5,.8]) --set child_magnitude=discrete([1.2,1.6,2])"
    out = fitted(run, f"nested_pair {laws}", f"--penalty {penalty} --atoms 2 --restarts 2")
    assert says in out and f"penalty       {penalty.replace(',', ', ')}" in out
    assert str(Optimum.load("o.npz").problem.penalty) == penalty.replace(",", ", ")
    status, out, _ = run("check o.npz")
    assert status == 0 and "FAILS" not in out and "local minimum" in out
    assert ("Huber floor" in out) == (penalty == "l1(lam=0.1)")
    status, _, err = run("check o.npz --bounds")
    assert (status == 0) if penalty == "l1(lam=0.1)" else (status == 2 and "the penalty must be l1" in err)


def test_a_flat_optimum_is_said_to_be_one_of_many(run):
    """Under TopK atoms whose cones hold the data are all as good (N9)."""
    laws = "--set rho=0.4 --set magnitude=discrete([1.2,1.6,2]) --set child_magnitude=discrete([.5,.8])"
    out = fitted(run, f"nested_pair {laws}", "--penalty topk(k=2) --atoms 2 --restarts 1")
    assert "flat          2 directions in which F does not change to second order: one of many optima" in out
    status, out, _ = run("check o.npz")
    assert status == 0 and "Second order (M1): degenerate" in out


@pytest.mark.parametrize("line, message", [
    ("", "required: COMMAND"),
    ("nonsense", "invalid choice"),
    ("fit", "required: DATA, --atoms, --out"),
    ("fit a.npy --atoms 2 --out o.npz", "one of the arguments --lam --penalty is required"),
    ("fit a.npy --atoms 2 --lam .1 --penalty l0(lam0=1) --out o.npz", "not allowed with argument"),
    ("fit a.npy --atoms 2 --penalty mcp(lam=.1,gamma=1) --out o.npz", "mcp: gamma must be finite and > 1"),
    ("fit a.npy --atoms 2 --penalty lasso(lam=.1) --out o.npz", "'lasso(lam=.1)' is none of l1(lam=...), energy("),
    ("fit a.npy --atoms 2 --signed --penalty energy(lam=.1,tau=1) --out o.npz", "codes are nonnegative under penalty"),
    ("fit missing.npy --atoms 2 --lam .1 --out o.npz", "missing.npy: No such file or directory"),
    ("fit a.npy --atoms 2 --lam .1 --out o.txt", "--out must end in .npz"),
    ("fit a.npy --atoms 2 --lam .1 --out no/o.npz", "there is no folder no"),
    ("fit a.npy --atoms 0 --lam .1 --out o.npz", "n_atoms must be >= 1; got 0"),
    ("fit a.npy --atoms x --lam .1 --out o.npz", "invalid int value"),
    ("fit a.npy --atoms 2 --lam -1 --out o.npz", "lam must be finite and > 0; got -1"),
    ("fit a.npy --atoms 2 --lam nan --out o.npz", "lam must be finite and > 0; got nan"),
    ("fit a.npy --atoms 2 --lam .1 --restarts 0 --out o.npz", "restarts must be >= 1"),
    ("fit nan.npy --atoms 2 --lam .1 --out o.npz", "nan.npy must be finite; row 1 column 0 is nan"),
    ("check missing.npz", "missing.npz: No such file or directory"),
    ("check a.npy", "not a readable .npz archive"),
    ("generate nope --out s.npz", "unknown world 'nope'"),
    ("generate independent --set q=1 --out s.npz", "no parameter 'q'"),
    ("generate independent --set p=2 --out s.npz", "p must be"),
    ("generate independent --set p --out s.npz", "p"),
    ("generate independent --n 0 --out s.npz", "--n must be >= 1; got 0"),
    ("generate independent --seed -1 --n 3 --out s.npz", "--seed must be >= 0"),
    ("generate independent --set magnitude=exponential(1) --out s.npz", "needs --n"),
    ("figures nope", "nope"),
])
def test_bad_usage_is_one_line_and_exit_2(run, tmp_path, line, message):
    np.save(tmp_path / "a.npy", np.eye(3))
    np.save(tmp_path / "nan.npy", np.array([[1.0], [np.nan]]))
    status, out, err = run(line)
    assert status == 2 and out == ""
    assert message in err and err.count("\n") == 1 and "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "nan.npy"]


def test_all_codes_zero_is_reported(run):
    np.save("a.npy", np.eye(3))
    status, out, _ = run("fit a.npy --atoms 2 --lam 9 --out o.npz")
    assert status == 0 and "every code is zero" in out
    assert run("check o.npz")[0] == 0


def test_help_is_instant_and_imports_nothing_heavy(tmp_path):
    import subprocess
    import sys

    probe = ("import sys, commands.cli; commands.cli.parser(['fit']).format_help();"
             "print([m for m in ('numpy', 'numba', 'scipy', 'matplotlib', 'rich') if m in sys.modules])")
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_an_interrupt_leaves_the_old_file(run, monkeypatch):
    fitted(run)
    before = Path("o.npz").read_bytes()

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("testbed.fit", stop)
    status, _, err = run("fit s.npz --atoms 2 --lam .1 --out o.npz")
    assert status == 130 and "nothing was written" in err
    assert Path("o.npz").read_bytes() == before
