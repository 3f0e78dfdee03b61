"""S3, residual structure: E[r' zD] = lam D' diag(mu) D.

Multiply S1 by d_j' and add up. The right side is symmetric and positive semidefinite, with trace lam E[sum |z|]: what
the code leaves over is linearly predictable from what it reconstructs, by a slope that decoder and mean activities
alone determine. The same for signed codes.

Residual: Frobenius norm of the difference, divided by the trace lam E[sum |z|]. It is a mu-weighted mean of S1's
errors, so at most the largest of them; no single atom is to be named.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair, whose cross-covariance is neither diagonal nor isotropic.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import NOTHING, TOLERANCE, Property, Residual, Totals, violation
from properties.cases import correlated_pair
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """(d, d) E[r' zD]."""
    return {"cross": (o.r * o.w[:, None]).T @ o.y}


def finish(t: Totals) -> Residual:
    """The violation of S3 (N3), one number; nothing if no atom is live."""
    if not len(t.live):
        return NOTHING
    trace = t.mu.sum()
    return violation(np.linalg.norm(t["cross"] / trace - t.D.T @ ((t.nu / trace)[:, None] * t.D)))


PROPERTY = Property(
    id="S3", name="residual structure", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair, statement="E[rᵀ zD] = λ Dᵀ diag(μ) D", tests="tests/properties/test_properties.py",
)
