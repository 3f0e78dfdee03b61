"""Where training starts from: atoms drawn along the data, or atoms that were given."""

from __future__ import annotations

import numpy as np

from testbed.checks import Array
from testbed.descent.phi import Reduced, normalised

NOISE = 0.02  # of atoms at the start, so that symmetric starts do not stay symmetric


def draw(phi: Reduced, rng: np.random.Generator, number: int) -> Array:
    """Atoms along samples longer than lam, a little off so that symmetric starts do not stay symmetric.

    Two restarts in four draw them uniformly, one by what coding them alone would gain, w (|x - b| - lam)^2, and one
    along sums of two: each finds optima that the others miss. With a bias, restarts begin in turn at the
    mean, at a sample, and at zero.
    """
    n, d = phi.X.shape
    b = np.zeros(d)
    if phi.extra and number % 3 == 0:
        b = (phi.w[:, None] * phi.X).sum(axis=0)
    elif phi.extra and number % 3 == 1:
        b = phi.X[rng.choice(n, p=phi.w / phi.w.sum())]
    X = phi.X - b
    length = np.sqrt((X * X).sum(axis=1))
    gain = phi.w * np.maximum(length - phi.penalty.threshold, 0) ** 2
    D = rng.standard_normal((phi.m, d))
    D *= NOISE / np.sqrt(d)
    useful = int(np.count_nonzero(gain))
    if useful:
        unit = X / np.where(length > 0, length, 1)[:, None]
        chance = (gain if number % 4 == 1 else gain > 0).astype(float)
        chance /= chance.sum()
        picks = rng.choice(n, min(2 * phi.m, useful), replace=False, p=chance)
        drawn = unit[picks[: phi.m]]
        if number % 4 == 3:
            drawn = drawn + unit[np.roll(picks, 1)[: phi.m]]
        D[: len(drawn)] += drawn
    theta = normalised(D)
    return np.vstack([theta, b]) if phi.extra else theta


def given(phi: Reduced, D: Array, b: Array | None = None) -> Array:
    """The atoms given; a fitted bias starts at b, or at the mean of what they do not explain."""
    if not phi.extra:
        return normalised(D)
    if b is not None:
        return np.vstack([normalised(D), b / phi.unit])
    theta = np.vstack([normalised(D), np.zeros(D.shape[1])])
    theta[phi.m] = (phi.w[:, None] * phi.at(theta).R).sum(axis=0)
    return theta


def draw_many(X: Array, w: Array, lam: Array, m: int, picking: np.random.Generator,
              noise: np.random.Generator) -> Array:
    """For each of p problems, atoms along distinct samples longer than lam, by what coding them alone would gain, a
    little off; others random.

    Keys log(gain) plus Gumbel noise, the largest first: draws without replacement in proportion to the gain. Problems
    take their share of both generators in turn, so that what one starts from does not depend on those after it.
    """
    p, n, d = X.shape
    length = np.sqrt(np.einsum("aik,aik->ai", X, X))
    gain = w * np.maximum(length - lam[:, None], 0) ** 2
    with np.errstate(divide="ignore"):
        keys = np.log(gain) - np.log(-np.log(picking.uniform(1e-300, 1, (p, n))))
    picks = np.argsort(-keys, axis=1, kind="stable")[:, :m]
    D = NOISE / np.sqrt(d) * noise.standard_normal((p, m, d))
    useful = np.take_along_axis(gain, picks, axis=1) > 0
    unit = np.take_along_axis(X / np.where(length > 0, length, 1)[..., None], picks[..., None], axis=1)
    D[:, : picks.shape[1]] += np.where(useful[..., None], unit, 0)
    return normalised(D)
