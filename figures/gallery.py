"""The gallery: every figure as SVG, PNG and numbers, and one page that holds them all.

Numbers are computed, saved, and read back before anything is drawn, so that what a figure shows is what its .npz holds.
Files are replaced only when complete, and the same code gives the same bytes: nothing written holds a time or a path.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from figures.base import Figure, Numbers

# the order of the page: optimality, exact toy worlds, minima and paths, recovery, verdicts, real data
ORDER = (
    "polytope", "cone", "residuals",
    "one_sparse", "tilt", "symmetry_breaking", "absorption", "extreme_ray", "splitting_tree", "density",
    "splitting", "landscape", "lam_path", "width_path",
    "any_width", "merging",
    "wide_limit",
    "phases", "hysteresis",
    "published",
    "recovery", "classical",
    "verdicts", "digits",
    "benchmarks",
)

Say = Callable[[str], None]


def figure(name: str) -> Figure:
    """The figure of a given name."""
    found: Figure = importlib.import_module(f"figures.{name}").FIGURE
    return found


def titles() -> dict[str, str]:
    """Name -> title of every figure, in the order of the page. Computes nothing and loads nothing heavy."""
    return {name: figure(name).title for name in ORDER}


def write(out: Path, names: Sequence[str], say: Say) -> tuple[Path, bool]:
    """Write figures and the page into the folder `out`; returns the page's path and whether all properties hold.

    With names, only these are computed and the others are redrawn from the numbers that `out` already holds, or listed
    on the page as not made yet. False means that a statement fails at a trained optimum. Raises ValueError for an
    unknown name, before anything is computed, and if `out` is not a folder.
    """
    from figures import page, reports

    for name in names:
        if name not in ORDER:
            near = difflib.get_close_matches(name, ORDER, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"figures: unknown figure {name!r}; the figures are {', '.join(ORDER)}{hint}")
    if out.exists() and not out.is_dir():
        raise ValueError(f"figures: --out must be a folder; {out} is a file")
    out.mkdir(parents=True, exist_ok=True)
    made: dict[str, tuple[Figure, Numbers, bytes]] = {}
    for place, name in enumerate(ORDER, 1):
        item = figure(name)
        wanted = not names or name in names
        if wanted:
            say(f"figure {place}/{len(ORDER)} {name}: computing")
            save(out / f"{name}.npz", item.compute())
        numbers = load(out / f"{name}.npz", wanted)
        if numbers is not None:
            say(f"figure {place}/{len(ORDER)} {name}: drawing")
            made[name] = item, numbers, draw(out, item, numbers)
    say("the page")
    path = out / "index.html"
    from testbed import files

    files.write_atomically(path, page.build(made, [figure(name) for name in ORDER]).encode())
    return path, all(reports.trained_hold(numbers) for _, numbers, _ in made.values())


def save(path: Path, numbers: Numbers) -> None:
    """Write the numbers of a figure."""
    from testbed import files

    files.save_npz(path, {name: np.asarray(value) for name, value in numbers.items()})


def load(path: Path, required: bool) -> dict[str, Any] | None:
    """Read the numbers of a figure; None where there are none, or, unless required, none that can be read."""
    from testbed import files

    try:
        return files.load_npz(path, ["deviation", "tolerance"])
    except (OSError, ValueError):
        if required:
            raise
        return None


def draw(out: Path, item: Figure, numbers: Numbers) -> bytes:
    """Write NAME.svg and NAME.png; returns the SVG."""
    from figures import style
    from testbed import files

    encoded = style.encode(item.draw(numbers))
    for suffix, content in encoded.items():
        files.write_atomically(out / f"{item.name}{suffix}", content)
    return encoded[".svg"]
