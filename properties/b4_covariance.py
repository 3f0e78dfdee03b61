"""B4, balance as a covariance: Cov(z_j, r) = lam mu_j d_j,  mu_j = E|z_j|.

S1 is E[z_j r] = lam mu_j d_j, and E[r] = 0 (B1), so the product of means that a covariance subtracts is zero. What is
left over varies with an atom's activity along that atom, and in no other direction. The same for signed codes,
and under any penalty with nu_j = E[z_j g'(z_j)] for lam mu_j (N2).

Residual, per live atom: |Cov(z_j, r) / (lam mu_j) - d_j|, at most S1's plus B1's.
Holds at a stationary dictionary and bias.
Extremal: an antipodal pair of unequal frequencies, whose activities have means that matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import EVERY, TOLERANCE, Property, Residual, Totals, violation
from properties.cases import antipodal_pair
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """(m, d) E[z_j r], (m,) E[z_j], (d,) E[r]."""
    return {"zr": o.pulled, "z": o.total(o.code), "r": o.w @ o.r}


def finish(t: Totals) -> Residual:
    """(live,) violations of B4."""
    covariance = t.mean("zr") - t.mean("z")[:, None] * t["r"]
    return violation(np.linalg.norm(covariance - t.rate[:, None] * t.D[t.live], axis=1), ("atom", t.live))


PROPERTY = Property(
    id="B4", name="covariance", where="biased", tolerance=TOLERANCE, gather=gather, finish=finish, case=antipodal_pair,
    statement="Cov(zⱼ, r) = λ μⱼ dⱼ   (any penalty: νⱼ dⱼ)", penalties=EVERY,
    tests="tests/properties/test_properties.py",
)
