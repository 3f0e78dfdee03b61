"""B3, balance of firing: P(j on) = -E[s_j 1{j off}].

E[s_j] = 0 by B1, and s_j = 1 where j is on (C1). If k is exactly antipodal to j, s_k = -s_j: where k is on s_j = -1,
and where neither is |s_j| <= 1. So E[s_j] = 0 reads P(j on) - P(k on) + E[s_j 1{neither on}] = 0, and

    |P(j on) - P(k on)| <= P(neither on):

an antipodal pair fires equally often, as far as it fires. Signed codes: E[sign z_j] = -E[s_j 1{j off}], and the two
signs of an atom are such a pair: |P(z_j > 0) - P(z_j < 0)| <= P(j off).

Residual: (a) the identity, per atom; (b) the excess in the inequality, per antipodal pair (signed: per atom).
Probabilities are their own unit.
Holds at a stationary bias with exact codes, for live and dead atoms. Derived from the optimisation problem; see
docs/theory.md.
Extremal: an antipodal pair and a silent sample with a score of exactly 1: the inequality is an equality.
"""

from __future__ import annotations

import numpy as np

from properties.base import TOLERANCE, Property, Residual, violation
from properties.cases import antipodal_pair
from properties.scaled import Scaled

ANTIPODAL = 1e-10  # largest |d_j + d_k| of a pair called exactly antipodal: below TOLERANCE, where |r| < 100 lam


def violations(o: Scaled) -> Residual:
    """Violations of the identity (j) and of the inequality (antipodal j, k; signed: j)."""
    tilt = o.w @ o.sign  # P(j on) for nonnegative codes
    balance = violation(np.abs(tilt + o.w @ np.where(o.on, 0, o.s)), ("atom", o.atoms))
    if not o.nonnegative:
        return balance | violation(np.abs(tilt) - o.w @ ~o.on, ("atom", o.atoms))
    for j, k in np.argwhere(o.G < -0.999):  # both orders of every pair
        if np.linalg.norm(o.D[j] + o.D[k]) <= ANTIPODAL:
            neither = o.w @ ~(o.on[:, j] | o.on[:, k])
            balance |= violation([[tilt[j] - tilt[k] - neither]], ("atom", [j]), ("atom", [k]))
    return balance


PROPERTY = Property(
    id="B3", name="balance of firing", where="biased", tolerance=TOLERANCE, violations=violations, case=antipodal_pair,
    statement="P(j on) = −E[sⱼ 1{j off}]; antipodal atoms: |P(j on) − P(k on)| ≤ P(neither on)",
)
