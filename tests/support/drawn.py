"""What a matplotlib figure really puts on the page: the texts that are drawn, their boxes, and their sizes in print."""

from __future__ import annotations

import io
import re
from typing import Any
from unittest import mock

from figures import style


def texts(figure: Any) -> list[tuple[Any, Any]]:
    """(text, box in pixels) of every text drawn; ticks outside their axes, which are not, do not count."""
    from matplotlib import style as styles
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    found: list[Any] = []
    draw = Text.draw

    def recorded(self: Any, renderer: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            found.append(self)
        draw(self, renderer)

    with styles.context(["default", style.RC]):
        style.settle(figure)
        canvas = FigureCanvasAgg(figure)
        with mock.patch.object(Text, "draw", recorded):
            canvas.draw()
        # Text's own box: an annotation's would count its arrow
        return [(text, Text.get_window_extent(text, canvas.get_renderer())) for text in found]


def collisions(figure: Any, shown: list[tuple[Any, Any]], slack: float = 1.0) -> list[str]:
    """Of a figure's texts as shown, those that overlap or leave the figure, by more than `slack` pixels; turned ones
    are not judged."""
    upright = [(text, box) for text, box in shown if text.get_rotation() % 90 == 0]
    problems = []
    for i, (text, box) in enumerate(upright):
        if not (box.x0 > -slack and box.y0 > -slack and box.x1 < figure.bbox.x1 + slack
                and box.y1 < figure.bbox.y1 + slack):
            problems.append(f"{text.get_text()!r} is cut off")
        for other, place in upright[:i]:
            wide, high = min(box.x1, place.x1) - max(box.x0, place.x0), min(box.y1, place.y1) - max(box.y0, place.y0)
            if wide > slack and high > slack:
                problems.append(f"{text.get_text()!r} overlaps {other.get_text()!r}")
    return problems


def least_type(figure: Any) -> float:
    """The smallest size of type in the figure's PDF, in points: what mathtext shrinks counts as what it became. With
    outlines for fonts, which are quicker to write, the sizes are the same."""
    from matplotlib import style as styles
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    stream = io.BytesIO()
    with styles.context(["default", style.RC, {"pdf.compression": 0, "pdf.fonttype": 3}]):
        FigureCanvasPdf(figure).print_figure(stream, format="pdf")
    return min(float(size) for size in re.findall(rb"/F\S+ ([\d.]+) Tf", stream.getvalue()))
