"""Colours that every eye tells apart and can read, on the light page and on the dark one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from colour import EYES, contrast, distance

from figures import style


def on(page: str, colour: str) -> str:
    return style.DARK.get(colour, colour) if page == "dark" else colour


@pytest.mark.parametrize("page", ["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_colours_are_told_apart(eye: str, page: str) -> None:
    for some, least in ((style.PALETTE, 10), (style.SERIES, 14)):
        for one, other in itertools.combinations(some, 2):
            assert distance(on(page, one), on(page, other), eye) > least, (one, other)


@pytest.mark.parametrize("page", ["light", "dark"])
def test_type_has_contrast(page: str) -> None:
    ground = on(page, style.WHITE)
    for colour in (*style.PALETTE, *style.INK.values()):
        assert contrast(on(page, style.INK.get(colour, colour)), ground) >= 4.5, colour
        assert contrast(on(page, colour), ground) > (2.2 if page == "light" else 3)


def test_the_simulation_confuses_what_it_should() -> None:
    # red and green of one lightness part for the common eye alone; blue and yellow for all but one
    red, green = "#c85a4b", "#8c7d3c"
    assert distance(red, green, "common") > 35 > 20 > distance(red, green, "deuteranopia")
    assert distance("#3c78c8", "#3c8c78", "tritanopia") < 20 < distance("#3c78c8", "#3c8c78", "common")
    for matrix in EYES.values():
        assert np.allclose(matrix.sum(axis=1), 1, atol=1e-5)  # grey stays grey
    assert distance("#ffffff", "#000000", "common") == pytest.approx(100, abs=0.01)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


def test_drawings_adapt_to_a_dark_page_unless_they_have_fills_of_their_own() -> None:
    def drawn(colour: str) -> bytes:
        picture = style.canvas(style.COLUMN, 50)
        picture.subplots().fill([0, 1, 1], [0, 0, 1], color=colour)
        return style.encode(picture)[".svg"]

    ours, other = drawn(style.SKY), drawn("#ffeedd")
    adapted = style.adaptive(ours).decode()
    assert f'[style*="fill: {style.SKY.lower()}"]{{fill:{style.DARK[style.SKY]}!important}}' in adapted
    assert adapted.replace(adapted[adapted.index("<style>@media"):adapted.index("}</style>") + 9], "") == ours.decode()
    assert style.adaptive(other) == other


def test_labels_take_the_ink_of_their_colour() -> None:
    axes = style.canvas(style.COLUMN, 50).subplots()
    style.label(axes, 0, 0, "orange", style.ORANGE)
    style.label(axes, 0, 0, "blue", style.BLUE)
    assert [text.get_color() for text in axes.texts] == [style.INK[style.ORANGE], style.BLUE]


def test_powers_of_ten_are_set_in_full_size() -> None:
    @style.styled
    def draw(_):
        figure = style.canvas(style.COLUMN, 50)
        figure.subplots().set(xscale="log", xlim=(1e-12, 1e3))
        return figure

    figure = draw({})
    figure.draw_without_rendering()
    labels = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert "10⁻⁹" in labels and "10⁰" in labels and not any("$" in label for label in labels)
