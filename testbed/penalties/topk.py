"""TopK: codes cost nothing, and at most k atoms may be on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from testbed import checks
from testbed.penalties.base import Array, Penalty, entries


@dataclass(frozen=True)
class TopK(Penalty):
    """At most k codes z > 0, at no price: the TopK SAE with its codes at their best.

    k : >= 1. scale : what scores are measured in, since there is no price: the root mean square of |x|, which Problem
    puts there.
    """

    k: int
    scale: float = field(default=1.0, compare=False, repr=False)
    name = "topk"

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", checks.count(self.name, "k", self.k))
        object.__setattr__(self, "scale", checks.number(self.name, "scale", self.scale, 0, open_low=True))

    @property
    def unit(self) -> float:
        """The scale of the data."""
        return self.scale

    @property
    def onset(self) -> float:
        """inf: where k are on, another is not to be had at any score."""
        return math.inf

    @property
    def threshold(self) -> float:
        """0: what an atom must exceed where fewer than k are on."""
        return 0.0

    @property
    def bend(self) -> float:
        """inf."""
        return math.inf

    def levels(self, count: np.ndarray) -> Array:
        """0 where fewer than k are on, and any score where k are."""
        return np.where(count < self.k, 0.0, math.inf)

    def cost(self, z: Array) -> Array:
        return np.zeros_like(z)

    def slope(self, z: Array) -> Array:
        return np.zeros_like(z)

    def curvature(self, z: Array) -> Array:
        return np.zeros_like(z)

    def prox(self, t: Array) -> Array:
        return np.maximum(t, 0)

    def scaled(self, c: float) -> TopK:
        return TopK(self.k, self.scale / c)

    def violation(self, S: Array, Z: csr_array) -> Array:
        """Scores of atoms in use that are not 0; others' above 0 where fewer than k are on; the largest code beyond k.
        """
        rows, columns, z = entries(Z)
        count = np.bincount(rows, minlength=len(S))
        off = S.copy()
        off[rows, columns] = -np.inf
        worst = off.max(axis=1, initial=-np.inf) - self.levels(count)
        self._judge_used(worst, rows, S[rows, columns], z)
        order = np.lexsort((-z, rows))
        rank = np.arange(len(z)) - np.repeat(np.cumsum(count) - count, count)
        beyond = order[rank >= self.k]
        np.maximum.at(worst, rows[beyond], z[beyond] / self.unit)
        return np.maximum(worst, 0)

    def convex(self, G: Array) -> bool:
        """Whether all atoms may be on at once."""
        return len(G) <= self.k
