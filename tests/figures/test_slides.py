"""Figures at the size of a slide: 16:9, 1920 pixels wide, with larger type, and nothing that runs into something."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawn
import numpy as np
import pytest
from PIL import Image

from commands.cli import main
from figures import gallery, style
from figures.gallery import slide


@pytest.mark.parametrize("name", ["polytope", "residuals", *(pytest.param(name, marks=pytest.mark.nightly)
                                                            for name in ("tilt", "training"))])
def test_a_slide_has_its_shape_and_large_type_apart_from_each_other(name: str,
                                                                    numbers_of: Callable[[str], dict]) -> None:
    picture, width = slide.draw(gallery.figure(name), numbers_of(name))
    assert width in slide.WIDTHS and drawn.least_type(picture) * style.SLIDE / width >= 14
    assert drawn.collisions(picture, drawn.texts(picture), slide.TOUCH) == []
    image = Image.open(io.BytesIO(style.encode(picture, slide.PIXELS / (width / 25.4))[".png"]))
    assert image.size == (1920, 1080)


def test_words_that_collide_or_stick_out_are_found_and_titles_are_broken() -> None:
    @style.styled
    def draw(_: Any) -> Any:
        figure = style.canvas(175, 60)
        left, right = figure.subplots(1, 2)
        style.panel(left, "a", "a title that is far too long for one panel of two, and goes on")
        right.set(xticks=[0, 1, 2])
        style.label(right, 0.5, 0.5, "one")
        return figure

    with style.on_slides(140):
        picture = draw({})
    left, right = picture.axes
    slide.break_titles(picture)
    assert left.get_title(loc="left").count("\n") >= 1 and left.get_title(loc="left").startswith(r"$\bf{a}$  a title")
    assert list(slide.collisions(picture)) == []
    style.label(right, 0.5, 0.5, "two")
    assert ("one", "two") in slide.collisions(picture)
    picture.text(0.95, 0.02, "beyond the edge of the slide")
    assert any(second == "" for _, second in slide.collisions(picture))
    assert np.isclose(style.canvas(175, 60).get_figwidth() * 25.4, 175)  # outside, sizes are those of print


def test_the_command_writes_slides_beside_the_figure(quick_gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", "residuals", "--slides", "--out", str(quick_gallery)]) == 0
    said = capsys.readouterr()
    assert re.search(r"residuals_slide\.\w+: slide\n", said.out) and "residuals_slide: drawn, 1 of 1" in said.err
    assert {path.suffix for path in quick_gallery.glob("residuals_slide.*")} == {".svg", ".pdf", ".png"}
    first = (quick_gallery / "residuals_slide.svg").read_bytes()
    assert main(["figures", "residuals", "--slides", "--out", str(quick_gallery)]) == 0
    assert (quick_gallery / "residuals_slide.svg").read_bytes() == first
    assert not list(quick_gallery.glob("polytope_slide.*"))


@pytest.mark.parametrize("words", [["tilt", "--slides", "--set", "lams=0.1,0.2,0.3"],
                                   ["interactive_width", "--slides"]])
def test_slides_of_what_has_none(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", *words, "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "--slides is for figures at the gallery's parameters" in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())
