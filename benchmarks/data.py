"""What is coded and trained on: planted sparse data in the sizes S1-S4 and toy, digits, and patches of photographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Size:
    """n samples in d dimensions, m atoms of which each sample adds up `active`, and the penalty."""

    n: int
    d: int
    m: int
    active: int
    lam: float


SIZES = {
    "toy": Size(2000, 8, 12, 3, 0.1),
    "S1": Size(20000, 32, 64, 5, 0.1),
    "S2": Size(20000, 64, 256, 6, 0.12),
    "S3": Size(5000, 256, 1024, 10, 0.2),
    "S4": Size(2000, 768, 4096, 10, 0.2),
    "tiny": Size(200, 8, 12, 3, 0.1),
}
NOISE = 0.05
BLOCK = 4096  # rows made at a time: at the largest size the making must not need more memory than the coding


def atoms(m: int, d: int, seed: int = 0) -> Array:
    """(m, d) random directions."""
    D = np.random.default_rng([seed, 0]).standard_normal((m, d))
    return np.ascontiguousarray(D / np.linalg.norm(D, axis=1, keepdims=True))


def planted(size: Size, seed: int = 0) -> tuple[Array, Array]:
    """X (n, d): sums of `active` atoms drawn anew, with magnitudes 0.3 + Exp(0.7), and noise; and the atoms (m, d)."""
    D = atoms(size.m, size.d, seed)
    rng = np.random.default_rng([seed, 1])
    X = np.empty((size.n, size.d))
    for start in range(0, size.n, BLOCK):
        rows = X[start : start + BLOCK]
        rows[:] = NOISE * rng.standard_normal(rows.shape)
        for _ in range(size.active):
            rows += (0.3 + rng.exponential(0.7, len(rows)))[:, None] * D[rng.integers(size.m, size=len(rows))]
    return X, D


def digits() -> Array:
    """(1797, 64) scikit-learn's handwritten digits, scaled to unit root-mean-square norm."""
    from sklearn.datasets import load_digits

    return unit(load_digits().data.astype(float))


def patches(n: int = 20000, side: int = 8, seed: int = 0) -> Array:
    """(n, side^2) patches of scikit-learn's two photographs in grey, each less its mean, scaled like the digits."""
    from sklearn.datasets import load_sample_image

    rng = np.random.default_rng(seed)
    found = []
    for name in ("china.jpg", "flower.jpg"):
        grey = load_sample_image(name).astype(float).mean(axis=2)
        windows = np.lib.stride_tricks.sliding_window_view(grey, (side, side))
        y, x = (rng.integers(size, size=n // 2) for size in windows.shape[:2])
        found.append(windows[y, x].reshape(n // 2, side * side))
    X = np.concatenate(found)
    return unit(X - X.mean(axis=1, keepdims=True))


def unit(X: Array) -> Array:
    """X over the root mean square of its rows' norms."""
    return np.ascontiguousarray(X / np.sqrt((X * X).sum(axis=1).mean()))


def problem(name: str) -> tuple[Array, int, float]:
    """X, number of atoms and penalty of a training problem."""
    if name == "digits":
        return digits(), 100, 0.05
    if name == "patches":
        return patches(), 128, 0.1
    return planted(SIZES[name])[0], SIZES[name].m, SIZES[name].lam


def start(X: Array, m: int, seed: int = 0) -> Array:
    """(m, d) initial atoms, the same for every trainer: the directions of m samples that are not short."""
    length = np.linalg.norm(X, axis=1)
    D = X[np.random.default_rng([seed, 2]).choice(np.flatnonzero(length > 0.3), m, replace=False)]
    return np.ascontiguousarray(D / np.linalg.norm(D, axis=1, keepdims=True))
