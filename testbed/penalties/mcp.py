"""The minimax concave penalty: like l1 for small codes, and free of charge beyond gamma lam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed import checks
from testbed.penalties.base import Array, Penalty


@dataclass(frozen=True)
class MCP(Penalty):
    """g(z) = lam z - z^2 / (2 gamma) up to z = gamma lam, and gamma lam^2 / 2 from there: it stands for all that
    saturate (tanh, capped l1).

    lam : > 0, the slope at 0, in the units of the data. gamma : > 1, a pure number, at most 1e8.
    """

    lam: float
    gamma: float
    name = "mcp"

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", checks.number(self.name, "lam", self.lam, 0, open_low=True))
        object.__setattr__(self, "gamma", checks.number(self.name, "gamma", self.gamma, 1, 1e8, open_low=True))

    @property
    def unit(self) -> float:
        """lam."""
        return self.lam

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where it saturates."""
        return (self.gamma * self.lam,)

    @property
    def bend(self) -> float:
        """1 / gamma."""
        return 1 / self.gamma

    def cost(self, z: Array) -> Array:
        z = np.minimum(z, self.gamma * self.lam)
        return (self.lam - 0.5 * z / self.gamma) * z

    def slope(self, z: Array) -> Array:
        return np.maximum(self.lam - z / self.gamma, 0)

    def curvature(self, z: Array) -> Array:
        return np.where(z < self.gamma * self.lam, -1 / self.gamma, 0.0)

    def prox(self, t: Array) -> Array:
        inner = np.maximum(t - self.lam, 0) * (self.gamma / (self.gamma - 1))
        return np.where(t < self.gamma * self.lam, inner, t)

    def scaled(self, c: float) -> MCP:
        return MCP(self.lam / c, self.gamma)
