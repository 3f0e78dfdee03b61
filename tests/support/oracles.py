"""Independent answers: slower, other methods, none of the solver's code."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls


def code(x, D, lam, nonnegative=True):
    """Codes of one sample by another road: the residual is the point of {r : D r <= lam} nearest to x (C3).

    That is a least-distance problem, min |y| with A y >= h for y = r - x, which Lawson and Hanson reduce to one
    nonnegative least-squares problem; its multipliers are the codes. Signed codes use the atoms and their negatives.
    """
    if not nonnegative:
        z = code(x, np.vstack([D, -D]), lam)
        return z[: len(D)] - z[len(D) :]
    h = D @ x - lam
    if h.max() <= 0:
        return np.zeros(len(D))
    size = np.abs(h).max()
    E = np.vstack([-D.T, h / size])
    f = np.zeros(len(E))
    f[-1] = 1
    u, _ = nnls(E, f, maxiter=100 * len(D) + 1000)
    return u * size / (f - E @ u)[-1]


def loss(X, D, Z, lam, w, b=0.0):
    """F(D, Z, b), written out."""
    total = 0.0
    for x, z, weight in zip(X, Z, w, strict=True):
        r = x - b - z @ D
        total += weight * (0.5 * (r @ r) + lam * np.abs(z).sum())
    return total


def phi(X, D, lam, w, b=0.0, nonnegative=True):
    """min over codes of F, by the oracle's codes."""
    return loss(X, D, [code(x - b, D, lam, nonnegative) for x in X], lam, w, b)
