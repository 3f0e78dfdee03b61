"""The command line as a process: streams that are full or closed, terminals without mathematics, faults of our own."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from commands import COMMANDS, cli, outcome

TESTBED = [sys.executable, "-m", "commands"]


def process(*words, **options):
    return subprocess.run([*TESTBED, *words], capture_output="stdout" not in options, text=True, check=False,
                          stderr=subprocess.PIPE if "stdout" in options else None, **options)


@pytest.fixture
def fail(monkeypatch, capsys):
    """Runs `worlds` with an exception in place of its work; (exit status, stderr)."""

    def call(error, *words):
        def run(_):
            raise error

        monkeypatch.setattr("commands.worlds.run", run)
        return cli.main(["worlds", *words]), capsys.readouterr().err

    return call


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_is_not_success():
    with open("/dev/full", "w") as full:
        done = process("worlds", stdout=full)
    assert done.returncode == 2 and done.stderr == "testbed: output: No space left on device\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_nobody_to_complain_to():
    with open("/dev/full", "w") as full:
        done = subprocess.run([*TESTBED, "nope"], stderr=full, check=False)
    assert done.returncode == 2


def test_a_reader_that_left():
    child = subprocess.Popen([*TESTBED, "worlds"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    assert child.stderr.read() == b"" and child.wait() == outcome.READER_LEFT
    child.stderr.close()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_mathematics(encoding):
    done = process("theory", "C1", env=os.environ | {"PYTHONIOENCODING": encoding})
    assert done.returncode == 0
    assert all(re.match(r"figure \w+ computed", line) for line in done.stderr.splitlines()), done.stderr


def test_version_names_what_computes():
    done = process("--version")
    assert done.returncode == 0
    for word in ("testbed", "Python", "numpy", "scipy", "numba"):
        assert word in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "--help"])
    out = capsys.readouterr().out
    assert stop.value.code == 0 and COMMANDS[name].split()[0].capitalize() in out and "--traceback" in out


def test_bad_input_is_one_line(fail):
    from testbed import CodingError, InputError, NumericsError

    assert fail(InputError("a: b must be\n c")) == (2, "testbed: a: b must be c\n")
    assert fail(FileNotFoundError(2, "No such file", "x.npy")) == (2, "testbed: x.npy: No such file\n")
    assert fail(MemoryError("1 TiB")) == (2, "testbed: not enough memory: 1 TiB\n")
    assert fail(NumericsError("no solution")) == (1, "testbed: no solution\n")
    assert fail(CodingError("sample 3 could not be coded")) == (1, "testbed: sample 3 could not be coded\n")


@pytest.mark.parametrize("fault", [ValueError("x"), TypeError("x"), ZeroDivisionError("x"), AssertionError(),
                                   KeyError(3)], ids=repr)
def test_a_fault_shows_itself_and_asks_for_a_report(fail, fault):
    status, err = fail(fault)
    assert status == 70 and "Traceback" in err and type(fault).__name__ in err
    assert "please report it" in err.splitlines()[-1]


def test_traceback_on_request(fail):
    from testbed import InputError

    status, err = fail(InputError("a is bad"), "--traceback")
    assert status == 2 and "Traceback" in err and err.endswith("testbed: a is bad\n")


def test_a_missing_extra_is_said_before_the_work(tmp_path):
    """Without matplotlib nothing is computed for a picture that could not be drawn."""
    probe = ("import sys; sys.modules['matplotlib'] = None; from commands.cli import main;"
             "sys.exit(main(['figures', 'tilt', '--out', sys.argv[1]]))")
    command = [sys.executable, "-c", probe, str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert done.stderr == ("testbed: figures: needs matplotlib, which is not installed; install the extra 'figures'\n")


def test_an_optimum_does_not_replace_its_data(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["generate", "nested_pair", "--out", "s.npz"]) == 0
    before = (tmp_path / "s.npz").read_bytes()
    os.symlink("s.npz", "link.npz")
    for name in ("s.npz", "link.npz", "./s.npz"):
        assert cli.main(["fit", "s.npz", "--atoms", "2", "--lam", "0.1", "--out", name]) == 2
        assert "is the data itself" in capsys.readouterr().err
    assert (tmp_path / "s.npz").read_bytes() == before


def test_out_writes_through_a_symbolic_link(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("far")
    os.symlink("far/real.npz", "s.npz")
    for _ in range(2):  # the target is made, then replaced
        assert cli.main(["generate", "nested_pair", "--out", "s.npz"]) == 0
        assert os.path.islink("s.npz") and np.load("far/real.npz")["X"].shape[1] == 2
    assert os.listdir("far") == ["real.npz"]
    os.symlink("circle.npz", "circle.npz")
    assert cli.main(["generate", "nested_pair", "--out", "circle.npz"]) == 2
    assert "circle.npz" in capsys.readouterr().err


@pytest.mark.parametrize("line, message", [
    ("fit a.npy --atoms 2 --lam .1 --restarts 12345678901234567890 --out o.npz", "restarts must be at most 1000000"),
    ("fit a.npy --atoms 12345678901234567890 --lam .1 --out o.npz", "n_atoms must be at most 2147483647"),
    ("check o.npz --bounds --tau 1e300", "--tau must be finite and >= 0 and <= 1e+140; got 1e+300"),
    ("generate independent --set magnitude=1e200 --out s.npz", "magnitude is out of scale, 1e+200"),
    ("generate independent --set magnitude=uniform(1,1e200) --n 3 --out s.npz", "high is out of scale, 1e+200"),
    ("generate independent --n 12345678901234567890 --out s.npz", "--n must be at most 2147483647"),
])
def test_numbers_beyond_reason(tmp_path, monkeypatch, capsys, line, message):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.eye(3))
    assert cli.main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and err.count("\n") == 1
    assert os.listdir() == ["a.npy"]


def test_a_report_with_pictures(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["generate", "nested_pair", "--out", "s.npz"]) == 0
    assert cli.main(["fit", "s.npz", "--atoms", "2", "--lam", "0.1", "--restarts", "2", "--out", "o.npz"]) == 0
    capsys.readouterr()
    assert cli.main(["check", "o.npz", "--json", "--report", "page.html"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"]
    page = (tmp_path / "page.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html") and "data:image/" in page and "S5" in page
    for name, message in (("page.txt", "--report must end in .html"), ("no/page.html", "there is no folder no")):
        assert cli.main(["check", "o.npz", "--report", name]) == 2
        assert message in capsys.readouterr().err


def test_fitting_the_same_data_in_any_format(tmp_path, monkeypatch, capsys):
    from safetensors.numpy import save_file

    monkeypatch.chdir(tmp_path)
    X = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
    np.save("a.npy", X)
    np.savez("a.npz", X=X)
    save_file({"X": X, "other": np.ones((2, 2))}, "a.safetensors")
    objectives = []
    for name in ("a.npy", "a.npz", "a.safetensors"):
        assert cli.main(["fit", name, "--atoms", "2", "--lam", "0.5", "--restarts", "1", "--out", "o.npz"]) == 0
        objectives.append(float(np.load("o.npz")["objective"]))
        assert cli.main(["check", "o.npz"]) == 0
    assert len(set(objectives)) == 1
