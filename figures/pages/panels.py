"""Where the panels of a figure are, so that a phone can show them one below the other at the size of print.

A panel is an axes with all that is written about it. Axes that share a scale which only one of them spells out stay
together: a column always, a row while it is no wider than a column of print. A colour bar stays with its neighbour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGIN = 1.0  # mm left around a panel


class Panel(NamedTuple):
    """A rectangle in mm from the top left corner of its figure, whose own size is `of`."""

    left: float
    top: float
    width: float
    height: float
    of: tuple[float, float]


def panels(figure: Figure) -> list[Panel]:
    """The panels of a figure that has been laid out, in reading order; one if it cannot be divided."""
    from matplotlib import style as styles
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with styles.context(["default", style.RC]):
        renderer = FigureCanvasAgg(figure).get_renderer()
        mm = 25.4 / figure.dpi
        size = figure.bbox.width * mm, figure.bbox.height * mm
        groups = []
        for axes in figure.axes:
            box = axes.get_tightbbox(renderer)
            if box is not None:
                groups.append([(axes, box.x0 * mm, size[1] - box.y1 * mm, box.x1 * mm, size[1] - box.y0 * mm)])
    merged = True
    while merged:
        merged = False
        for one in groups:
            other = next((g for g in groups if g is not one and _belong(one, g)), None)
            if other is not None:
                one += other
                groups.remove(other)
                merged = True
                break
    found = []
    for left, top, right, bottom in sorted(map(_hull, groups), key=lambda box: (round(box[1] / 15), box[0])):
        left, top = max(left - MARGIN, 0.0), max(top - MARGIN, 0.0)
        found.append(Panel(left, top, min(right + MARGIN, size[0]) - left, min(bottom + MARGIN, size[1]) - top, size))
    return found


def _hull(group: list[Any]) -> tuple[float, float, float, float]:
    _, lefts, tops, rights, bottoms = zip(*group, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _belong(one: list[Any], other: list[Any]) -> bool:
    """Whether a part of one group cannot be read without the other."""
    left, top, right, bottom = _hull(one)
    l, t, r, b = _hull(other)
    beside, above = min(bottom, b) - max(top, t) > 3, min(right, r) - max(left, l) > 3
    if beside and above:
        return True  # they overlap
    within = max(right, r) - min(left, l) <= style.COLUMN + 5
    for axes, start, *_ in one:
        if axes.get_label() == "<colorbar>" and beside and 0 < start - r < 12:
            return True
        for neighbour, *_ in other:
            same_x = axes in neighbour.get_shared_x_axes().get_siblings(neighbour)
            same_y = axes in neighbour.get_shared_y_axes().get_siblings(neighbour)
            if (above and top < t and same_x and _mute(axes.xaxis)) or (
                    beside and within and l < left and same_y and _mute(axes.yaxis)):
                return True
    return False


def _mute(axis: Any) -> bool:
    """Whether an axis leaves its tick labels to another."""
    return not any(tick.label1.get_visible() or tick.label2.get_visible() for tick in axis.get_major_ticks())
