"""From a figure's numbers to its files: NAME.svg, .pdf, .png, .csv, and .gif if it moves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from figures.base import Figure, Numbers
from figures.pages.panels import Panel


class Drawn(NamedTuple):
    """What the page needs of a drawing: its SVG, the animated GIF or None, and where its panels are."""

    svg: bytes
    film: bytes | None
    panels: Sequence[Panel]


def draw(out: Path, item: Figure, numbers: Numbers, stem: str) -> Drawn:
    """Draw a figure from its numbers and write its files, complete or not at all, as out/STEM.suffix."""
    from figures import style
    from figures.gallery import tidy
    from figures.pages import panels
    from testbed import files

    picture = item.draw(numbers)
    encoded = style.encode(picture) | {".csv": tidy.text(numbers).encode()}
    parts = panels.panels(picture)
    if item.frame is not None:
        picture = item.draw(numbers)
        encoded[".gif"] = style.film(picture, partial(item.frame, picture, numbers), int(numbers["frames"]))
    for suffix, content in encoded.items():
        files.write_atomically(out / f"{stem}{suffix}", content)
    return Drawn(encoded[".svg"], encoded.get(".gif"), parts)
