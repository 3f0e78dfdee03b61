"""A sweep as its folder: the same files however it was computed, killed, taken up again, damaged or contended for."""

from __future__ import annotations

import csv
import filecmp
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sweeps
from commands.cli import main
from sweeps import engines, store
from sweeps.designs import design
from testbed import InputError

TEXT = """
name = "tiny"
seed = 1
[common]
samples = 40
fresh = 30
width = 4
world = {name = "superposition", k = 6, d = 4, p = 0.3}
[[grid]]
world = {gamma = [0.0, 0.7]}
lam = [0.1, 0.3]
start = ["truth", "merged", "random", "data"]
seed = [0, 1]
[[grid]]
method = "amortised"
start = ["random", "truth"]
schedule = ["constant", "anneal"]
steps = 20
batch = 16
lam = 0.1
[[random]]
cells = 4
lam = {low = 1e-2, high = 1.0, log = true}
width = [3, 8]
"""
CELLS = 40


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("design") / "tiny.toml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def whole(plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    done = sweeps.run(sweeps.read_design(plan), out, jobs=1)
    assert (done.cells, done.computed, done.found, done.damaged, done.failed) == (CELLS, CELLS, 0, 0, 0)
    return out


def same(a: Path, b: Path) -> bool:
    """Whether two folders hold the same files, byte for byte."""
    names = [sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()) for folder in (a, b)]
    return names[0] == names[1] and not any(filecmp.cmpfiles(a, b, names[0], shallow=False)[1:])


def start(plan: Path, out: Path, *options: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "commands", "sweep", str(plan), "--out", str(out), *options],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # whoever started us


def kill(plan: Path, out: Path, rng: random.Random, how: signal.Signals, *options: str) -> int | None:
    """Start a run and end it after some cells, at any moment: its status, None if it had finished by itself."""
    process = start(plan, out, *options)
    assert process.stderr is not None
    for _ in range(rng.randrange(1, 9)):
        if not process.stderr.readline().startswith("cell "):
            break
    time.sleep(rng.random() * 0.02)
    process.send_signal(how)
    process.stderr.close()
    return process.wait(60)


def test_several_processes_give_the_same_files(plan, whole, tmp_path):
    sweeps.run(sweeps.read_design(plan), tmp_path / "out", jobs=2)
    assert same(whole, tmp_path / "out")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cluster_gives_the_same_files(plan, whole, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed (the extra 'dask')")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert main(["sweep", str(plan), "--out", str(tmp_path / "out"), "--dask", cluster.scheduler_address]) == 0
    assert same(whole, tmp_path / "out")


def test_a_run_that_is_killed_is_taken_up_again(plan, whole, tmp_path):
    rng = random.Random(0)
    ends = [kill(plan, tmp_path / "out", rng, how, "--jobs", "1") for how in (signal.SIGKILL, signal.SIGINT)]
    assert ends == [-signal.SIGKILL, 130]
    done = sweeps.run(sweeps.read_design(plan), tmp_path / "out", jobs=1)
    assert 0 < done.found < CELLS and done.damaged == 0 and same(whole, tmp_path / "out")


@pytest.mark.nightly
def test_two_hundred_runs_that_are_killed_end_with_the_same_files(plan, whole, tmp_path):
    rng = random.Random(1)
    killed = 0
    for sweep in range(40):
        out = tmp_path / str(sweep)
        for _ in range(5):
            jobs = rng.choice(["1", "1", "2"])
            killed += kill(plan, out, rng, rng.choice([signal.SIGKILL, signal.SIGINT]), "--jobs", jobs) != 0
        sweeps.run(sweeps.read_design(plan), out, jobs=1)
        assert same(whole, out), sweep
    assert killed > 150


def test_a_second_run_in_the_folder_is_refused_and_harms_nothing(plan, whole, tmp_path, capsys):
    out = tmp_path / "out"
    with store.Store(out, sweeps.read_design(plan)):
        assert main(["sweep", str(plan), "--out", str(out)]) == 2
    assert "another run is at work in this folder" in capsys.readouterr().err
    sweeps.run(sweeps.read_design(plan), out, jobs=1)
    assert same(whole, out)


def test_damaged_files_are_computed_anew(plan, whole, tmp_path, capsys):
    import shutil

    out = tmp_path / "out"
    shutil.copytree(whole, out)
    paths = sorted((out / "cells").iterdir())
    damage = [b"", b"{}", b"[1]", paths[9].read_bytes(), bytearray(paths[4].read_bytes())]
    damage[4][len(damage[4]) // 2] ^= 1
    for path, content in zip(paths, damage, strict=False):
        path.write_bytes(content)
    paths[20].unlink()
    (out / "cells" / f".{paths[20].name}.abc").write_bytes(b"what a run that was killed was writing")
    assert main(["collect", str(out), "--out", str(tmp_path / "table.csv")]) == 1
    assert "6 cells of the design are missing" in capsys.readouterr().err
    assert main(["sweep", str(plan), "--out", str(out), "--jobs", "1"]) == 0
    assert "6 computed now, 34 were there; 5 files were damaged" in capsys.readouterr().out and same(whole, out)


def test_another_design_and_other_code_are_refused(plan, whole, tmp_path, monkeypatch, capsys):
    other = tmp_path / "other.toml"
    other.write_text(TEXT.replace("samples = 40", "samples = 41"))
    before = sorted(path.stat().st_mtime_ns for path in whole.rglob("*"))
    assert main(["sweep", str(other), "--out", str(whole)]) == 2
    assert "its design is not that of its manifest.json any more; give another --out" in capsys.readouterr().err
    known = store.code()
    monkeypatch.setattr(store, "code", lambda: known | {"versions": known["versions"] | {"numpy": "9.9"}})
    assert main(["sweep", str(plan), "--out", str(whole)]) == 2
    assert f"numpy {known['versions']['numpy']}, now 9.9" in capsys.readouterr().err
    assert sorted(path.stat().st_mtime_ns for path in whole.rglob("*")) == before


def test_workers_with_other_code_are_refused(plan):
    with pytest.raises(InputError, match="a worker runs other code"):
        engines.compute(sweeps.read_design(plan).cells[0], "0" * 64)


@pytest.mark.parametrize("manifest", [b"", b"[]", b'{"format": 1}', b'{"format":1,"design":{},"code":{}}'])
def test_a_manifest_that_makes_no_sense_is_one_line(manifest, plan, tmp_path, capsys):
    (tmp_path / "manifest.json").write_bytes(manifest)
    assert main(["sweep", str(plan), "--out", str(tmp_path)]) == 2
    assert main(["collect", str(tmp_path), "--out", str(tmp_path / "t.csv")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all("not the manifest of a sweep" in line for line in lines)


def test_a_cell_without_an_answer_says_why_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    from sweeps import solving
    from testbed import NumericsError

    def refuses(*_, **__):
        raise NumericsError("no\nanswer")

    monkeypatch.setattr(solving, "fit", refuses)
    path = tmp_path / "d.toml"
    path.write_text(TEXT.partition("[[random]]")[0].replace("seed = [0, 1]", ""))
    assert main(["sweep", str(path), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 1
    assert "16 cells have no answer" in capsys.readouterr().err
    table = sweeps.collect(tmp_path / "out")
    assert sorted({str(row.get("error")) for row in table.rows}) == ["None", "no answer"]


def test_the_table_has_a_row_a_cell(whole, tmp_path):
    assert main(["collect", str(whole), "--out", str(tmp_path / "table.csv")]) == 0
    with (tmp_path / "table.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == CELLS and next(iter(rows[0])).startswith("world.")
    exact = [row for row in rows if row["method"] == "exact"]
    assert all(float(row["stationarity"]) < 1e-10 or row["status"] == "unconverged" for row in exact)
    assert all(int(row["free_recovered"]) <= int(row["free"]) for row in rows)
    amortised = [row for row in rows if row["method"] == "amortised"]
    assert all(float(row["encoder_objective"]) > float(row["objective"]) for row in amortised)
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow (the extra 'sweeps')")
    assert main(["collect", str(whole), "--out", str(tmp_path / "table.parquet")]) == 0
    table = parquet.read_table(tmp_path / "table.parquet").to_pylist()
    assert [f"{row['objective']:.17g}" for row in table] == [f"{float(row['objective']):.17g}" for row in rows]


@pytest.mark.parametrize("words, message", [
    (["collect", "nowhere", "--out", "t.csv"], "nowhere: not the folder of a sweep"),
    (["collect", "nowhere", "--out", "t.txt"], "--out must end in .csv"),
    (["sweep", "nowhere.toml", "--out", "x"], "nowhere.toml: No such file"),
    (["sweep", "d.toml", "--out", "x", "--jobs", "0"], "--jobs must be >= 1; got 0"),
    (["sweep", "d.toml", "--out", "d.toml"], "d.toml"),
])
def test_bad_words_are_one_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("d.toml").write_text(TEXT)
    assert main(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and message in lines[0]


def test_more_cells_leave_those_that_were_there_as_they_are(whole, tmp_path):
    import tomllib

    content = tomllib.loads(TEXT)
    content["grid"][0]["seed"] = [1]
    content["common"]["width"] = [4]
    sweeps.run(design(content | {"grid": content["grid"][:1], "random": []}), tmp_path / "out", jobs=1)
    for path in (tmp_path / "out" / "cells").iterdir():
        assert path.read_bytes() == (whole / "cells" / path.name).read_bytes()
        assert json.loads(path.read_bytes())["cell"]["seed"] == 1
    assert os.listdir(tmp_path / "out" / "cells")
