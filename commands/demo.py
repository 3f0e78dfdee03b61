"""Live notebooks: where they are, what they show, and how one is started."""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path

from commands import room

FOLDER = Path(__file__).parent.parent / "demos"  # scripts beside the packages: in a clone, not in an installed copy


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which notebook, and how it opens."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="which one; 'all' for a page of them all")
    parser.add_argument("--edit", action="store_true", help="with its code, to change it")
    parser.add_argument("--host", metavar="H", help="the network it is served to: 0.0.0.0 for every phone in the room, "
                                                    "which is told the address (default: this computer alone)")
    parser.add_argument("--port", type=int, metavar="P", help=f"where it is served (default: {room.PORT}, or the next "
                                                              "that is free)")


def run(arguments: argparse.Namespace) -> int:
    """List the notebooks, or start one and wait until it is left."""
    if arguments.name is not None:
        return start(arguments.name, arguments.edit, arguments.host, arguments.port)
    if arguments.host is not None or arguments.port is not None:
        from testbed import InputError

        raise InputError("demo: --host and --port need the NAME of a notebook, or all")
    for name, about in names().items():
        print(f"{name:<12} {about}")
    return 0


def names() -> dict[str, str]:
    """Name -> first line of the notebook's docstring. Raises ValueError where the folder is not at hand."""
    from testbed import InputError

    found = sorted(FOLDER.glob("*.py"))
    if not found:
        raise InputError("demo: the notebooks are not installed with the packages; run this from a clone of the "
                         "repository")
    return {path.stem: (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
            for path in found}


def start(name: str, edit: bool = False, host: str | None = None, port: int | None = None) -> int:
    """Serve a notebook and open it, until it is interrupted; returns the exit status.

    name : one of `names()`, or 'all' for a page of them all. edit : with its code, to change it. host, port : where it
    is served (commands/room.py). Raises InputError for an unknown name, a missing package, or a place that cannot be
    served from.
    """
    from testbed import InputError, checks

    known = names()
    if name not in (*known, "all"):
        raise InputError(f"demo: unknown demo {name!r}; the demos are {', '.join(known)}, or all")
    checks.installed("demo", "demos", "marimo")
    what = FOLDER if name == "all" else FOLDER / f"{name}.py"
    command = [sys.executable, "-m", "marimo", "edit" if edit else "run", str(what)]
    if host is not None or port is not None:
        place = room.place(host, port)
        if edit and not place.alone:
            raise InputError(f"demo: --edit is for this computer alone: at {place.host} whoever opens it could run "
                             "anything here")
        command += ["--host", place.host, "--port", str(place.port)]
        room.announce(place)
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:  # how a notebook is left
        return 0
