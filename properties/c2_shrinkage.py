"""C2, the shrinkage identity: <r, zD> = lam sum |z|, and under any penalty sum z g'(z).

Multiply C1 on the support, <r, d_j> = lam sign z_j, by z_j and add up; or N1, <r, d_j> = g'(z_j). Under L0 and TopK
the residual is orthogonal to what it is left over from. Under l1 every code pays its penalty as overlap of its
residual with its reconstruction, hence |x - b|^2 = |zD|^2 + |r|^2 + 2 lam sum |z|, and the loss is (|x - b|^2 -
|zD|^2) / 2.

Residual, per sample: |<r, zD> - sum z g'(z)| / (lam sum |z|), in units of max(1, |x| / 1000 lam); 0 where nothing
fires. It is the z-weighted mean of C1's violations on the support, so it is no larger than C1's.
Holds at exact codes of any dictionary.
Extremal: the correlated pair, an identity with both terms of order 1 and a support of two overlapping atoms.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import CODE_TOLERANCE, EVERY, Property, Residual, Totals, peak
from properties.cases import correlated_pair
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """The worst of the samples that fire."""
    fires = np.flatnonzero(o.size != 0)
    overlap = np.einsum("ik,ik->i", o.r[fires], o.y[fires])
    paid = np.bincount(o.row, o.code * o.price, o.n)[fires]
    relative = np.abs(overlap - paid) / o.size[fires]
    return {"worst": peak(relative / o.rounding[fires], ("sample", o.samples[fires]))}


def finish(t: Totals) -> Residual:
    """The worst violation of C2."""
    return t["worst"]


PROPERTY = Property(
    id="C2", name="shrinkage identity", where="code", tolerance=CODE_TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair, statement="⟨r, zD⟩ = λ Σ|zⱼ|   (any penalty: Σ zⱼ g′(zⱼ))", needs="a nonzero code",
    penalties=EVERY,    tests="tests/properties/test_properties.py",
)
