"""The l1 penalty: every unit of code costs lam, whatever atom it is of and however much is there already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from testbed import checks
from testbed.penalties.base import Array, Penalty, entries


@dataclass(frozen=True)
class L1(Penalty):
    """g(z) = lam |z|, for codes z >= 0 or, `signed`, for any: the ReLU SAE.

    lam : the price > 0 of a unit of code, in the units of the data.
    """

    lam: float
    signed: bool = False
    name = "l1"

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", checks.number(self.name, "lam", self.lam, 0, open_low=True))
        object.__setattr__(self, "signed", checks.flag(self.name, "signed", self.signed))

    @property
    def unit(self) -> float:
        """lam."""
        return self.lam

    def cost(self, z: Array) -> Array:
        return self.lam * np.abs(z)

    def value(self, Z: csr_array, w: Array) -> float:
        return float(self.lam * (w @ np.asarray(abs(Z).sum(axis=1)).ravel()))

    def slope(self, z: Array) -> Array:
        return self.lam * (np.sign(z) if self.signed else np.ones_like(z))

    def curvature(self, z: Array) -> Array:
        return np.zeros_like(z)

    def prox(self, t: Array) -> Array:
        return np.sign(t) * np.maximum(np.abs(t) - self.lam, 0) if self.signed else np.maximum(t - self.lam, 0)

    def scaled(self, c: float) -> L1:
        return L1(self.lam / c, self.signed)

    def violation(self, S: Array, Z: csr_array) -> Array:
        """Scores above 1 (in size, if signed), scores of atoms in use off their slope, codes of the wrong sign (C1)."""
        worst = (np.abs(S) if self.signed else S).max(axis=1, initial=-np.inf) - 1
        rows, columns, z = entries(Z)
        np.maximum.at(worst, rows, np.abs(S[rows, columns] - self.slope(z) / self.lam))
        if not self.signed:
            np.maximum.at(worst, rows, -z / self.lam)
        return np.maximum(worst, 0)
