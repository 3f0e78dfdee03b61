"""The certified gap of a dictionary: how far it is from what no dictionary of any width undercuts (V3).

F_tau of `convex` is at most F + tau sum_j sqrt(E[z_j^2]), since sqrt(p^2 + q^2) <= p + q, and it is at least
P(lam, tau): P <= F_tau <= F + tau sum_j |v_j|. A verified lower bound on P is a certified gap.

Which tau? At 0 the bound is the Huber floor: unconditional, and attained only in the wide limit. A narrow dictionary is
better compared with others of its kind. Since sqrt(p^2 + q^2) <= p + q^2 / 2p, F_tau <= F + tau^2 A / (2 lam) with the
activity A = sum_j E[z_j^2] / E[z_j], about the width times the level at which atoms fire. So every dictionary of
activity at most A has F >= P(lam, tau) - tau^2 A / (2 lam). The tau that makes this largest is found with its proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from testbed import checks
from testbed.bounds import certificate, convex
from testbed.bounds.convex import Program
from testbed.bounds.lower import ROUTES, Bound, better, floor_bound, lower_bound, solved
from testbed.checks import Array
from testbed.dictionary import Dictionary
from testbed.errors import InputTypeError
from testbed.problem import LARGEST
from testbed.threads import limited


def priced(optimum: Dictionary, tau: float) -> float:
    """F_tau of a dictionary with its codes: F + sum_j (sqrt(lam^2 E|z_j|^2 + tau^2 E[z_j^2]) - lam E|z_j|)."""
    lam, mu = optimum.problem.lam, optimum.mu
    root = np.sqrt((lam * mu) ** 2 + tau**2 * _energy(optimum))
    return float(optimum.objective + (tau**2 * _energy(optimum) / np.where(root > 0, root + lam * mu, 1)).sum())


def activity(optimum: Dictionary) -> float:
    """sum over live atoms of E[z_j^2] / E|z_j|, the mean code weighted by itself, in units of X: width times level."""
    mu = optimum.mu
    return float((_energy(optimum)[mu > 0] / mu[mu > 0]).sum())


def _energy(optimum: Dictionary) -> Array:
    return sum((np.asarray((block.Z**2).T @ block.w).ravel() for block in optimum.blocks()), np.zeros(optimum.n_atoms))


@dataclass(frozen=True, eq=False)
class Gap:
    """How far a dictionary is from what no dictionary undercuts (V3). Everything in (squared) units of X.

    objective : F of the dictionary. floor : verified bound on F of any dictionary of any width (tau = 0).
    bound : verified bound on F_tau at tau; the floor itself where no program was solved.
    tau : given, or the price at which the dictionary's class bound is largest.
    priced : F_tau of the dictionary. activity : A = sum_j E[z_j^2] / E[z_j].
    reason : why there is no bound but the floor; empty if there is one.
    """

    objective: float
    floor: float
    bound: Bound
    tau: float
    priced: float
    activity: float
    lam: float
    reason: str

    @property
    def gap(self) -> float:
        """Certified: the priced objective exceeds the least of any dictionary of any width by at most this (V3)."""
        return self.priced - self.bound.value

    @cached_property
    def class_bound(self) -> float:
        """No dictionary of any width whose activity is at most A has an objective below this: max of the floor and
        bound - tau^2 A / (2 lam), less the rounding of that difference."""
        charge = 0.5 * self.tau**2 * self.activity / self.lam
        return max(self.floor, self.bound.value - charge - 16 * certificate.ULP * (self.bound.value + charge))

    def to_json(self) -> dict[str, Any]:
        """The numbers, for `testbed check --bounds --json`."""
        return {"floor": self.floor, "tau": self.tau, "priced": self.priced, "bound": self.bound.value,
                "gap": self.gap, "route": self.bound.route, "activity": self.activity,
                "class_bound": self.class_bound, "reason": self.reason}

    def __str__(self) -> str:
        rows = [f"floor        {self.floor:.10g}   no dictionary of any width is below; "
                f"{self.objective - self.floor:.3g} under this one",
                f"gap          {self.gap:.3g} at tau = {self.tau:.6g}: priced objective {self.priced:.10g}, "
                f"lower bound {self.bound.value:.10g}",
                f"route        {ROUTES[self.bound.route]}"]
        if self.reason:
            rows.append(f"no more      {self.reason}")
        elif self.tau > 0:
            rows.insert(2, f"class        {self.class_bound:.10g}   none with activity at most {self.activity:.6g} is "
                           f"below; {self.objective - self.class_bound:.3g} under this one")
        return "\n".join(rows)


@limited(0)  # bits do not depend on how many threads BLAS has
def gap(optimum: Dictionary, tau: float | None = None) -> Gap:
    """The certified gap of a dictionary, trained or not (V3).

    tau : the price at which to compare, in units of X. None takes the price that proves most about F itself among
    dictionaries of at most this one's activity; where the doubly nonnegative program is too large the semidefinite one
    is tried, and where it proves no more, tau = 0: the floor, which needs no program.

    Raises InputError naming the argument, and with a given tau > 0 whatever `lower_bound` raises.
    """
    if not isinstance(optimum, Dictionary):
        raise InputTypeError(f"gap: expected a testbed.Optimum; got {type(optimum).__name__}")
    program, size = Program.of(optimum.problem), activity(optimum)
    floor, lam = floor_bound(program), optimum.problem.lam
    bound, reason = floor, ""
    if tau is not None:
        if checks.number("gap", "tau", tau, 0, LARGEST) > 0:
            bound = lower_bound(optimum.problem, tau)
    else:
        for elementwise in (True, False)[not optimum.problem.nonnegative:]:
            reason = convex.refusal(program, elementwise)
            if not reason:
                found = better(solved(program, elementwise, None, size / lam), floor)
                # at the floor's own value nothing was proved beyond tau = 0
                bound = found if found.value - 0.5 * found.tau**2 * size / lam > floor.value else floor
                break
    price = bound.tau if tau is None else float(tau)
    return Gap(optimum.objective, floor.value, bound, price, priced(optimum, price), size, lam, reason)
