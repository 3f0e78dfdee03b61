"""The nesting graph: a parent above the latents that fire only with it, or would without absorption, an edge a pair.

Each pair has a place of its own below its parent, so that no edges cross and no numbers touch: a child of several
parents stands below each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from figures import style

PARENTS = 12  # shown at most
CHILDREN = 6  # of one parent
HEIGHT = 42  # mm of one row of parents
ROOM = style.COLUMN - 24  # mm beside the names of the rows
DIGIT = 1.65  # mm
APART = 0.5  # of a place, between two families
ROWS = ((1.0, "parent"), (0.0, "child"), (-0.42, "P(parent | child)"), (-0.7, "child away"), (-0.98, "cosine"))


class Family(NamedTuple):
    """A parent's number, the pairs shown of it, and how many more there are."""

    parent: int
    pairs: list[dict[str, Any]]
    more: int

    @property
    def width(self) -> float:
        """Places it takes, with the gap to the next."""
        return len(self.pairs) + bool(self.more) + APART


def families(pairs: Sequence[dict[str, Any]]) -> list[Family]:
    """Parents in the order of their strictest pairs, which is that of `pairs`; not more than a picture has room for."""
    held: dict[int, list[dict[str, Any]]] = {}
    for pair in pairs:
        held.setdefault(pair["parent"], []).append(pair)
    most = min(CHILDREN, _places(pairs) - 2)
    return [Family(parent, found[:most], len(found) - most if len(found) > most else 0)
            for parent, found in list(held.items())[:PARENTS]]


def _places(pairs: Sequence[dict[str, Any]]) -> int:
    """How many pairs stand side by side in a column: as their numbers have room."""
    digits = max(len(str(pair[name])) for pair in pairs for name in ("child", "parent"))
    return int(ROOM / (max(digits, 4) * DIGIT + 1.0))


@style.styled
def draw(pairs: Sequence[dict[str, Any]]) -> Any:
    """The graph of nested pairs (`audits.Audit.nested`, at least one), in as many panels as a column of print has room.

    An edge is blue where the child has absorbed the parent, vermilion where a nested pair breaks S6, at an angle that
    no optimum allows, and grey where it may stay.
    """
    places = _places(pairs)
    panels: list[list[Family]] = [[]]
    for family in families(pairs):
        if panels[-1] and sum(one.width for one in panels[-1]) + family.width - APART > places:
            panels.append([])
        panels[-1].append(family)
    columns = min(len(panels), 2)
    rows = -(-len(panels) // 2)
    figure = style.canvas(style.PAGE if columns == 2 else style.COLUMN, HEIGHT * rows)
    for axes, shown in zip(figure.subplots(rows, columns, squeeze=False).flat, panels + [[]], strict=False):
        axes.axis("off")
        axes.set(xlim=(-0.5, places - 0.5), ylim=(-1.13, 1.3))
        _families(axes, shown)
    return figure


def _families(axes: Any, shown: Sequence[Family]) -> None:
    for y, name in ROWS if shown else ():
        style.label(axes, 0, y, name, style.GREY, ha="right", va="center", xytext=(-4, 0),
                    xycoords=axes.get_yaxis_transform())
    left = 0.0
    for parent, pairs, more in shown:
        places = left + np.arange(len(pairs) + bool(more))
        middle = float(places.mean())
        for x, pair in zip(places, pairs, strict=False):
            axes.plot([middle, x], [0.84, 0.16], color=_colour(pair), linewidth=0.9)
            would = "–" if np.isnan(pair["would"]) else f"{pair['would']:.2f}"
            for (y, _), text in zip(ROWS[1:], (pair["child"], f"{pair['p']:.2f}", would, f"{pair['cosine']:.2f}"),
                                    strict=True):
                style.label(axes, x, y, f"{text}".replace("-", "−"), ha="center", va="center")
        if more:
            axes.plot([middle, places[-1]], [0.84, 0.16], color=style.GREY, linewidth=0.9, linestyle=":")
            style.label(axes, places[-1], 0, f"+{more}", style.GREY, ha="center", va="center")
        style.label(axes, middle, 1, str(parent), style.BLUE, ha="center", va="center")
        left += len(places) + APART


def _colour(pair: dict[str, Any]) -> str:
    if pair["kind"] == "absorbed":
        return style.BLUE
    return style.VERMILION if pair["left"] > pair["right"] else style.GREY
