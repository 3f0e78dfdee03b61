"""Where data come from: each family draws X (p, n, d), and weights (p, n) where it has some of its own.

Arguments: a generator, how many problems p, points n, dimension d, and the space that they must stay within.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from generators import World, make
from testbed.checks import Array

if TYPE_CHECKING:
    from conjectures.problems import Space

Rng = np.random.Generator
Drawn = tuple[Array, Array | None]


def lattice(rng: Rng, p: int, n: int, d: int, space: Space) -> Drawn:
    """Small whole numbers: ties, zero rows, repeated and opposite samples occur by themselves."""
    most = int(rng.integers(1, 4))
    return rng.integers(-most, most + 1, (p, n, d)).astype(float), None


def generic(rng: Rng, p: int, n: int, d: int, space: Space) -> Drawn:
    """Normal samples of varied lengths, about a common offset half the time."""
    X = rng.standard_normal((p, n, d)) * rng.exponential(size=(p, n, 1))
    return X + (rng.random() < 0.5) * 2 * rng.standard_normal((p, 1, d)), None


def features(rng: Rng, p: int, n: int, d: int, space: Space) -> Drawn:
    """Sparse codes on features in random directions, some opposite to others."""
    k = int(rng.integers(1, 2 * d + 1))
    V = _directions(rng, p, k, d)
    size = rng.choice([1.0, 2.0, 3.0], (p, n, k)) if rng.random() < 0.5 else rng.exponential(size=(p, n, k))
    return ((rng.random((p, n, k)) < 0.5) * size) @ V, None


def subsets(rng: Rng, p: int, n: int, d: int, space: Space) -> Drawn:
    """Every subset of two or three features once, as far as there are points; weights say which ones matter.

    Some have next to no weight, so that features nest, exclude each other, or only fire together.
    """
    most = space.points[1]
    k = int(rng.choice([2, 3])) if d > 1 and most >= 7 else 2
    first = int(rng.integers(2))  # whether nothing firing is a sample too
    patterns = ((np.arange(first, 2**k)[:, None] >> np.arange(k)) & 1).astype(float)[:most]
    if len(patterns) < space.points[0]:
        return features(rng, p, n, d, space)
    X = patterns @ _directions(rng, p, k, d)
    if rng.random() < 0.3:
        X = X + rng.integers(-2, 3, (p, 1, d))
    weights = rng.dirichlet(np.full(len(patterns), 0.5), p) + 1e-4
    return X, weights / weights.sum(axis=1, keepdims=True)


def worlds(rng: Rng, p: int, n: int, d: int, space: Space) -> Drawn:
    """A registered world with parameters of its own, its whole distribution, at p penalties; features where it does
    not fit into the space."""
    maker = WORLDS[int(rng.integers(len(WORLDS)))]
    world = maker(rng)
    low, high = (max(world.n_features, space.dimensions[0]), space.dimensions[1])
    if low <= high and rng.random() < 0.5:
        world = world.embed(int(rng.integers(low, high + 1)), "random", int(rng.integers(1 << 30)))
    sample = world.exact()
    if not (space.dimensions[0] <= world.d <= high and space.points[0] <= len(sample.X) <= space.points[1]):
        return features(rng, p, n, d, space)
    tilt = np.where(rng.random((p, 1)) < 0.5, 1.0, rng.exponential(size=(p, len(sample.X))) + 1e-3)
    weights = tilt * sample.weights
    return np.repeat(sample.X[None], p, axis=0), weights / weights.sum(axis=1, keepdims=True)


def _directions(rng: Rng, p: int, k: int, d: int) -> Array:
    """(p, k, d) unit rows: axes, random directions, or a few opposite ones among them."""
    V = rng.standard_normal((p, k, d))
    if rng.random() < 0.4:
        V = np.eye(d)[rng.integers(d, size=(p, k))]
        V[:, : min(k, d)] = np.eye(d)[: min(k, d)]
    if k > 1 and rng.random() < 0.3:
        V[:, -1] = -V[:, 0]
    return V / np.linalg.norm(V, axis=2, keepdims=True)


def _share(rng: Rng) -> float:
    return float(rng.uniform(0.05, 0.95))


WORLDS: tuple[Callable[[Rng], World], ...] = (
    lambda rng: make("nested_pair", rho=_share(rng), angle=float(rng.uniform(0.3, 2.8))),
    lambda rng: make("correlated_pair", **_pair(rng)),
    lambda rng: make("two_features", **_alone(rng), angle=float(rng.uniform(0.3, 2.8))),
    lambda rng: make("exclusive_children", k=int(rng.integers(2, 4)), p=_share(rng)),
    lambda rng: make("one_sparse", n_features=int(rng.integers(1, 4)), magnitude="discrete([1, 3])"),
    lambda rng: make("independent", n_features=int(rng.integers(1, 4)), p=_share(rng)),
    lambda rng: make("antipodal", law=f"discrete([-1,{rng.integers(1, 4)}],[.5,.5])", p=_share(rng)),
    lambda rng: make("hierarchical", depth=2, branching=int(rng.integers(1, 3)), child_probability=_share(rng),
                     exclusive=False),
)


def _pair(rng: Rng) -> dict[str, Any]:
    alone = rng.uniform(0.02, 0.45)
    return {"alpha": float(alone), "beta": float(rng.uniform(0.02, 1) * (1 - 2 * alone))}


def _alone(rng: Rng) -> dict[str, Any]:
    parent, both, child, _ = rng.dirichlet(np.ones(4))
    return {"parent": float(parent), "both": float(both), "child": float(child)}
