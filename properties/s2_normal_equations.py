"""S2, normal equations: E[z' (x - b)] = (E[z' z] + lam diag(mu)) D.

S1 with r = x - b - zD written out. Given the codes, the dictionary is a ridge regression of the data on them, with a
ridge lam mu_j that the mean activities alone decide: the unit norm has become a penalty. The same for signed codes.

Residual, per live atom: the norm of its row, divided by lam mu_j. It is S1's, but computed from the moments of data
and codes and never from a residual.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair, whose moments have off-diagonal entries.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import TOLERANCE, Property, Residual, Totals, violation
from properties.cases import correlated_pair
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """(m, d) E[z_j (x - b)] and (m, m) E[z_j z_k]."""
    return {"zx": o.mass @ o.x, "zz": o.pairs(o.code, o.code)}


def finish(t: Totals) -> Residual:
    """(live,) violations of S2 (N3)."""
    return violation(np.linalg.norm(t.mean("zx") - t.mean("zz") @ t.D - t.rate[:, None] * t.D[t.live], axis=1),
                     ("atom", t.live))


PROPERTY = Property(
    id="S2", name="normal equations", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair, statement="E[zᵀ(x − b)] = (E[zᵀz] + λ diag μ) D",
    tests="tests/properties/test_properties.py",
)
