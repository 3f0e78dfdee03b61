"""`testbed conjecture`: what it breaks, how small, what it writes, and what it says of a file that misbehaves."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands.cli import main
from properties import check
from testbed import Optimum

ROOT = Path(__file__).parents[2]
ANGLES = '''"""P(j and k on) <= P(j on) (1 + G_jk){half} with a fitted bias."""

import numpy as np

WHERE = "biased"


def residual(optimum):
    on = optimum.support.astype(float)
    both = (on * optimum.problem.weights[:, None]).T @ on
    excess = both - np.diag(both)[:, None] * (1 + optimum.G){half}
    np.fill_diagonal(excess, 0)
    return np.maximum(excess, 0)
'''
TRUE = '''def residual(optimum):
    """Scores are at most 1, and at least -1 where codes are signed."""
    over = optimum.S if optimum.problem.nonnegative else abs(optimum.S)
    return (over - 1 - 1e-9).clip(0)
'''


@pytest.fixture
def conjecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on a file with this text; exit status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(text: str, *options: str, name: str = "guess.py") -> tuple[int, str, str]:
        Path(name).write_text(text)
        status = main(["conjecture", name, *options])
        return status, *capsys.readouterr()

    return call


def test_a_broken_conjecture_is_made_small_and_written(conjecture: Any, tmp_path: Path) -> None:
    status, out, _ = conjecture(ANGLES.format(half=" / 2"), "--problems", "600", "--budget", "600", "--out", "found")
    assert status == 1 and out.startswith("guess: BROKEN\n    P(j and k on) <= P(j on)")
    assert "a fitted bias" in out and "no bias: the conjecture says nothing about it" in out
    assert re.search(r"^nonnegative codes, fitted bias +\d+ ", out, re.M) and "Violated by 0." in out
    optimum = Optimum.load("found/guess.npz")
    p = optimum.problem
    assert p.n <= 6 and p.bias and check(optimum).holds and optimum.status != "unconverged"
    assert (p.X % 1 == 0).all() and np.abs(p.X).max() <= 20  # small whole numbers
    on = optimum.support.astype(float)
    both = (on * p.weights[:, None]).T @ on
    worst = (both - np.diag(both)[:, None] * (1 + optimum.G) / 2)[~np.eye(optimum.n_atoms, dtype=bool)].max()
    assert f"Violated by {worst:.6g} at atoms" in out
    assert all(Path("found", f"guess{suffix}").stat().st_size > 1000 for suffix in (".png", ".pdf"))
    assert r"\begin{pmatrix}" in Path("found/guess.tex").read_text()
    # the case passes while the conjecture is broken, and fails when it is mended
    case = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "found/test_guess.py"]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    kept = subprocess.run(case, capture_output=True, text=True, env=env)
    assert kept.returncode == 0 and "1 passed" in kept.stdout, kept.stdout
    Path("found/guess.py").write_text(TRUE)
    with pytest.raises(AssertionError):
        runpy.run_path("found/test_guess.py")["test_guess_is_broken"]()


def test_the_same_seed_finds_the_same(conjecture: Any) -> None:
    text = "def residual(o):\n    return ((o.problem.weights @ o.R) ** 2).sum() ** 0.5 / o.problem.lam\n"
    runs = [conjecture(text, "--problems", "600", "--budget", "600", "--json", "--seed", seed)[1] for seed in "112"]
    first, second, other = (json.loads(run) for run in runs)
    assert first["counterexample"] == second["counterexample"] and first["kinds"] == second["kinds"]
    assert first["kinds"] != other["kinds"] and first["broken"] and len(first["counterexample"]["X"]) == 1
    assert first["counterexample"]["residual"] == first["counterexample"]["violated"][0]["value"] > 1e-3


def test_one_that_survives_exits_0_with_counts(conjecture: Any) -> None:
    status, out, err = conjecture(TRUE, "--problems", "300", "--budget", "600")
    assert status == 0 and out.startswith("guess: not broken\n") and not Path("out").exists()
    rows = re.findall(r"^(?:nonnegative|signed) codes, (?:fitted|no) bias +(\d+) +(\d+) +(\d+) +(\d+) ", out, re.M)
    assert len(rows) == 4 and all(int(a) == int(b) + int(c) + int(d) for a, b, c, d in rows)
    assert sum(int(row[0]) for row in rows) >= 300 and err.startswith("3")


def test_a_property_as_the_page_shows_it(conjecture: Any) -> None:
    page = (ROOT / "docs/add_a_property.md").read_text()
    text = re.search(r"^```python\n(.*?)^```$", page, re.M | re.S).group(1)  # type: ignore[union-attr]
    status, out, _ = conjecture(text, "--problems", "300", "--budget", "600", "--json")
    assert status == 0 and json.loads(out)["id"] == "X1" and json.loads(out)["applies"] > 100
    wrong = text.replace('length = t.mean("zz")[lone] + 1', 'length = t.mean("zz")[lone] + 1.01')
    status, out, _ = conjecture(wrong, "--problems", "300", "--budget", "600", "--json")
    assert status == 1 and len(json.loads(out)["counterexample"]["X"]) == 1


MISBEHAVED = {
    "raises when it is read": ("import numpy\nraise KeyError('no')\n", "line 2: raises KeyError: 'no'"),
    "cannot be parsed": ("def residual(o):\n    return (\n", "line 2: '(' was never closed"),
    "leaves": ("import sys\nsys.exit(3)\n", "line 2: raises SystemExit: 3"),
    "holds nothing": ("x = 1\n", "must hold one Property or one function residual(optimum); it holds 0 and none"),
    "holds no function": ("residual = 3\n", "residual must be a function"),
    "raises": ("def residual(o):\n\n    return o.nothing\n", "line 3: raises AttributeError"),
    "raises further in": ("def help(o):\n    return o.no\ndef residual(o):\n    return help(o)\n", "line 2: raises"),
    "recurs": ("def residual(o):\n    return residual(o)\n", "line 2: raises RecursionError"),
    "returns the wrong shape": ("def residual(o):\n    return o.D[:, :, None]\n", "line 2: returns shape ("),
    "returns a word": ("def residual(o):\n    x = 'no'\n    return x\n", "line 3: returns str, not numbers"),
    "returns NaN": ("def residual(o):\n    x = float('inf')\n    return 0 * x\n", "line 3: returns nan as a violation"),
    "returns what is negative": ("def residual(o):\n    return o.mu - 1e9\n", "line 2: returns a negative violation"),
    "trusts a claim": ("def residual(o):\n    return float(o.status == 'global')\n", "line 2: asks for optimum.status"),
    "hides that": ("def residual(o):\n    try:\n        return len(getattr(o, 'objectives'))\n"
                   "    except Exception:\n        return 0\n", "line 3: asks for optimum.objectives"),
    "applies to nothing": ("def residual(o):\n    return None\n", "there was nothing to test in any of"),
    "changes its mind": ("import random\ndef residual(o):\n    return random.random()\n", "two calls at one"),
    "names no place": ("WHERE = 'somewhere'\ndef residual(o):\n    return 0\n", "WHERE must be one of code"),
}


@pytest.mark.parametrize("what", MISBEHAVED)
def test_a_file_that_misbehaves_is_named_with_the_line(conjecture: Any, what: str) -> None:
    text, words = MISBEHAVED[what]
    status, out, err = conjecture(text, "--problems", "64")
    last = err.splitlines()[-1]
    assert status == 2 and out == "" and "guess.py" in last and words in last, err
    assert "Traceback" not in err and last.startswith("testbed: conjecture: ")


@pytest.mark.parametrize(("text", "words"), [
    ("import time\ntime.sleep(60)\n", "line 2: still running after 0.3 s"),
    ("def residual(o):\n    while True:\n        pass\n", ": still running after 0.3 s"),
    ("def residual(o):\n    while True:\n        try:\n            sum([1, 2])\n        except:\n            pass\n",
     ": still running after 0.3 s"),  # swallows everything: it is told again and again
])
def test_a_file_that_hangs_is_stopped(conjecture: Any, text: str, words: str) -> None:
    status, _, err = conjecture(text, "--problems", "64", "--limit", "0.3")
    assert status == 2 and words in err.splitlines()[-1]


@pytest.mark.parametrize(("options", "words"), [
    (["--budget", "0"], "--budget must be"), (["--limit", "-1"], "--limit must be"),
    (["--problems", "0"], "--problems must be"), (["--seed", "-1"], "--seed must be"),
])
def test_options_out_of_range(conjecture: Any, options: list[str], words: str) -> None:
    status, out, err = conjecture(TRUE, *options)
    assert status == 2 and out == "" and words in err


def test_no_file_and_no_python(conjecture: Any) -> None:
    assert main(["conjecture", "missing.py"]) == 2
    status, _, err = conjecture(TRUE, name="guess.txt")
    assert status == 2 and "FILE must end in .py; got guess.txt" in err
