"""What must be true of an optimal sparse dictionary: one statement per file, and `check`, which asks them all.

    report = properties.check(optimum)
    print(report)            # a table
    report.holds             # one answer
    properties.get("S5")     # one statement: its mathematics, its residual, its extremal case

C statements and G1 hold at exact codes of any dictionary, S statements at stationary atoms, B statements need a fitted
bias as well, M2 holds at local and M3 at global minima. They are
 derived here from the optimisation problem, in our own numbering; see docs/theory.md.
"""

from __future__ import annotations

from properties import (
    b1_mean_residual,
    b2_hull,
    b3_firing_balance,
    b4_covariance,
    c1_kkt,
    c2_shrinkage,
    c3_projection,
    c4_floor,
    g1_floor,
    m2_splitting,
    m3_dead_atoms,
    s1_balance,
    s2_normal_equations,
    s3_residual_structure,
    s4_gram,
    s5_cone,
    s6_nesting,
)
from properties.base import Property, Residual
from properties.first_order import tilt
from properties.matching import FeatureVerdict, Match, match, verdicts
from properties.recovery import Recovery, recoverable
from properties.recovery_share import largest_p, recovery_share
from properties.judging import Report, Verdict, judge
from properties.scaled import Progress
from testbed.errors import InputTypeError
from testbed.optimum import Optimum

ALL: tuple[Property, ...] = tuple(
    module.PROPERTY for module in (
        c1_kkt, c2_shrinkage, c3_projection, c4_floor,
        s1_balance, s2_normal_equations, s3_residual_structure, s4_gram, s5_cone, s6_nesting,
        b1_mean_residual, b2_hull, b3_firing_balance, b4_covariance,
        m2_splitting, m3_dead_atoms, g1_floor,
    )
)

BY_ID: dict[str, Property] = {p.id: p for p in ALL}

__all__ = ["ALL", "BY_ID", "FeatureVerdict", "Match", "Property", "Recovery", "Report", "Residual", "Verdict", "check",
           "get", "largest_p", "match", "recoverable", "recovery_share", "tilt", "verdicts"]


def get(id: str) -> Property:
    """The statement with this id ('C1' ... 'B4'); KeyError names the ids there are."""
    if id not in BY_ID:
        raise KeyError(f"properties: {id!r} is not one of {', '.join(BY_ID)}")
    return BY_ID[id]


def check(optimum: Optimum, progress: Progress | None = None) -> Report:
    """Every statement about one optimum, whatever status it claims, in one pass over its samples.

    A dictionary that is not stationary fails; it is not excused. Where what a statement is about does not occur there is
    nothing to test, and it neither holds nor fails. progress is called as progress(samples done, their number) after
    every block. TypeError if the argument is not an Optimum.
    """
    if not isinstance(optimum, Optimum):
        raise InputTypeError(f"check: expected a testbed.Optimum; got {type(optimum).__name__}")
    return judge(optimum, ALL, progress)
