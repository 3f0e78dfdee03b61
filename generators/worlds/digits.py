"""Real input: scikit-learn's handwritten digits, 1797 images of 8 x 8 pixels. No ground truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from generators import arguments
from generators.laws import Product
from generators.sample import Sample
from generators.world import LIMIT, World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Recorded(World):
    """Fixed data without known features: `exact` is all of them, `sample` draws rows without replacement."""

    rows: Array = None  # type: ignore[assignment]  # required; the base class's defaults come before it

    def sample(self, n: int, rng: np.random.Generator | int) -> Sample:
        n = checks.count("sample", "n", n)
        rng = arguments.generator("sample", rng)
        if n > len(self.rows):
            raise InputError(f"sample: {self} has {len(self.rows)} rows; got n = {n}")
        return self._sample(self.rows[rng.permutation(len(self.rows))[:n]])

    def exact(self, limit: int = LIMIT) -> Sample:
        if len(self.rows) > checks.integer("exact", "limit", limit, 1):
            raise InputError(f"exact: {self} has {len(self.rows)} rows; the limit is {limit}")
        return self._sample(self.rows)

    def embed(self, d: int, coherence: str | float = "orthonormal", seed: int | None = None) -> NoReturn:
        raise InputError(f"embed: {self} is recorded data; it has no features to embed")

    def noise(self, sigma: float) -> NoReturn:
        raise InputError(f"noise: {self} is recorded data, taken as it is")

    def _sample(self, X: Array) -> Sample:
        return Sample(X, np.empty((len(X), 0)), self.features, np.full(len(X), 1.0 / len(X)), self.offset)


def digits() -> World:
    """Scikit-learn's handwritten digits, (1797, 64), scaled to unit root-mean-square row norm.

    Needs scikit-learn, which holds the data; nothing is downloaded. Raises ValueError if it is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise InputError("digits: the data come with scikit-learn, which is not installed (pip install scikit-learn)"
                         ) from None
    images: Any = load_digits().data
    X = np.asarray(images, dtype=float) / 16
    X = X / np.sqrt(np.einsum("ij,ij->i", X, X).mean())
    return Recorded(Product(()), "digits()", np.empty((0, X.shape[1])), rows=checks.frozen(X))
