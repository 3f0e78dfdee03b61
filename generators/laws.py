"""Laws of codes: which features fire together, and how strongly. Geometry comes later and elsewhere.

A law draws codes (n, k), and where its support is finite lists it: codes (s, k) with probabilities (s,). Three laws
suffice for most worlds: one feature alone, independent laws side by side, and a table of patterns.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from generators.arguments import pick
from generators.magnitudes import Scalar
from testbed.checks import Array
from testbed.errors import InputError

Support = tuple[Array, Array]  # codes (s, k), probabilities (s,)


class Law(ABC):
    """A distribution of codes. `obstacle` says why the support is not finite; it is '' where it is."""

    n_features: int
    obstacle: str

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """n independent codes, (n, k)."""

    @abstractmethod
    def size(self) -> int:
        """Number of points that `support` would list; only asked when there is no obstacle."""

    @abstractmethod
    def support(self) -> Support:
        """Every point of the support with its probability; points may repeat."""


@dataclass(frozen=True, eq=False)
class Feature(Law):
    """One feature: it fires with probability p in (0, 1], with a magnitude of its own; otherwise it is 0."""

    p: float
    magnitude: Scalar
    n_features = 1

    @property
    def obstacle(self) -> str:  # type: ignore[override]
        return continuous([self.magnitude])

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        on = rng.random(n) < self.p
        return np.where(on, self.magnitude.draw(rng, n), 0.0)[:, None]

    def size(self) -> int:
        return self.magnitude.size + (self.p < 1)

    def support(self) -> Support:
        values, p = atoms(self.magnitude)
        if self.p < 1:
            return np.append(values, 0.0)[:, None], np.append(self.p * p, 1 - self.p)
        return values[:, None], p


@dataclass(frozen=True, eq=False)
class Product(Law):
    """Independent laws side by side; none at all is the law of data without features."""

    laws: tuple[Law, ...]

    @property
    def n_features(self) -> int:  # type: ignore[override]
        return sum(law.n_features for law in self.laws)

    @property
    def obstacle(self) -> str:  # type: ignore[override]
        return next((law.obstacle for law in self.laws if law.obstacle), "")

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        return np.concatenate([np.empty((n, 0)), *(law.sample(n, rng) for law in self.laws)], axis=1)

    def size(self) -> int:
        return math.prod(law.size() for law in self.laws)

    def support(self) -> Support:
        return product(law.support() for law in self.laws)


@dataclass(frozen=True, eq=False)
class Patterns(Law):
    """A pattern of firing (s, k) bool is drawn with probability (s,) > 0; what fires has independent magnitudes."""

    patterns: np.ndarray
    probabilities: Array
    magnitudes: Sequence[Scalar]

    @property
    def n_features(self) -> int:  # type: ignore[override]
        return self.patterns.shape[1]

    @property
    def obstacle(self) -> str:  # type: ignore[override]
        return continuous(self.magnitudes)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        on = self.patterns[pick(rng, self.probabilities, n)]
        return np.where(on, np.stack([law.draw(rng, n) for law in self.magnitudes], axis=1), 0.0)

    def size(self) -> int:
        return sum(math.prod(law.size for law, on in zip(self.magnitudes, row, strict=True) if on)
                   for row in self.patterns)

    def support(self) -> Support:
        off = (np.zeros((1, 1)), np.ones(1))
        cells = [(atoms(law)[0][:, None], atoms(law)[1]) if law.finite else off for law in self.magnitudes]
        parts = [product(cell if on else off for cell, on in zip(cells, row, strict=True)) for row in self.patterns]
        return (np.concatenate([codes for codes, _ in parts]),
                np.concatenate([p * q for p, (_, q) in zip(self.probabilities, parts, strict=True)]))


def product(supports: Iterable[Support]) -> Support:
    """The support of independent parts: every combination, with the product of their probabilities."""
    codes, p = np.empty((1, 0)), np.ones(1)
    for other, q in supports:
        codes = np.concatenate([np.repeat(codes, len(q), axis=0), np.tile(other, (len(p), 1))], axis=1)
        p = np.outer(p, q).ravel()
    return codes, p


def atoms(law: Scalar) -> Support:
    """The values (v,) and probabilities (v,) of a finite scalar law."""
    if law.values is None or law.probabilities is None:
        raise InputError(f"support: {law} is continuous")
    return law.values, law.probabilities


def continuous(magnitudes: Sequence[Scalar]) -> str:
    """Why magnitudes keep a support from being finite; '' if they do not."""
    return next((f"has continuous magnitudes, {law}" for law in magnitudes if not law.finite), "")
