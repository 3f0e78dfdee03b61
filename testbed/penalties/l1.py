"""The l1 penalty: every unit of code costs lam, whatever atom it is of and however much is there already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Array = NDArray[np.float64]


@dataclass(frozen=True)
class L1:
    """g(z) = lam |z|, for codes z >= 0 or, `signed`, for any.

    lam : the price > 0 of a unit of code, in the units of the data.
    """

    lam: float
    signed: bool = False

    def value(self, Z: csr_array, w: Array) -> float:
        """E[sum_j g(z_j)] of codes Z (k, m) of samples with weights w (k,), in squared units of the data."""
        return float(self.lam * (w @ np.asarray(abs(Z).sum(axis=1)).ravel()))

    def slope(self, z: Array) -> Array:
        """g'(z) at codes z != 0, of any shape: the score that an atom in use must have."""
        return self.lam * (np.sign(z) if self.signed else np.ones_like(z))

    def violation(self, S: Array, Z: csr_array) -> Array:
        """(k,) by how much codes Z (k, m) of scores S = <r, d_j> / lam (k, m) miss what optimal ones satisfy (C1).

        Scores above 1 (in size, if signed), scores of atoms in use off their slope, codes of the wrong sign; in units
        of lam, 0 where there is none. NaN where a score is NaN.
        """
        worst = (np.abs(S) if self.signed else S).max(axis=1, initial=-np.inf) - 1
        rows = np.repeat(np.arange(len(S)), np.diff(Z.indptr))[Z.data != 0]
        z, score = Z.data[Z.data != 0], S[rows, Z.indices[Z.data != 0]]
        np.maximum.at(worst, rows, np.abs(score - self.slope(z) / self.lam))
        if not self.signed:
            np.maximum.at(worst, rows, -z / self.lam)
        return np.maximum(worst, 0)
