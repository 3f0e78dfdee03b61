"""S1, balance: the residual, averaged with the weight of an atom's own activity, points along that atom.

    E[z_j r] = lam mu_j d_j,   mu_j = E|z_j|,     or     E_j[r] = lam d_j.

dF/dd_j = -E[z_j r]. On the sphere |d_j| = 1 only its tangential part must vanish, so E[z_j r] is a multiple of d_j;
its product with d_j is E[z_j <r, d_j>] = lam E|z_j| by C1. The same for signed codes.

Residual, per live atom: |E[z_j r] / (lam mu_j) - d_j|, the stationarity that testbed.verify reports, here from
means over each atom's own activity, so that a rarely used atom is measured as sharply as a busy one. All other S
statements are averages of this vector equation (and of C1), with residuals no larger.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair, whose tilt balances two unequal pulls.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import TOLERANCE, Property, Residual, Totals, violation
from properties.cases import correlated_pair
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """(m, d) E[z_j r]."""
    return {"zr": o.pulled}


def finish(t: Totals) -> Residual:
    """(live,) violations of S1 (N2)."""
    return violation(np.linalg.norm(t.mean("zr") - t.rate[:, None] * t.D[t.live], axis=1), ("atom", t.live))


PROPERTY = Property(
    id="S1", name="balance", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair, statement="E[zⱼ r] = λ μⱼ dⱼ", tests="tests/properties/test_properties.py",
)
