"""B1, the residual has mean zero: E[r] = 0.

The derivative of F with respect to b is -E[r], and b is free. Every score then has mean zero as well, whether its
atom is live or dead.

Residual: |E r| / lam, one number.
Holds at a stationary bias with exact codes. Derived from the optimisation problem; see docs/theory.md.
Extremal: one atom of density p < 1/2, whose bias lam p / (1 - p) cancels the shrinkage of its samples.
"""

from __future__ import annotations

import numpy as np

from properties.base import TOLERANCE, Property, Residual, violation
from properties.cases import shrinkage_bias
from properties.scaled import Scaled


def violations(o: Scaled) -> Residual:
    """The violation of B1, one number."""
    return violation(np.linalg.norm(o.w @ o.r))


PROPERTY = Property(
    id="B1", name="mean residual", where="biased", tolerance=TOLERANCE, violations=violations, case=shrinkage_bias,
    statement="E[r] = 0",
)
