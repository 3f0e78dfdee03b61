"""A small sample of every world, and of every scalar law, as arrays; `python tests/support/samples.py FILE` writes it.

tests/generators/samples.npz is what one processor drew: to be written anew only where a world is meant to change.
"""

from __future__ import annotations

import sys

import numpy as np

from generators import World, cofiring, correlated, independent, make, one_sparse
from generators.magnitudes import scalar
from generators.registry import WORLDS

LAWS = ("discrete([1,2,4],[.2,.3,.5])", "uniform(-1,2)", "exponential(.5,1)", "folded_normal(1,.5)", "bernoulli(.3,2)",
        "sign(2,.7)", "gaussian(1,2)", "laplace(-1,.5)")
N = 6


def worlds() -> dict[str, World]:
    """Every world of the registry, and the ways to change one: directions, rotations, noise, sums, correlations."""
    varied = {
        "turned": independent(4, 0.5, "exponential(1)").embed(5, seed=3),
        "equal cosines": independent(4, 0.5).embed(4, 0.4, seed=1),
        "simplex": one_sparse(4).embed(3, -1 / 3, seed=2),
        "random, noisy": independent(5, 0.5, "uniform(1,2)").embed(3, "random", seed=1).noise(0.1),
        "sum": independent(2, 0.6).embed(4, "random", seed=5) + make("antipodal").embed(4, seed=6),
        "offset": make("antipodal", offset=2.0).embed(3, seed=5),
        "repeated eigenvalues": correlated(6, 0.5, 0.3),
        "one latent": correlated(3, [0.3, 0.5, 0.7], 1.0),
        "singular": correlated(3, 0.5, [[1, -0.5, -0.5], [-0.5, 1, -0.5], [-0.5, -0.5, 1]]),
        "three together": cofiring([[0.5, 0.3, 0.1], [0.3, 0.4, 0.1], [0.1, 0.1, 0.2]], "discrete([1,2])"),
    }
    return {name: make(name) for name in WORLDS} | varied


def samples() -> dict[str, np.ndarray]:
    """name/codes (N, k) and name/X (N, d) of drawn samples, codes and weights of exact ones that list few points."""
    arrays = {}
    for name, world in worlds().items():
        drawn = world.sample(N, 7)
        arrays |= {f"{name}/codes": drawn.codes, f"{name}/X": drawn.X}
        if world.finite and world.n_features and world.law.size() <= 64:
            exact = world.exact()
            arrays |= {f"{name}/exact/codes": exact.codes, f"{name}/exact/weights": exact.weights}
    return arrays


def draws() -> dict[str, list[float]]:
    """law -> three draws, by numpy's Generator alone: nothing here passes through BLAS."""
    return {text: scalar("samples", "law", text, signed=True).draw(np.random.default_rng(3), 3).tolist()
            for text in LAWS}


if __name__ == "__main__":
    np.savez_compressed(sys.argv[1], **samples())  # type: ignore[arg-type]
