"""Which figures and interactive pages there are, by name. Computes nothing and loads nothing heavy."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence

from figures import interactive
from figures.base import Figure
from figures.gallery.story import ORDER

NAMES = (*ORDER, *interactive.PAGES)  # all that can be made


def figure(name: str) -> Figure:
    """The figure of a given name."""
    found: Figure = importlib.import_module(f"figures.{name}").FIGURE
    return found


def module(name: str) -> str:
    """The module, within `figures`, of a figure or a page."""
    return f"interactive.{name.removeprefix('interactive_')}" if name in interactive.PAGES else name


def titles() -> dict[str, str]:
    """Name -> title of every figure, in the order of the page, and then of every interactive page."""
    return {name: figure(name).title for name in ORDER} | interactive.titles()


def known(names: Sequence[str]) -> None:
    """InputError for a name that is not there, with the nearest that is."""
    from testbed.errors import InputError

    for name in names:
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"figures: unknown figure {name!r}; the figures are {', '.join(NAMES)}{hint}")
