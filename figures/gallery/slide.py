"""Figures at the size of a slide: 16:9, 1920 pixels wide, with type of 14 points and more.

A picture is drawn as small as leaves its words apart, and shown as large as the slide, so that they are as large as
they can be. Titles of panels that would run into the next are broken.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

WIDTHS = (140, 150, 160, 169)  # mm, before it is enlarged; at the last the smallest type becomes 14 points
PIXELS = 1920
TOUCH = 1.5  # pixels by which words may overlap: their boxes are higher than they


def write(out: Path, item: Figure, numbers: Numbers, stem: str) -> Path:
    """Write out/STEM_slide.svg, .pdf and .png, each complete or not at all; returns the last."""
    from testbed import files

    picture, width = draw(item, numbers)
    path = out / f"{stem}_slide"
    for suffix, content in style.encode(picture, PIXELS / (width / 25.4)).items():
        path = out / f"{stem}_slide{suffix}"
        files.write_atomically(path, content)
    return path


def draw(item: Figure, numbers: Numbers) -> tuple[Picture, float]:
    """The picture, and its width in mm: the least of WIDTHS at which nothing is crowded, or the one least so."""
    best: tuple[int, Picture, float] | None = None
    for width in WIDTHS:
        with style.on_slides(width):
            picture = item.draw(numbers)
        break_titles(picture)
        crowded = sum(1 for _ in collisions(picture))
        if best is None or crowded < best[0]:
            best = crowded, picture, width
        if not crowded:
            break
    assert best is not None
    return best[1], best[2]


def break_titles(picture: Picture) -> None:
    """Break the titles of panels that are wider than the room up to the next panel or the edge."""
    renderer = _laid_out(picture)
    lefts = {axes: axes.get_window_extent(renderer).x0 for axes in picture.axes}
    for axes in picture.axes:
        title = axes._left_title
        box = title.get_window_extent(renderer)
        if not title.get_text():
            continue
        end = min((left for other, left in lefts.items() if left > box.x0 + 20 and _beside(other, axes, renderer)),
                  default=picture.bbox.width)
        if box.width > end - box.x0:
            letter, _, words = title.get_text().rpartition("$  ")
            room = max(10, int(len(words) * (end - box.x0) / box.width) - 2)
            title.set_text(f"{letter}$  " * bool(letter) + "\n".join(textwrap.wrap(words, room)))


def collisions(picture: Picture) -> Iterator[tuple[str, str]]:
    """Words that overlap others, or stick out of the picture (the second is then empty)."""
    from matplotlib.text import Text

    renderer = _laid_out(picture)
    idle = _idle_ticks(picture)
    texts = [text for text in picture.findobj(Text) if text.get_visible() and text.get_text().strip()
             and id(text) not in idle and text.get_rotation() % 90 == 0]
    boxes = np.array([Text.get_window_extent(text, renderer).extents for text in texts]).reshape(-1, 4)
    edge = np.array([*picture.bbox.extents])
    for text, box in zip(texts, boxes, strict=True):
        if (box[:2] < edge[:2] - TOUCH).any() or (box[2:] > edge[2:] + TOUCH).any():
            yield text.get_text(), ""
    over = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    for i, k in np.argwhere(np.triu((over > TOUCH).all(axis=2), 1)):
        yield texts[i].get_text(), texts[k].get_text()


def _laid_out(picture: Picture) -> Any:
    """A renderer, the picture having been laid out by its own engine."""
    from matplotlib import style as styles
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with styles.context(["default", style.RC]):
        canvas = FigureCanvasAgg(picture)
        canvas.draw()
    return canvas.get_renderer()


def _beside(one: Any, other: Any, renderer: Any) -> bool:
    a, b = one.get_window_extent(renderer), other.get_window_extent(renderer)
    return bool(min(a.y1, b.y1) > max(a.y0, b.y0))


def _idle_ticks(picture: Picture) -> set[int]:
    """Labels of ticks that exist and are not drawn, being outside their axes or without one; by identity."""
    idle: set[int] = set()
    for axes in picture.axes:
        for axis in (axes.xaxis, axes.yaxis):
            drawn = axis._update_ticks() if axes.axison and axis.get_visible() else []
            idle |= {id(label) for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()] if tick not in drawn
                     for label in (tick.label1, tick.label2)}
    return idle


def written(out: Path, names: Sequence[str]) -> Iterator[Path]:
    """Write the slides of figures whose numbers are in the folder `out`, one after the other."""
    from figures.gallery import registry, work

    for name in names:
        numbers = work.kept(out, name)
        if numbers is None:
            raise OSError(f"{out / name}.npz: was replaced by other code while slides were drawn")
        yield write(out, registry.figure(name), numbers, name)
