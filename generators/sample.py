"""A sample: data with the truth that made them beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError


@dataclass(frozen=True, eq=False)
class Sample:
    """n samples in d dimensions made from k features: X = offset + codes @ features + noise.

    Attributes (all float64, C-contiguous, read-only)
    ----------
    X : (n, d) data, one sample a row.
    codes : (n, k) true activations; signed where the world's directions are.
    features : (k, d) true directions of unit norm.
    weights : (n,) >= 0 with sum 1: 1/n each for drawn samples, exact probabilities for an enumerated world.
    offset : (d,) added to every sample.

    Data without known features have k = 0, and are all noise. Raises InputError, naming the argument.
    """

    X: Array
    codes: Array
    features: Array
    weights: Array
    offset: Array

    def __post_init__(self) -> None:
        where = "Sample"
        X = checks.matrix(where, "X", self.X)
        codes = checks.real_array(where, "codes", self.codes, 2)
        features = checks.real_array(where, "features", self.features, 2)
        if codes.shape[0] != X.shape[0] or features.shape != (codes.shape[1], X.shape[1]):
            raise InputError(f"{where}: expected X (n, d), codes (n, k), features (k, d); the shapes are "
                             f"{X.shape}, {codes.shape}, {features.shape}")
        if len(features):
            checks.unit_rows(where, "features", features)
        settled = {
            "X": X, "codes": codes, "features": features,
            "weights": checks.weights(where, self.weights, len(X)),
            "offset": checks.vector(where, "offset", self.offset, X.shape[1]),
        }
        for name, array in settled.items():
            object.__setattr__(self, name, checks.frozen(array))

    @property
    def noise(self) -> Array:
        """(n, d) what the features do not explain: X - offset - codes @ features."""
        return self.X - self.offset - self.codes @ self.features

    @property
    def support(self) -> np.ndarray:
        """(n, k) bool: which features fire."""
        return self.codes != 0
