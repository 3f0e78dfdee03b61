"""B1, the residual has mean zero: E[r] = 0, whatever codes cost.

The derivative of F with respect to b is -E[r], and b is free. Every score then has mean zero as well, whether its
atom is live or dead.

Residual: |E r| / lam, one number.
Holds at a stationary bias with exact codes.
Extremal: one atom of density p < 1/2, whose bias lam p / (1 - p) cancels the shrinkage of its samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import EVERY, TOLERANCE, Property, Residual, Totals, violation
from properties.cases import shrinkage_bias
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """(d,) E[r]."""
    return {"r": o.w @ o.r}


def finish(t: Totals) -> Residual:
    """The violation of B1, one number."""
    return violation(np.linalg.norm(t["r"]))


PROPERTY = Property(
    id="B1", name="mean residual", where="biased", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=shrinkage_bias, statement="E[r] = 0", penalties=EVERY, tests="tests/properties/test_properties.py",
)
