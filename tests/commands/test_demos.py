"""Every notebook runs headless, at several settings, and shows what theory predicts; the command that starts one."""

from __future__ import annotations

import importlib.util
import io
import ipaddress
import socket
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from commands import demo, room
from commands.cli import main

pytest.importorskip("marimo", reason="needs marimo (the extra 'demos')")
segno = pytest.importorskip("segno", reason="needs segno (the extra 'demos')")


def ran(name: str, **settings: Any) -> dict[str, Any]:
    """What a notebook has defined after a run with some values in place of its sliders'."""
    spec = importlib.util.spec_from_file_location(f"demo_{name}", demo.FOLDER / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outputs, defined = module.app.run(defs=settings)
    assert any(output is not None for output in outputs)
    return dict(defined)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(demo.names()))
def test_it_runs_with_its_own_sliders(name: str) -> None:
    found = ran(name)
    controls = found["controls"].elements
    assert {key: found[key] for key in controls} == {key: control.value for key, control in controls.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "lam", "spread"), [(0.5, 0.1, 0.5), (0.3, 0.02, 0.9), (0.8, 0.2, 0.0)])
def test_absorption(rho: float, lam: float, spread: float) -> None:
    found = ran("absorption", rho=rho, lam=lam, spread=spread)
    assert found["sample"].weights[0] == pytest.approx(1 - rho) and found["optimum"].problem.lam == lam
    assert abs(found["gap"]) < 1e-10 and found["report"].holds  # T3
    assert found["found"][1].kind != "recovered"  # no atom for the child
    assert (found["found"][0].kind == "absorbed") == (spread < 0.9)  # its widest spread leaves the parent's atom on
    assert 45 - 1e-9 <= found["angles"][1] <= found["extreme"] + 1e-9
    if not spread:
        assert found["angles"] == pytest.approx([0, 45])


@pytest.mark.slow
@pytest.mark.parametrize(("k", "m", "lam"), [(4, 3, 0.3), (2, 1, 0.1), (3, 6, 0.5)])
def test_splitting(k: int, m: int, lam: float) -> None:
    found = ran("splitting", k=k, m=m, lam=lam)
    assert found["at_floor"] < 1e-10 and not found["widths"].violations  # T4, G1
    assert found["serves"].shape == (k, min(m, k)) and found["optimum"].problem.lam == lam
    assert (found["slopes"].max() > 1e-6) == (m < k)  # M2: an atom splits until the wide limit


@pytest.mark.slow
@pytest.mark.parametrize(("world", "lam", "m"), [("hierarchical", 0.1, 5), ("independent", 0.3, 3),
                                                 ("correlated_pair", 0.2, 2)])
def test_residuals(world: str, lam: float, m: int) -> None:
    found = ran("residuals", world=world, lam=lam, m=m)
    assert found["optimum"].n_atoms == m and found["optimum"].problem.lam == lam
    assert found["off"]["trained"] < 1e-9 < 1e-3 < found["off"]["true features"]  # S1
    assert np.abs(np.subtract(*found["slope"](found["optimum"]))).max() < 1e-10  # S3
    assert found["reports"][0].holds and not found["reports"][1].holds


@pytest.mark.slow
@pytest.mark.parametrize(("p", "h", "lam", "live"), [(0.75, 0.5, 0.1, 2), (0.25, 0.5, 0.1, 1), (0.75, 0.0, 0.2, 1)])
def test_antipodal(p: float, h: float, lam: float, live: int) -> None:
    found = ran("antipodal", p=p, h=h, lam=lam)
    assert found["sample"].weights[found["sample"].codes[:, 0] == 0].sum() == pytest.approx(1 - p)
    assert found["gap"] < 1e-9 and found["report"].holds  # T5
    assert found["live"] == live and (found["minus"] > 0) == (p > 0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("price", "word"), [("l1(lam=0.1)", "absorbed"), ("energy(lam=0.1, tau=0.3)", "tilted"),
                                             ("l0(lam0=0.02)", "absorbed")])
def test_successors(price: str, word: str) -> None:
    found = ran("successors", price=price, rho=0.4, parent=1.5)
    assert found["word"] == word and found["more"] > 0.05 and found["report"].holds  # N1-N6, or S1-S6


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d", "lam", "limit"), [(6, 3, 0.2, 6), (5, 2, 0.5, 5), (6, 1, 0.1, 2)])
def test_wide_limit(n: int, d: int, lam: float, limit: int) -> None:
    found = ran("wide_limit", n=n, d=d, lam=lam, seed=1)
    assert found["limit"] == limit and found["kept"] and not found["widths"].violations  # G1, G2
    assert abs(found["gap"][-1]) < 1e-12 and found["widths"].optima[-1].status == "global"


@pytest.mark.slow
@pytest.mark.parametrize(("choice", "bias", "dimensions", "most"), [
    ("X1", False, 2, 3), ("X2", True, 3, 4),
    ("X3", False, 4, 0),  # true, by S4
])
def test_conjecture(choice: str, bias: bool, dimensions: int, most: int) -> None:
    found = ran("conjecture", choice=choice, bias=bias, points=6, dimensions=dimensions, atoms=3, problems=500)
    assert {kind.bias for kind in found["outcome"].tally.counts} == {bias}
    if not most:
        assert found["broken"] is None and found["outcome"].tally.applies > 300
    else:
        broken = found["broken"]
        assert broken.residual.max > 1e-3 and broken.others.holds  # the theory holds where the conjecture fails
        assert broken.optimum.problem.n <= most and broken.optimum.problem.d <= dimensions
        assert (broken.optimum.problem.X % 1 == 0).all()


def test_the_list_of_demos(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["absorption", "antipodal", "audit", "conjecture", "lecture",
                                                   "residuals", "splitting", "successors", "wide_limit"]
    assert all(len(line.split()) > 5 for line in lines)


def test_an_unknown_demo_a_missing_folder_and_a_missing_package(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    assert main(["demo", "nothing"]) == 2
    assert "unknown demo 'nothing'; the demos are absorption, antipodal" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "marimo", None)
        assert main(["demo", "absorption"]) == 2
    assert capsys.readouterr().err == "testbed: demo: needs marimo, which is not installed; install the extra 'demos'\n"
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    assert main(["demo"]) == 2
    assert "run this from a clone of the repository" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "words"), [
    (["splitting"], ["run", "splitting.py"]), (["splitting", "--edit"], ["edit", "splitting.py"]),
    (["all"], ["run", "demos"])])
def test_what_is_started(monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: list[str]) -> None:
    seen: list[list[str]] = []

    def run(command: list[str], check: bool) -> subprocess.CompletedProcess:
        seen.append(command)
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    assert main(["demo", *arguments]) == 3
    ((_, _, _, verb, what),) = seen
    assert verb == words[0] and what.endswith(words[1])


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "turned", "angle", "live"), [
    ({"turn": 0, "alone": 0, "lam": 0.15, "spread": 0.5, "p": 0.7, "n": 5}, True, 45, 2),
    pytest.param({"turn": 1, "alone": 0.3, "lam": 0.5, "spread": 0, "p": 0.2, "n": 4}, False, 50, 1,
                 marks=pytest.mark.nightly),
])
def test_lecture(settings: dict[str, Any], turned: bool, angle: float, live: int) -> None:
    found = ran("lecture", **settings)
    assert found["total"] == 45 == sum(found["minutes"].values())
    assert found["turned"].holds == turned and found["report"].holds and abs(found["gap"]) < 1e-10  # S1, T3
    assert found["angles"][-1, 1] == pytest.approx(angle, abs=1)  # absorbed; or after the jump (T2)
    assert (np.diff(found["angles"][:-1, 0]) > -1e-6).all() or settings["alone"]  # one branch, without its mirror image
    assert found["dense"].live.sum() == live  # T5
    assert found["widths"].optima[settings["n"] - 1].status == "global" and not found["widths"].violations  # G2


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be run."""
    seen: list[list[str]] = []

    def run(command: list[str], check: bool) -> subprocess.CompletedProcess:
        seen.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_room_is_told_the_address_and_given_a_code(
        started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(room, "_reached", lambda host: "192.168.7.9")
    port = free_port()
    assert main(["demo", "absorption", "--host", "0.0.0.0", "--port", str(port)]) == 0
    ((*_, host, at, flag, number),) = started
    assert (host, at, flag, number) == ("--host", "0.0.0.0", "--port", str(port))
    plain = capsys.readouterr().out
    assert plain == f"http://192.168.7.9:{port}  for everyone in this network, until Ctrl-C\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["demo", "absorption", "--host", "0.0.0.0", "--port", str(port)]) == 0
    code = io.StringIO()
    segno.make(f"http://192.168.7.9:{port}", micro=False).terminal(code, compact=True, border=2)
    assert capsys.readouterr().out == plain + code.getvalue() and len(code.getvalue().splitlines()) > 10


def test_this_computer_alone_needs_no_code_and_a_free_port_is_found(
        started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(room, "PORT", taken.getsockname()[1])
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        assert main(["demo", "absorption", "--host", "127.0.0.1"]) == 0
    found = int(started[0][-1])
    assert 0 < found - room.PORT < room.TRIED and capsys.readouterr().out == f"http://127.0.0.1:{found}\n"


def test_the_address_that_others_type() -> None:
    assert ipaddress.ip_address(room._reached("0.0.0.0")).version == 4
    assert room._reached("::1") == "[::1]" and room._reached("10.0.0.3") == "10.0.0.3"
    assert room.Place("localhost", 1, "").alone and not room.Place("0.0.0.0", 1, "").alone


@pytest.mark.parametrize(("words", "message"), [
    (["absorption", "--port", "70000"], "--port must be between 1 and 65535; got 70000"),
    (["absorption", "--port", "x"], "argument --port: invalid int value: 'x'"),
    (["absorption", "--host", "198.51.100.7"], "cannot serve at 198.51.100.7, port 2737: Cannot assign requested"),
    (["absorption", "--host", "no such host"], "cannot serve at no such host, port"),
    (["absorption", "--host", "0.0.0.0", "--edit"], "--edit is for this computer alone"),
    (["--host", "0.0.0.0"], "--host and --port need the NAME of a notebook"),
    (["--port", "8000"], "--host and --port need the NAME of a notebook"),
])
def test_places_that_cannot_be(started: list[list[str]], capsys: pytest.CaptureFixture[str], words: list[str],
                               message: str) -> None:
    try:
        status = main(["demo", *words])
    except SystemExit as left:
        status = int(left.code or 0)
    said = capsys.readouterr()
    assert status == 2 and message in said.err and said.err.count("\n") == 1 and not started and not said.out


def test_a_port_that_is_taken(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["demo", "absorption", "--port", str(taken.getsockname()[1])]) == 2
    assert "Address already in use" in capsys.readouterr().err and not started


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "steps", "price"), [("relu", 600, 0.1), ("topk", 300, 0.0)])
def test_audit(kind: str, steps: int, price: float) -> None:
    found = ran("audit", kind=kind, steps=steps, lam=0.1)["found"]
    whole = found.objective["encoder"].value - found.objective["floor"].value
    assert sum(part.value for part in found.gap.values()) == pytest.approx(whole, rel=1e-9)  # A1
    assert found.price.median == pytest.approx(price, abs=0.02) and found.lam == 0.1  # A2
