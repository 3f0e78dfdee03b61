"""What the encoder gets wrong, atom by atom (A4): its codes z^e beside the exact codes z* on the same dictionary."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from testbed.checks import Array


class Amortisation:
    """Sums over samples, per atom (m,): of (z^e - z*)^2, firings of each, firings of one alone, activities, and shares.

    share : what an atom's wrong codes cost. With dz = z^e - z*, F(z^e) - F(z*) = sum_j dz_j ((lam - s*_j) + <dz D, d_j>
    / 2), s* the exact codes' scores: the terms add up to the whole, sample by sample.
    """

    def __init__(self, D: Array, lam: float) -> None:
        m = len(D)
        self.D, self.lam, self.n = D, lam, 0
        self.square, self.false, self.missed, self.share = np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m)
        self.encoder_on, self.exact_on, self.encoder_z, self.exact_z = (np.zeros(m) for _ in range(4))

    def add(self, encoder: csr_array, exact: csr_array, R: Array) -> None:
        """Add samples with the encoder's and the exact codes (k, m), and residuals R (k, d) at the exact ones."""
        m = len(self.D)
        self.n += encoder.shape[0]
        for Z, on, z in ((encoder, self.encoder_on, self.encoder_z), (exact, self.exact_on, self.exact_z)):
            on += np.bincount(Z.indices, minlength=m)
            z += np.bincount(Z.indices, Z.data, minlength=m)
        both = np.asarray((pattern(encoder) * pattern(exact)).sum(axis=0)).ravel()
        self.false += np.bincount(encoder.indices, minlength=m) - both
        self.missed += np.bincount(exact.indices, minlength=m) - both
        wrong = csr_array(encoder - exact)
        self.square += np.bincount(wrong.indices, wrong.data**2, minlength=m)
        pull = (0.5 * np.asarray(wrong @ self.D) - R) @ self.D.T + self.lam
        rows = np.repeat(np.arange(wrong.shape[0]), np.diff(wrong.indptr))
        self.share += np.bincount(wrong.indices, wrong.data * pull[rows, wrong.indices], minlength=m)

    def columns(self) -> dict[str, Array]:
        """(m,) numbers for a table: means over samples, rates, and NaN where an atom never fires."""
        with np.errstate(divide="ignore", invalid="ignore"):
            shrinkage = (self.encoder_z / self.encoder_on) / (self.exact_z / self.exact_on)
            return {"code_error": self.square / self.n, "encoder_rate": self.encoder_on / self.n,
                    "exact_rate": self.exact_on / self.n, "false_firings": self.false / self.n,
                    "missed_firings": self.missed / self.n, "shrinkage": np.where(np.isfinite(shrinkage), shrinkage,
                                                                                   np.nan),
                    "amortisation": self.share / self.n}


def pattern(Z: csr_array) -> csr_array:
    """1 where a code is not zero."""
    return csr_array((np.ones_like(Z.data), Z.indices, Z.indptr), shape=Z.shape)
