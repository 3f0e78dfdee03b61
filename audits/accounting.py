"""Where the loss of an SAE goes (A1): its encoder, an unfinished dictionary, the basin it sits in, and what stays open.

    F(D, z_encoder) - L = [F(D, z_encoder) - phi(D, b)]      amortisation: the encoder's codes are not the best ones
                        + [phi(D, b) - phi(D', b')]          dictionary: D' is the stationary point reached from D
                        + [phi(D', b') - phi(best)]          basin: the best that restarts within a budget found
                        + [phi(best) - L]                    open: down to a floor that no dictionary undercuts (G1)

Dictionaries are refined on one half of the samples and everything is evaluated on the other, sample by sample, so that
differences are paired: their standard errors are those of differences, far smaller than those of F.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from testbed import encode
from testbed.checks import Array
from testbed.data import Rows
from testbed.problem import huber

BLOCK = 4096  # rows worked on together; alternate blocks make the two halves
Codes = Callable[[Array], csr_array]


@dataclass(frozen=True)
class Half:
    """Which rows: 'all', or the even or odd blocks of BLOCK rows, so that both halves see all of the data."""

    data: Rows
    part: str = "all"
    most: int | None = None

    def __iter__(self) -> Iterator[Array]:
        n, left = self.data.shape[0], self.most
        step = min(BLOCK, max(1, n // 8)) if self.part != "all" else BLOCK
        for number, lo in enumerate(range(0, n, step)):
            if self.part == "all" or (number % 2 == 1) == (self.part == "odd"):
                X = self.data.rows(lo, min(lo + step, n))
                if left is not None and len(X) >= left:
                    yield X[:left]
                    return
                left = None if left is None else left - len(X)
                yield X

    def gathered(self) -> Array:
        """All its rows in memory."""
        return np.concatenate(list(self))


@dataclass(frozen=True, eq=False)
class Candidate:
    """A dictionary with codes to be evaluated: name, atoms D (m, d), bias b (d,), codes(X) -> (k, m)."""

    name: str
    D: Array
    b: Array
    codes: Codes


def exactly(name: str, D: Array, b: Array, lam: float) -> Candidate:
    """A dictionary at its exact codes."""
    gram = (D @ D.T).astype(np.float32) if len(D) > 512 else None
    return Candidate(name, D, b, lambda X: encode(X, D, lam, b, gram=gram))


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


@dataclass(frozen=True)
class Floor:
    """A certified lower bound on F over dictionaries of any width on some samples (G1), found at the location b."""

    value: float
    b: Array


def floor(half: Half, lam: float, start: Array | None, passes: int = 40) -> Floor:
    """min over b of E[h_lam(|x - b|)], from below; start None: b = 0 is fixed and the mean itself is the floor.

    Newton's method on Huber's location, one pass over the data a step. At any b the residuals clipped to lam, freed of
    their mean and scaled back to length lam, are dual feasible: E[<x, r> - |r|^2 / 2] is a bound for every b, and what
    is returned. It ends when bound and value agree to rounding, or no longer approach.
    """
    b = np.zeros(half.data.shape[1]) if start is None else start.copy()
    best, before, step = Floor(-np.inf, b), np.inf, np.zeros_like(b)
    for _ in range(passes):
        n, value, linear, square, curved = 0, 0.0, 0.0, 0.0, 0.0
        offset, mean = np.zeros_like(b), np.zeros_like(b)
        H: Any = np.zeros((len(b), len(b)))
        for X in half:
            Y = X - b
            length = np.linalg.norm(Y, axis=1)
            shrink = np.minimum(1, lam / np.where(length > 0, length, 1))
            r = Y * shrink[:, None]
            n, value = n + len(X), value + float(huber(length, lam).sum())
            linear, square = linear + float((Y * r).sum()), square + float((r * r).sum())
            offset, mean = offset + Y.sum(axis=0), mean + r.sum(axis=0)
            if start is not None:
                U = Y[shrink < 1] * np.sqrt(shrink[shrink < 1] / length[shrink < 1] ** 2)[:, None]
                H, curved = H - U.T @ U, curved + float(shrink.sum())
        if start is None:
            return Floor(value / n, b)
        mean, offset = mean / n, offset / n
        gain, size = linear / n - float(offset @ mean), square / n - float(mean @ mean)
        s = min(lam / (lam + float(np.linalg.norm(mean))), gain / size if size > 0 else 1.0)
        bound = s * gain - 0.5 * s * s * size
        best = max(best, Floor(bound, b), key=lambda found: found.value)
        if value / n - best.value <= 1e-13 * value / n:
            break
        if value / n > before:  # too far: half of the step back
            step = step / 2
            b = b - step
            continue
        before = value / n
        step = np.linalg.solve(H / n + (curved / n) * np.eye(len(b)), mean)
        b = b + step
    return best
