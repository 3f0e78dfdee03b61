"""What must be true of an optimal sparse dictionary: one statement per file, and `check`, which asks them all.

    report = properties.check(optimum)
    print(report)            # a table
    report.holds             # one answer
    report.excess            # where it fails: how far the objective is above the stationary point reached from here
    properties.get("S5")     # one statement: its mathematics, its residual, its extremal case

C statements and G1 hold at exact codes of any dictionary, S statements at stationary atoms, B statements need a fitted
bias as well, M2 holds at local and M3 at global minima. Statements about derivatives, paths, bounds and toy worlds have
files here too, with their text and where they are derived and tested; docs/theory.md is made of them all.
"""

from __future__ import annotations

from typing import overload

from properties.base import Property, Residual, Statement
from properties.discovery import found
from properties.first_order import tilt_rate
from properties.judging import Report, Verdict, judge
from properties.many import Reports, judge_all
from properties.matching import Fate, Match, fates, match
from properties.recovery import Recovery, recoverable
from properties.sample_size import largest_p, recovery_share
from testbed.descent.batch import Batch
from testbed.dictionary import Dictionary
from testbed.errors import InputTypeError
from testbed.verify import Progress

BY_ID: dict[str, Property] = {id: entry.statement for id, entry in found().items()
                              if isinstance(entry.statement, Property)}
ALL: tuple[Property, ...] = tuple(BY_ID.values())

__all__ = ["ALL", "BY_ID", "Fate", "Match", "Property", "Recovery", "Report", "Reports", "Residual", "Statement",
           "Verdict", "check", "fates", "get", "largest_p", "match", "recoverable", "recovery_share", "tilt_rate"]


def get(id: str) -> Property:
    """The statement with this id ('C1' ... 'B4'); KeyError names the ids there are."""
    if id not in BY_ID:
        raise KeyError(f"properties: {id!r} is not one of {', '.join(BY_ID)}")
    return BY_ID[id]


@overload
def check(optimum: Dictionary, progress: Progress | None = None) -> Report: ...


@overload
def check(optimum: Batch, progress: Progress | None = None) -> Reports: ...


def check(optimum: Dictionary | Batch, progress: Progress | None = None) -> Report | Reports:
    """Every statement about one optimum, whatever status it claims, in one pass over its samples.

    A dictionary that is not stationary fails; it is not excused. Where what a statement is about does not occur there
    is nothing to test, and it neither holds nor fails. progress is called as progress(samples done, their number) after
    every block. The argument may be a Dictionary of unknown quality, or a Batch: its optima are asked one by one, and
    progress counts them. InputTypeError if it is none of these.
    """
    if isinstance(optimum, Batch):
        return judge_all(optimum, ALL, progress)
    if not isinstance(optimum, Dictionary):
        raise InputTypeError(f"check: expected a testbed.Optimum, Dictionary or Batch; got {type(optimum).__name__}")
    return judge(optimum, ALL, progress)
