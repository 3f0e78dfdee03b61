"""One figure at other parameters: named by them, apart from the gallery's, and refused before anything is computed."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from commands.cli import main
from figures import gallery, style
from figures.gallery import registry, settings, store
from testbed import InputError
from testbed.files import load_npz

WITH = [name for name in gallery.ORDER if gallery.figure(name).parameters]


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of residuals at another penalty and seed."""
    out = tmp_path_factory.mktemp("at")
    assert main(["figures", "residuals", "--set", "seed=4", "--set", "lam=0.3", "--out", str(out)]) == 0
    return out


def test_the_files_are_named_by_the_parameters(at: Path) -> None:
    stem = "residuals_lam=0.3_seed=4"  # in the order of the figure, whatever was typed
    assert {path.name for path in at.iterdir()} == {f"{stem}.{suffix}" for suffix in
                                                    ("svg", "pdf", "png", "csv", "npz", "html")}
    numbers = load_npz(at / f"{stem}.npz")
    assert numbers["lam"] == 0.3 and numbers["deviation"] <= numbers["tolerance"]
    text = (at / f"{stem}.html").read_text()
    assert "--set lam=0.3 --set seed=4" in text and "http" not in text.replace("http://www.w3.org", "")
    assert "Made at lam=0.3, seed=4; title and caption speak of the gallery" in text


def test_numbers_follow_the_parameters_and_not_the_order_of_work(at: Path) -> None:
    numbers = load_npz(at / "residuals_lam=0.3_seed=4.npz")
    again = gallery.figure("residuals").compute(lam=0.3, seed=4)
    assert all(np.array_equal(numbers[key], np.asarray(value)) for key, value in again.items())


def test_they_are_used_again_at_the_same_parameters_only(at: Path) -> None:
    said: list[str] = []
    gallery.write_at(at, "residuals", ["lam=0.3", "seed=4"], said.append)
    assert said == ["drawing residuals"]
    path, other = at / "residuals_lam=0.3_seed=4.npz", at / "residuals_lam=0.4_seed=4.npz"
    other.write_bytes(path.read_bytes())  # renamed by hand
    gallery.write_at(at, "residuals", ["lam=0.4", "seed=4"], said.append)
    assert said[1] == "computing residuals at lam=0.4, seed=4" and load_npz(other)["lam"] == 0.4


def test_the_gallery_never_takes_them(at: Path) -> None:
    taken = at / "residuals.npz"
    taken.write_bytes((at / "residuals_lam=0.3_seed=4.npz").read_bytes())
    assert store.load(taken, store.keys(["residuals"])["residuals"]) is None
    taken.unlink()


@pytest.mark.parametrize("name", WITH)
def test_every_parameter_has_a_value_that_it_takes(name: str) -> None:
    item = gallery.figure(name)
    assert all(p.kind == p.KEYWORD_ONLY for p in inspect.signature(item.compute).parameters.values())
    words = gallery.parameters(name).split(", ")
    from generators import parse_parameters

    assert settings.checked(item, parse_parameters(words)) == item.parameters  # the list shows what can be typed


def test_at_least_a_dozen_figures_have_parameters() -> None:
    assert len(WITH) >= 12


@pytest.mark.parametrize("name, words, said", [
    ("residuals", ["lm=0.3"], r"residuals has no parameter 'lm'; it has lam=0\.2, atoms=9, samples=600, seed=0"),
    ("residuals", ["lam=0"], r"residuals: lam must be above 0; got 0"),
    ("residuals", ["lam=nan"], r"residuals: lam must be a number such as 0\.2; got nan"),
    ("residuals", ["lam=true"], r"lam must be a number such as 0\.2; got True"),
    ("residuals", ["lam=1,2"], r"lam must be a number such as 0\.2; got 1,2"),
    ("residuals", ["seed=0.5"], r"seed must be a whole number such as 0; got 0\.5"),
    ("residuals", ["seed=-1"], r"seed must be at least 0; got -1"),
    ("residuals", ["atoms=0"], r"atoms must be at least 1; got 0"),
    ("residuals", ["lam"], r"expected name=value; got 'lam'"),
    ("residuals", ["lam=1", "lam=2"], r"lam is given twice"),
    ("tilt", ["lams=0.1,0.2"], r"tilt: lams must be 3 numbers such as 0\.1,0\.2,0\.4; got 0\.1,0\.2"),
    ("tilt", ["lams=0.1,-0.2,1"], r"tilt: lams must be above 0; got -0\.2"),
    ("polytope", ["lam=1"], r"polytope has no parameters"),
    ("interactive_width", ["lam=1"], r"interactive page: its sliders are its parameters"),
    ("tlit", ["lam=1"], r"unknown figure 'tlit'.*did you mean 'tilt'"),
])
def test_what_does_not_fit_is_refused_with_what_does(name: str, words: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        gallery.write_at(tmp_path / "out", name, words, silent)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words, said", [
    (["residuals", "--set", "lm=1"], "figures: residuals has no parameter 'lm'"),
    (["residuals", "tilt", "--set", "lam=1"], "--set needs the NAME of one figure"),
    (["--set", "lam=1"], "--set needs the NAME of one figure"),
    (["symmetry_breaking", "--set", "alpha=0.6"], "alpha must be finite and > 0 and <= 0.5; got 0.6"),
])
def test_on_the_command_line_it_is_one_line(words: list[str], said: str, tmp_path: Path,
                                            capsys: pytest.CaptureFixture) -> None:
    assert main(["figures", *words, "--out", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert not out and said in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_list_has_the_parameters() -> None:
    run = subprocess.run([sys.executable, "-m", "commands", "figures", "--list"], capture_output=True, text=True,
                         check=True)
    lines = run.stdout.splitlines()
    assert "--set lam=0.2, atoms=9, samples=600, seed=0" in lines[[line.split()[0] for line in lines].index(
        "residuals") + 1]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(registry.NAMES)


def test_axes_widen_for_what_would_be_outside_and_only_then() -> None:
    picture = style.canvas(style.COLUMN, 50)
    inside, outside, log, down = picture.subplots(1, 4)
    for axes, values in ((inside, [0.2, 0.9]), (outside, [-1.0, 3.0]), (log, [1e-3, np.nan]), (down, [7.0, 0.5])):
        style.measured(axes, [0.5, 0.6], values, style.BLUE)
        axes.plot([0, 1], [0, 99], color=style.BLUE)  # a line may run out of the picture
        axes.set(xlim=(0, 1), ylim=(0, 1))
    log.set(yscale="log", ylim=(0.1, 1))
    down.set_ylim(5, 0)
    style.hold(picture)
    assert inside.get_ylim() == (0, 1) and inside.get_xlim() == outside.get_xlim() == (0, 1)
    low, high = outside.get_ylim()
    assert -1.3 < low < -1 and 3 < high < 3.3
    assert 1e-4 < log.get_ylim()[0] < 1e-3 and log.get_ylim()[1] == pytest.approx(1)
    assert 7 < down.get_ylim()[0] < 8 and down.get_ylim()[1] == pytest.approx(0)
