"""M3, dead atoms: at a global minimum a dead atom implies max|r| <= lam: the wide limit has been reached.

Keep all codes, and point an atom u that nothing uses anywhere. Each sample may add z u to its reconstruction, which
lowers its loss by <r, u> z - lam z - z^2/2, at best by 1/2 (<r, u> - lam)_+^2. So

    F*(m) <= F - 1/2 max over u of E[(<r, u> - lam)_+^2],

and u = r_i / |r_i| gains at least 1/2 w_i (|r_i| - lam)^2, a finite amount, unless max|r| <= lam. (In signed problems
an antipodal u serves as well: |<r, u>|.) The dead atom itself need not be near any residual: phi does not depend on it
at all while its scores are below 1, so a dictionary with one can be a local minimum, and often is.

Under Energy and MCP the first bit of a code costs lam as well, and under L0 an atom pays for itself beyond |r| =
sqrt(2 lam0): the same with that for lam. Under Log it holds too, and with eps < lam shorter residuals are already worth
an atom.

Residual, per sample: (|r| / lam - 1)+ if some atom is dead, in units of max(1, |x| / 1000 lam).
Holds at a global minimum.
Extremal: a dead atom, and a residual of exactly lam.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import NOTHING, PRICED, TOLERANCE, Property, Residual, Totals, peak
from properties.scaled import Scaled
from testbed.optimum import Optimum
from testbed.problem import Problem


def gather(o: Scaled) -> dict[str, Any]:
    """By how much the longest residual exceeds lam."""
    return {"longest": peak((np.linalg.norm(o.r, axis=1) - 1) / o.rounding, ("sample", o.samples))}


def finish(t: Totals) -> Residual:
    """The excess of the longest residual while an atom is dead; nothing if none is."""
    return t["longest"] if len(t.live) < t.m else NOTHING


def idle_atom() -> Optimum:
    """x = 3 lam u and -lam u on atoms u and v: the first residual is lam u, the second lies exactly at the limit."""
    lam, u, v = 0.5, np.array([0.6, 0.8]), np.array([0.8, -0.6])
    problem = Problem(lam * np.array([3 * u, -u]), lam)
    return Optimum.at(problem, np.array([u, v]), Z=lam * np.array([[2.0, 0], [0, 0]]))


PROPERTY = Property(
    id="M3", name="dead atoms", where="global", tolerance=TOLERANCE, gather=gather, finish=finish, case=idle_atom,
    statement="μⱼ = 0 for some j ⇒ max|r| ≤ λ: else dⱼ = r/|r| lowers F by at least ½E[(⟨r, dⱼ⟩ − λ)₊²]",
    needs="a dead atom", penalties=PRICED, tests="tests/properties/test_splitting.py",
)
