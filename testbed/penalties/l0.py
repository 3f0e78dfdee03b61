"""The l0 penalty: an atom that is on costs lam0, however much of it is used; nothing shrinks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from testbed import checks
from testbed.penalties.base import Array, Penalty


@dataclass(frozen=True)
class L0(Penalty):
    """g(z) = lam0 for z > 0: the JumpReLU SAE, and BatchTopK with lam0 as its multiplier.

    lam0 : > 0, in squared units of the data.
    """

    lam0: float
    name = "l0"

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam0", checks.number(self.name, "lam0", self.lam0, 0, open_low=True))

    @property
    def unit(self) -> float:
        """sqrt(2 lam0): a score above it pays for its atom."""
        return math.sqrt(2 * self.lam0)

    @property
    def onset(self) -> float:
        """inf: no code is small."""
        return math.inf

    @property
    def threshold(self) -> float:
        """sqrt(2 lam0)."""
        return self.unit

    @property
    def least(self) -> float:
        """sqrt(2 lam0): a smaller code saves less than its atom costs."""
        return self.unit

    @property
    def bend(self) -> float:
        """inf."""
        return math.inf

    def cost(self, z: Array) -> Array:
        return np.where(z > 0, self.lam0, 0.0)

    def slope(self, z: Array) -> Array:
        return np.zeros_like(z)

    def curvature(self, z: Array) -> Array:
        return np.zeros_like(z)

    def prox(self, t: Array) -> Array:
        return np.where(t > self.unit, t, 0.0)

    def scaled(self, c: float) -> L0:
        return L0(self.lam0 / c / c)
