"""C1, the optimality of codes: scores are at most 1, and exactly 1 on the support.

For fixed atoms, 1/2 |x - zD|^2 + lam sum z is convex in z with gradient lam (1 - s_j), s_j = <r, d_j> / lam. On z >=
0 it is minimal exactly when no derivative is negative (s_j <= 1) and none is positive where z_j > 0 (s_j = 1).
Signed codes with lam |z_j| may move both ways: |s_j| <= 1, and s_j = sign z_j on the support. All else uses the
codes through this alone.

Residual, per sample and atom: the amount by which a score breaks this, or by which a code has the wrong sign, in
units of max(1, |x| / 1000 lam) (a score cannot be better than the rounding of <r, d>).
Holds at exact codes of any dictionary.
Extremal: a sample at which the atom is just about to fire, and one with a score of -3, allowed on one side only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import CODE_TOLERANCE, Property, Residual, Totals, peak
from properties.cases import threshold
from properties.scaled import Scaled
from testbed.penalties import TopK


def over(o: Scaled) -> Residual:
    """The worst score of an atom that is off, above what the penalty lets pass: the sample, and the atom."""
    penalty = o.atoms.penalty
    excess = (o.reach - penalty.threshold) / o.rounding
    if isinstance(penalty, TopK):  # where k are on, nothing is asked of the others; a NaN stays one
        excess = np.where(np.diff(o.z.indptr) >= penalty.k, 0 * o.reach, excess)
    top = int(np.argmax(excess))
    scores = o.silent[top] if o.nonnegative else np.abs(o.silent[top])
    return peak([excess[[top]]], ("sample", [o.samples[top]]), ("atom", [int(np.argmax(scores))]))


def at_support(o: Scaled, excess: Any) -> Residual:
    """The worst of an excess (nnz,) at the codes that are not zero: the sample, and the atom."""
    excess = excess / o.rounding[o.row]
    top = slice(int(np.argmax(excess)), None) if len(excess) else slice(0)
    return peak(excess[top][:1, None], ("sample", o.samples[o.row[top]][:1]), ("atom", o.column[top][:1]))


def gather(o: Scaled) -> dict[str, Any]:
    """The worst violation, off the support or on it."""
    penalty, missed = o.atoms.penalty, np.abs(o.met - o.price)
    if o.nonnegative:
        missed = np.maximum(missed, penalty.least - o.code)  # under l1 a code may be as small as 0
    if isinstance(penalty, TopK):
        missed = np.maximum(missed, np.where(np.diff(o.z.indptr)[o.row] > penalty.k, o.code, 0))
    return {"worst": over(o).worse(at_support(o, missed))}


def finish(t: Totals) -> Residual:
    """The worst violation of C1."""
    return t["worst"]


PROPERTY = Property(
    id="C1", name="exact codes", where="code", tolerance=CODE_TOLERANCE, gather=gather, finish=finish, case=threshold,
    statement="sⱼ ≤ 1, and sⱼ = 1 where zⱼ > 0   (signed: |sⱼ| ≤ 1, and sⱼ = sign zⱼ where zⱼ ≠ 0)",
    tests="tests/properties/test_properties.py",
)
