"""Lower bounds that need no trust: a dual point is repaired until numpy can prove it feasible (V1, V2).

A proof in floating point must allow for its own rounding, u = 2^-53 an operation. With gamma_k = k u / (1 - k u):

- S = C - R R' - N is formed with an error of at most gamma_(d + 8) (C + |R| |R|' + N), entry by entry.
- Its eigenvalues are not believed. Computed pairs V, l give E = S - V diag(l) V', and for every unit vector
  y' S y >= min(l) |V'y|^2 - |E|, with |V'y|^2 within |V V' - I| of 1, all measured in the Frobenius norm.
- If then S >= -delta, scaling R by c and N by c^2 gives C - c^2 R R' - c^2 N = (1 - c^2) C + c^2 S, which is positive
  semidefinite once c^2 <= t / (t + delta), because C >= t I. What the repair costs is seen in the bound.
- Where a bias is fitted, R is taken to be the exact projection of the stored numbers onto a'R = 0; `drift` bounds how
  far that is.
- The value <R, Y> - 1/2 |R|^2 is summed exactly (math.fsum) up to the rounding of each product, which is subtracted.
- Y and a are themselves rounded: weights move by a relative 4u and samples by u, and with them every objective below
  1/2 E|x|^2 by at most 8 (n + d + 8) u E|x|^2, subtracted as well.
"""

from __future__ import annotations

import math

import numpy as np

from testbed.bounds.convex import Program
from testbed.checks import Array

ULP = 2.0**-53


def gamma(k: int) -> float:
    """The relative error of k rounded operations, at most."""
    return k * ULP / (1 - k * ULP)


def by_rows(program: Program, R: Array) -> tuple[float, Array]:
    """V1: a lower bound on P(lam, tau) for every tau >= 0, and the scaled R that proves it.

    R (n, d) is scaled until every row has |R_i| <= lam a_i, which makes C - R R' elementwise nonnegative.
    """
    R, drift = centred(program, R)
    length = np.sqrt((R * R).sum(axis=1)) * (1 + gamma(R.shape[1] + 2)) + drift
    allowed = program.lam * program.a * (1 - 4 * ULP)
    over = float(np.max(length / allowed, initial=0.0))
    return value(program, R, 1 / over if over > 0 else math.inf, drift)


def by_eigenvalues(program: Program, R: Array, N: Array | None, t: float) -> tuple[float, Array]:
    """V2 (N given), V5 (N None): a lower bound on P(lam, sqrt t), and the scaled R that proves it.

    R (n, d) is the dual candidate and N (n, n) the nonnegative part of C - R R'; negative entries are set to zero.
    """
    if not (t > 0 and np.isfinite(R).all() and (N is None or np.isfinite(N).all())):
        return -math.inf, np.zeros_like(R)
    R, drift = centred(program, R)
    C = program.price(t)
    N = np.zeros_like(C) if N is None else np.maximum(0.5 * (N + N.T), 0)
    S = C - R @ R.T - N
    S = 0.5 * (S + S.T)
    values, V = np.linalg.eigh(S)
    n, d = R.shape
    noise = gamma(d + 8) * norm(C + np.abs(R) @ np.abs(R).T + N)
    noise += norm(S - (V * values) @ V.T) + gamma(n + 4) * norm((np.abs(V) * np.abs(values)) @ np.abs(V).T)
    noise += 2 * norm(R) * drift + drift * drift
    skew = norm(V @ V.T - np.eye(n)) + gamma(n + 4) * n
    least = float(values[0])
    delta = max(0.0, noise - least * (1 - skew if least > 0 else 1 + skew)) * (1 + 8 * ULP)
    return value(program, R, math.sqrt(t / (t + delta)) * (1 - 8 * ULP), drift)


def norm(M: Array) -> float:
    """Frobenius norm, rounded upwards."""
    return float(np.sqrt((M * M).sum())) * (1 + gamma(M.size + 4))


def centred(program: Program, R: Array) -> tuple[Array, float]:
    """R projected onto a'R = 0 where a bias is fitted, and how far the exact projection may be from it."""
    if not program.bias:
        return R, 0.0
    a, square = program.a, float(program.a @ program.a)
    for _ in range(2):
        R = R - np.outer(a, (a @ R) / square)
    left = norm(a @ R) + gamma(len(a) + 2) * norm(np.abs(a) @ np.abs(R))
    return R, left / math.sqrt(square) * (1 + 8 * ULP)


def value(program: Program, R: Array, most: float, drift: float) -> tuple[float, Array]:
    """The bound of c R at the best c <= most, rounded downwards, and c R."""
    Y = program.Y
    RY, RR = R * Y, R * R
    linear, square = math.fsum(RY.ravel()), math.fsum(RR.ravel())
    c = min(most, linear / square) if square > 0 else 0.0
    if not c > 0:
        return 0.0, np.zeros_like(R)  # R = 0 is always feasible
    size = c * math.fsum(np.abs(RY).ravel()) + c * c * square
    slack = 8 * ULP * size + c * drift * (norm(Y) + c * norm(R))
    slack += 8 * (program.n + Y.shape[1] + 8) * ULP * program.energy
    return max(0.0, c * linear - 0.5 * c * c * square - slack), c * R
