"""The page of the theory: every statement under its anchor, its derivation without a lost word, links that lead."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import browser
import numpy as np
import pytest

from figures.gallery import page_theory
from figures.pages import derivation
from properties.theory import entries

AUDIT = (Path(__file__).parents[1] / "support" / "layout.js").read_text()


def words(html: str) -> list[str]:
    return re.findall(r"[A-Za-z]{3,}", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_every_statement_has_an_anchor_and_loses_no_word_of_its_derivation() -> None:
    page = page_theory.build({})
    for id, entry in entries().items():
        assert page.count(f'id="{id}"') == 1
        html = derivation.html(entry.text, entries(), id)
        said = set(re.findall(r"[A-Za-z]{3,}", derivation.letters(entry.text)))
        assert not {word.lower() for word in said} & set(derivation.LETTERS)
        joined = set(re.findall(r"[A-Za-z]+", re.sub(r"<[^>]+>", "", html)))  # a product's letters stand apart
        assert not said - {"sqrt"} - set(words(html)) - joined, id
    ids, links = re.findall(r'id="([^"]+)"', page), re.findall(r'href="#([^"]+)"', page)
    assert len(set(ids)) == len(ids) and set(links) <= set(ids)
    assert "mu_" not in re.sub(r"<[^>]+>", "", page) and "&lt;=" not in page


@pytest.mark.parametrize(("text", "html"), [
    ("mu_k (1 - G_jk) >= 0", "<p>μ<sub>k</sub> (1 − G<sub>jk</sub>) ≥ 0</p>"),
    ("by S4, <r, d_j> = lam^2", '<p>by <a href="#S4">S4</a>, ⟨r, d<sub>j</sub>⟩ = λ<sup>2</sup></p>'),
    ("here S5 says `a_b <= c`", "<p>here S5 says <code>a_b &lt;= c</code></p>"),
    ("    z_j", '<p class="formula"><math><msub><mi>z</mi><mi>j</mi></msub></math></p>'),
    ("    a     b", '<p class="formula"><math><mi>a</mi></math>&emsp; <math><mi>b</mi></math></p>'),
    ("    sum_{k != j} z_k", '<p class="formula">Σ<sub>k ≠ j</sub> z<sub>k</sub></p>'),  # no letters for it
    ("- one\n- two of x^-1", "<ul><li>one</li><li>two of x<sup>−1</sup></li></ul>"),
    ("slam, summary, 1/2 of *it*", "<p>slam, summary, ½ of <em>it</em></p>"),
])
def test_ascii_becomes_mathematics(text: str, html: str) -> None:
    assert derivation.html(text, ("S4", "S5"), "S5") == html


def test_evidence_is_what_the_numbers_say_and_the_command_that_measures_it() -> None:
    numbers = {"deviation": 0.5, "tolerance": 1e-8, "report_ids": ["C1", "S1"], "report_trained": [True, False, True],
               "report_applied": np.array([[True, True], [True, True], [True, False]]),
               "report_residual": np.array([[1e-16, 3e-12], [7e-15, 5.0], [4e-16, np.nan]])}
    said = {id: " ".join(page_theory.evidence(entries()[id], {"cone": numbers})) for id in ("C1", "S1", "S5", "G4")}
    assert "largest residual at 2 trained optima of the gallery" in said["C1"] and "4.0e-16 ≤ 1e-10" in said["C1"]
    assert "at 1 trained optimum of" in said["S1"] and "3.0e-12 ≤ 1e-08" in said["S1"]
    assert '<a href="index.html#cone">figure cone</a>' in said["S5"] and "5.0e-01 &gt; 1e-08" in said["S5"]
    assert "no figure: an exact symmetry" in said["G4"]
    assert all(f"<code>testbed theory {id}</code>" in text for id, text in said.items())


@pytest.mark.skipif(bool(browser.ABSENT), reason=browser.ABSENT)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_page_is_drawn_without_fault(chrome: Any, quick_gallery: Path, width: int, dark: bool) -> None:
    browser.show(chrome, quick_gallery / "theory.html", width, 800, dark, "document.readyState == 'complete'")
    assert chrome.execute_script(f"return ({AUDIT})()") == [] and browser.complaints(chrome) == []
    assert "index.html#polytope" in (quick_gallery / "theory.html").read_text()
