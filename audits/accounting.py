"""Where the loss of an SAE goes (A1): its encoder, an unfinished dictionary, the basin it sits in, and what stays open.

    F(D, z_encoder) - L = [F(D, z_encoder) - phi(D, b)]      amortisation: the encoder's codes are not the best ones
                        + [phi(D, b) - phi(D', b')]          dictionary: D' is the stationary point reached from D
                        + [phi(D', b') - phi(best)]          basin: the best that restarts within a budget found
                        + [phi(best) - L]                    open: down to a floor that no dictionary undercuts (G1)

Dictionaries are refined on one half of the samples and everything is evaluated on the other, sample by sample, so that
differences are paired: their standard errors are those of differences, far smaller than those of F.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.coding.coder import Coder, Exact
from testbed.penalties import L1


@dataclass(frozen=True, eq=False)
class Candidate:
    """A dictionary with codes to be evaluated: name, atoms D (m, d), bias b (d,), and the coder."""

    name: str
    D: Array
    b: Array
    coder: Coder

    def codes(self, X: Array) -> csr_array:
        """(k, m) codes of samples X (k, d)."""
        return self.coder.codes(X, self.D, self.b)


def exactly(name: str, D: Array, b: Array, lam: float) -> Candidate:
    """A dictionary at its exact codes."""
    return Candidate(name, D, b, Exact(L1(lam)))


@dataclass(frozen=True)
class Mean:
    """A mean over samples and its standard error."""

    value: float
    standard_error: float


class Ledger:
    """Sums of the losses of several candidates, sample by sample, and of their differences."""

    def __init__(self, names: list[str], lam: float) -> None:
        self.names, self.lam, self.n = names, lam, 0
        k = len(names)
        self.sums, self.products = np.zeros(k), np.zeros((k, k))
        self.shift = np.zeros(k)

    def add(self, losses: Array) -> None:
        """losses (candidates, samples)."""
        if not self.n:  # near the mean, so that squares do not cancel
            self.shift = losses.mean(axis=1)
        off = losses - self.shift[:, None]
        self.n += losses.shape[1]
        self.sums += off.sum(axis=1)
        self.products += off @ off.T

    def mean(self, name: str) -> Mean:
        """Mean loss of one candidate."""
        i = self.names.index(name)
        return self._mean(np.eye(len(self.names))[i])

    def difference(self, one: str, other: str) -> Mean:
        """Mean of the paired differences, one less the other."""
        weight = np.zeros(len(self.names))
        weight[self.names.index(one)] += 1
        weight[self.names.index(other)] -= 1
        return self._mean(weight)

    def _mean(self, weight: Array) -> Mean:
        mean = float(weight @ self.sums) / self.n
        square = float(weight @ self.products @ weight) / self.n - mean * mean
        return Mean(float(weight @ self.shift) + mean, float(np.sqrt(max(square, 0.0) / max(self.n - 1, 1))))


def losses(R: Array, Z: csr_array, lam: float) -> Array:
    """(k,) 1/2 |r|^2 + lam sum z of each sample."""
    return 0.5 * np.einsum("ad,ad->a", R, R) + lam * np.asarray(Z.sum(axis=1)).ravel()
