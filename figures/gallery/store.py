"""Which saved numbers are still good: a key over everything that the numbers of a figure depend on.

The key is a hash of the figure's own file, of every other source file that it can reach by imports, of the versions of
the packages those files import, and of Python's. It is stored among the numbers. Numbers whose key differs, or that
have none, were made by other code and are never drawn.

Of testbed, generators and properties a file counts as reached as soon as its package is: importing one of their
modules runs the package, and some look up others by name. Data beside a module, NAME.json or NAME.csv, count with it.
Looks do not count, as no number depends on them (a test holds every `compute` to that).
"""

from __future__ import annotations

import ast
import functools
import hashlib
import platform
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from figures.base import Numbers

HOME = Path(__file__).resolve().parents[2]  # the folder that holds the packages
WHOLE = ("testbed", "generators", "properties")  # packages of which every file counts
LOOKS = ("style", "interactive.document", "interactive.looks")  # parts of figures/ that no number depends on
MEMBER = "code"  # the name of the key among the numbers


def keys(names: Iterable[str], home: Path | None = None) -> dict[str, str]:
    """name -> key of the numbers of each module of figures/, from the sources under `home` (default: those running)."""
    sources = _Sources(home or HOME)
    return {name: sources.key(name) for name in names}


def save(path: Path, numbers: Numbers, key: str = "") -> None:
    """Write the numbers of a figure, and the key of the code that computed them."""
    from testbed import files

    files.save_npz(path, {name: np.asarray(value) for name, value in numbers.items()} | {MEMBER: np.asarray(key)})


def load(path: Path, key: str, required: bool = False) -> dict[str, Any] | None:
    """Numbers of a figure; None unless they can be read and bear the key. OSError or ValueError if `required`."""
    from testbed import files

    try:
        numbers: dict[str, Any] = files.load_npz(path, ["deviation", "tolerance", MEMBER])
    except (OSError, ValueError):
        if required:
            raise
        return None
    return numbers if str(numbers[MEMBER]) == key else None


class _Sources:
    """Source files, read once."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.digests: dict[Path, str] = {}
        self.imports: dict[Path, frozenset[str]] = {}
        self.packages: dict[str, list[Path]] = {}
        self.versions: dict[str, str] = {}

    def key(self, name: str) -> str:
        """The key of one figure."""
        files, foreign = self.reach(f"figures.{name}")
        lines = [f"{path.relative_to(self.home).as_posix()} {self.digests[path]}" for path in sorted(files)]
        lines += [f"{package} {self.version(package)}" for package in sorted(foreign)]
        lines.append(f"python {platform.python_version()}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def reach(self, start: str) -> tuple[set[Path], set[str]]:
        """The files that a module can reach, its own among them, and the top-level names of packages they import."""
        seen = set(self.files(start))
        todo, foreign = list(seen), set()
        while todo:
            for target in self.imported(todo.pop()):
                found = list(self.files(target))
                if not found and target.partition(".")[0] not in (*WHOLE, "figures"):
                    foreign.add(target.partition(".")[0])
                todo += [path for path in found if path not in seen]
                seen.update(found)
        return seen, foreign

    def files(self, target: str) -> Iterator[Path]:
        """The files of ours that importing `target` brings in."""
        package, _, rest = target.partition(".")
        if package in WHOLE:
            if package not in self.packages:
                self.packages[package] = [path for path in sorted((self.home / package).rglob("*"))
                                          if path.is_file() and "__pycache__" not in path.parts]
            yield from self.packages[package]
        elif package == "figures" and rest and not any(f"{rest}.".startswith(f"{look}.") for look in LOOKS):
            base = self.home / "figures" / Path(*rest.split("."))
            beside = (base.with_suffix(".py"), base / "__init__.py", *map(base.with_suffix, (".json", ".csv")))
            yield from (path for path in beside if path.is_file())

    def imported(self, path: Path) -> frozenset[str]:
        """Dotted names that a file imports anywhere, from the standard library none."""
        if path not in self.imports:
            content = path.read_bytes()
            self.digests[path] = hashlib.sha256(content).hexdigest()
            self.imports[path] = _imports(path.name, content) if path.suffix == ".py" else frozenset()
        return self.imports[path]

    def version(self, package: str) -> str:
        """The version of the distribution that provides a package; numba's compiler counts with it."""
        if not self.versions:
            from importlib import metadata

            for name, distributions in metadata.packages_distributions().items():
                self.versions[name] = " ".join(f"{d} {metadata.version(d)}" for d in sorted(set(distributions)))
        found = self.versions.get(package, "absent")
        return f"{found}, {self.version('llvmlite')}" if package == "numba" else found


@functools.cache
def _imports(name: str, content: bytes) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):  # relative: ours, and rare enough to refuse
            raise ValueError(f"store: {name} has a relative import, which the key does not follow")
    return frozenset(name for name in names if name.partition(".")[0] not in sys.stdlib_module_names)
