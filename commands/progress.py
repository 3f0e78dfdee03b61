"""How far long work is, on stderr: on a terminal a line that is rewritten, elsewhere a line for each finished piece.

    with Progress() as progress:
        progress.say("restart 2/8  objective 0.31", 1, 8)        # what goes on, as often as you like
        progress.finished("restart 2/8  objective 0.30", 2, 8)   # a piece of work is done

Time left is told once a piece is done, from the time that pieces took so far.

Ctrl-C raises where it meets the work. Where that is a callback from compiled code, which loads kernels, Python drops
the exception; so it is kept in mind, and raised again when the work next says where it is.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

REFRESH = 0.1  # seconds between two states of the line


class Progress:
    """Says what goes on; a context manager, which leaves a terminal as it was.

    live : whether stderr is a terminal, where a line can be rewritten.
    """

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.start = self.last = time.monotonic()
        self.shown: Any = None
        self.interrupted = self.heeded = False

    def __enter__(self) -> Progress:
        self.heeded = (threading.current_thread() is threading.main_thread()
                       and signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        if self.heeded:
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def _interrupt(self, *_: Any) -> None:
        self.interrupted = True
        raise KeyboardInterrupt

    def say(self, line: str, done: int = 0, total: int = 0) -> None:
        """What goes on now, with `done` pieces of `total` finished (0: unknown). Seen on a terminal only."""
        if self.interrupted:
            raise KeyboardInterrupt
        now = time.monotonic()
        if self.live and (self.shown is None or now - self.last >= REFRESH):
            self.last = now
            self._show(line, done, total)

    def finished(self, line: str, done: int = 0, total: int = 0) -> None:
        """A piece of work is done: the `done`-th of `total` (0: unknown)."""
        if self.interrupted:
            raise KeyboardInterrupt
        if self.live:
            self._show(line, done, total)
            return
        took = time.monotonic() - self.start
        left = f", about {_span(took / done * (total - done))} left" if 0 < done < total else ""
        try:
            print(f"{line}  ({_span(took)}{left})", file=sys.stderr, flush=True)
        except (OSError, ValueError):  # nobody reads it; the work goes on
            pass

    def passing(self, line: str) -> Callable[[int, int], None]:
        """What a pass over samples calls as it goes: said on a terminal, and elsewhere ten times in a long pass."""
        told, self.start = 0.0, time.monotonic()

        def passed(done: int, total: int) -> None:
            nonlocal told
            self.say(f"{line}: {done} of {total} samples", done, total)
            if not self.live and done < total and done / total - told >= 0.1:
                told = done / total
                self.finished(f"{line}: {done} of {total} samples", done, total)

        return passed

    def _show(self, line: str, done: int, total: int) -> None:
        from rich import progress
        from rich.console import Console

        if self.shown is None:
            columns = (progress.SpinnerColumn(), progress.TextColumn("{task.description}", markup=False),
                       progress.BarColumn(bar_width=20), progress.TimeElapsedColumn(), progress.TextColumn("left"),
                       progress.TimeRemainingColumn())
            self.shown = progress.Progress(*columns, console=Console(stderr=True), transient=True,
                                           redirect_stdout=False, redirect_stderr=False)
            self.shown.start()
            self.task = self.shown.add_task(line, total=None)
        self.shown.update(self.task, description=line, completed=done, total=total or None)

    def __exit__(self, *_: Any) -> None:
        if self.heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.shown is not None:
            self.shown.stop()


def _span(seconds: float) -> str:
    """A length of time for a reader: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
