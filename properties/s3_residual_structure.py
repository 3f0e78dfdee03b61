"""S3, residual structure: E[r' zD] = lam D' diag(mu) D.

Multiply S1 by d_j' and add up. The right side is symmetric and positive semidefinite, with trace lam E[sum |z|]: what
the code leaves over is linearly predictable from what it reconstructs, by a slope that decoder and mean activities
alone determine. The same for signed codes.

Residual: Frobenius norm of the difference, divided by the trace lam E[sum |z|]. It is a mu-weighted mean of S1's
errors, so at most the largest of them; no single atom is to be named.
Holds at a stationary dictionary with exact codes. Derived from the optimisation problem; see docs/theory.md.
Extremal: the correlated pair, whose cross-covariance is neither diagonal nor isotropic.
"""

from __future__ import annotations

import numpy as np

from properties.base import TOLERANCE, Property, Residual, violation
from properties.cases import correlated_pair
from properties.scaled import Scaled


def violations(o: Scaled) -> Residual:
    """The violation of S3, one number; none if no atom is live."""
    if not len(o.live):
        return violation(np.zeros(0))
    share = o.w / o.mu.sum()
    cross = (o.r * share[:, None]).T @ o.y
    predicted = o.D.T @ ((o.mu / o.mu.sum())[:, None] * o.D)
    return violation(np.linalg.norm(cross - predicted))


PROPERTY = Property(
    id="S3", name="residual structure", where="stationary", tolerance=TOLERANCE, violations=violations,
    case=correlated_pair, statement="E[rᵀ zD] = λ Dᵀ diag(μ) D",
)
