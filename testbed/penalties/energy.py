"""The energy (elastic) penalty: a unit of code costs the more, the more there is, so that sharing is cheaper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed import checks
from testbed.penalties.base import Array, Penalty

STEEPEST = 1e4  # of tau, beside the loss's own curvature 1: beyond it codes are next to nothing


@dataclass(frozen=True)
class Energy(Penalty):
    """g(z) = lam z + tau z^2 / 2, z >= 0: activity that is priced by its energy as well. Convex for any atoms.

    lam : > 0, in the units of the data. tau : >= 0 and at most 1e4, a pure number; 0 is L1.
    """

    lam: float
    tau: float
    name = "energy"
    concave = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", checks.number(self.name, "lam", self.lam, 0, open_low=True))
        object.__setattr__(self, "tau", checks.number(self.name, "tau", self.tau, 0, STEEPEST))

    @property
    def unit(self) -> float:
        """lam."""
        return self.lam

    def cost(self, z: Array) -> Array:
        return (self.lam + 0.5 * self.tau * z) * z

    def slope(self, z: Array) -> Array:
        return self.lam + self.tau * z

    def curvature(self, z: Array) -> Array:
        return np.full_like(z, self.tau)

    def prox(self, t: Array) -> Array:
        return np.maximum(t - self.lam, 0) / (1 + self.tau)

    def scaled(self, c: float) -> Energy:
        return Energy(self.lam / c, self.tau)
