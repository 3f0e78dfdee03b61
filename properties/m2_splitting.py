"""M2, splitting: where atoms coincide at a local minimum, r = lam d_j wherever they are on.

Move two copies of atom j to d_j +/- eps u, with u unit and orthogonal to d_j. Codes of copies are not unique: any share
of z_j to each is optimal. By the envelope theorem for minima, the slope of phi is the least over those codes of
-E[<r, sum of moves>]: each sample puts all of z_j on the copy that turns towards its residual, and

    phi(eps) = phi - eps E[z_j |<u, r>|] + O(eps^2)        (signed codes: |z_j|).

By S1, E[z_j <u, r>] = 0: moving one atom gains nothing to first order, and splitting it gains the mean absolute value
of the same quantity. So a duplicate is a ridge of phi and not a minimum, unless r is parallel to d_j wherever j is on,
and there <r, d_j> = lam (C1). It does not matter which copy carries the codes: a dead copy of a live atom counts.

Residual, per live atom j and atom k that coincides with it: E_j|r / lam - d_j|, which is at least the slope in units of
lam mu_j; 0 for atoms that do not coincide. Coincide means |d_j - d_k| <= COINCIDENT: minima may hold two distinct atoms
arbitrarily close together, and this far apart they split by less than the tolerance.
Holds at a local minimum.
Extremal: two copies of an atom that codes one point, sharing its code: duplicates, and yet a global minimum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import NOTHING, TOLERANCE, Property, Residual, Totals, violation
from properties.scaled import Array, Scaled
from testbed.basins.moves import splitting
from testbed.optimum import Optimum
from testbed.problem import Problem
from testbed.threads import limited


def splitting_slopes(optimum: Optimum) -> tuple[Array, Array]:
    """What splitting each atom gains (M2): slopes (m,) = max over u of E[z_j |<u, r>|], directions u (m, d).

    phi falls by slope * eps to first order in the angle eps (radians) of each copy; slopes are in squared units of X.
    The maximum is of a convex function on a sphere: a local one, the best of several climbs. Zero for dead atoms.
    """
    with limited(optimum.problem.n * optimum.problem.d * optimum.n_atoms):
        return splitting(optimum.Z, optimum.R, optimum.D, optimum.problem.weights)


def gather(o: Scaled) -> dict[str, Any]:
    """(m,) sum of |z_j| |r / lam - d_j| (signed codes: sign(z_j) r), if any atoms coincide."""
    return {"wander": o.total(np.abs(o.code) * o.turn)} if o.atoms.copies else {}


def finish(t: Totals) -> Residual:
    """(live, m) E_j|r / lam - d_j| where atom k coincides with live atom j, and 0 elsewhere; nothing if none do."""
    row = {int(j): i for i, j in enumerate(t.live)}
    pairs = [(row[j], k) for j, k in t.atoms.copies if j in row]
    if not pairs:
        return NOTHING
    excess = np.zeros((len(t.live), t.m))
    for i, k in pairs:
        excess[i, k] = t.mean("wander")[i]
    return violation(excess, ("atom", t.live), ("atom", range(t.m)))


def shared_code() -> Optimum:
    """x = 5 lam u, coded by two atoms u with codes lam and 3 lam; and a silent sample lam u."""
    lam, u = 0.5, np.array([0.6, 0.8])
    problem = Problem(np.array([5 * lam * u, lam * u]), lam)
    return Optimum.at(problem, np.array([u, u]), Z=lam * np.array([[1.0, 3], [0, 0]]))


PROPERTY = Property(
    id="M2", name="splitting", where="local_min", tolerance=TOLERANCE, gather=gather, finish=finish, case=shared_code,
    statement="dⱼ = dₖ ⇒ r = λdⱼ wherever j is on: else dⱼ ± εu lowers φ by εE[zⱼ|⟨u, r⟩|], to first order",
    needs="coincident atoms", tests="tests/properties/test_splitting.py",
)
