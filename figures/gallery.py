"""The gallery: every figure as SVG, PDF and PNG, its numbers as .npz and CSV, and one page that tells the story.

Numbers are computed, saved, and read back before anything is drawn, so that what a figure shows is what its .npz holds.
Numbers there already are used again if this very code computed them (figures/cache.py), and never otherwise. Files are
replaced only when complete, and the same code gives the same bytes: nothing written holds a time or a path.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from figures import cache
from figures.base import Figure, Numbers
from figures.story import ORDER
from testbed.errors import InputError

if TYPE_CHECKING:
    from figures.page import Made

Say = Callable[[str], None]


def figure(name: str) -> Figure:
    """The figure of a given name."""
    found: Figure = importlib.import_module(f"figures.{name}").FIGURE
    return found


def titles() -> dict[str, str]:
    """Name -> title of every figure, in the order of the page. Computes nothing and loads nothing heavy."""
    return {name: figure(name).title for name in ORDER}


def known(names: Sequence[str], there: Sequence[str]) -> None:
    """ValueError for a name that is not there, with the nearest that is."""
    for name in names:
        if name not in there:
            near = difflib.get_close_matches(name, there, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"figures: unknown figure {name!r}; the figures are {', '.join(there)}{hint}")


class Written(NamedTuple):
    """What `write` did: the page, whether all properties hold, and the figures computed now and before."""

    page: Path
    holds: bool
    computed: list[str]
    reused: list[str]


def write(out: Path, names: Sequence[str], say: Say, fresh: bool = False) -> Written:
    """Write figures and the page into the folder `out`.

    With names, only these are made; others are redrawn where `out` holds numbers that this code computed, and listed
    on the page as not made where it does not. `fresh` computes again what could be reused. `holds` is False if a
    statement fails at a trained optimum. Raises ValueError for an unknown name, before anything is computed, and if
    `out` is not a folder.
    """
    from figures import page, reports

    known(names, ORDER)
    if out.exists() and not out.is_dir():
        raise InputError(f"figures: --out must be a folder; {out} is a file")
    out.mkdir(parents=True, exist_ok=True)
    keys = cache.keys(ORDER)
    made: dict[str, Made] = {}
    computed, reused = [], []
    for place, name in enumerate(ORDER, 1):
        item, where = figure(name), f"figure {place}/{len(ORDER)} {name}"
        wanted = not names or name in names
        numbers = load(out / f"{name}.npz", keys[name])
        if wanted and (fresh or numbers is None):
            say(f"{where}: computing")
            save(out / f"{name}.npz", item.compute(), keys[name])
            numbers = load(out / f"{name}.npz", keys[name], required=True)
            computed.append(name)
        elif wanted:
            say(f"{where}: its numbers are there, computed by this code")
            reused.append(name)
        if numbers is not None:
            say(f"{where}: drawing")
            made[name] = draw(out, item, numbers)
    say("the page")
    path = out / "index.html"
    from testbed import files

    files.write_atomically(path, page.build(made, {name: figure(name) for name in ORDER}, out).encode())
    return Written(path, all(reports.trained_hold(m.numbers) for m in made.values()), computed, reused)


def save(path: Path, numbers: Numbers, key: str = "") -> None:
    """Write the numbers of a figure, and the key of the code that computed them."""
    from testbed import files

    files.save_npz(path, {name: np.asarray(value) for name, value in numbers.items()} | {cache.MEMBER: np.asarray(key)})


def load(path: Path, key: str, required: bool = False) -> dict[str, Any] | None:
    """Numbers of a figure; None unless they can be read and bear the key. OSError or ValueError if `required`."""
    from testbed import files

    try:
        numbers: dict[str, Any] = files.load_npz(path, ["deviation", "tolerance", cache.MEMBER])
    except (OSError, ValueError):
        if required:
            raise
        return None
    return numbers if str(numbers[cache.MEMBER]) == key else None


def draw(out: Path, item: Figure, numbers: Numbers) -> Made:
    """Write NAME.svg, NAME.pdf, NAME.png, NAME.csv, and NAME.gif if it is an animation."""
    from figures import page, panels, style, tables
    from testbed import files

    picture = item.draw(numbers)
    encoded = style.encode(picture) | {".csv": tables.text(numbers).encode()}
    parts = panels.panels(picture)
    if item.frame is not None:
        picture = item.draw(numbers)
        encoded[".gif"] = style.film(picture, partial(item.frame, picture, numbers), int(numbers["frames"]))
    for suffix, content in encoded.items():
        files.write_atomically(out / f"{item.name}{suffix}", content)
    return page.Made(item, numbers, encoded, parts)
