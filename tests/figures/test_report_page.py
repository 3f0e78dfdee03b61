"""The page of one optimum says what the report says, in a browser at the width of a desk and of a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import browser
import numpy as np
import pytest

import properties
from figures.pages import report
from figures.pages.report import write_report
from generators import hierarchical
from testbed import Optimum, fit, gap

AUDIT = (Path(__file__).parents[1] / "support" / "layout.js").read_text()


@pytest.fixture(scope="module")
def optimum() -> Optimum:
    """A small dictionary, trained."""
    sample = hierarchical(roots=2, depth=2, branching=2, magnitude="uniform(0.5,1.5)").embed(4, "random", 3)
    return fit(sample.sample(12, rng=0).X, 4, 0.2)


@pytest.fixture(scope="module")
def page(optimum: Optimum, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "page.html"
    write_report(path, optimum, properties.check(optimum), bounds=gap(optimum, 0.1))
    return path


def test_it_says_what_the_report_says(optimum: Optimum, page: Path) -> None:
    text, found = page.read_text(), properties.check(optimum)
    tested = [verdict for verdict in found.verdicts if verdict.residual is not None]
    assert f"all {len(tested)} statements hold" in text and f"{optimum.objective:.12g}" in text
    assert found.skipped and len(tested) + len(found.skipped) == len(found.verdicts)
    for verdict in tested:
        assert f"<td>{verdict.id}</td><td>{verdict.name}</td><td>{verdict.residual:.1e}</td>" in text
        assert verdict.worst in text
    for id, why in found.skipped.items():
        assert id in text and why in text
    assert text.count("<img") == 3 and "http" not in text.replace("http://www.w3.org", "")


def test_bounds_are_there_where_they_were_computed(optimum: Optimum, page: Path) -> None:
    found, bounds = properties.check(optimum), gap(optimum, 0.1)
    text = page.read_text()
    assert f"{bounds.class_bound:.10g}" in text and f"{bounds.floor:.10g}" in text and "at price τ = 0.1" in text
    assert "How much better" not in report.html(optimum, found)
    floor = report.html(optimum, found, gap(optimum, 0.0))
    assert "no dictionary of any width is below (G1)" in floor and "class bound" not in floor


def test_the_same_optimum_gives_the_same_bytes(optimum: Optimum, page: Path) -> None:
    assert report.html(optimum, properties.check(optimum), gap(optimum, 0.1)) == page.read_text()


def test_what_fails_is_said(optimum: Optimum) -> None:
    D = optimum.D + 0.1 * np.random.default_rng(0).standard_normal(optimum.D.shape)
    other = Optimum.at(optimum.problem, D / np.linalg.norm(D, axis=1, keepdims=True))
    found = properties.check(other)
    failed = [v.id for v in found.verdicts if v.holds is False]
    assert "S1" in failed
    text = report.html(other, found)
    assert f'<span class="fails">{", ".join(failed)} fail</span>' in text and text.count(">FAILS<") == len(failed)


def test_residuals_over_atoms_are_those_of_s1(optimum: Optimum) -> None:
    heights = report.atoms(optimum).axes[0].get_lines()[0].get_ydata()
    order = np.argsort(-optimum.mu)[:len(heights)]
    Z, w = optimum.Z.toarray(), optimum.problem.weights
    for height, j in zip(heights, order, strict=True):
        seen = (w * Z[:, j]) @ optimum.R / (w @ Z[:, j]) / optimum.problem.lam
        assert height == pytest.approx(np.linalg.norm(seen - optimum.D[j]), abs=1e-14)
    assert len(heights) == optimum.live.sum()


def test_a_dictionary_without_codes_has_a_page_too(optimum: Optimum) -> None:
    from testbed import Problem

    none = Optimum.at(Problem(optimum.problem.X, 50.0), optimum.D)
    text = report.html(none, properties.check(none))
    assert "Residuals over atoms" not in text and "Residuals over samples" in text


@pytest.mark.skipif(bool(browser.ABSENT), reason=browser.ABSENT)
@pytest.mark.parametrize("width, dark", [(width, dark) for width in (1280, 390) for dark in (False, True)])
def test_it_is_drawn_without_fault(chrome: Any, page: Path, width: int, dark: bool) -> None:
    browser.show(chrome, page, width, 800, dark, "document.readyState == 'complete'")
    assert chrome.execute_script(f"return ({AUDIT})()") == []
    assert browser.complaints(chrome) == []
    asked = [url for url in browser.requests(chrome) if not url.startswith("data:")]
    assert asked == [page.resolve().as_uri()]
