"""G1, the Huber floor: F >= E[h_lam(|x - b|)] at every dictionary of any width, with equality iff max|r| <= lam.

And F*(m) does not increase with the number of atoms m, because an unused atom costs nothing.

Write x for x - b, and q = x min(1, lam / |x|), what would be left of x on an atom of its own. Completing the square,

    loss = 1/2 |x - zD|^2 + lam sum z = h_lam(|x|) + sum_k z_k (lam - <d_k, q>) + 1/2 |r - q|^2

for any codes. Both terms are >= 0, because z >= 0 and |q| <= lam: what is lost by atoms that do not point at the
data, and by a residual that is not q. Hence the floor (G1); signed codes: |z_k| lam in place of z_k lam.

At exact codes the excess is also bounded above. There sum_k z_k (lam - <d_k, q>) = <zD, r - q> by C2; add |r - q|^2 to
get <x - q, r - q>; and x - q is along x, of length (|x| - lam)+, where <x, r> <= |x| |r|:

    sum_k z_k (lam - <d_k, q>) + |r - q|^2  <=  (|x| - lam)+ (|r| - lam)+.

So a sample with |r| <= lam is at its floor, and by the first equation the others are not (|r - q| >= |r| - lam): the
loss is h_lam everywhere iff max|r| <= lam (G2). In between, half the square of (|r| - lam)+ bounds it from below.

Residual, per sample, relative to h_lam(|x|) and in units of max(1, |x| / 1000 lam): the excess of the floor over the
loss, and that of the left side over the right.
Holds at exact codes of any dictionary and bias.
Extremal: points with atoms of their own (loss = floor), one of length lam, and one so placed that nothing codes it,
r = x, for which the upper bound is an equality far from the wide limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import CODE_TOLERANCE, Property, Residual, Totals, peak
from properties.scaled import Array, Scaled
from testbed.optimum import Optimum
from testbed.problem import Problem, huber


def excess(o: Scaled) -> tuple[Array, Array, Array]:
    """By how much each sample's loss exceeds its floor: misalignment (k,) sum_k z_k (lam - <d_k, q>), distance (k,)
    |r - q|, of which half the square counts, and the floor (k,) h_lam(|x|); in units of lam."""
    length = np.linalg.norm(o.x, axis=1)
    q = o.x / np.maximum(length, 1)[:, None]
    cost = o.code if o.nonnegative else np.abs(o.code)
    misaligned = np.bincount(o.row, cost - o.code * o.along(q), o.n).astype(float)  # of no codes at all: integers
    return misaligned, np.linalg.norm(o.r - q, axis=1), huber(length, 1.0)


def gather(o: Scaled) -> dict[str, Any]:
    """Floor above loss, and excess over what |r| allows, relative to the floor, at their worst."""
    misaligned, distance, floor = excess(o)
    cost = np.bincount(o.row, o.code, o.n) if o.nonnegative else o.size
    loss = 0.5 * (o.r * o.r).sum(axis=1) + cost
    over = np.maximum(np.linalg.norm(o.x, axis=1) - 1, 0) * np.maximum(np.linalg.norm(o.r, axis=1) - 1, 0)
    unit = np.where(floor > 0, floor, 1) * o.rounding
    return {
        "below": peak((floor - loss) / unit, ("sample", o.samples)),
        "above": peak((misaligned + distance**2 - over) / unit, ("sample", o.samples)),
    }


def finish(t: Totals) -> Residual:
    """The worst floor above a loss, and the worst loss above what |r| allows."""
    return t["below"] | t["above"]


def private_atoms() -> Optimum:
    """Two points with atoms of their own at 60 degrees, one exactly lam long, and one that nothing codes."""
    lam, u, v = 0.5, np.array([1.0, 0]), np.array([0.5, np.sqrt(0.75)])
    X = lam * np.array([3 * u, 2 * v, u, -3 * u])
    return Optimum.at(Problem(X, lam), np.array([u, v]), Z=lam * np.array([[2.0, 0], [0, 1], [0, 0], [0, 0]]))


PROPERTY = Property(
    id="G1", name="Huber floor", where="code", tolerance=CODE_TOLERANCE, gather=gather, finish=finish,
    case=private_atoms, tests="tests/properties/test_splitting.py",
    statement="½(|r| − λ)₊² ≤ loss − h_λ(|x − b|) ≤ (|x − b| − λ)₊(|r| − λ)₊: at the floor iff |r| ≤ λ",
)
