"""The low end of a symmetric operator's spectrum, by Lanczos with full orthogonalisation.

ARPACK is quicker where eigenvalues are many and apart. It fails, without a word, where they are few: a world of many
equal parts has a handful of distinct ones, the Krylov space closes after as many steps, and it may then return the
second as the least. Here a closed space is an answer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh_tridiagonal

from testbed.checks import Array

Product = Callable[[Array], Array]

STEPS = 60  # of one Krylov space
RESTARTS = 30
CLOSED = 1e-11  # of what is left of a vector: rounding
LIFT = 10.0  # puts what was found above a spectrum relative to its diagonal


def least(product: Product, start: Array, steps: int = STEPS, restarts: int = RESTARTS,
          target: float = 1e-11) -> tuple[float, Array]:
    """A Ritz value, never below the least eigenvalue, and its unit vector; restarted from that until its residual is
    at most `target`."""
    for _ in range(restarts):
        q = start / np.linalg.norm(start)
        Q, diagonal, beside = [q], [], []
        while True:
            v = product(Q[-1])
            diagonal.append(float(Q[-1] @ v))
            for _ in range(2):
                for q in Q:
                    v = v - (q @ v) * q
            size = float(np.linalg.norm(v))
            if size <= CLOSED or len(Q) == min(steps, len(start)):
                break
            beside.append(size)
            Q.append(v / size)
        values, vectors = eigh_tridiagonal(np.array(diagonal), np.array(beside))
        start = vectors[:, 0] @ np.array(Q)
        if size * abs(vectors[-1, 0]) <= target:
            break
    return float(values[0]), start / np.linalg.norm(start)


def below(product: Product, size: int, level: float) -> Array:
    """(k, size) orthonormal vectors that span what has eigenvalues at most `level`, one found after the other."""
    found: list[Array] = []

    def lifted(v: Array) -> Array:
        return product(v) + LIFT * sum(((f @ v) * f for f in found), np.zeros(size))

    while len(found) < size:
        value, vector = least(lifted, np.random.default_rng(len(found)).standard_normal(size))
        if value > level:
            break
        found.append(vector)
    return np.array(found).reshape(-1, size)
