"""Signed directions: x = offset + sum_k s_k u_k with s_k of either sign, dense or sparse (T5)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import brentq

from generators import arguments, prices, quadrature
from generators.laws import Feature, Product
from generators.magnitudes import Scalar, scalar
from generators.prediction import Prediction
from generators.world import World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError
from testbed.problem import huber

BALANCED = 1e-14  # relative size of a Huber slope that is zero but for rounding


def antipodal(n_features: int | None = None, law: Scalar | str | float | Sequence[Scalar | str | float] = "sign(1)",
              p: float | Sequence[float] = 1.0, offset: Any = 0.0, directions: Any = None) -> World:
    """Independent signed features.

    n_features: how many (default: 1, or as many as the other arguments list). law of s_k, any location and scale:
    "sign(1)", "bernoulli(0.3)" (on/off), "gaussian(1,2)", "uniform(-1,1)", "laplace(0,1)", "discrete([-1,2],[.7,.3])";
    one or one per feature. p in (0, 1]: s_k is drawn with probability p, otherwise 0 (1: dense). offset: a vector
    (d,), or a number, by which every s_k is shifted. directions: (k, d) unit rows (default: orthonormal axes).
    predict (one dense or sparse direction of any law, bias fitted, two atoms): T5; another penalty: T10 (a finite law).
    """
    where = "antipodal"
    k = arguments.count(where, n_features, [directions, law, p], 1)
    laws = [scalar(where, "law", entry, signed=True) for entry in arguments.per_feature(where, "law", law, k)]
    ps = arguments.probabilities(where, "p", p, k)
    V = np.eye(k) if directions is None else checks.unit_rows(where, "directions", directions)
    shift = offset if arguments.listed(offset) else checks.number(where, "offset", offset) * V.sum(axis=0)
    text = arguments.call(where, n_features=k, law=laws if arguments.listed(law) else laws[0], p=p, offset=offset,
                          directions=directions)
    return World(Product(tuple(Feature(float(q), s) for q, s in zip(ps, laws, strict=True))), text, V, shift,
                 theory=_location, priced=prices.dense)


def _location(world: World, lam: float) -> Prediction:
    """T5: on one direction, x = offset + s u, the bias is the Huber location of s, and atoms +-u code what is beyond.

    For any dictionary and bias, F >= E h_lam(|x - b|) (G1) >= E h_lam(s - <b - offset, u>) >= min_c E h_lam(s - c),
    and D = (u, -u), b = offset + c u attains it: s is coded by +u where s > c + lam, by -u where s < c - lam. The
    optimal c is the root of E clip(c - s, -lam, lam) (an interval's middle where it vanishes on one): B1. Expectations
    are exact sums for finite laws of s and quadrature cut at c +- lam for continuous ones, with any P(off).

    An atom is live if s has values beyond its threshold: values["live"] counts them. On/off s, P(s = a) = p, for
    a > lam / max(p, 1-p): if p < 1/2, c = lam p/(1-p) and only +u is live; if p > 1/2, c = a - lam (1-p)/p and only -u
    is live: it codes the absence of the feature. An antipodal pair of live atoms needs values of s on both sides of
    c +- lam, as when the magnitudes of a feature denser than 1/2 spread wider than lam. Then, where |s - c| < lam has
    probability q, the rates obey |P(+u on) - P(-u on)| <= q (B3), and a symmetric law has them equal.

    Valid for lam < max |s - E s| (always, if s is unbounded): beyond, b = E x and no atom is live.
    """
    if world.n_features != 1:
        raise InputError(f"predict: T5 is for one direction; {world} has {world.n_features}")
    assert isinstance(world.law, Product) and isinstance(world.law.laws[0], Feature)
    law, p = world.law.laws[0].magnitude, world.law.laws[0].p
    mean, ends = p * law.mean, [law.low, quadrature.highest(law)] + [0.0] * (p < 1)
    spread = max(abs(end - mean) for end in ends)
    if lam >= spread:
        raise InputError(f"predict: T5 holds for lam below max |s - E s| = {spread:g}, so that an atom is live; "
                         f"got {lam:g}")
    c = huber_location(law, lam, p)
    s, w = points(law, p, c, lam)
    u = world.features[0]
    plus, minus = float(w @ (s > c + lam)), float(w @ (s < c - lam))
    values = {"location": c, "plus_on": plus, "minus_on": minus, "live": (plus > 0) + (minus > 0)}
    return Prediction("T5", np.array([u, -u]), world.offset + c * u, float(w @ huber(s - c, lam)), values, True,
                      f"one direction, both signs of it are atoms, and lam < max |s - E s| ({lam:g} < {spread:g})")


def points(law: Scalar, p: float, c: float, lam: float) -> tuple[Array, Array]:
    """Points (n,) and weights (n,) of s (0 with probability 1 - p) for functions with kinks at c +- lam."""
    x, w = quadrature.nodes(law, np.array([c - lam, c + lam]))
    return (x, w) if p == 1 else (np.append(x, 0.0), np.append(p * w, 1 - p))


def huber_location(law: Scalar, lam: float, p: float = 1.0) -> float:
    """argmin_c E h_lam(s - c), s drawn from a law with probability p, otherwise 0; the middle of a flat minimum.

    The slope E clip(c - s, -lam, lam) is nondecreasing, and between breaks (at +-lam from what bounds the law's pieces)
    linear for a finite law, smooth for a continuous one: the break interval is found first, the root in it next.
    """
    def slope(c: float) -> float:
        s, w = points(law, p, c, lam)
        return float(w @ np.clip(c - s, -lam, lam))

    ends = np.append(quadrature.edges(law), [0.0] * (p < 1))
    breaks = np.unique(np.concatenate([ends - lam, ends + lam]))
    # slopes do not decrease from break to break
    high = bisect_right(breaks, BALANCED * lam, key=slope)
    low = bisect_left(breaks, -BALANCED * lam, 0, high, key=slope) - 1
    if high > low + 1:
        return float(breaks[low + 1] + breaks[high - 1]) / 2
    if law.finite:
        below, above = slope(breaks[low]), slope(breaks[high])
        return float(breaks[low] - below * (breaks[high] - breaks[low]) / (above - below))
    return float(brentq(slope, breaks[low], breaks[high], xtol=1e-15, rtol=4 * np.finfo(float).eps))
