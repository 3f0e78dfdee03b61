"""Geometry: k unit directions in d dimensions with a chosen coherence."""

from __future__ import annotations

from typing import Any

import numpy as np

from testbed import checks
from testbed.bases import orthonormal
from testbed.checks import Array
from testbed.errors import InputError

BOUNDARY = 1e-12  # how close to -1/(k-1) a cosine counts as the regular simplex


def directions(where: str, k: int, d: int, coherence: Any = "orthonormal", seed: Any = None) -> Array:
    """k unit rows in d dimensions, (k, d).

    coherence 'orthonormal': the first k axes (d >= k). A number c: every pair has cosine c, -1/(k-1) <= c < 1
    (d >= k, or k - 1 for the regular simplex c = -1/(k-1)). 'random': independent and uniform on the sphere; k > d is
    allowed, and a seed is required. For the others a seed turns the directions by a random rotation.
    Raises ValueError where no such directions exist, with the reason.
    """
    k, d = checks.count(where, "n_features", k), checks.count(where, "d", d)
    rng = None if seed is None else np.random.default_rng(checks.integer(where, "seed", seed))
    if isinstance(coherence, str):
        checks.choice(where, "coherence", coherence, ("orthonormal", "random"))
        if coherence == "random":
            if rng is None:
                raise InputError(f"{where}: coherence 'random' needs a seed; got None")
            V = rng.standard_normal((k, d))
            return V / np.linalg.norm(V, axis=1, keepdims=True)
        if d < k:
            raise InputError(f"{where}: {k} orthonormal features need d >= {k}; got d = {d}")
        V = np.eye(k, d)
    else:
        V = equiangular(where, k, d, checks.number(where, "coherence", coherence, -1, 1, open_high=True))
    return V if rng is None else np.ascontiguousarray(V @ rotation(d, rng))


def equiangular(where: str, k: int, d: int, c: float) -> Array:
    """k unit rows in d dimensions with all cosines c: the symmetric square root of (1 - c) I + c 11^T.

    Its eigenvalues are 1 - c and, along 1, 1 + (k-1) c: hence the range of c, and the dimension lost at its end.
    """
    along = 1 + (k - 1) * c
    if along < -BOUNDARY:
        raise InputError(f"{where}: {k} directions have a common cosine of -1/{k - 1} = {-1 / (k - 1):.6g} at least; "
                         f"got {c:g}")
    simplex = along <= BOUNDARY
    if d < k - simplex:
        raise InputError(f"{where}: {k} directions of common cosine {c:g} need d >= {k - simplex}; got d = {d}")
    mean = np.full((k, k), 1 / k)
    V = np.sqrt(1 - c) * (np.eye(k) - mean) + np.sqrt(max(along, 0.0)) * mean
    if simplex:  # rows lie in the complement of 1: take coordinates there
        V = V @ helmert(k)
    V = V / np.linalg.norm(V, axis=1, keepdims=True)
    return np.pad(V, ((0, 0), (0, d - V.shape[1])))


def helmert(k: int) -> Array:
    """An orthonormal basis (k, k-1) of the complement of the vector of ones."""
    H = np.triu(np.ones((k, k - 1)))
    H[np.arange(1, k), np.arange(k - 1)] = -np.arange(1.0, k)
    return H / np.linalg.norm(H, axis=0)


def rotation(d: int, rng: np.random.Generator) -> Array:
    """A uniformly random orthogonal (d, d) matrix."""
    return orthonormal(rng.standard_normal((d, d)))
