"""What can go wrong without being a fault of this code: InputError, bad input; NumericsError, no answer to good input.

Everything raised on purpose about an argument or a file is an InputError, and nothing else is, so that a caller (the
command line above all) can tell bad input from a fault of this code.
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


class NumericsError(ArithmeticError):
    """Good input to which the numerics gave no answer; the sentence says which step failed."""
