"""Expectations over scalar laws, to rounding: exact sums for finite laws, Gauss-Legendre quadrature for others.

What is integrated is smooth but for kinks at known places (where an atom switches on, where a Huber loss changes its
branch). The line is cut there and into panels on which the density itself is smooth and short; on each piece 20 nodes
integrate polynomials of degree 39 exactly. Unbounded laws are cut off where their tails hold less than 1e-17.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from generators.kernels.quadrature import KINDS, lay, room
from generators.magnitudes import Scalar
from testbed.checks import Array

rule = functools.cache(np.polynomial.legendre.leggauss)  # number of nodes -> nodes on [-1, 1], weights
ORDER = 20
DECAY = np.array([0.0, 1, 2, 4, 8, 16, 40])  # panels of an exponential tail, in units of its scale
BELL = np.arange(-9.0, 9.1, 1.5)  # panels of a normal density, in standard deviations


def highest(law: Scalar) -> float:
    """The supremum of a law's support; `law.low` is its infimum."""
    if law.values is not None:
        return float(law.values.max())
    return law.arguments[1] if law.method == "uniform" else math.inf


def edges(law: Scalar) -> Array:
    """Ascending cuts between which a continuous law's density is smooth and short; the values of a finite law."""
    if law.values is not None:
        return np.sort(law.values)
    if law.method == "uniform":
        return np.array(law.arguments)
    if law.method == "exponential":
        return law.low + law.arguments[0] * DECAY
    loc, scale = law.arguments
    if law.method == "laplace":
        return loc + scale * np.concatenate([-DECAY[:0:-1], DECAY])
    return np.unique(np.append(np.abs(loc + scale * BELL), 0)) if law.fold else loc + scale * BELL


def encoded(law: Scalar) -> tuple[int, float, float, Array, Array]:
    """A law as kernels take it: (kind, a, b, edges, chances), see `generators.kernels.quadrature`."""
    if law.values is not None and law.probabilities is not None:
        return KINDS.index("finite"), 0.0, 0.0, law.values.copy(), law.probabilities.copy()  # frozen is another type
    a, b = law.arguments if len(law.arguments) == 2 else (law.low, law.arguments[0])
    return KINDS.index("folded" if law.fold else law.method), a, b, edges(law), np.empty(0)


def nodes(law: Scalar, kinks: Array, order: int = ORDER) -> tuple[Array, Array]:
    """Points and weights (n,) such that E f = sum weights * f(points), for a function f with kinks (c,).

    Kinks outside the support, or not finite (where a line has none), do no harm. Weights sum to 1. order: nodes in each
    piece; fewer are exact where density times f is known to be a polynomial of degree 2 order - 1.
    """
    coded = encoded(law)
    x, w = np.empty((2, room(coded, len(kinks), order)))
    n = lay(coded, kinks, *rule(order), x, w)
    return x[:n], w[:n]
