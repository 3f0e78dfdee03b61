"""Independent features: each fires on its own, with its own probability and magnitude."""

from __future__ import annotations

from collections.abc import Sequence

from generators import arguments
from generators.laws import Feature, Product
from generators.magnitudes import Scalar, scalar
from generators.world import World


def independent(n_features: int | None = None, p: float | Sequence[float] = 0.25,
                magnitude: Scalar | str | float | Sequence[Scalar | str | float] = 1.0) -> World:
    """Features that fire independently of one another.

    n_features: how many (default: 3, or as many as p or magnitude lists). p in (0, 1]: firing probability.
    magnitude: law of a firing feature, such as "uniform(1,2)". p and magnitude are one for all or one per feature.
    """
    where = "independent"
    k = arguments.count(where, n_features, [p, magnitude], 3)
    ps = arguments.probabilities(where, "p", p, k)
    laws = [scalar(where, "magnitude", entry) for entry in arguments.per_feature(where, "magnitude", magnitude, k)]
    text = arguments.call(where, n_features=k, p=p, magnitude=laws if arguments.listed(magnitude) else laws[0])
    return World(Product(tuple(Feature(float(q), law) for q, law in zip(ps, laws, strict=True))), text)
