"""Progress: a line a finished piece where stderr is no terminal, a line that is rewritten where it is."""

import contextlib
import os
import pty
import signal
import sys

import pytest

from commands import progress
from commands.progress import Progress


def test_a_line_for_each_finished_piece(capsys, monkeypatch):
    clock = iter([0.0, 10.0, 20.0, 4000.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with Progress() as shown:  # 0 s
        shown.finished("restart 1/3", 1, 3)
        shown.finished("restart 2/3", 2, 3)
        shown.finished("the page")
    assert capsys.readouterr().err.splitlines() == ["restart 1/3  (10 s, about 20 s left)",
                                                    "restart 2/3  (20 s, about 10 s left)", "the page  (1 h 06 min)"]


def test_states_are_for_terminals_alone(capsys):
    with Progress() as shown:
        shown.say("restart 1/3")
    assert capsys.readouterr().err == ""


def test_spans_of_time():
    assert [progress._span(s) for s in (0.24, 12.4, 59.6, 185, 7800)] == ["0.2 s", "12 s", "1 min 00 s", "3 min 05 s",
                                                                          "2 h 10 min"]


def test_a_terminal_is_left_as_it_was(monkeypatch):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        with Progress() as shown:
            shown.say("restart 1/2  objective 0.5 [1]", 0, 2)
            shown.finished("restart 1/2", 1, 2)
    seen = ""
    with contextlib.suppress(OSError):  # EIO: all was read of a terminal that nobody holds any more
        while piece := os.read(ours, 1 << 16):
            seen += piece.decode()
    os.close(ours)
    assert "restart 1/2" in seen and "objective 0.5 [1]" in seen
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")  # the cursor is back
    assert seen.rstrip().endswith("\x1b[2K")  # and the line gone


@pytest.mark.parametrize("word", ["say", "finished"])
def test_an_interrupt_that_was_dropped_is_raised_again(word):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Progress() as shown:
            with pytest.raises(KeyboardInterrupt):  # and dropped, as a callback from compiled code does
                signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                getattr(shown, word)("restart 1/2")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_progress_survives_a_lost_stderr(monkeypatch):
    class Full:
        def isatty(self):
            return False

        def write(self, _):
            raise OSError(28, "No space left on device")

        def flush(self):
            pass

    monkeypatch.setattr(sys, "stderr", Full())
    with Progress() as shown:
        shown.finished("restart 1/1", 1, 1)
