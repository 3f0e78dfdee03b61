"""What a user of these packages did wrong, as an exception: InputError, and nothing else, is bad input.

Everything raised on purpose about an argument or a file is an InputError, so that a caller (the command line above all)
can tell bad input from a fault of this code.
"""

from __future__ import annotations

from typing import Any


class InputError(ValueError):
    """Bad input, in one sentence that names the caller, the argument, what was expected and what came.

    where, argument, expected, got : the parts of that sentence, for a caller that wants them apart; None where the
    sentence has no such part.
    """

    def __init__(self, message: str = "", *, where: str | None = None, argument: str | None = None,
                 expected: str | None = None, got: Any = None) -> None:
        super().__init__(message)
        self.where, self.argument, self.expected, self.got = where, argument, expected, got


class InputTypeError(InputError, TypeError):
    """Bad input of the wrong kind altogether: a word for a number, a sparse matrix for a dense one."""
