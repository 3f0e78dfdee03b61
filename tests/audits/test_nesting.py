"""The nesting graph of an audit's page: an edge a pair, numbers that stay apart."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from figures.pages import nesting


def made(pairs, parents, latents):
    """Pairs as an audit lists them, with latents of up to so large a number."""
    rng = np.random.default_rng(pairs)
    return [{"child": int(rng.integers(latents)), "parent": int(rng.integers(parents)) * (latents // parents),
             "p": 1 - 0.0002 * k, "kind": ("nested", "nested", "absorbed")[k % 3],
             "would": float("nan") if k % 5 == 1 else 0.95, "cosine": -0.999 + 0.003 * k,
             "left": float(k % 2), "right": 0.5}
            for k in range(pairs)]


def edges(figure, style):
    return [line for axes in figure.axes for line in axes.get_lines() if line.get_linestyle() == style]


@pytest.mark.parametrize("size", [(1, 1, 9), (9, 3, 20), (40, 1, 16_384), (60, 15, 131_072), (200, 30, 1024)])
def test_numbers_stay_apart_and_inside(size):
    figure = nesting.draw(made(*size))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.renderer) for axes in figure.axes for text in axes.texts]
    assert len(boxes) >= 4
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and figure.bbox.y0 <= box.y0
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_an_edge_for_every_pair_and_a_number_for_those_left_out():
    pairs = made(50, 4, 64)
    shown = nesting.families(pairs)
    assert [family.parent for family in shown] == list(dict.fromkeys(pair["parent"] for pair in pairs))
    assert sum(len(family.pairs) + family.more for family in shown) == 50
    figure = nesting.draw(pairs)
    drawn = edges(figure, "-")
    assert len(drawn) == sum(len(family.pairs) for family in shown)
    assert sum(line.get_color() == nesting.style.VERMILION for line in drawn) == sum(
        pair["kind"] == "nested" and pair["left"] > pair["right"] for family in shown for pair in family.pairs)
    assert sum(line.get_color() == nesting.style.BLUE for line in drawn) == sum(
        pair["kind"] == "absorbed" for family in shown for pair in family.pairs)
    assert len(edges(figure, ":")) == sum(family.more > 0 for family in shown)
    assert len(nesting.families(made(200, 30, 1024))) == nesting.PARENTS
