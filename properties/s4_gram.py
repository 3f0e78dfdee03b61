"""S4, geometry is co-firing: G_jk = E_j[s_k] = E_k[s_j], with E_j[f] = E[z_j f] / mu_j the mean over atom j's activity.

The product of S1 with d_k. The cosine of two atoms is the mean score of one while the other is active, and although
the two means run over different samples they agree. Atom k may be dead: only j must be live. Signed: E[z_j s_k] /
mu_j.

Residual, per live atom j and atom k: |E[z_j s_k] / mu_j - G_jk|, with <E[z_j r], d_k> / lam for the mean; at most S1's
for atom j.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair, with cosine sin 2 psi although the features are orthogonal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import TOLERANCE, Property, Residual, Totals, violation
from properties.cases import correlated_pair
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """(m, d) E[z_j r], so that E[z_j s_k] is its product with d_k."""
    return {"zr": o.pulled}


def finish(t: Totals) -> Residual:
    """(live, m) violations of S4 (N4)."""
    off = np.abs(t.mean("zr") @ t.D.T - t.rate[:, None] * t.G[t.live])
    return violation(off, ("atom", t.live), ("atom", range(t.m)))


PROPERTY = Property(
    id="S4", name="geometry is co-firing", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair, statement="Gⱼₖ = E[zⱼ sₖ]/μⱼ = E[zₖ sⱼ]/μₖ", tests="tests/properties/test_properties.py",
)
