"""`make docs`: the API reference, from the docstrings, into out/docs. It needs no network to be built or read."""

from __future__ import annotations

import pkgutil
import warnings
from collections.abc import Sequence
from pathlib import Path

import pdoc

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("testbed", "generators", "properties", "audits", "figures", "commands")


def modules() -> list[str]:
    """Every module but compiled kernels, which are private, and what would run when imported."""
    found = list(ROOMS)
    for room in ROOMS:
        found += [module.name for module in pkgutil.walk_packages([str(ROOT / room)], f"{room}.")]
    return [name for name in found if not {"kernels", "__main__"} & set(name.split("."))]


def build(names: Sequence[str], out: Path) -> None:
    """Write index.html and a page for each of these modules into a folder."""
    pdoc.render.configure(template_directory=Path(__file__).parent, show_source=False,
                          footer_text="A theory testbed for sparse dictionaries")
    with warnings.catch_warnings():
        # names imported for types alone stay as written, and a package without __all__ brings its modules itself
        warnings.filterwarnings("ignore", "Error parsing type annotation")
        warnings.filterwarnings("ignore", "The module specification")
        pdoc.pdoc(*names, output_directory=out)


if __name__ == "__main__":
    build(modules(), ROOT / "out" / "docs")
    print("out/docs/index.html")
