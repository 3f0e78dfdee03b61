"""Interactive pages: frames are optima, pages are reproducible, and a driven browser shows what `fit` gives."""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import browser
import numpy as np
import pytest
from PIL import Image

from commands.cli import main
from figures import gallery, interactive
from figures.interactive import document, two_features
from generators.worlds.correlated_pair import best_angles
from testbed import fit

TWO, DENSITY, WIDTH, SUCCESSORS = interactive.PAGES
LIMIT = 4_000_000  # bytes of a page
# what all pages have from one script: asked of one page, and of the others at night
SCRIPT = [TWO, *(pytest.param(name, marks=pytest.mark.nightly) for name in interactive.PAGES if name != TWO)]


@pytest.fixture
def folder(whole_gallery: tuple[Path, gallery.Written]) -> Path:
    """Every page, beside the gallery."""
    return whole_gallery[0]


def numbers(folder: Path, name: str) -> dict[str, np.ndarray]:
    return dict(np.load(folder / f"{name}.npz"))


# --- frames are optima


@pytest.mark.slow
@pytest.mark.parametrize("name", interactive.PAGES)
def test_every_frame_is_an_optimum_and_agrees_with_theory(folder: Path, name: str) -> None:
    z, page = numbers(folder, name), interactive.named(name)
    assert z["deviation"] <= z["tolerance"]
    flat = z.get("flat", np.zeros(page.frames, dtype=bool))
    assert len(z["F"]) == page.frames and (z["status"] >= np.where(flat, 1, 2)).all()  # minima, or points of a valley
    assert max(z["stationarity"].max(), z["kkt"].max()) <= 1e-10
    for parameter, values in page.parameters().items():
        assert np.array_equal(z[parameter], values)


@pytest.mark.slow
def test_no_pair_of_atoms_is_better_than_a_frame_of_two_features(folder: Path) -> None:
    z = numbers(folder, TWO)
    for k in np.random.default_rng(0).choice(len(z["F"]), 60, replace=False):
        rival, _ = best_angles(two_features.X, z["weights"][k], float(z["lam"][k]))  # a search over all angles
        assert z["F"][k] <= rival + 1e-9


@pytest.mark.slow
def test_the_stories_that_the_pages_tell(folder: Path) -> None:
    z, shape = numbers(folder, TWO), interactive.named(TWO).shape
    child = z["angle"][:, 1].reshape(shape)
    assert (np.diff(child, axis=1) > -1e-9).all()  # the less often alone, the nearer to the sum
    assert np.allclose(child[:, 0], 45)  # never alone: absorbed (T3)
    assert np.abs(np.diff(child, axis=2)).max() > 20  # jumps
    regimes = {words: z["regime"][np.ravel_multi_index(where, shape)]
                for words, where in interactive.named(TWO).positions().items()}
    assert list(regimes.values()) == [0, 3, 2, 0, 2]  # absorbed, partly, tilted, absorbed after the jump, tilted
    z = numbers(folder, DENSITY)
    pair = (z["plus"] > 0) & (z["minus"] > 0)
    dense, spread = z["density"] > 0.5, z["spread"] / z["lam"]
    assert pair[dense & (spread > 1 - 1e-9)].all()  # dense, and spread by lam to both sides of the middle
    assert not pair[~dense].any() and not pair[spread == 0].any()
    between = dense & (spread > 0) & (spread < 1 - 1e-9)  # there the density decides, as theory says
    assert np.array_equal(pair, (z["plus_predicted"] > 0) & (z["minus_predicted"] > 0))
    assert 0.1 < pair[between].mean() < 0.9
    z = numbers(folder, WIDTH)
    gap = (z["F"] - z["floor"]).reshape(interactive.named(WIDTH).shape)
    assert (np.diff(gap, axis=1) < 0).all() and np.abs(gap[:, -1]).max() < 1e-12 and gap[:, :-1].min() > 1e-5
    assert z["violations"] == 0
    assert np.array_equal(z["radius"] <= 1 + 1e-9, z["width"] == 12)


# --- pages


@pytest.mark.slow
@pytest.mark.parametrize("name", interactive.PAGES)
def test_a_page_is_one_file_and_its_bytes_are_reproducible(folder: Path, name: str) -> None:
    content = (folder / f"{name}.html").read_bytes()
    assert len(content) < LIMIT
    assert interactive.named(name).build(numbers(folder, name)) == content
    text = content.decode()
    assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)', text)
    assert all(f"<dt>{id}</dt>" in text for id in interactive.named(name).statements)


def test_names_of_models_do_not_depend_on_what_was_built_before() -> None:
    one = document._named_in_order(['{"id":"p1002"},{"id":"p1001"},{"ref":"p1002"}', '"p1001" p1001'])
    two = document._named_in_order(['{"id":"p2044"},{"id":"p2043"},{"ref":"p2044"}', '"p2043" p1001'])
    assert one == two == ['{"id":"m0000"},{"id":"m0001"},{"ref":"m0000"}', '"m0001" p1001']


def test_an_unknown_page_and_a_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"unknown figure 'interactive_nothing'; .* interactive_two_features, "):
        gallery.write(tmp_path, ["interactive_nothing"])
    assert main(["figures", TWO, "nothing", "--out", str(tmp_path)]) == 2  # and nothing is computed before that
    monkeypatch.setitem(sys.modules, "bokeh", None)
    with pytest.raises(ValueError, match="needs bokeh, which is not installed; install the extra 'figures'"):
        gallery.write(tmp_path, [TWO])
    assert not list(tmp_path.iterdir())


# --- in a browser


def shown(chrome: Any, source: str) -> dict[str, list]:
    """The data that a page draws from, at full precision."""
    return chrome.execute_script(
        "const d = Bokeh.documents[0].get_model_by_name(arguments[0]).data;"
        "return Object.fromEntries(Object.entries(d).map(([name, values]) => [name, Array.from(values)]))", source)


def press(chrome: Any, slider: str, key: str, times: int) -> None:
    from selenium.webdriver.common.by import By

    chrome.find_element(By.ID, slider).send_keys(*[key] * times)


def text(chrome: Any, id: str) -> str:
    return str(chrome.execute_script("return document.getElementById(arguments[0]).textContent", id))


def value(chrome: Any, slider: str) -> float:
    """The parameter that a slider says it is at."""
    return float(text(chrome, f"{slider}_value"))


@pytest.mark.slow
def test_two_features_follows_its_sliders(folder: Path, chrome: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.show(chrome, folder / f"{TWO}.html", 1280)
    seen = set()
    for slider, key, times in (("lam", Keys.ARROW_RIGHT, 3), ("alone", Keys.HOME, 1), ("both", Keys.ARROW_LEFT, 2),
                               ("alone", Keys.ARROW_RIGHT, 5), ("alone", Keys.ARROW_RIGHT, 6), ("lam", Keys.END, 1),
                               ("both", Keys.END, 1)):
        press(chrome, slider, key, times)
        both, alone, lam = (value(chrome, name) for name in ("both", "alone", "lam"))
        w = [1 - both - alone, both, alone]
        optimum = fit(two_features.X, 2, lam, weights=w, restarts=24, seed=7)
        order = np.argsort(np.arctan2(optimum.D[:, 1], optimum.D[:, 0]))
        atoms, now, residuals = shown(chrome, "atoms"), shown(chrome, "now"), shown(chrome, "residuals")
        D, R = optimum.D[order], optimum.R[np.array(w) > 0]
        assert np.abs(np.transpose([atoms["x"], atoms["y"]]) - D).max() < 1e-8
        assert np.abs(np.transpose([residuals["x"], residuals["y"]]) - R).max() < 1e-8
        assert np.abs(now["angle"] - np.degrees(np.arctan2(D[:, 1], D[:, 0]))).max() < 1e-6  # degrees
        assert float(text(chrome, "objective")) == pytest.approx(optimum.objective, abs=1e-8)
        assert text(chrome, "status") == optimum.status
        called = eval(text(chrome, "call"), {"fit": fit})  # what the page says to run
        assert called.objective >= optimum.objective - 1e-12
        seen.add(text(chrome, "says"))
    assert len(seen) >= 3
    assert browser.complaints(chrome) == []
    assert browser.requests(chrome) == [(folder / f"{TWO}.html").resolve().as_uri()]


@pytest.mark.slow
def test_density_follows_its_sliders(folder: Path, chrome: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    from figures.interactive import density

    browser.show(chrome, folder / f"{DENSITY}.html", 1280)
    for slider, key, times in (("density", Keys.ARROW_RIGHT, 14), ("spread", Keys.HOME, 1), ("density", Keys.END, 1),
                               ("spread", Keys.ARROW_RIGHT, 4), ("density", Keys.HOME, 1)):
        press(chrome, slider, key, times)
        sample = density.world(value(chrome, "density"), value(chrome, "spread")).exact()
        optimum = fit(sample.X, 2, density.LAM, bias=True, weights=sample.weights, restarts=12, seed=7)
        rates = sample.weights @ optimum.support
        now = shown(chrome, "now")
        assert now["bias"][0] == pytest.approx(optimum.b[0], abs=1e-8)
        assert now["F"][0] == pytest.approx(optimum.objective, abs=1e-8)
        assert now["plus"][0] == pytest.approx(rates[optimum.D[:, 0] > 0].sum(), abs=1e-8)
        assert now["minus"][0] == pytest.approx(rates[optimum.D[:, 0] < 0].sum(), abs=1e-8)
        assert len(shown(chrome, "atoms")["x"]) == optimum.live.sum()
    assert browser.complaints(chrome) == []
    assert browser.requests(chrome) == [(folder / f"{DENSITY}.html").resolve().as_uri()]


@pytest.mark.slow
def test_width_follows_its_sliders(folder: Path, chrome: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    from figures.interactive import width

    browser.show(chrome, folder / f"{WIDTH}.html", 1280)
    for slider, key, times in (("width", Keys.HOME, 1), ("width", Keys.ARROW_RIGHT, 3), ("lam", Keys.ARROW_RIGHT, 4),
                               ("width", Keys.END, 1)):
        press(chrome, slider, key, times)
        m, lam = int(value(chrome, "width")), value(chrome, "lam")
        optimum = fit(width.X, m, lam, restarts=64, seed=7)
        angle = np.degrees(np.arctan2(optimum.D[:, 1], optimum.D[:, 0]))
        D = optimum.D[np.argsort((angle - width.DEGREES[0] + 1) % 360)]
        spokes = shown(chrome, "spokes")
        assert np.abs(np.transpose([spokes["x"], spokes["y"]]) - D).max() < 1e-8
        assert float(text(chrome, "objective")) == pytest.approx(optimum.objective, abs=1e-8)
        assert float(text(chrome, "radius")) == pytest.approx(optimum.radius, abs=1e-6)  # six decimals are shown
        assert len(shown(chrome, "cells")["atom"]) == optimum.Z.nnz
    assert browser.complaints(chrome) == []
    assert browser.requests(chrome) == [(folder / f"{WIDTH}.html").resolve().as_uri()]


@pytest.mark.slow
@pytest.mark.parametrize("name", interactive.PAGES)
def test_a_page_fits_a_phone_and_its_buttons_work(folder: Path, chrome: Any, name: str) -> None:
    from selenium.webdriver.common.by import By

    browser.show(chrome, folder / f"{name}.html", 390, 844)
    assert chrome.execute_script("return document.documentElement.scrollWidth") == 390
    small = chrome.execute_script(
        "return [...document.querySelectorAll('p, dd, dt, label, button, figcaption, td, th, code')]"
        ".filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.tagName)")
    assert small == []
    page = interactive.named(name)
    buttons = chrome.find_elements(By.CSS_SELECTOR, ".presets button")
    for button, positions in zip(buttons, page.positions().values(), strict=True):
        button.click()
        assert [value(chrome, c.name) for c in page.controls] == pytest.approx(
            [c.values[i] for c, i in zip(page.controls, positions, strict=True)])
        k = int(np.ravel_multi_index(positions, page.shape))
        assert float(text(chrome, "objective")) == pytest.approx(numbers(folder, name)["F"][k], abs=1e-9)
    assert browser.complaints(chrome) == []


VISIBLE = """const high = innerHeight, seen = e => { const r = e.getBoundingClientRect();
  return r.top >= 0 && r.bottom <= high + 1 && r.left >= 0 && r.right <= innerWidth + 1; };
return [...document.querySelectorAll(arguments[0])].filter(e => !seen(e)).map(e => e.id || e.className)"""


@pytest.mark.slow
@pytest.mark.parametrize("name", interactive.PAGES)
def test_the_bench_fits_a_window_and_a_phone_has_plot_and_sliders_together(folder: Path, chrome: Any,
                                                                          name: str) -> None:
    for width, height in ((1280, 720), (1920, 1080)):
        browser.show(chrome, folder / f"{name}.html", width, height)
        assert chrome.execute_script(VISIBLE, "h1, .controls, .presets button, #says, .plots figure, .numbers dl, "
                                              ".numbers table, .tools button") == []
    browser.show(chrome, folder / f"{name}.html", 390, 844)
    assert chrome.execute_script(VISIBLE, ".controls, .plots figure:first-child, #says") == []
    box, sliders = (chrome.execute_script("const r = document.querySelector(arguments[0]).getBoundingClientRect();"
                                          "return [r.top, r.bottom]", which) for which in (".card", ".controls"))
    assert box[1] <= sliders[0]  # nothing covers the picture


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPT)
def test_the_address_holds_the_settings(folder: Path, chrome: Any, name: str) -> None:
    from selenium.webdriver.common.keys import Keys

    page = interactive.named(name)
    browser.show(chrome, folder / f"{name}.html", 1280)
    for control in page.controls:
        press(chrome, control.name, Keys.ARROW_RIGHT, 2)
    address, found = chrome.current_url, text(chrome, "objective")
    assert address.partition("#")[2] == "&".join(f"{c.name}={value(chrome, c.name):.{c.digits}f}"
                                                 for c in page.controls)
    chrome.get("about:blank")
    chrome.get(address)
    browser.wait(chrome, "document.body.dataset.ready == 'yes'")
    assert text(chrome, "objective") == found and chrome.current_url == address
    first = page.controls[0]  # the nearest there is; the others stay; what is no number is passed over
    kept = value(chrome, page.controls[-1].name)
    chrome.execute_script(f"location.hash = '{first.name}={first.values[1] + 1e-4}&{page.controls[-1].name}=x'")
    browser.wait(chrome, f"document.getElementById('{first.name}').value == 1")
    assert value(chrome, page.controls[-1].name) == kept
    assert browser.complaints(chrome) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPT)
def test_pictures_are_taken_away_whole(folder: Path, chrome: Any, name: str) -> None:
    browser.show(chrome, folder / f"{name}.html", 1280)
    svg = chrome.execute_async_script("pictures.svg().text().then(arguments[0])")
    root = ElementTree.fromstring(svg)
    plots = len(chrome.find_elements("css selector", ".plots figure"))
    assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == plots
    words = " ".join(root.itertext())
    assert interactive.named(name).title in words and all(
        f"{c.name}={c.values[c.start]:.{c.digits}f}" in words for c in interactive.named(name).controls)
    data = chrome.execute_async_script(
        "pictures.png().then(b => { const r = new FileReader(); r.onload = () => arguments[0](r.result); "
        "r.readAsDataURL(b); })")
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB"))
    assert image.shape[1] == 2 * float(root.get("width")) and image.shape[0] == 2 * float(root.get("height"))
    coloured = (np.ptp(image.astype(int), axis=2) > 60).any(axis=0)
    assert coloured[: image.shape[1] // 2].any() and (image[:130].min() < 60)  # drawings, and a title over them
    assert browser.complaints(chrome) == []
