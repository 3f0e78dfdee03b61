"""C4, the residual floor: with support A, |r| >= lam sqrt(s_A' pinv(G_A) s_A), s_A the signs of the codes.

By C1, D_A r = lam s_A. The shortest solution of these equations, lam pinv(D_A) s_A, has the length on the right, and r
is no shorter. So |r| >= lam wherever anything fires; and two atoms at an angle theta fire together only where
|r| >= lam / cos(theta / 2) = lam sqrt(2 / (1 + G_jk)), since r is equally far from both: exactly antipodal atoms never
do, and near-antipodal ones pay for it. (Signed: the same with -d_j for the atoms used negatively.)

Under Energy the scores on the support are g'(z_A) >= lam (N1), and the same holds with g'(z_A) in place of lam s_A.

Residual, per sample: the relative shortfall (1 - |r| / floor)+, in units of max(1, |x| / 1000 lam). Any subset of the
eigenvectors of G_A gives a valid, weaker floor; those with eigenvalues below CUT of the largest are left out, because
they would multiply C1's residual by more than sqrt(|A| / CUT). Hence the tolerance.
Holds at exact codes of any dictionary.
Extremal: residuals in the span of one, two and three active atoms, at the floor exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import CODE_TOLERANCE, Property, Residual, Totals, peak
from properties.cases import co_firing
from properties.scaled import Array, Scaled

CUT = 1e-4
_ENTRIES = 1 << 20  # of the Gram matrices held at a time


def floor(o: Scaled) -> Array:
    """(k,) the least |r| / lam that each sample's support and signs allow; 0 where nothing fires."""
    least = np.zeros(o.n)
    count = np.diff(o.z.indptr)
    for size in np.unique(count[count > 0]):
        rows = np.flatnonzero(count == size)
        for some in np.array_split(rows, 1 + len(rows) * size * size // _ENTRIES):
            place = o.z.indptr[some, None] + np.arange(size)
            A = o.column[place]
            values, vectors = np.linalg.eigh(o.G[A[:, :, None], A[:, None, :]])
            part = np.einsum("iab,ia->ib", vectors, o.price[place])
            kept = values > CUT * values[:, -1:]
            least[some] = np.sqrt((np.where(kept, part**2, 0) / np.where(kept, values, 1)).sum(axis=1))
    return least


def gather(o: Scaled) -> dict[str, Any]:
    """The worst of the samples that fire."""
    fires = np.flatnonzero(np.diff(o.z.indptr))
    least = floor(o)[fires]
    short = (least - np.linalg.norm(o.r[fires], axis=1)) / least
    return {"worst": peak(short / o.rounding[fires], ("sample", o.samples[fires]))}


def finish(t: Totals) -> Residual:
    """The largest relative shortfall of |r|."""
    return t["worst"]


PROPERTY = Property(
    id="C4", name="residual floor", where="code", tolerance=10 * CODE_TOLERANCE, gather=gather, finish=finish,
    case=co_firing, statement="|r| ≥ λ √(1ᵀ G_A⁺ 1), A the support   (signed: sign z_A in place of 1)",
    penalties=("l1", "energy"), needs="a nonzero code", tests="tests/properties/test_properties.py",
)
