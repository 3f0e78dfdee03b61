"""Every figure's numbers are those of its committed baseline, and a number that moves is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from conftest import QUICK

from figures import gallery
from figures.gallery import accept, baselines

NAMES = [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in gallery.ORDER]
NUMBERS = {"psi": np.array([[0.1, 0.2, np.nan], [0.3, 0.4, 0.5]]), "rounding": np.array([1e-14, -2e-15]),
           "count": np.array(7), "broken": np.array([True, False]), "status": np.array(["global", "local_min"]),
           "report_worst": np.array(["atom 3"]), "deviation": 1e-12, "tolerance": 1e-9, "code": "abc"}


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_the_baseline(numbers_of: Callable[[str], dict], name: str) -> None:
    baseline = baselines.read(name)
    assert baseline is not None, f"figure {name} has no baseline; make one: python -m figures.gallery.accept {name}"
    moved = baselines.differences(numbers_of(name), baseline)
    assert not moved, "\n".join([*moved, f"if this is meant: python -m figures.gallery.accept {name}"])


def test_baselines_belong_to_figures() -> None:
    assert {path.stem for path in baselines.FOLDER.glob("*.json")} <= set(gallery.ORDER)


@pytest.fixture
def baseline(tmp_path, monkeypatch) -> dict:
    monkeypatch.setattr(baselines, "FOLDER", tmp_path)
    baselines.write("some", NUMBERS, 4.2)
    return json.loads((tmp_path / "some.json").read_text())


def test_the_same_numbers_are_the_same(baseline: dict) -> None:
    assert baselines.differences(NUMBERS, baseline) == []
    assert baselines.differences(NUMBERS | {"report_worst": np.array(["atom 1"]), "code": "d", "deviation": 1e-10,
                                            "rounding": np.array([3e-14, 0])}, baseline) == []
    assert baselines.differences(NUMBERS | {"psi": NUMBERS["psi"] * (1 + 1e-8)}, baseline) == []
    assert baseline["seconds"] == 5


@pytest.mark.parametrize("name, value", [
    ("psi", NUMBERS["psi"] + np.array([[0, 0, 0], [0, 3e-5, 0]])),
    ("psi", NUMBERS["psi"][::-1]),  # rows that trade places
    ("psi", np.nan_to_num(NUMBERS["psi"])),
    ("psi", NUMBERS["psi"].ravel()),
    ("rounding", np.array([1e-9, 0])),
    ("rounding", np.array([np.nan, 1e-15])),
    ("count", np.array(8)),
    ("broken", np.array([False, True])),
    ("status", np.array(["global", "global"])),
    ("deviation", 1e-8),
    ("deviation", np.nan),
    ("new", np.array(1.0)),
])
def test_a_number_that_moves_is_noticed(baseline: dict, name: str, value) -> None:
    assert any(line.startswith(name) for line in baselines.differences(NUMBERS | {name: value}, baseline))


def test_a_number_that_is_gone_is_noticed(baseline: dict) -> None:
    assert baselines.differences({k: v for k, v in NUMBERS.items() if k != "psi"}, baseline) == ["psi: gone"]


def test_writing_again_keeps_tolerances_and_times(baseline: dict) -> None:
    path = baselines.FOLDER / "some.json"
    baseline["numbers"]["psi"]["tolerance"] = 1e-3
    path.write_text(json.dumps(baseline))
    baselines.write("some", NUMBERS | {"count": np.array(9)}, 9.0)
    again = json.loads(path.read_text())
    assert again["numbers"]["psi"]["tolerance"] == 1e-3 and again["seconds"] == 5
    assert again["numbers"]["count"]["mean"] == 9
    baselines.write("some", NUMBERS, 40.0)
    assert json.loads(path.read_text())["seconds"] == 60


def test_unknown_figures_are_refused(capsys: pytest.CaptureFixture) -> None:
    assert accept.main(["tlit"]) == 2 and "unknown figure 'tlit'" in capsys.readouterr().err
