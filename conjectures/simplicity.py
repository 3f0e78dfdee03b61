"""How hard a problem is to read: points first, then atoms, dimensions, the kind, and last the numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from conjectures.problems import Problems
from testbed.checks import Array

DENOMINATOR = 64  # of fractions that a reader takes in
COUNTS = 40  # points of equal weight that weights may stand for
OPAQUE = 50.0  # what a number costs that is no simple fraction


def fraction(value: float, most: int = DENOMINATOR) -> Fraction | None:
    """The simple fraction that a number is, but for rounding; None if it is none."""
    near = Fraction(value).limit_denominator(most)
    return near if abs(float(near) - value) <= 1e-12 * max(1.0, abs(value)) else None


def number(value: float) -> float:
    """What a number costs a reader: 0 for 0, 1 for 1, more for longer ones, most for a decimal without end."""
    near = fraction(float(value))
    if near is None:
        return OPAQUE
    if not near:
        return 0.0
    return 1.0 + math.log2(abs(near.numerator)) + 2 * math.log2(near.denominator) + 0.1 * (near < 0)


def counts(weights: Array) -> Array | None:
    """(n,) whole numbers that are in proportion to the weights, up to COUNTS in all; None if there are none."""
    for total in range(len(weights), COUNTS + 1):
        whole = np.round(weights * total)
        if np.abs(whole / total - weights).max() < 1e-12:
            return whole
    return None


def numbers(one: Problems) -> float:
    """What the numbers of a problem (Problems of length 1) cost together."""
    whole = counts(one.weights[0])
    weights = OPAQUE * one.X.shape[1] if whole is None else float(np.log2(np.maximum(whole, 1)).sum())
    return sum(map(number, one.X.ravel())) + weights + 2 * number(float(one.lam[0]))


def rank(one: Problems) -> tuple[float, ...]:
    """What shrinking makes smaller, the most important first."""
    _, n, d = one.X.shape
    return n, one.n_atoms, d, one.kind.bias, not one.kind.nonnegative, numbers(one)
