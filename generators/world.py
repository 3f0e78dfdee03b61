"""What a distribution is: a law of codes, directions for them, an offset, and noise.

    x = offset + sum_k code_k * feature_k + sigma * standard normal

Worlds compose: `a + b` sums independent worlds, `.embed` gives the features new directions, `.noise` adds noise. The
law says which features fire, the geometry where they point, and neither knows of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from generators import arguments, geometry
from generators.laws import Law, Product
from generators.prediction import Prediction
from generators.sample import Sample
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError
from testbed.penalties import L1, Penalty, as_penalty

LIMIT = 1 << 16  # support points that `exact` lists unless told otherwise
IN_SPAN = 1e-9  # relative distance from the span of the features at which an offset is still in it


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """A distribution of data with its ground truth.

    Attributes
    ----------
    law : distribution of the codes (k features).
    features : (k, d) unit rows; orthonormal axes in d = k dimensions unless given.
    offset : (d,) added to every sample; zero unless given.
    sigma : standard deviation of isotropic Gaussian noise in every coordinate.
    text : how the world was made, for its repr.
    theory, priced : the exact answer of this world, where one is known, under l1 and under any other penalty (see
        `predict`).
    """

    law: Law
    text: str
    features: Array = None  # type: ignore[assignment]  # filled in below
    offset: Array = None  # type: ignore[assignment]
    sigma: float = 0.0
    theory: Callable[[World, float], Prediction] | None = field(default=None, kw_only=True)
    priced: Callable[[World, Penalty], Prediction] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        where = self.text.partition("(")[0]
        k = self.law.n_features
        features = np.eye(k) if self.features is None else self.features
        if k and self.features is not None:
            features = checks.unit_rows(where, "features", features)
        if len(features) != k:
            raise InputError(f"{where}: features must have {k} rows, one per feature; got {len(features)}")
        d = features.shape[1]
        offset = np.zeros(d) if self.offset is None else checks.vector(where, "offset", self.offset, d)
        object.__setattr__(self, "features", checks.frozen(features))
        object.__setattr__(self, "offset", checks.frozen(offset.copy()))

    def __repr__(self) -> str:
        return self.text

    @property
    def n_features(self) -> int:
        """k, the number of true features."""
        return len(self.features)

    @property
    def d(self) -> int:
        """Dimension of the data."""
        return self.features.shape[1]

    @property
    def finite(self) -> bool:
        """Whether `exact` applies: finite support and no noise."""
        return not self._obstacle

    @property
    def _obstacle(self) -> str:
        return f"has Gaussian noise, sigma = {self.sigma:g}" if self.sigma else self.law.obstacle

    def sample(self, n: int, rng: np.random.Generator | int) -> Sample:
        """n independent samples, each of weight 1/n, from a numpy Generator or a whole-number seed."""
        n = checks.count("sample", "n", n)
        rng = arguments.generator("sample", rng)
        codes = self.law.sample(n, rng)
        X = codes @ self.features + self.offset
        if self.sigma:
            X = X + self.sigma * rng.standard_normal(X.shape)
        return Sample(X, codes, self.features, np.full(n, 1.0 / n), self.offset)

    def exact(self, limit: int = LIMIT) -> Sample:
        """The whole distribution: every point of its support once, weighted by its probability.

        Points are distinct in their codes and in lexicographic order. Raises ValueError where the support is not
        finite, or lists more than `limit` points, with the reason.
        """
        limit = checks.integer("exact", "limit", limit, 1)
        if self._obstacle:
            raise InputError(f"exact: world {self} {self._obstacle}; use sample")
        size = self.law.size()
        if size > limit:
            raise InputError(f"exact: the support of {self} lists {size} points; the limit is {limit} (raise it, or "
                             f"use sample)")
        listed, probabilities = self.law.support()
        codes, place = np.unique(listed + 0.0, axis=0, return_inverse=True)  # + 0.0: -0 and 0 are one code
        weights = np.bincount(place.ravel(), probabilities, len(codes))
        codes, weights = codes[weights > 0], weights[weights > 0]
        return Sample(codes @ self.features + self.offset, codes, self.features, weights / weights.sum(), self.offset)

    def predict(self, lam: float | None = None, penalty: Penalty | str | None = None) -> Prediction:
        """The exact optimum on this world where theory knows it, at penalty lam (T1 ... T5) or under another one (T1,
        T8, T9, T10).

        Raises ValueError where it does not, and outside the range in which the derivation is valid, stating the range.
        """
        if penalty is not None:
            if lam is not None:
                raise InputError("predict: give lam or penalty, not both")
            penalty = as_penalty("predict", penalty)
            if not isinstance(penalty, L1):
                if self.priced is None:
                    raise InputError(f"predict: no exact answer under {penalty} is known for {self}")
                return self.priced(self, penalty)
            lam = penalty.lam
        lam = checks.number("predict", "lam", lam, 0, open_low=True)
        if self.theory is None:
            raise InputError(f"predict: no exact answer is known for {self}")
        if self._obstacle and self.sigma:
            raise InputError(f"predict: world {self} {self._obstacle}; exact answers are for worlds without noise")
        return self.theory(self, lam)

    def embed(self, d: int, coherence: str | float = "orthonormal", seed: int | None = None) -> World:
        """The same codes along new directions in d dimensions.

        coherence: 'orthonormal', 'random' (unit, independent; needs a seed; more features than dimensions allowed) or a
        number c, the cosine of every pair, -1/(k-1) <= c < 1. A seed also turns the other two by a random rotation. An
        offset along the features follows them. Raises ValueError where no such directions exist, with the reason.
        """
        V = geometry.directions("embed", self.n_features, d, coherence, seed)
        offset = np.zeros(V.shape[1])
        if self.offset.any():
            shift = np.linalg.lstsq(self.features.T, self.offset)[0]
            if np.linalg.norm(shift @ self.features - self.offset) > IN_SPAN * np.linalg.norm(self.offset):
                raise InputError("embed: the offset points out of the span of the features, so it has no image; embed "
                                 "a world without offset")
            offset = shift @ V
        options = "".join([f", {arguments.show(coherence)}", f", seed={seed}" * (seed is not None)])
        return replace(self, features=V, offset=offset, text=f"{self.text}.embed({d}{options})")

    def noise(self, sigma: float) -> World:
        """Add isotropic Gaussian noise of standard deviation sigma per coordinate; such a world can only be sampled."""
        sigma = checks.number("noise", "sigma", sigma, 0)
        return replace(self, sigma=float(np.hypot(self.sigma, sigma)),
                       text=f"{self.text}.noise({arguments.show(sigma)})")

    def __add__(self, other: Any) -> World:
        """The sum of independent worlds: X adds, features and codes are listed side by side."""
        if not isinstance(other, World):
            return NotImplemented
        for world in (self, other):
            if not world.n_features:
                raise InputError(f"+: {world} is recorded data and cannot be added")
        if self.d != other.d:
            raise InputError(f"+: worlds must have the same dimension; got {self.d} and {other.d} (embed them first)")
        parts = [law for w in (self, other) for law in (w.law.laws if isinstance(w.law, Product) else (w.law,))]
        return World(Product(tuple(parts)), f"({self} + {other})", np.concatenate([self.features, other.features]),
                     self.offset + other.offset, float(np.hypot(self.sigma, other.sigma)))
