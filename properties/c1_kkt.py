"""C1, the optimality of codes: scores are at most 1, and exactly 1 on the support.

For fixed atoms, 1/2 |x - zD|^2 + lam sum z is convex in z with gradient lam (1 - s_j), s_j = <r, d_j> / lam. On z >=
0 it is minimal exactly when no derivative is negative (s_j <= 1) and none is positive where z_j > 0 (s_j = 1). Signed
codes with lam |z_j| may move both ways: |s_j| <= 1, and s_j = sign z_j on the support.

Residual, per sample and atom: the amount by which a score breaks this, or by which a code has the wrong sign, in
units of max(1, |x| / 1000 lam) (a score cannot be better than the rounding of <r, d>).
Holds at exact codes of any dictionary. Derived from the optimisation problem; see docs/theory.md.
Extremal: a sample at which the atom is just about to fire, and one with a score of -3, allowed on one side only.
"""

from __future__ import annotations

import numpy as np

from properties.base import CODE_TOLERANCE, Property, Residual, violation
from properties.cases import threshold
from properties.scaled import Scaled


def violations(o: Scaled) -> Residual:
    """(n, m) violations of C1."""
    over = (o.s if o.nonnegative else np.abs(o.s)) - 1
    missed = np.where(o.on, np.abs(o.s - o.sign), 0)
    worst = np.maximum(over, missed)
    if o.nonnegative:
        worst = np.maximum(worst, -o.z.toarray())
    return violation(worst / o.rounding[:, None], ("sample", o.samples), ("atom", o.atoms))


PROPERTY = Property(
    id="C1", name="exact codes", where="code", tolerance=CODE_TOLERANCE, violations=violations, case=threshold,
    statement="sⱼ ≤ 1, and sⱼ = 1 where zⱼ > 0   (signed: |sⱼ| ≤ 1, and sⱼ = sign zⱼ where zⱼ ≠ 0)",
)
