"""Data, dictionaries and a case known by hand, for the tests of the convex problem."""

from __future__ import annotations

import numpy as np

from testbed import Optimum, huber


def points(seed, n, d, spread=1.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) + spread * rng.standard_normal(d)
    return X / np.sqrt((X * X).sum(axis=1).mean())


def dictionary(problem, rng, m):
    """Random atoms, half of them along samples, with a random bias where one is fitted."""
    D = rng.standard_normal((m, problem.d))
    near = rng.random(m) < 0.5
    D[near] = problem.X[rng.integers(problem.n, size=near.sum())] + 0.1 * D[near]
    b = problem.X.mean(axis=0) + 0.2 * rng.standard_normal(problem.d) if problem.bias else None
    return Optimum.at(problem, D / np.linalg.norm(D, axis=1, keepdims=True), b)


def pair(lam, tau, cosine):
    """P for two unit vectors of equal weight, by hand. In sums and differences (s, a) of the two, X X'/2 has the
    eigenvalues (1 +- c)/2 and C has lam^2 + tau^2 and tau^2; Q is diagonal there, and q_a < q_s makes it nonnegative.
    """
    own = np.sqrt(lam**2 + 2 * tau**2)  # each on its own atom, at its own penalty
    if cosine * own**2 <= lam**2:
        return float(huber(np.array(1.0), own))
    total = 0.0
    for share, price in (((1 + cosine) / 2, lam**2 + tau**2), ((1 - cosine) / 2, tau**2)):
        q = max(np.sqrt(share / price) - 1, 0)
        total += 0.5 * share / (1 + q) + 0.5 * price * q
    return total
