"""Figures: prediction equals measurement, drawing uses the numbers alone, files are complete and reproducible."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import QUICK
from drawn import collisions, least_type, texts

from figures import gallery, reports, style
from figures.base import deviation
from figures.gallery import page_reports
from figures.pages import panels
from properties.theory import statements

Numbers = Callable[[str], dict]
SUFFIXES = ("svg", "pdf", "png", "npz", "csv")

NAMES = [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in gallery.ORDER]


# --- prediction and measurement


@pytest.mark.parametrize("name", NAMES)
def test_prediction_equals_measurement(numbers_of: Numbers, name: str) -> None:
    numbers = numbers_of(name)
    assert numbers["deviation"] <= numbers["tolerance"], f"{name}: {numbers['deviation']}"


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_plain_and_finite_where_measured(numbers_of: Numbers, name: str) -> None:
    numbers = numbers_of(name)
    for key, value in numbers.items():
        assert value.dtype.kind in "fiubU", key
        if key.endswith(("_trained", "_measured")) or key in ("measured", "radius", "mu"):
            assert np.isfinite(value).all(), key


@pytest.mark.slow
def test_tilt_covers_what_theory_predicts(numbers_of: Numbers) -> None:
    numbers = numbers_of("tilt")
    for axis in ("lam", "beta"):
        assert np.isfinite(numbers[f"psi_{axis}_predicted"]).all()
        assert (np.diff(numbers[f"psi_{axis}_trained"], axis=1) > 0).all()
        assert 0 < numbers[f"broken_{axis}_line"].mean() < 0.5  # both regimes are shown


@pytest.mark.slow
def test_absorption_tends_to_the_extreme_ray_and_respects_the_bound(numbers_of: Numbers) -> None:
    numbers = numbers_of("absorption")
    gap = numbers["extreme"][:, None] - numbers["angle_lam_trained"]
    assert (gap > -1e-9).all()
    assert (np.diff(gap[1:], axis=1) > 0).all()  # the smaller the penalty the nearer
    assert np.abs(numbers["angle_lam_trained"][0] - np.pi / 4).max() < 1e-9
    for axis in ("lam", "spread"):
        assert (numbers[f"parent_{axis}_trained"] <= numbers[f"bound_{axis}_trained"] + 1e-9).all()


@pytest.mark.slow
def test_cone_holds_at_optima_and_fails_at_the_true_features(numbers_of: Numbers) -> None:
    numbers = numbers_of("cone")
    for case in ("cone", "hull", "mended"):
        assert numbers[f"{case}_distance"] < 1e-9
    assert numbers["hull_total"] == pytest.approx(1, abs=1e-9)  # B2: the weights are a probability
    assert numbers["fails_distance"] > 0.5 and numbers["failure"] > 0.1


@pytest.mark.slow
def test_density_threshold_is_one_half(numbers_of: Numbers) -> None:
    numbers = numbers_of("density")
    dense = numbers["p_mark"] > 0.5
    assert (numbers["minus_trained"][~dense] == 0).all() and (numbers["minus_trained"][dense] > 0.3).all()
    saved = numbers["single_trained"] - numbers["F_trained"]
    assert np.abs(saved[~dense]).max() < 1e-9 and saved[dense].min() > 1e-5
    sparse = numbers["p_mark"][~dense]
    assert np.abs(numbers["location_trained"][~dense] - numbers["lam"] * sparse / (1 - sparse)).max() < 1e-9


def test_residuals_of_the_true_features_do_not_agree(numbers_of: Numbers) -> None:
    assert numbers_of("residuals")["untrained_deviation"] > 0.05


@pytest.mark.slow
def test_statements_pass_optima_and_fail_impostors(numbers_of: Numbers) -> None:
    numbers = numbers_of("impostors")
    held, trained = reports.holds(numbers), numbers["report_trained"]
    assert held[trained].all() and reports.trained_hold(numbers)
    assert not held[~trained].all(axis=1).any()


def test_a_failing_optimum_is_noticed() -> None:
    numbers = {"report_ids": ["S1"], "report_tolerance": [1e-8], "report_residual": [[1e-7], [np.nan]],
               "report_applied": [[True], [True]], "report_trained": [True, False]}
    assert not reports.trained_hold(numbers)
    assert not reports.trained_hold(numbers | {"report_trained": [False, True]})  # NaN never holds
    assert reports.trained_hold(numbers | {"report_trained": [False, False]})
    assert reports.worst_ratio(numbers) == pytest.approx(10)


def test_deviation_ignores_only_missing_predictions() -> None:
    assert deviation([1.0, 5.0], [1.5, np.nan]) == 0.5
    assert not deviation([np.nan, 5.0], [1.5, np.nan]) <= 1


# --- drawing


@pytest.mark.parametrize("name", NAMES)
def test_drawing_is_legible_and_reproducible(
        numbers_of: Numbers, folder_of: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.fit", None)  # drawing computes nothing
    picture = gallery.figure(name).draw(numbers_of(name))
    width = picture.get_size_inches()[0] * 25.4
    assert any(width == pytest.approx(allowed) for allowed in (style.COLUMN, style.PAGE))
    files = style.encode(picture)
    for suffix, content in files.items():  # as another process drew it, which had drawn other figures before
        assert content == (folder_of(name) / f"{name}{suffix}").read_bytes(), suffix
    assert b"<dc:date>" not in files[".svg"] and b"CreationDate" not in files[".pdf"]
    labels_can_be_read_and_panels_hold_them(picture)


def labels_can_be_read_and_panels_hold_them(picture: Any) -> None:
    shown = texts(picture)
    assert not collisions(picture, shown)
    assert least_type(picture) >= 7, "set sub- and superscripts in Unicode (style.low, style.high), not in mathtext"
    found = panels.panels(picture)
    assert 1 <= len(found) <= len(picture.axes)
    mm = 25.4 / picture.dpi
    for text, box in shown:
        left, right, top, bottom = box.x0 * mm, box.x1 * mm, found[0].of[1] - box.y1 * mm, found[0].of[1] - box.y0 * mm
        assert any(p.left <= left + 0.5 and p.top <= top + 0.5 and right - 0.5 <= p.left + p.width
                   and bottom - 0.5 <= p.top + p.height for p in found), f"{text.get_text()!r} is in no panel"


def test_axes_that_need_each_other_stay_together() -> None:
    def count(rows: int, columns: int, width: float, **shared: str | bool) -> int:
        picture = style.canvas(width, 60)
        picture.subplots(rows, columns, **shared)
        style.settle(picture)
        return len(panels.panels(picture))

    assert count(1, 2, style.PAGE) == 2
    assert count(2, 1, style.COLUMN, sharex=True) == 1  # one scale for both
    assert count(1, 2, style.COLUMN, sharey=True) == 1
    assert count(1, 2, style.PAGE, sharey=True) == 2  # too wide to keep together
    assert count(2, 2, style.PAGE, sharex="col", sharey="row") == 2


def test_labels_that_cannot_be_read_are_found() -> None:
    picture = style.canvas(style.COLUMN, 60)
    axes = picture.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    style.label(axes, 0.5, 0.5, "one thing")
    style.label(axes, 0.5, 0.51, "another")
    picture.text(0.9, 0.2, "over the edge of the figure")
    found = collisions(picture, texts(picture))
    assert "'another' overlaps 'one thing'" in found and "'over the edge of the figure' is cut off" in found
    axes.set_xlabel("$x_1$", fontsize=style.TEXT)
    assert least_type(picture) == pytest.approx(0.7 * style.TEXT)


def test_style_ignores_the_users_settings(numbers_of: Numbers) -> None:
    import matplotlib

    item, numbers = gallery.figure("residuals"), numbers_of("residuals")
    expected = style.encode(item.draw(numbers))
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "svg.hashsalt": "other"}):
        assert style.encode(item.draw(numbers)) == expected


# --- files and the page


def test_files_are_complete(quick_gallery: Path) -> None:
    expected = {f"{name}.{suffix}" for name in QUICK for suffix in SUFFIXES}
    assert {path.name for path in quick_gallery.iterdir()} == expected | {"index.html", "theory.html"}


def test_a_second_run_writes_the_same_bytes(quick_gallery: Path, tmp_path: Path) -> None:
    gallery.write(tmp_path, QUICK, at_once=2)  # and however many processes share the work
    for path in quick_gallery.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_with_names_the_others_are_kept_and_the_missing_are_listed(quick_gallery: Path, tmp_path: Path) -> None:
    gallery.write(tmp_path, ["polytope"])
    text = (tmp_path / "index.html").read_text()
    assert 'id="polytope"' in text and 'id="residuals"' not in text
    assert "not made yet: <code>testbed figures residuals</code>" in text
    (tmp_path / "polytope.npz").write_bytes(b"broken")  # what cannot be read is not made
    said: list[str] = []
    gallery.write(tmp_path, ["residuals"], lambda line, *_: said.append(line))
    text = (tmp_path / "index.html").read_text()
    assert 'id="residuals"' in text and 'id="polytope"' not in text
    assert said == ["residuals: computed and drawn, 1 of 1"]


class Page(HTMLParser):
    """Collects tags with their attributes, and ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))


def test_page_is_self_contained_and_described(quick_gallery: Path) -> None:
    text = (quick_gallery / "index.html").read_text()
    assert "http://" not in text and "https://" not in text and str(quick_gallery) not in text
    found = Page(text)
    assert [attributes for tag, attributes in found.tags if tag == "script"] == [{}]  # its text is on the page
    assert not any(tag in ("link", "iframe", "object") for tag, _ in found.tags)
    images = [attributes for tag, attributes in found.tags if tag == "img"]
    assert len(images) == len(QUICK)
    for attributes in images:
        assert len(attributes["alt"] or "") > 60 and (attributes["src"] or "").startswith("data:image/svg+xml;base64,")
    ids = {attributes["id"] for _, attributes in found.tags if "id" in attributes}
    for tag, attributes in found.tags:
        target = attributes.get("href") or ""
        if tag == "a":
            file, _, anchor = target.partition("#")
            assert (quick_gallery / file).is_file() if file else anchor in ids, target
            if file and anchor:
                assert f'id="{anchor}"' in (quick_gallery / file).read_text(), target


def test_every_figure_says_what_it_shows() -> None:
    for name in gallery.ORDER:
        item = gallery.figure(name)
        assert item.name == name and len(item.title) < 125 and item.agreement
        assert len(item.caption) > 100 and len(item.alt) > 100 and item.alt != item.caption
        for id in item.statements:
            assert id in statements()


def test_reports_appear_on_the_page() -> None:
    numbers = {"report_labels": ["a <world>"], "report_trained": [True], "report_ids": ["S1", "B1"],
               "report_tolerance": [1e-8, 1e-8], "report_residual": [[1e-3, np.nan]], "report_worst": [["atom 2", ""]],
               "report_applied": [[True, False]], "report_status": ["stationary"], "report_objective": [0.5],
               "report_live": [3], "report_dead": [0]}
    text = page_reports.report(numbers, 0)
    assert "a &lt;world&gt;" in text and "1 of 1 fail" in text and "FAILS" in text and "atom 2" in text
    assert re.search(r"<td>B1</td>", text) is None  # did not apply


# --- refusals


def test_unknown_names_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=r"unknown figure 'poltope'; the figures are polytope, .*, cone, .*; did you "
                                         r"mean 'polytope'\?"):
        gallery.write(out, ["residuals", "poltope"])
    assert not out.exists()


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("mine")
    with pytest.raises(ValueError, match="must be a folder"):
        gallery.write(path, ["residuals"])
    assert path.read_text() == "mine"


def test_listing_loads_nothing_heavy() -> None:
    code = ("import sys; from figures import gallery; t = gallery.titles(); assert len(t) >= 7; "
            "heavy = {'matplotlib', 'numba', 'sklearn', 'testbed'} & set(sys.modules); assert not heavy, heavy")
    subprocess.run([sys.executable, "-c", code], check=True)


# --- everything


@pytest.mark.slow
def test_the_whole_gallery(whole_gallery: tuple[Path, gallery.Written]) -> None:
    out, written = whole_gallery
    text = written.page.read_text()
    assert written.holds and written.computed == list(gallery.NAMES) and not written.reused
    assert "not made yet" not in text and "every statement holds at every trained optimum" in text
    assert 'class="fails"' not in text.split('id="reports"')[0]
    for name in gallery.ORDER:
        assert all((out / f"{name}.{suffix}").stat().st_size > 1000 for suffix in SUFFIXES)
        assert f'id="{name}"' in text
