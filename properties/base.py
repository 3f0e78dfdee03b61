"""What a statement is: a line of mathematics, how far an optimum is from it, and a case in which it is tight.

    statement.residual(optimum)  ->  Residual: dimensionless violations, each with the place where it occurs
    statement.extremal()         ->  an optimum known in closed form at which the statement has no slack

A residual is 0 where the statement holds and the size of the violation where it does not. It never changes when X and
lam are scaled together, so one tolerance serves every problem, and a residual that is not finite is a violation.

It is computed from blocks of samples, in one pass that all statements share: `gather(block)` says what a block
contributes (sums, largest entries, worst places: properties/sums.py), `finish(totals)` what that amounts to. Neither
holds more than one block and a few arrays (m, m), however many samples there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from properties.residual import NOTHING, Residual, peak, violation
from properties.scaled import Scaled, blocks
from properties.sums import Kept, Largest, Running, Totals
from testbed.dictionary import Dictionary
from testbed.errors import InputError
from testbed.optimum import Optimum
from testbed.penalties import PENALTIES
from testbed.threads import limited
from testbed.verify import Progress

__all__ = ["CODE_TOLERANCE", "EVERY", "NOTHING", "PLACES", "PRICED", "SUCCESSORS", "TOLERANCE", "Evidence", "Kept",
           "Largest", "Property", "Residual", "Statement", "Totals", "measure", "peak", "violation"]

CODE_TOLERANCE = 1e-10  # statements about exact codes: KKT residuals of 1e-12, and room for the rounding of other sums
TOLERANCE = 1e-8  # statements about stationary dictionaries: each residual is at most S1's plus C1's, 1e-9 together

EVERY = tuple(PENALTIES)  # names of all penalties; those with a price; those that came after l1
PRICED = tuple(name for name in PENALTIES if name != "topk")
SUCCESSORS = tuple(name for name in PENALTIES if name != "l1")

PLACES = {
    "code": "exact codes",
    "stationary": "stationary atoms",
    "biased": "stationary, bias fitted",
    "local_min": "a local minimum",
    "global": "a global minimum",
}


class Evidence(NamedTuple):
    """Something computed now that a statement has to agree with: in words, how far off it is, and how far it may be."""

    says: str
    off: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether it does; a NaN does not."""
        return bool(self.off <= self.tolerance)

    def __str__(self) -> str:
        return f"{self.says}: {self.off:.1e}, tolerance {self.tolerance:.1e}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Statement:
    """One statement. Its text is the docstring of the file in properties/ that declares it.

    Attributes
    ----------
    id, name : "S5", "cone condition". The letter names the family: properties/theory.py.
    statement : one line of mathematics.
    where : what it is a statement about: a key of PLACES, or a few words.
    tests : the file that tests it.
    code : where it is derived further or computed, if that is not the file that declares it: 'module', or
        'module:function'.
    no_figure : why no figure shows it; empty if one does (each figure names the statements that it shows).
    demonstrate : computes evidence in a second or two, if no figure has any.
    penalties : the names of the penalties under which it holds (testbed.penalties).
    """

    id: str
    name: str
    statement: str
    where: str
    tests: str
    code: str = ""
    no_figure: str = ""
    demonstrate: Callable[[], Evidence] | None = None
    penalties: tuple[str, ...] = ("l1",)

    @property
    def place(self) -> str:
        """`where` in words."""
        return PLACES.get(self.where, self.where)

    @property
    def under(self) -> str:
        """`penalties` in words."""
        return "any" if set(self.penalties) == set(PENALTIES) else ", ".join(self.penalties)

    def evidence(self) -> Iterator[Evidence]:
        """What this file alone can show for it."""
        if self.demonstrate is not None:
            yield self.demonstrate()


@dataclass(frozen=True, eq=False, kw_only=True)
class Property(Statement):
    """A statement about one optimum: what must hold, and how to see that it does.

    Attributes
    ----------
    tolerance : the largest residual that counts as rounding and incomplete convergence.
    gather : what a block of samples in units of lam contributes, by name (properties/sums.py).
    finish : the residual, from the totals over all blocks. One without entries means that there was nothing to test.
    case : builds the extremal case.
    needs : what does not occur if there was nothing to test, in a few words.
    nonnegative_only : whether the statement has no counterpart for signed codes.
    """

    tolerance: float
    gather: Callable[[Scaled], Mapping[str, Any]]
    finish: Callable[[Totals], Residual]
    case: Callable[[], Optimum]
    needs: str = "a live atom"
    nonnegative_only: bool = False

    def excuse(self, optimum: Dictionary) -> str:
        """Why the statement says nothing about this problem, in a few words; empty if it does say something."""
        if optimum.problem.penalty.name not in self.penalties:
            return f"needs penalty {' or '.join(self.penalties)}"
        if self.where == "biased" and not optimum.problem.bias:
            return "needs a fitted bias"
        if self.nonnegative_only and not optimum.problem.nonnegative:
            return "needs nonnegative codes"
        return ""

    def applies(self, optimum: Dictionary) -> bool:
        """Whether the statement says something about this problem. An optimum's claimed status plays no part."""
        return not self.excuse(optimum)

    def residual(self, optimum: Dictionary) -> Residual:
        """Dimensionless violations of the statement; ValueError if it does not apply to this problem."""
        if excuse := self.excuse(optimum):
            raise InputError(f"{self.id}: {self.name} {excuse}")
        return measure([self], optimum)[0][self.id]

    def extremal(self) -> Optimum:
        """An optimum known in closed form at which the statement is tight: a wrong constant would show."""
        return self.case()

    def evidence(self) -> Iterator[Evidence]:
        """The extremal case, measured."""
        yield Evidence("extremal case, residual", self.residual(self.extremal()).max, self.tolerance)
        yield from super().evidence()


def measure(statements: Iterable[Property], optimum: Dictionary,
            progress: Progress | None = None) -> tuple[dict[str, Residual], int]:
    """The residuals of statements that apply, by id, and the number of live atoms: one pass over the samples.

    progress : called as progress(samples done, their number) after every block.
    """
    running = Running(statements)
    with limited(1), np.errstate(all="ignore"):  # what cannot be computed becomes NaN, and NaN is a violation
        for block in blocks(optimum, progress):
            running.add(block)
        return {p.id: p.finish(running.totals(p.id)) for p in running.statements}, running.live
