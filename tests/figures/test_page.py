"""The gallery page in a real browser, at the width of a desk and of a phone, light and dark, with the network off."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import browser
import numpy as np
import pytest
from PIL import Image

from figures import gallery, style
from figures.pages import panels
from testbed.files import load_npz

pytestmark = pytest.mark.skipif(bool(browser.ABSENT), reason=browser.ABSENT)


def drawn_figure(name: str, folder: Path) -> Any:
    picture = gallery.figure(name).draw(load_npz(folder / f"{name}.npz"))
    style.encode(picture)  # lays it out
    return picture


AUDIT = (Path(__file__).parents[1] / "support" / "layout.js").read_text()
VIEWS = [(width, dark) for width in (1280, 390) for dark in (False, True)]


def show(chrome: Any, page: Path, width: int = 1280, dark: bool = False) -> None:
    browser.show(chrome, page, width, 800, dark, "document.readyState == 'complete'")


def evaluate(chrome: Any, expression: str) -> Any:
    """The value of a JavaScript expression, as JSON has it."""
    return chrome.execute_script(f"return {expression}")


def problems(chrome: Any) -> list[str]:
    """Everything that is wrong with the page since it was opened; ask once."""
    layout = evaluate(chrome, f"({AUDIT})()")
    asked = [url for url in browser.requests(chrome) if not url.startswith(("data:", "blob:"))]
    assert asked[0] == chrome.current_url
    return [*layout, *(f"console: {c}" for c in browser.complaints(chrome)), *(f"network: {url}" for url in asked[1:])]


@pytest.mark.parametrize("width, dark", VIEWS)
def test_quick_page_is_drawn_without_fault(chrome: Any, quick_gallery: Path, width: int, dark: bool) -> None:
    show(chrome, quick_gallery / "index.html", width, dark=dark)
    assert not problems(chrome)
    assert evaluate(chrome, "document.images.length") == 2


@pytest.mark.slow
@pytest.mark.parametrize("width, dark", VIEWS)
def test_whole_page_is_drawn_without_fault(
        chrome: Any, whole_gallery: tuple[Path, gallery.Written], width: int, dark: bool) -> None:
    show(chrome, whole_gallery[0] / "index.html", width, dark=dark)
    evaluate(chrome, "document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert not problems(chrome)
    assert evaluate(chrome, "document.querySelectorAll('.exhibit img').length") >= len(gallery.ORDER)
    ids = evaluate(chrome, "[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(set(ids)) == len(ids) > 0


@pytest.mark.parametrize("width", [1280, 390])
def test_type_in_figures_is_as_large_as_in_print(chrome: Any, quick_gallery: Path, width: int) -> None:
    show(chrome, quick_gallery / "index.html", width)
    # 7 pt are 9.3 CSS pixels at the drawing's own size; on a phone panels are parts of it
    scales = evaluate(chrome, "[...document.images].map((i) => i.getBoundingClientRect().width / i.naturalWidth)")
    parts = evaluate(
        chrome, "[...document.querySelectorAll('.panel')].map((p) => p.getBoundingClientRect().width * "
        "parseFloat(p.style.backgroundSize) / 100 / p.parentElement.previousElementSibling.naturalWidth)")
    assert len(parts) == 5 and (max(scales) == 0 < min(parts) if width < 600 else max(parts) == 0 < min(scales))
    assert min(s for s in scales + parts if s) * 7 * 96 / 72 > 8.7


def test_panels_are_the_parts_of_the_picture(chrome: Any, quick_gallery: Path) -> None:
    """What a phone shows of the polytope's second panel is that part of the PNG."""
    show(chrome, quick_gallery / "index.html", 390)
    box = evaluate(
        chrome, "(() => { const r = document.querySelectorAll('#polytope .panel')[1].getBoundingClientRect(); "
        "return [r.left, r.top + scrollY, r.width, r.height]; })()")
    shown = np.asarray(Image.open(io.BytesIO(browser.screenshot(chrome, *box))).convert("L"), float)
    whole = Image.open(quick_gallery / "polytope.png").convert("L")
    part = panels.panels(drawn_figure("polytope", quick_gallery))[1]
    dots = whole.width / part.of[0]
    crop = whole.crop(tuple(round(dots * v) for v in (part.left, part.top, part.left + part.width,
                                                      part.top + part.height)))
    expected = np.asarray(crop.resize(shown.shape[::-1], Image.Resampling.BOX), float)
    assert np.abs(shown - expected).mean() < 5 < np.abs(shown - np.roll(expected, 12, axis=1)).mean()


def test_formulas_are_set_as_formulas(chrome: Any, quick_gallery: Path) -> None:
    show(chrome, quick_gallery / "index.html")
    # a subscript begins lower than its base and is of smaller type, in any typeface; unknown tags would be one line
    lower, smaller, display = evaluate(
        chrome, "(() => { const s = document.querySelector('.problem msub'), [b, i] = [...s.children]; "
        "const size = (e) => parseFloat(getComputedStyle(e).fontSize), top = (e) => e.getBoundingClientRect().top; "
        "return [top(i) - top(b), size(i) / size(b), getComputedStyle(s).display]; })()")
    assert lower > 1 and smaller < 0.95 and "math" in display
    assert evaluate(chrome, "document.querySelectorAll('.statements math').length") > 5


def test_dark_pages_have_dark_figures(chrome: Any, quick_gallery: Path) -> None:
    corner = ("(() => { const c = document.createElement('canvas'), i = document.images[0]; c.width = c.height = 9; "
              "const x = c.getContext('2d'); x.drawImage(i, 0, 0, 9, 9, 0, 0, 9, 9); "
              "return [...x.getImageData(0, 0, 1, 1).data].slice(0, 3); })()")
    found = {}
    for dark in (False, True):
        show(chrome, quick_gallery / "index.html", dark=dark)
        found[dark] = evaluate(chrome, corner)
    assert min(found[False]) == 255 and max(found[True]) < 60
    ground = evaluate(chrome, "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
    assert max(ground) < 60  # the page around them, too


def test_the_keyboard_reaches_everything(chrome: Any, quick_gallery: Path) -> None:
    from selenium.webdriver import ActionChains, Keys

    show(chrome, quick_gallery / "index.html", 390)
    active = "[document.activeElement.localName, document.activeElement.getAttribute('href') || '', " \
             "getComputedStyle(document.activeElement).outlineStyle, document.activeElement.className]"
    stops = []
    for _ in range(60):
        ActionChains(chrome).send_keys(Keys.TAB).perform()
        stops.append(tuple(evaluate(chrome, active)))
        if stops[-1][0] == "body":
            break
    assert stops[0][1] == "#story"  # the first stop skips the contents
    links = set(evaluate(chrome, "[...document.links].map((a) => a.getAttribute('href'))"))
    assert links <= {href for _, href, _, _ in stops}
    assert sum(kind == "card" for *_, kind in stops) == 2  # figures can be scrolled by keyboard
    assert all(outline != "none" for name, _, outline, _ in stops if name != "body")


FAULTS = {
    "overlap": '<p style="margin:0">some words</p><p style="margin:-1.2em 0 0">other words</p>',
    "beyond the edge": '<p style="width:2000px">words</p><style>html{overflow-x:hidden}</style>'
                       '<p style="position:absolute;left:1270px">words that go on</p>',
    "scrolls sideways": '<div style="width:3000px">words</div>',
    "cut off": '<p style="overflow:hidden;height:8px">words</p>',
    "not drawn": '<img alt="a picture" src="data:image/png;base64,AAAA" width="9" height="9">',
    "no alternative": '<img src="data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=">',
    "cut off: <div> words": '<div style="overflow:hidden;width:50px;white-space:nowrap">words that go on</div>',
    "overlap: <p> held": '<div style="overflow-x:auto" tabindex="0"><p>held</p></div>'
                         '<p style="margin-top:-2em">free</p>',
    "cut off: <div> more": '<div style="overflow-x:auto;height:9px" tabindex="0">more</div>',
    "contrast": '<p style="color:#bbb">words</p>',
    "type of": '<p style="font-size:9px">words</p>',
    "not by keyboard": '<div style="overflow-x:auto;width:90px"><p style="width:400px">words and words</p></div>',
    "console": "<script>console.error('no')</script>",
    "warned": "<script>console.warn('warned')</script>",
    "asserted": "<script>console.assert(false, 'asserted')</script>",
    "thrown": "<script>throw Error('thrown')</script>",
    "in promise": "<script>Promise.reject(0)</script>",
    "network": '<img alt="a picture" src="http://127.0.0.1:9/picture.png">',
    "INTERNET_DISCONNECTED": '<img alt="a picture" src="http://127.0.0.1:9/picture.png">',
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found(chrome: Any, tmp_path_factory: pytest.TempPathFactory, fault: str) -> None:
    page = tmp_path_factory.mktemp("some") / "page.html"  # complaints hold this path: no fault's name may be in it
    fine = '<!DOCTYPE html><meta charset="utf-8"><title>x</title><body><p>fine</p>'
    page.write_text(fine + FAULTS[fault])
    show(chrome, page)
    found = problems(chrome)
    assert any(fault in problem for problem in found), found
    page.write_text(fine)
    show(chrome, page)
    assert not problems(chrome)


def test_links_lead_to_files(chrome: Any, quick_gallery: Path) -> None:
    show(chrome, quick_gallery / "index.html")
    links = evaluate(chrome, "[...document.links].map((a) => a.getAttribute('href'))")
    assert {f"{name}.{suffix}" for name in ("polytope", "residuals") for suffix in ("svg", "pdf", "png", "csv", "npz")
            } <= set(links)
    for link in links:
        assert (evaluate(chrome, f"!!document.getElementById({link[1:]!r})") if link.startswith("#") else
                (quick_gallery / link.partition("#")[0]).is_file()), link
