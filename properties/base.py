"""What a statement is: a line of mathematics, how far an optimum is from it, and a case in which it is tight.

    statement.residual(optimum)  ->  Residual: dimensionless violations, each with the place where it occurs
    statement.extremal()         ->  an optimum known in closed form at which the statement has no slack

A residual is 0 where the statement holds and the size of the violation where it does not. It never changes when X and
lam are scaled together, so one tolerance serves every problem, and a residual that is not finite is a violation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from properties.scaled import Array, Scaled
from testbed.errors import InputError
from testbed.optimum import Optimum

CODE_TOLERANCE = 1e-10  # statements about exact codes: KKT residuals of 1e-12, and room for the rounding of other sums
TOLERANCE = 1e-8  # statements about stationary dictionaries: each residual is at most S1's plus C1's, 1e-9 together

PLACES = {
    "code": "exact codes",
    "stationary": "stationary atoms",
    "biased": "stationary, bias fitted",
    "local_min": "a local minimum",
    "global": "a global minimum",
    "wide": "the wide limit",
}

Axis = tuple[str, Any]  # what an axis counts ("sample" or "atom") and the number of each position along it


@dataclass(frozen=True, eq=False)
class Residual:
    """Violations of one statement, and where they are.

    arrays : one or more arrays of dimensionless violations >= 0 (NaN where one could not be computed).
    axes : for each array, what each of its axes counts; no axes for a single number.

    Residuals are joined by `|`: a statement with several parts holds when all of them do.
    """

    arrays: tuple[Array, ...]
    axes: tuple[tuple[Axis, ...], ...]

    def __or__(self, other: Residual) -> Residual:
        return Residual(self.arrays + other.arrays, self.axes + other.axes)

    @property
    def values(self) -> Array:
        """All violations in one flat array."""
        return np.concatenate([array.ravel() for array in self.arrays])

    @property
    def max(self) -> float:
        """The largest violation; NaN if any is NaN; 0 if there is nothing to violate."""
        return float(self.values.max(initial=0)) + 0.0  # a negative zero is a zero

    @property
    def worst(self) -> str:
        """The place of the largest violation (the first NaN, if any): 'atom 3', 'atoms 2, 5', 'sample 17, atom 3'.

        Empty if nothing is violated at all; 'overall' for a statement about one number.
        """
        tops = [array.max(initial=0) for array in self.arrays]
        part = int(np.argmax(tops))
        if tops[part] == 0:
            return ""
        array, axes = self.arrays[part], self.axes[part]
        position = np.unravel_index(np.argmax(array), array.shape)
        named: dict[str, list[str]] = {}
        for (word, numbers), index in zip(axes, position, strict=True):
            named.setdefault(word, []).append(str(numbers[index]))
        return ", ".join(f"{word}{'s' * (len(at) > 1)} {', '.join(at)}" for word, at in named.items()) or "overall"


def violation(excess: Any, *axes: Axis) -> Residual:
    """A Residual of one part: by how much what must not be positive is, what each axis counts and the numbers along it.

    Negative excess is slack and counts as 0, but an infinite one is as wrong as NaN.
    """
    excess = np.asarray(excess, dtype=np.float64)
    return Residual((np.where(np.isfinite(excess), np.maximum(excess, 0), np.nan),), (axes,))


@dataclass(frozen=True, eq=False)
class Property:
    """One statement that must hold, and how to see that it does.

    Attributes
    ----------
    id, name : "S5", "cone condition".
    statement : one line of mathematics, in the notation of docs/theory.md.
    where : what it is a statement about: a key of PLACES.
    tolerance : the largest residual that counts as rounding and incomplete convergence.
    violations : the residual as a function of the optimum in units of lam.
    case : builds the extremal case.
    nonnegative_only : whether the statement has no counterpart for signed codes.
    """

    id: str
    name: str
    statement: str
    where: str
    tolerance: float
    violations: Callable[[Scaled], Residual]
    case: Callable[[], Optimum]
    nonnegative_only: bool = False

    def excuse(self, optimum: Optimum) -> str:
        """Why the statement says nothing about this problem, in a few words; empty if it does say something."""
        if self.where == "biased" and not optimum.problem.bias:
            return "needs a fitted bias"
        if self.nonnegative_only and not optimum.problem.nonnegative:
            return "needs nonnegative codes"
        return ""

    def applies(self, optimum: Optimum) -> bool:
        """Whether the statement says something about this problem. An optimum's claimed status plays no part."""
        return not self.excuse(optimum)

    def residual(self, optimum: Optimum) -> Residual:
        """Dimensionless violations of the statement; ValueError if it does not apply to this problem."""
        if excuse := self.excuse(optimum):
            raise InputError(f"{self.id}: {self.name} {excuse}")
        return self.measure(Scaled(optimum))

    def measure(self, optimum: Scaled) -> Residual:
        """`residual`, for an optimum already in units of lam (so that many statements can share one)."""
        with np.errstate(all="ignore"):  # what cannot be computed becomes NaN, and NaN is a violation
            return self.violations(optimum)

    def extremal(self) -> Optimum:
        """An optimum known in closed form at which the statement is tight: a wrong constant would show."""
        return self.case()
