"""The folder of a sweep: a manifest, a lock, and a file for each finished cell, complete or absent.

    manifest.json     the design, a digest of the code, versions: what every cell in the folder was made by
    lock              held while a run is at work; the operating system lets go of it when the process ends, however
    cells/NAME.json   one cell: its parameters, its answer, and a checksum of both

Nothing in a file depends on when, where or in which order it was computed. A folder belongs to one design and one
state of the code: with any other it is refused, so that answers of two of them cannot stand side by side.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from sweeps.cells import Cell, canonical
from sweeps.designs import Design
from testbed import files
from testbed.errors import InputError

FORMAT = 1
HOME = Path(__file__).resolve().parents[1]
ROOMS = ("testbed", "generators", "audits", "sweeps")  # whose code decides an answer
PACKAGES = ("numpy", "scipy", "numba", "llvmlite")  # and whose versions


@functools.cache
def code() -> dict[str, Any]:
    """A digest of the code that decides answers, and versions of what it stands on."""
    seen = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((HOME / room).rglob("*.py")):
            seen.update(f"{path.relative_to(HOME).as_posix()}\n".encode() + path.read_bytes() + b"\0")
    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    return {"digest": seen.hexdigest(), "versions": {"python": platform.python_version()} | versions}


class Store:
    """An open folder; a context, in which nobody else can write to it."""

    def __init__(self, folder: str | Path, design: Design) -> None:
        self.folder, self.design = Path(folder), design
        self.held: IO[str] | None = None

    def __enter__(self) -> Store:
        cells = self.folder / "cells"
        cells.mkdir(parents=True, exist_ok=True)
        self.held = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(self.held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.held.close()
            raise InputError(f"{self.folder}: another run is at work in this folder; wait for it, or give another "
                             "--out") from None
        try:
            self._claim()
            for path in [*cells.glob(".*.json.*"), *self.folder.glob(".manifest.json.*")]:
                path.unlink()  # what a run that was killed was writing
        except BaseException:
            self.held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.held is not None:
            self.held.close()

    def _claim(self) -> None:
        """Write the manifest of a new folder; InputError if the folder is another design's or another code's."""
        mine = {"format": FORMAT, "design": self.design.content, "code": code()}
        path = self.folder / "manifest.json"
        if not path.exists():
            if any((self.folder / "cells").glob("*.json")):
                raise InputError(f"{self.folder}: there are cells without a manifest.json to say what made them")
            files.write_atomically(path, (json.dumps(mine, indent=1, sort_keys=True) + "\n").encode())
            return
        theirs = manifest(self.folder)
        for part, words in (("format", "the format of its files"), ("design", "its design"), ("code", "the code")):
            if theirs[part] != mine[part]:
                raise InputError(f"{self.folder}: {words} is not that of its manifest.json any more"
                                 f"{_what(theirs, mine, part)}; give another --out, cells of two kinds are not mixed")

    def path(self, cell: Cell) -> Path:
        """Where the file of a cell is, or will be."""
        return self.folder / "cells" / f"{cell.name}.json"

    def put(self, cell: Cell, answer: Mapping[str, Any]) -> None:
        """Write the file of a cell."""
        held = {"answer": dict(answer), "cell": dict(cell.parameters)}
        checksum = hashlib.sha256(canonical(held).encode()).hexdigest()
        files.write_atomically(self.path(cell), (canonical(held | {"sha256": checksum}) + "\n").encode())

    def get(self, cell: Cell) -> dict[str, Any] | None:
        """The answer of a cell; None where there is none, or none that is whole and of this cell."""
        return answer(self.path(cell), cell)


def answer(path: Path, cell: Cell) -> dict[str, Any] | None:
    """What a file says of a cell; None unless it is there, undamaged, and about this cell."""
    try:
        held = json.loads(path.read_bytes())
        checksum = held.pop("sha256")
        whole = set(held) == {"answer", "cell"} and hashlib.sha256(canonical(held).encode()).hexdigest() == checksum
        return dict(held["answer"]) if whole and canonical(held["cell"]) == cell.key else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def manifest(folder: str | Path) -> dict[str, Any]:
    """The manifest of a folder; InputError where it cannot be understood, OSError where there is none."""
    path = Path(folder) / "manifest.json"
    try:
        held = json.loads(path.read_bytes())
        if set(held) != {"format", "design", "code"} or set(held["design"]) != {"name", "seed", "cells"}:
            raise ValueError("it lacks format, design or code")
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: not the manifest of a sweep: {error}") from None
    return dict(held)


def _what(theirs: Mapping[str, Any], mine: Mapping[str, Any], part: str) -> str:
    """Which of the versions moved, where one did."""
    if part != "code":
        return ""
    now, then = mine["code"]["versions"], dict(theirs["code"].get("versions", {}))
    moved = [f"{name} {then.get(name)}, now {now[name]}" for name in now if then.get(name) != now[name]]
    return f" ({'; '.join(moved)})" if moved else ""
