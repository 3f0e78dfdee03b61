"""The log penalty: a unit of code costs the less, the more there is; concave, and never free."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from testbed import checks
from testbed.penalties.base import Array, Penalty

ROOM = (1e-8, 1e8)  # of eps / lam


@dataclass(frozen=True)
class Log(Penalty):
    """g(z) = lam eps log(1 + z / eps), z >= 0: stands for log, tanh and L_p < 1 variants.

    lam : > 0, the slope at 0. eps : > 0, the code at which the slope is half of it; both in the units of the data, and
    eps / lam between 1e-8 and 1e8. With eps < lam the problem of a single code is not convex: codes begin at `least`.
    """

    lam: float
    eps: float
    name = "log"

    def __post_init__(self) -> None:
        object.__setattr__(self, "lam", checks.number(self.name, "lam", self.lam, 0, open_low=True))
        low, high = ROOM[0] * self.lam, ROOM[1] * self.lam
        object.__setattr__(self, "eps", checks.number(self.name, "eps", self.eps, low, high))

    @property
    def unit(self) -> float:
        """lam."""
        return self.lam

    @property
    def threshold(self) -> float:
        """lam, or less where a code of some size is worth its cost at a score at which a small one is not."""
        return self._jump[0]

    @property
    def least(self) -> float:
        """0, or how large a code is at the threshold."""
        return self._jump[1]

    @property
    def bend(self) -> float:
        """lam / eps."""
        return self.lam / self.eps

    @cached_property
    def _jump(self) -> tuple[float, float]:
        """(threshold, least), where eps < lam by bisection on what the better of the two minima of a code gains."""
        if self.eps >= self.lam:
            return self.lam, 0.0
        low, high = 2 * np.sqrt(self.eps * self.lam) - self.eps, self.lam  # where the larger minimum appears; where 0
        for _ in range(200):  # is none
            t = 0.5 * (low + high)
            if not low < t < high:
                break
            z = float(self._stationary(np.array(t)))
            low, high = (low, t) if z * (t - 0.5 * z) > float(self.cost(np.array(z))) else (t, high)
        return low, float(self._stationary(np.array(low)))

    def cost(self, z: Array) -> Array:
        return self.lam * self.eps * np.log1p(z / self.eps)

    def slope(self, z: Array) -> Array:
        return self.lam / (1 + z / self.eps)

    def curvature(self, z: Array) -> Array:
        return -self.lam / self.eps / (1 + z / self.eps) ** 2

    def _stationary(self, t: Array) -> Array:
        """The larger root of z - t + g'(z) = 0, that is of z^2 + (eps - t) z = eps (t - lam), or 0 if none is > 0."""
        lam, eps = self.lam, self.eps
        half = 0.5 * (t - eps)
        root = np.sqrt(np.maximum(half * half + eps * (t - lam), 0))
        # of the two ways to write it, the one in which nothing cancels
        below = np.where((half > 0) | (root == half), 1.0, root - half)  # all three are 0 at t = lam = eps
        return np.maximum(np.where(half > 0, half + root, eps * (t - lam) / below), 0)

    def prox(self, t: Array) -> Array:
        return np.where(t > self.threshold, self._stationary(np.maximum(t, self.threshold)), 0.0)

    def scaled(self, c: float) -> Log:
        return Log(self.lam / c, self.eps / c)
