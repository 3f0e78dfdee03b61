"""The seam between dictionaries and ways of coding: whoever has `codes` can say what a dictionary's codes are."""

from __future__ import annotations

from typing import Any, Protocol

from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.coding import choosing, exact
from testbed.penalties import Penalty


class Coder(Protocol):
    """A way of coding, exact or not: an SAE's encoder is one too."""

    def codes(self, X: Array, D: Array, b: Array) -> csr_array:
        """Codes (k, m) of samples X (k, d) on unit-norm atoms D (m, d) with bias b (d,): float64, sorted columns, no
        stored zeros. What a sample gets does not depend on the others but by rounding."""


class Exact:
    """The codes that minimise loss and penalty (C1, N1). The Gram matrix is kept from one block of samples to the next.

    claim : what is known of all codes on the atoms seen last, as of `exact.Coder`.
    """

    def __init__(self, penalty: Penalty) -> None:
        self.penalty, self.claim = penalty, "exact"
        self._atoms: Array | None = None
        self._gram: Any = None

    def codes(self, X: Array, D: Array, b: Array) -> csr_array:
        """CodingError naming the row of X that could not be coded."""
        if self._atoms is not D:
            self._atoms, self._gram, self.claim = D, exact.gram(D), "exact"
        Z, claim = choosing.codes(X, D, b, self.penalty, self._gram)
        if claim != "exact":
            self.claim = claim
        return Z
