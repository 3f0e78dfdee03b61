"""Interactive pages: one file each, from optima computed beforehand. No server, no network, no solver in the browser.

    numbers = PAGE.compute()      # every frame: an optimum, trained and verified here
    content = PAGE.build(numbers) # one HTML file with the frames in it; computes nothing

A page only looks up frames, so what it shows at some parameters is what `testbed fit` gives at those parameters.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from testbed.errors import InputError

if TYPE_CHECKING:
    from figures.interactive.base import Page

PAGES = ("interactive_two_features", "interactive_density", "interactive_width")


def page(name: str) -> Page:
    """The page of a given name."""
    found: Page = importlib.import_module(f"figures.interactive.{name.removeprefix('interactive_')}").PAGE
    return found


def titles() -> dict[str, str]:
    """Name -> title of every page. Computes nothing and loads nothing heavy."""
    return {name: page(name).title for name in PAGES}


def require_bokeh() -> None:
    """Raises ValueError, naming the extra, where bokeh is not installed."""
    from testbed import checks

    checks.installed("figures", "figures", "bokeh")


def write(out: Path, names: Sequence[str], say: Callable[[str], None], fresh: bool = False) -> list[Path]:
    """Compute the named pages (all of them, if none is named) and write NAME.npz and NAME.html into the folder `out`.

    Returns the paths of the pages. A page is built from the numbers read back from its .npz, and they are computed only
    if this very code has not written them before (figures/cache.py), or if `fresh`. Raises ValueError for an unknown
    name or a missing package, before anything is computed.
    """
    from figures import cache, gallery
    from testbed import files

    for name in names:
        if name not in PAGES:
            raise InputError(f"figures: unknown page {name!r}; the pages are {', '.join(PAGES)}")
    require_bokeh()
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name in names or PAGES:
        source = f"interactive/{name.removeprefix('interactive_')}"
        key = cache.keys([source])[source]
        numbers = None if fresh else gallery.load(out / f"{name}.npz", key)
        if numbers is None:
            say(f"page {name}: computing")
            gallery.save(out / f"{name}.npz", page(name).compute(say), key)
            numbers = gallery.load(out / f"{name}.npz", key, required=True)
        assert numbers is not None
        say(f"page {name}: building")
        files.write_atomically(out / f"{name}.html", page(name).build(numbers))
        written.append(out / f"{name}.html")
    return written
