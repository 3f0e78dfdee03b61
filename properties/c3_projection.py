"""C3, the residual is a projection: r is the point of K = {r : D r <= lam} nearest to x - b (signed: |D r| <= lam).

The dual of exact coding. A point r of the convex set K is nearest to x - b exactly when no step in K leads towards it:

    <zD, r' - r> <= 0   for every r' in K,      zD = x - b - r.

On K, <zD, r'> = sum z_j <d_j, r'> is at most lam sum |z_j|, and r attains this by C2: the codes are the certificate.
Taking for r' another sample's residual, both ways round, gives <zD - z'D, r - r'> >= 0, hence x -> r and x -> zD are
firmly nonexpansive: |r - r'|^2 + |zD - z'D|^2 <= |x - x'|^2. Neither map moves two points apart.

Residual: (a) r's violation of K, per sample; (b) the certificate's gap 1 - <zD, r> / (lam sum |z|), per sample; (c) the
inequality itself with the residuals of PAIRED samples spread evenly over the data for r', per pair, divided by
lam sum |z| (so that it is a z-weighted mean of s'_j - s_j). All in units of max(1, |x| / 1000 lam).
Holds at exact codes of any dictionary.
Extremal: the correlated pair, where residuals share a facet of K and the inequality is an equality.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import CODE_TOLERANCE, Kept, Property, Residual, Totals, peak, violation
from properties.cases import correlated_pair
from properties.scaled import Scaled

PAIRED = 1024  # samples compared with each other: all of them up to this many, else this many, evenly spaced


def gather(o: Scaled) -> dict[str, Any]:
    """Violations of K and gaps of the certificate, at their worst; and the samples to be paired."""
    reach = o.reach.copy()
    np.maximum.at(reach, o.row, o.met if o.nonnegative else np.abs(o.met))
    fires = np.flatnonzero(o.size != 0)
    own = np.einsum("ik,ik->i", o.y, o.r)
    gap = (1 - own[fires] / o.size[fires]) / o.rounding[fires]
    count = o.atoms.n
    chosen = np.unique(np.linspace(0, count - 1, min(count, PAIRED)).round().astype(int))
    rows = np.isin(o.position, chosen)
    return {
        "outside": peak((reach - 1) / o.rounding, ("sample", o.samples)),
        "gap": peak(gap, ("sample", o.samples[fires])),
        "r": Kept(o.r[rows]), "y": Kept(o.y[rows]), "sample": Kept(o.samples[rows]),
        "numbers": Kept(np.column_stack([own, o.size, o.rounding])[rows]),
    }


def finish(t: Totals) -> Residual:
    """Violations of K (worst sample), gaps of the certificate (worst sample), steps towards x within K (pairs)."""
    own, size, rounding = t["numbers"].T
    some = np.flatnonzero(size != 0)
    step = (t["y"][some] @ t["r"].T - own[some, None]) / size[some, None]
    pairs = step / np.maximum.outer(rounding[some], rounding)
    return t["outside"] | t["gap"] | violation(pairs, ("sample", t["sample"][some]), ("sample", t["sample"]))


PROPERTY = Property(
    id="C3", name="residual is a projection", where="code", tolerance=CODE_TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair, statement="r = projection of x − b onto {r : Dr ≤ λ}   (signed: |Dr| ≤ λ)",
    tests="tests/properties/test_properties.py",
)
