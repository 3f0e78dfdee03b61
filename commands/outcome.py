"""What the end of a command means: an exit status, and one line on stderr where something went wrong.

Bad input is testbed.InputError and nothing else; what files and memory refuse (OSError, MemoryError) is not our fault
either. Everything else that is raised is a fault of this code, and is shown whole.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

FAILED, BAD_INPUT, FAULT, INTERRUPTED, READER_LEFT = 1, 2, 70, 130, 141  # 70: EX_SOFTWARE; 128 + the signal's number


def of(error: BaseException, traceback: bool = False, command: str = "") -> int:
    """Report an error on stderr; returns the exit status it means.

    traceback : show where it was raised even if it is no fault. command : the one that ran.
    """
    from testbed.errors import InputError, NumericsError

    if isinstance(error, BrokenPipeError):  # the reader left, as in `testbed worlds | head`: nobody is there to be told
        return READER_LEFT
    if isinstance(error, KeyboardInterrupt):
        left = {"figures": "figures finished before are whole, and the page shows them",
                "sweep": "cells finished before are whole, and the same command goes on from them"}
        complain(f"testbed: interrupted; {left.get(command, 'nothing was written')}")
        return INTERRUPTED
    known = isinstance(error, InputError | NumericsError | OSError | MemoryError)
    if traceback or not known:
        import traceback as frames

        complain("".join(frames.format_exception(error)).rstrip())
    if not known:
        complain("testbed: this is a fault of testbed, not of your input: please report it, with the lines above and "
                 "`testbed --version`")
        return FAULT
    complain(f"testbed: {_sentence(error)}")
    return FAILED if isinstance(error, NumericsError) else BAD_INPUT


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename if error.filename is not None else 'output'}: {error.strerror}"
    words = " ".join(str(error).split()) or type(error).__name__
    return f"not enough memory: {words}" if isinstance(error, MemoryError) else words


def complain(line: str) -> None:
    """A line on stderr, or nowhere if nobody can read it."""
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass


def let_any_terminal_show() -> None:
    """Letters that stdout or stderr cannot encode (mathematics, on an ascii or cp1252 terminal) are written out."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def width() -> int | None:
    """Columns of the terminal that stdout is, to which tables are folded; None where it is none, and a row is a line.
    """
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def let_exit_in_peace() -> None:
    """Streams that cannot be written lead nowhere from here, so that Python's own exit keeps our status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            except (OSError, ValueError):
                pass


def target(name: str, suffix: str, option: str = "--out") -> Any:
    """The output path, refused before any work if it could not be written."""
    from pathlib import Path

    from testbed.errors import InputError

    path = Path(name)
    if path.suffix != suffix:
        raise InputError(f"{option} must end in {suffix}; got {name}")
    real = Path(os.path.realpath(path))  # a symbolic link is written through
    if real.is_dir():
        raise InputError(f"{option} {name} is a folder")
    if not real.parent.is_dir():
        raise InputError(f"{option} {name}: there is no folder {real.parent if path.is_symlink() else path.parent}")
    if not os.access(real.parent, os.W_OK):
        raise InputError(f"{option} {name}: the folder {real.parent} cannot be written")
    return path
