"""A conjecture: a statement whose residual somebody hopes is always 0. `read` takes one from a file.

The file holds a `Property`, as docs/add_a_property.md shows, or one function,

    def residual(optimum):            # D, b, Z, R, S, G, mu, live, support, problem: what is measured
        return violations             # >= 0, and 0 where it holds: a number, or an array over atoms, pairs, samples

and, beside the function, what it cares to say: STATEMENT (one line), WHERE (a key of properties.base.PLACES),
TOLERANCE. Nothing to test is said by None, or by properties.base.NOTHING.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from conjectures import guard
from conjectures.problems import KINDS, Kind
from properties.base import NOTHING, PLACES, TOLERANCE, Property, Residual, measure
from testbed import InputError
from testbed.optimum import Optimum

PENALTY = "l1"  # which fit_many trains under
MODULE = "testbed_conjecture"  # the name under which a file is run


@dataclass(frozen=True, eq=False)
class Conjecture:
    """What is tried.

    id, statement, where, tolerance : as of a Property. measure : the residual at an optimum.
    kinds : the kinds of problem of which it says anything. file : where it is written; None for a property of this
    project. limit : seconds that a call may take.
    """

    id: str
    statement: str
    where: str
    tolerance: float
    measure: Callable[[Optimum], Any]
    kinds: tuple[Kind, ...] = KINDS
    file: str | None = None
    limit: float = guard.LIMIT

    def __post_init__(self) -> None:
        if self.where == "biased":
            object.__setattr__(self, "kinds", tuple(kind for kind in self.kinds if kind.bias))

    @classmethod
    def of(cls, p: Property, file: str | None = None, limit: float = guard.LIMIT) -> Conjecture:
        """A property as a conjecture."""
        kinds = tuple(kind for kind in KINDS if PENALTY in p.penalties
                      and (kind.nonnegative or not p.nonnegative_only))
        return cls(p.id, p.statement, p.where, p.tolerance, lambda optimum: measure([p], optimum)[0][p.id], kinds, file,
                   limit)

    def residual(self, optimum: Optimum) -> Residual:
        """Its violations at an optimum; empty if there is nothing to test.

        InputError, with the line of its file, for a call that raises, hangs, reads a claim or returns what is no
        residual.
        """
        if self.file is None:
            return _judged(self.measure(optimum), optimum)
        vars(optimum)["asked_by"] = self.file
        try:
            found = guard.call(self.file, self.limit, self.measure, optimum)
            try:
                return _judged(found, optimum)
            except InputError as error:
                line = guard.returning(self.file, self.limit, self.measure, optimum)
                raise InputError(f"conjecture: {self.file}{line}: {error}, at {optimum.problem!r} with "
                                 f"{optimum.n_atoms} atoms") from None
        finally:
            vars(optimum).pop("asked_by", None)


def _judged(found: Any, optimum: Optimum) -> Residual:
    """What a residual function returned as a Residual; InputError for a wrong shape, NaN and negative numbers."""
    if found is None:
        return NOTHING
    if not isinstance(found, Residual):
        found = _placed(found, optimum)
    for array in found.arrays:
        if not np.isfinite(array).all():
            at = _place(array, ~np.isfinite(array))
            raise InputError(f"returns {np.asarray(array)[at]} as a violation{_at(at)}")
        if (np.asarray(array) < 0).any():
            at = _place(array, np.asarray(array) < 0)
            raise InputError(f"returns a negative violation, {np.asarray(array)[at]:.3g}{_at(at)}; slack is 0: "
                             "np.maximum(excess, 0)")
    return found


def _placed(found: Any, optimum: Optimum) -> Residual:
    """Numbers with the places that their shape means; pairs of atoms come before samples by atoms."""
    try:
        array = np.asarray(found)
    except ValueError:
        raise InputError("returns what is no array of numbers") from None
    if array.dtype.kind not in "iufb" or isinstance(found, str):
        raise InputError(f"returns {type(found).__name__}, not numbers")
    n, m = optimum.problem.n, optimum.n_atoms
    if not array.size:
        return NOTHING
    atoms, samples = ("atom", range(m)), ("sample", range(n))
    for axes in ((), (atoms,), (atoms, atoms), (samples,), (samples, atoms)):
        if array.shape == tuple(len(numbers) for _, numbers in axes):
            return Residual((array.astype(float),), (axes,))
    raise InputError(f"returns shape {array.shape}; with m = {m} atoms and n = {n} samples it must be a number, "
                     "(m,), (m, m), (n,), (n, m), or a properties.Residual")


def _place(array: Any, wrong: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])


def _at(place: tuple[int, ...]) -> str:
    return f" at {', '.join(map(str, place))}" if place else ""


def read(path: str | Path, limit: float = guard.LIMIT) -> Conjecture:
    """The conjecture in a file. InputError, naming the line, for a file that cannot be run or holds none."""
    path = Path(path).resolve()
    file = str(path)
    if path.suffix != ".py":
        raise InputError(f"conjecture: FILE must end in .py; got {path.name}")
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"conjecture: {file}: is not text") from None
    module = ModuleType(MODULE)
    module.__file__ = file
    sys.modules[MODULE] = module  # dataclasses and pickle look a class's module up
    guard.call(file, limit, lambda: exec(compile(source, file, "exec"), vars(module)))
    held = {id(value): value for value in vars(module).values() if isinstance(value, Property)}
    function = vars(module).get("residual")
    if len(held) + (function is not None) != 1:
        raise InputError(f"conjecture: {file}: must hold one Property or one function residual(optimum); it holds "
                         f"{len(held)} and {'one' if function is not None else 'none'}")
    if function is None:
        return Conjecture.of(next(iter(held.values())), file, limit)
    if not callable(function):
        raise InputError(f"conjecture: {file}: residual must be a function")
    return _written(path, module, function, limit)


def _written(path: Path, module: ModuleType, function: Callable[[Optimum], Any], limit: float) -> Conjecture:
    """The conjecture of a file with a function."""
    said = vars(module)
    text = inspect.getdoc(function) or module.__doc__ or path.stem
    statement, where = said.get("STATEMENT", text.strip().partition("\n")[0]), said.get("WHERE", "stationary")
    tolerance = said.get("TOLERANCE", TOLERANCE)
    wrong = {
        f"STATEMENT must be one line of text; got {statement!r}": isinstance(statement, str) and "\n" not in statement,
        f"WHERE must be one of {', '.join(PLACES)}; got {where!r}": where in PLACES,
        f"TOLERANCE must be a number > 0; got {tolerance!r}": isinstance(tolerance, int | float) and tolerance > 0,
    }
    for message, right in wrong.items():
        if not right:
            raise InputError(f"conjecture: {path}: {message}")
    return Conjecture(path.stem, statement, where, float(tolerance), function, KINDS, str(path), limit)
