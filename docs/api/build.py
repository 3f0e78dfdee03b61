"""`make docs`: the API reference, from the docstrings, into out/docs. It needs no network to be built or read."""

from __future__ import annotations

import pkgutil
import sys
import warnings
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


def main() -> None:
    """Write out/docs/index.html and a page a module."""
    pdoc.render.configure(template_directory=Path(__file__).parent, show_source=False,
                          footer_text="A theory testbed for sparse dictionaries")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Error parsing type annotation")  # names imported for types alone stay as written
        warnings.filterwarnings("ignore", "The module specification")  # a package without __all__ brings its modules
        pdoc.pdoc(*modules(), output_directory=ROOT / "out" / "docs")
    print(Path("out/docs/index.html"), file=sys.stderr)


if __name__ == "__main__":
    main()
