"""Interactive pages: one file each, from optima computed beforehand. No server, no network, no solver in the browser.

    numbers = PAGE.compute()      # every frame: an optimum, trained and verified here
    content = PAGE.build(numbers) # one HTML file with the frames in it; computes nothing

A page only looks up frames, so what it shows at some parameters is what `testbed fit` gives at those parameters.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from figures.interactive.base import Interactive

PAGES = {"interactive_two_features": 5, "interactive_density": 2, "interactive_width": 3,
         "interactive_successors": 5}  # name -> seconds, about


def named(name: str) -> Interactive:
    """The interactive page of a given name."""
    found: Interactive = importlib.import_module(f"figures.interactive.{name.removeprefix('interactive_')}").PAGE
    return found


def titles() -> dict[str, str]:
    """Name -> title of every page. Computes nothing and loads nothing heavy."""
    return {name: named(name).title for name in PAGES}


def require_bokeh() -> None:
    """Raises InputError, naming the extra, where bokeh is not installed."""
    from testbed import checks

    checks.installed("figures", "figures", "bokeh")
