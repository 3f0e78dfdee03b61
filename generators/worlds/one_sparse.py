"""One-sparse data (T1): exactly one feature fires in every sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from generators import arguments, prices
from generators.laws import Patterns
from generators.magnitudes import Scalar, scalar
from generators.prediction import Prediction
from generators.wide import distinct
from generators.world import World
from testbed import checks
from testbed.errors import InputError


def one_sparse(n_features: int | None = None, probabilities: Sequence[float] | None = None,
               magnitude: Scalar | str | float | Sequence[Scalar | str | float] = 1.0, directions: Any = None) -> World:
    """Exactly one feature fires in every sample (T1).

    n_features: how many (default: 3, or as many as the other arguments list). probabilities: which one fires, summing
    to 1 (default: equal). magnitude: its law, one for all or one per feature. directions: (k, d) unit rows, all
    different, at any angles (default: orthonormal axes). predict: T1.
    """
    where = "one_sparse"
    k = arguments.count(where, n_features, [directions, probabilities, magnitude], 3)
    p = arguments.distribution(where, "probabilities", probabilities, k)
    if not p.all():
        raise InputError(f"{where}: probabilities must be > 0; entry {int(np.argmin(p))} is 0")
    laws = [scalar(where, "magnitude", entry) for entry in arguments.per_feature(where, "magnitude", magnitude, k)]
    V = np.eye(k) if directions is None else checks.unit_rows(where, "directions", directions)
    if len(distinct(V)) < len(V):
        raise InputError(f"{where}: directions must be different; two rows coincide")
    text = arguments.call(where, n_features=k, probabilities=None if probabilities is None else p,
                          magnitude=laws if arguments.listed(magnitude) else laws[0], directions=directions)
    return World(Patterns(np.eye(k, dtype=bool), p, laws), text, V, theory=_recovery, priced=prices.one_sparse)


def _recovery(world: World, lam: float) -> Prediction:
    """T1: with one atom per direction recovery is exact, z = a - lam, at any angles.

    The wide limit (G2) on data whose directions are the features: the residual lam v_k of a = z + lam has score
    <v_k, v_j> <= 1 with every atom, so the code is optimal, it costs h_lam(a), and nothing costs less (G1).
    E h_lam(a) = lam E[a] - lam^2/2 for magnitudes above lam: the law enters through its mean only.
    """
    law = world.law
    assert isinstance(law, Patterns)
    least = min(scalar.low for scalar in law.magnitudes)
    if lam >= least:
        raise InputError(f"predict: T1 holds for lam below the least magnitude, {least:g}; got {lam:g}")
    if world.offset.any():
        raise InputError("predict: T1 is for data without offset")
    mean = float(law.probabilities @ [scalar.mean for scalar in law.magnitudes])
    return Prediction("T1", distinct(world.features), np.zeros(world.d), lam * mean - lam * lam / 2,
                      {"activity": mean - lam}, False,
                      f"one atom per direction, and every magnitude exceeds lam ({least:g} >= {lam:g})")
