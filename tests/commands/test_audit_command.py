"""`testbed audit`: what it prints, writes and refuses; as a process too."""

import json
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from commands.cli import main
from generators import tree
from testbed import fit

FIXTURES = Path(__file__).parent.parent / "audits" / "fixtures"


@pytest.fixture(scope="module")
def activations(tmp_path_factory):
    """3000 rows like those the fixtures were trained on, as one .npy and as two shards of half precision."""
    home = tmp_path_factory.mktemp("activations")
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((40, 40)))
    X = (tree().sample(3000, 8).X @ turn[:20]).astype(np.float32)
    np.save(home / "X.npy", X)
    for number in range(2):
        save_file({"X": X[number * 1500:(number + 1) * 1500].astype(np.float16)}, home / f"part{number}.safetensors")
    return home


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()))
def test_every_fixture_audits(name, activations, capsys):
    status = main(["audit", str(FIXTURES / name), "--data", str(activations / "X.npy"), "--no-refine", "--json"])
    out, _ = capsys.readouterr()
    found = json.loads(out)
    assert status in (0, 1) and found["d"] == 40 and found["m"] == 20 and found["n"] == 3000
    assert found["explained"]["encoder"] > 0.5 and found["lam"] > 0
    total = found["objective"]["encoder"] - found["objective"]["floor"]
    assert sum(found["gap"].values()) == pytest.approx(total, rel=1e-9)
    free = found["implied_price"]["paid"] is False  # a gated SAE pays for its gates, not for its codes
    assert free == (name not in ("standard", "standard_norm", "dl_standard")), found["implied_price"]


def test_results_are_printed_and_written(activations, tmp_path, capsys):
    page, atoms = tmp_path / "page.html", tmp_path / "atoms.npz"
    assert main(["audit", str(FIXTURES / "standard"), "--data", str(activations / "X.npy"), "--restarts", "1",
                 "--report", str(page), "--out", str(atoms)]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("lam = 0.1: half the configuration's l1_coefficient 0.2; the data imply 0.")
    assert "not implied" in out and "an unfinished dictionary" in out
    text = page.read_text()
    assert text.count("<figure") >= 4 and "<svg" not in text and "A2" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    with np.load(atoms) as held:
        assert held["encoder_price"].shape == (20,) and float(held["lam"]) == pytest.approx(0.1)


def test_shards_of_half_precision_are_one_data_set(activations, capsys):
    said = []
    for data in ([activations / "X.npy"], [activations / "part0.safetensors", activations / "part1.safetensors"]):
        main(["audit", str(FIXTURES / "standard"), "--data", *map(str, data), "--no-refine", "--json"])
        said.append(json.loads(capsys.readouterr().out))
    assert said[1]["n"] == 3000
    assert said[1]["objective"]["codes"] == pytest.approx(said[0]["objective"]["codes"], rel=1e-3)


def test_an_optimum_of_ours_is_audited_at_its_exact_codes(tmp_path, capsys):
    """`testbed fit` wrote it: every statement holds, and nothing is left but what is open."""
    X = tree().sample(1500, 3).X
    np.save(tmp_path / "X.npy", X)
    best = fit(X, 20, 0.1, restarts=4, seed=1)
    best.save(tmp_path / "optimum.npz")
    words = ["audit", str(tmp_path / "optimum.npz"), "--data", str(tmp_path / "X.npy"), "--whole", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(s["holds"] is not False for s in found["statements"])
    assert all(abs(found["gap"][name]) <= 1e-12 * best.objective for name in ("amortisation", "dictionary", "basin"))
    assert all(s["residual"] <= 1e-8 for s in found["statements"] if s["residual"] is not None)


def test_as_a_process(activations, tmp_path):
    """Progress and errors to stderr, results to stdout; 2 and one line for what is no SAE."""
    words = [sys.executable, "-m", "commands", "audit", str(FIXTURES / "topk"), "--data", str(activations / "X.npy"),
             "--no-refine", "--json", "--rows", "500"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and json.loads(done.stdout)["n"] == 500 and "Traceback" not in done.stderr
    assert re.search(r"^500 activations audited, [1-9]\d* a second", done.stderr.splitlines()[-1])
    words[4] = str(tmp_path)
    failed = subprocess.run(words, capture_output=True, text=True, check=False)
    assert failed.returncode == 2 and failed.stdout == "" and failed.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """An SAE and activations that keep an audit busy for long: 120,000 rows, 256 latents on about 12 at a time."""
    home = tmp_path_factory.mktemp("big")
    rng = np.random.default_rng(0)
    D = rng.standard_normal((256, 64))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    X = ((rng.random((6000, 256)) < 0.05) * rng.uniform(1, 2, (6000, 256))) @ D
    np.save(home / "X.npy", np.tile(X.astype(np.float16), (20, 1)))
    np.savez(home / "sae.npz", D=D, b=np.zeros(64), W_enc=D.T, b_enc=np.full(256, -0.3), lam=0.1)
    return home


@pytest.mark.slow
@pytest.mark.parametrize("refine", [False, True])
def test_ctrl_c_ends_it_and_nothing_is_written(refine, big):
    """In the pass over the data, and in refinement; within a second where the machine has nothing else to do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child inherits what is ignored
    words = ["audit", "sae.npz", "--data", "X.npy", "--out", "atoms.npz", "--report", "page.html"]
    try:
        child = subprocess.Popen([sys.executable, "-m", "commands", *words, *([] if refine else ["--no-refine"])],
                                 cwd=big, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stderr.readline().startswith("the encoder's codes: 120000 of 120000 activations")
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        sent = time.monotonic()
        out, err = child.communicate(timeout=60)
        took = time.monotonic() - sent
    finally:
        signal.signal(signal.SIGINT, before)
    assert child.returncode == 130 and out == "" and err == "testbed: interrupted; nothing was written\n"
    assert took < 5, took
    assert sorted(path.name for path in big.iterdir()) == ["X.npy", "sae.npz"]


def duplicated(path):
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for _ in range(2):
            archive.writestr("D.npy", b"x")


HOSTILE = {
    "text.npz": (lambda path: path.write_bytes(b"not an archive"), "not a readable .npz archive"),
    "empty.npz": (lambda path: np.savez(path, E=np.eye(3)), "W_dec is missing"),
    "pickled.npz": (lambda path: np.savez(path, D=np.array([{}], dtype=object)), "array D cannot be read"),
    "twice.npz": (duplicated, "two members of one name"),
    "nan.npz": (lambda path: np.savez(path, D=np.full((3, 40), np.nan)), "must be finite"),
    "cut.safetensors": (lambda path: path.write_bytes(b"\xff" * 20), "header"),
    "bare.npz": (lambda path: np.savez(path, D=np.eye(5, 40)), "give --lam"),
    "zero.npz": (lambda path: np.savez(path, D=np.zeros((3, 40)), lam=0.1), "every decoder row of the SAE is zero"),
    "gone.npz": (lambda path: None, "No such file"),
    "other.bin": (lambda path: path.write_bytes(b"0"), "no SAE is recognised there"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_sae_is_one_line(name, activations, tmp_path, capsys):
    write, words = HOSTILE[name]
    write(tmp_path / name)
    assert main(["audit", str(tmp_path / name), "--data", str(activations / "X.npy")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words in err, err


@pytest.mark.parametrize(("change", "words"), [
    (["--lam", "-1"], "lam must be"), (["--rows", "3"], "an audit takes at least 16"),
    (["--rows", "0"], "rows must be"),
    (["--restarts", "-1"], "--restarts must be"), (["--report", "page.txt"], "must end in .html"),
    (["--out", "nowhere/atoms.npz"], "there is no folder"), (["--data", "missing.npy"], "missing.npy"),
])
def test_bad_arguments_are_one_line(change, words, activations, capsys):
    arguments = ["audit", str(FIXTURES / "standard"), "--data", str(activations / "X.npy"), "--no-refine"]
    assert main(arguments + change) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words in err


def test_activations_of_another_width(tmp_path, capsys):
    np.save(tmp_path / "narrow.npy", np.ones((50, 7)))
    assert main(["audit", str(FIXTURES / "standard"), "--data", str(tmp_path / "narrow.npy")]) == 2
    assert "has 7 columns; the SAE reads activations of 40" in capsys.readouterr().err
