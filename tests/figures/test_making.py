"""Making the gallery: what fails is named while the rest is made, the page comes early, and a first figure is quick."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import QUICK

import figures.polytope
from commands.cli import main
from figures import gallery, interactive
from figures.gallery import baselines, making, store, work
from figures.gallery.making import seconds


def refuse() -> Any:
    """The `compute` of a figure that cannot be made."""
    raise ArithmeticError("there is <no> polytope")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """polytope cannot be made."""
    monkeypatch.setattr(figures.polytope, "FIGURE", replace(figures.polytope.FIGURE, compute=refuse))


def test_a_figure_that_fails_is_named_and_the_others_are_made(
        refused: None, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    said: list[str] = []
    written = gallery.write(tmp_path, QUICK, lambda line, *_: said.append(line), at_once=1)
    reason = "ArithmeticError: there is <no> polytope"
    assert said == [f"polytope: failed: {reason}", "residuals: computed and drawn, 1 of 2"]
    assert written.computed == ["residuals"] and written.holds
    assert list(written.failed) == ["polytope"] and "in refuse" in written.failed["polytope"]
    text = written.page.read_text()
    assert 'id="residuals"' in text and "Could not be made: polytope (ArithmeticError: there is &lt;no&gt;" in text
    assert "could not be made: ArithmeticError: there is &lt;no&gt; polytope" in text
    assert not (tmp_path / "polytope.npz").exists()


def test_a_figure_that_fails_is_exit_status_1(refused: None, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["figures", "polytope", "--out", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "index.html: 0 figures" in out
    assert "figure polytope could not be made" in err and "in refuse" in err and "there is <no> polytope" in err


def test_the_page_is_there_before_the_figures_and_grows(tmp_path: Path) -> None:
    pages: list[str] = []
    gallery.write(tmp_path, QUICK, live=lambda *_: pages.append((tmp_path / "index.html").read_text()), at_once=1)
    first, second = pages[0], pages[-1]
    every = len(gallery.ORDER)
    assert f"0 of {every} figures are here and 2 on their way" in first and first.count("(on its way)") == 2
    assert f"1 of {every} figures are here and 1 on their way" in second and 'id="polytope"' in second
    last = (tmp_path / "index.html").read_text()
    assert "on their way" not in last and "on its way" not in last


def test_what_is_finished_is_told_with_the_share_of_the_work(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    live: list[tuple[str, int, int]] = []
    gallery.write(tmp_path, QUICK, lambda *words: told.append(words), lambda *words: live.append(words), at_once=1)
    total = told[0][2]
    assert total > 0 and [done for _, done, _ in told] == sorted(done for _, done, _ in told) and told[-1][1] == total
    assert [line for line, *_ in live] == list(QUICK) and all(0 <= done < total == all_ for _, done, all_ in live)


def stages(out: Path, names: list[str], fresh: bool = False) -> list[list[str]]:
    planned = making._Gallery(out, names, fresh, making.silent, making.silent).stages()
    return [[task.name for task in stage] for stage in planned]


def test_first_what_needs_no_kernels_beside_their_compilation_then_the_longest(tmp_path: Path) -> None:
    first, rest = stages(tmp_path, list(gallery.NAMES))
    assert first == ["benchmarks", work.TRAINING, work.PLANE, "classical"] and rest[0] == work.MANY
    tasks = [work.Task(name, tmp_path) for name in rest[1:]]
    assert tasks == sorted(tasks, key=lambda task: (task.name in making.MANY, -seconds(task)))
    assert sorted([*first[::3], *rest[1:]]) == sorted(gallery.NAMES)


def test_the_figures_that_fit_many_are_known() -> None:
    home = Path(making.__file__).parents[1]
    sources = {name: home / f"{name.replace('interactive_', 'interactive/')}.py" for name in gallery.NAMES}
    assert {name for name, source in sources.items() if "fit_many" in source.read_text()} == set(making.MANY)


def test_figures_that_need_no_kernels_load_none() -> None:
    code = ("import sys; from figures import gallery; from figures.gallery import making; "
            "[gallery.figure(name).draw(gallery.figure(name).compute()) for name in making.NO_KERNELS]; "
            "assert 'numba' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_numbers_that_are_there_are_drawn_first(quick_gallery: Path) -> None:
    first, rest = stages(quick_gallery, ["residuals", "tilt"])
    # what was asked for, then what lies there
    assert first == ["residuals", work.TRAINING, work.PLANE, "polytope"] and rest == [work.MANY, "tilt"]
    assert stages(quick_gallery, ["residuals"]) == [["residuals", "polytope"], []]
    assert stages(quick_gallery, ["residuals"], fresh=True) == [["polytope", work.TRAINING, work.PLANE], ["residuals"]]


def test_every_time_is_known() -> None:
    assert all(baselines.seconds(name) for name in gallery.ORDER) and all(interactive.PAGES.values())


def test_numbers_that_other_code_replaces_meanwhile_are_not_drawn(tmp_path: Path) -> None:
    store.save(tmp_path / "polytope.npz", {"deviation": 0.0, "tolerance": 1.0}, "other")
    with pytest.raises(OSError, match=r"polytope\.npz: was replaced by other code"):
        work.do(work.Task("polytope", tmp_path, "key", compute=False), lambda _: None)
