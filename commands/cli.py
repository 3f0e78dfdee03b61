"""The command line as a process: which command runs, and what its end means.

Results go to stdout or files, progress to stderr. Nothing is overwritten until its replacement is complete.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from commands import COMMANDS, outcome

STATUSES = """Exit status: 0 all that is claimed holds; 1 something does not (a property fails, training did not
converge, the numerics gave no answer); 2 bad input or an output that cannot be written, one line on stderr; 70 a fault
of testbed; 130 interrupted; 141 the reader of the output left."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        outcome.complain(f"{self.prog}: {message} (see {self.prog} --help)")
        raise SystemExit(outcome.BAD_INPUT)


class _Version(argparse.Action):
    def __init__(self, **options: Any) -> None:
        super().__init__(nargs=0, default=argparse.SUPPRESS, help="what is installed, as a report of a fault needs it",
                         **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        print(version())
        raise SystemExit(0)


def version() -> str:
    """One line: this version, and those of Python and the packages that compute."""
    import platform
    from importlib import metadata

    def installed(package: str) -> str:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return "(not installed)"

    peers = ", ".join(f"{package} {installed(package)}" for package in ("numpy", "scipy", "numba"))
    return f"testbed {installed('sparse-dictionary-testbed')} (Python {platform.python_version()}, {peers})"


def parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for a command line: every command is listed, and the one that is named has its arguments."""
    top = _Parser(prog="testbed", epilog=STATUSES, description="What must be true of an optimal sparse dictionary, and "
                                                               "is it true of this one?")
    top.add_argument("--version", action=_Version)
    _traceback(top, default=False)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = next((word for word in argv if word in COMMANDS), None)
    for name, about in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        if name == named:
            module = importlib.import_module(f"commands.{name}")
            module.arguments(command)
            _traceback(command, default=argparse.SUPPRESS)
            command.set_defaults(run=module.run)
    return top


def _traceback(parser: argparse.ArgumentParser, default: Any) -> None:
    parser.add_argument("--traceback", action="store_true", default=default,
                        help="show where in the code an error was raised")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. argv defaults to the process's arguments."""
    words = sys.argv[1:] if argv is None else list(argv)
    outcome.let_any_terminal_show()
    arguments = None
    try:
        try:
            arguments = parser(words).parse_args(words)
            status = int(arguments.run(arguments))
        finally:
            sys.stdout.flush()  # here, where a full disk can still be reported, and not when Python exits
        return status
    except (Exception, KeyboardInterrupt) as error:
        return outcome.of(error, traceback="--traceback" in words, command=getattr(arguments, "command", ""))
    finally:
        outcome.let_exit_in_peace()


