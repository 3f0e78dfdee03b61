"""Exact codes under the energy penalty, by the method for l1.

With s^2 = 1 + tau the problem of a sample is, up to a factor s^2, that of l1 with price lam / s^2 for the sample x / s
on atoms d_j / s that each have tau / s^2 of their squared norm in a dimension of its own: their cosines are those of
D / s off the diagonal and 1 on it. Nothing depends linearly on anything there, and more atoms may be on than there are
dimensions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from testbed.checks import Array
from testbed.coding import exact
from testbed.penalties import Energy


class EnergyCoder(exact.Coder):
    """As `exact.Coder`, under an Energy penalty in the units that the rows are coded in."""

    def __init__(self, n: int, d: int, m: int, penalty: Energy) -> None:
        self.own = penalty.tau / (1 + penalty.tau)  # of a squared norm: what lies in a dimension of the atom's own
        self.stretch = math.sqrt(1 + penalty.tau)
        super().__init__(n, d, m, penalty.lam / (1 + penalty.tau), True, most=m)

    def code(self, X: Array, D: Array, b: Array | None = None, unit: float = 1.0, gram: Any = None) -> None:
        s = self.stretch
        if gram is None or (self.m <= exact.GRAM and gram.dtype != np.float64):
            gram = exact.gram(D)  # divided as one that was given is: the codes have the same bits
        super().code(X, D / s, b, unit * s, gram / (s * s))

    def _rescue(self, x: Array, D: Array, i: int) -> None:
        beside = math.sqrt(self.own) * np.eye(self.m)
        super()._rescue(np.concatenate([x, np.zeros(self.m)]), np.hstack([D, beside]), i)
