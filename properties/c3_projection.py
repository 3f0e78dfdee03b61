"""C3, the residual is a projection: r is the point of K = {r : D r <= lam} nearest to x - b (signed: |D r| <= lam).

The dual of exact coding. A point r of the convex set K is nearest to x - b exactly when no step in K leads towards it:

    <zD, r' - r> <= 0   for every r' in K,      zD = x - b - r.

On K, <zD, r'> = sum z_j <d_j, r'> is at most lam sum |z_j|, and r attains this by C2: the codes are the certificate.
Taking for r' another sample's residual, both ways round, gives <zD - z'D, r - r'> >= 0, hence x -> r and x -> zD are
firmly nonexpansive: |r - r'|^2 + |zD - z'D|^2 <= |x - x'|^2.

Residual: (a) r's violation of K, per sample; (b) the certificate's gap 1 - <zD, r> / (lam sum |z|), per sample; (c) the
inequality itself with the residuals of PAIRED samples spread evenly over the data for r', per pair, divided by
lam sum |z| (so that it is a z-weighted mean of s'_j - s_j). All in units of max(1, |x| / 1000 lam).
Holds at exact codes of any dictionary. Derived from the optimisation problem; see docs/theory.md.
Extremal: the correlated pair, where residuals share a facet of K and the inequality is an equality.
"""

from __future__ import annotations

import numpy as np

from properties.base import CODE_TOLERANCE, Property, Residual, violation
from properties.cases import correlated_pair
from properties.scaled import Scaled

PAIRED = 1024  # samples compared with each other: all of them up to this many, else this many, evenly spaced


def violations(o: Scaled) -> Residual:
    """Violations of K (sample), gaps of the certificate (sample), steps towards x within K (sample, sample)."""
    reach = (o.s if o.nonnegative else np.abs(o.s)).max(axis=1)
    fires = np.flatnonzero(o.size != 0)
    own = np.einsum("ik,ik->i", o.y[fires], o.r[fires])
    gap = (1 - own / o.size[fires]) / o.rounding[fires]

    chosen = np.unique(np.linspace(0, o.n - 1, min(o.n, PAIRED)).round().astype(int))
    of = np.isin(fires, chosen)
    some = fires[of]
    step = (o.y[some] @ o.r[chosen].T - own[of, None]) / o.size[some, None]
    pairs = step / np.maximum.outer(o.rounding[some], o.rounding[chosen])
    return (
        violation((reach - 1) / o.rounding, ("sample", o.samples))
        | violation(gap, ("sample", fires))
        | violation(pairs, ("sample", some), ("sample", chosen))
    )


PROPERTY = Property(
    id="C3", name="residual is a projection", where="code", tolerance=CODE_TOLERANCE, violations=violations,
    case=correlated_pair, statement="r = projection of x − b onto {r : Dr ≤ λ}   (signed: |Dr| ≤ λ)",
)
