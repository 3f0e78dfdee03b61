"""Code that someone else wrote, called so that whatever it does has a file, a line and an end.

An exception, a call that does not return, a claim taken on trust: each becomes one InputError that names the line of
the file. Nothing else of it reaches the search.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from testbed.errors import InputError
from testbed.optimum import Optimum

LIMIT = 10.0  # seconds that a call may take
AGAIN = 0.1  # seconds after which one that swallowed the alarm is told again
POLITE = 3  # times that it is told where it is; then where it cannot swallow it
CLAIMS = frozenset({"status", "reason", "hessian_min", "restarts", "seed", "objectives", "ended"})


class Overtime(BaseException):
    """The time of a call is up; no Exception, so that `except Exception` does not swallow it."""


class ClaimRead(BaseException):
    """The file asked an optimum for what training claims of it, instead of what can be measured at it."""


class Shown(Optimum):
    """An optimum as a conjecture may see it: asked for a claim by the file that is tried, it refuses."""

    def __getattribute__(self, name: str) -> Any:
        if name in CLAIMS:
            file = object.__getattribute__(self, "__dict__").get("asked_by")
            if file is not None and sys._getframe(1).f_code.co_filename == file:
                raise ClaimRead(name)
        return super().__getattribute__(name)


def call(file: str, limit: float, function: Callable[..., Any], *arguments: Any) -> Any:
    """function(*arguments), or InputError with the line of the file at which it raised, hung or read a claim."""
    try:
        with _within(limit):
            return function(*arguments)
    except KeyboardInterrupt:
        raise
    except Overtime as error:
        raise _named(file, error, f"still running after {limit:g} s") from None
    except ClaimRead as error:
        raise _named(file, error, f"asks for optimum.{error}, which training claims; a conjecture may use what is "
                                  "measured: D, b, Z, R, S, G, mu, live, problem") from None
    except SyntaxError as error:
        at = f", line {error.lineno}" if error.filename == file else ""
        raise InputError(f"conjecture: {file}{at}: {error.msg}") from None
    except BaseException as error:
        words = " ".join(str(error).split())
        raise _named(file, error, f"raises {type(error).__name__}{words and ': '}{words}") from None


def returning(file: str, limit: float, function: Callable[..., Any], *arguments: Any) -> str:
    """', line N' of the last line of the file that ran in a call: where a wrong result came from. '' if there is none.
    """
    last: list[int] = []

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != file:
            return None
        if event == "return":
            last[:] = [frame.f_lineno]
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        call(file, limit, function, *arguments)
    finally:
        sys.settrace(before)
    return f", line {last[0]}" if last else ""


def _named(file: str, error: BaseException, what: str) -> InputError:
    line = _line(file, error.__traceback__)
    return InputError(f"conjecture: {file}{f', line {line}' if line else ''}: {what}")


def _line(file: str, traceback: TracebackType | None) -> int:
    """The innermost line of the file in a traceback; 0 if it is in none."""
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


@contextmanager
def _within(limit: float) -> Iterator[None]:
    """Overtime is raised in the body after so many seconds. Only a main thread can be told so, and only on POSIX;
    elsewhere (a notebook's thread) whoever waits has a button to stop it."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    armed, rings = True, 0

    def ring(_: int, frame: FrameType | None) -> None:
        nonlocal rings
        rings += 1
        if armed and rings <= POLITE:
            raise Overtime
        if armed:
            _interrupt(frame, rings - POLITE)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, limit, AGAIN)
        yield
    finally:
        armed = False
        if rings > POLITE:
            sys.settrace(None)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _interrupt(frame: FrameType | None, lines: int) -> None:
    """Overtime is raised so many lines from here: sooner or later on one that no `try` of the code encloses."""
    left = lines

    def follow(_: FrameType, event: str, __: Any) -> Any:
        nonlocal left
        left -= event == "line"
        if left <= 0:
            raise Overtime
        return follow

    while frame is not None:
        frame.f_trace = follow
        frame = frame.f_back
    sys.settrace(follow)
