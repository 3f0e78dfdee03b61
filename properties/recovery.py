"""T6, recovery: are the true features what training finds as lam -> 0? One linear program per feature decides.

In words: the dictionary of true features is a local minimum, up to a tilt of order lam, if for every feature j a
certain vector lies inside the cone of the codes that are seen while j is silent. So a feature can be found if, whenever
it is silent, the others are seen in enough combinations. A parent whose child never fires without it fails the test.

Data x = cF, features F (k, d) linearly independent, codes c noiseless. Atoms D = F + lam Delta, Delta_j orthogonal to
f_j, and codes z = c + lam y, y_j >= 0 wherever c_j = 0, leave the residual lam r, r = -(yF + c Delta), and

    phi(D) = lam E[sum c] + lam^2 Phi(Delta) + O(lam^3),      Phi(Delta) = min_y E[ |r|^2 / 2 + sum y ],  convex.

If Phi grows along every line, phi has a local minimum at F + O(lam). Along Delta = t A F, t -> infinity, it grows like
t^2 unless some y cancels cA: y = -t cA, so (cA)_j <= 0 wherever c_j = 0. Then it grows like -t E[sum cA], in which
A_jj = -sum_{k != j} A_jk G_jk, and the columns of A part:

    sum_{k != j} mu_k (1 - G_jk) A_kj < 0   for every nonzero (A_kj)_k with sum_k c_k A_kj <= 0 wherever c_j = 0.

That is: v_j = (mu_k (1 - G_jk))_{k != j} is interior to K_j = cone{ c_{-j} : c_j = 0 }. Conversely, S5 holds at every
stationary dictionary, and v_j and the silent codes converge when a dictionary converges to F: if v_j is outside K_j,
none does. On the boundary, or if K_j is not full-dimensional, first order does not decide. Feature j's condition is
about the others: where it fails, some atoms k != j gain by turning along feature j, as a child's does to its parent.

A fitted bias lam beta adds beta_j to every (cA)_j: one more latent, always 1, at right angles to all. Cone becomes
convex hull. Signed codes pay |y_j| where c_j = 0 instead of obeying y_j >= 0, and K_j becomes a zonotope:
(E[sign(c_j) c_k] - mu_k G_jk)_k interior to { E[u c_{-j} 1{c_j = 0}] : |u| <= 1 } (Gribonval and Schnass, 2010).

The margin of feature j is the room these conditions leave, in scores: S4 with z = c is linear in the scores s_j,

    E[c_k s_j] = mu_k G_jk for all k (bias: E[s_j] = 0),    s_j = 1 (signed: sign c_j) where j is on,

and the margin is 1 - the least possible max of s_j (signed: |s_j|) over j's silence, without samples that are zero. It
is positive inside K_j and negative outside (-inf if no scores do); at most 0 if K_j is not full-dimensional. Units:
none; unmoved by scaling the data or any one feature's codes.

If every feature sometimes fires alone, K_j is an orthant and v_j > 0 is inside, but that is for nonnegative codes
without a bias only. With one, let every feature also be silent together and fire alone at c_k = a_k or more: then
sum_k mu_k (1 - G_jk) / a_k < 1 suffices. Nesting breaks recovery: a parent is never silent where its child fires.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from properties.base import Statement
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError, NumericsError

INDEPENDENT = 1e-12  # the least singular value of independent rows, as a share of the largest; below it is rounding
EDGE = 1e-8  # margins nearer to zero than this are zero: what the linear program leaves of an exact tie


@dataclass(frozen=True, eq=False)
class Recovery:
    """The margins of T6, dimensionless.

    margins : (k,) > 0 inside, 0 on the boundary or undecided, < 0 outside. A feature that never fires has at most 0.
    live : (k,) bool, features that fire. bias, nonnegative : the problem they are about.
    """

    margins: Array
    live: NDArray[np.bool_]
    bias: bool
    nonnegative: bool

    @property
    def margin(self) -> float:
        """The least margin."""
        return float(self.margins.min())

    @property
    def worst(self) -> int:
        """The feature that has it: the one that others turn along if it is negative."""
        return int(self.margins.argmin())

    @property
    def holds(self) -> bool:
        """Whether the features are a strict local minimum at first order in lam: every margin is positive."""
        return self.margin > 0


@dataclass(frozen=True, eq=False)
class Truth:
    """Noiseless truth, checked: features (k, d), codes (n, k), weights (n,); samples without weight are left out."""

    features: Array
    codes: Array
    weights: Array
    bias: bool
    nonnegative: bool

    @classmethod
    def checked(cls, where: str, features: Any, codes: Any, weights: Any, bias: Any, nonnegative: Any) -> Truth:
        """Validate on behalf of `where`; see `recoverable` for what is raised."""
        features = checks.unit_rows(where, "features", features)
        codes = checks.matrix(where, "codes", codes, len(features))
        weights = checks.weights(where, weights, len(codes))
        bias, nonnegative = checks.flag(where, "bias", bias), checks.flag(where, "nonnegative", nonnegative)
        rank = np.linalg.matrix_rank(features, rtol=INDEPENDENT)
        if rank < len(features):
            raise InputError(f"{where}: features must be linearly independent; {len(features)} features have "
                             f"rank {rank}")
        if nonnegative and (codes < 0).any():
            row, column = np.argwhere(codes < 0)[0]
            raise InputError(f"{where}: codes must not be negative unless nonnegative=False; row {row} column {column} "
                             f"is {codes[row, column]:g}")
        return cls(features, codes[weights > 0], weights[weights > 0], bias, nonnegative)

    @cached_property
    def mu(self) -> Array:
        """(k,) mean size of every code."""
        return self.weights @ np.abs(self.codes)

    def silence(self, j: int) -> tuple[Array, Array, Array]:
        """What feature j's silence must reach and with what: target (p,), codes (s, p) and weights (s,) where j is off.

        Coordinates are the other live features, codes divided by their means mu_k, and with a bias a last one that is
        always 1. Samples with nothing in these coordinates are left out.
        """
        others = (self.mu > 0) & (np.arange(len(self.mu)) != j)
        codes, cosines = self.codes[:, others] / self.mu[others], self.features[others] @ self.features[j]
        if self.bias:
            codes, cosines = np.column_stack([codes, np.ones(len(codes))]), np.append(cosines, 0.0)
        if self.nonnegative:
            target = np.append(1 - cosines[:-1], 1.0) if self.bias else 1 - cosines
        else:
            target = (self.weights * np.sign(self.codes[:, j])) @ codes - cosines
        off = (self.codes[:, j] == 0) & codes.any(axis=1)
        return target, codes[off], self.weights[off]


def recoverable(features: Any, codes: Any, weights: Any = None, bias: bool = False,
                nonnegative: bool = True) -> Recovery:
    """Whether training on data x = codes @ features finds the features as lam -> 0 (T6): one margin per feature.

    features (k, d): unit rows, linearly independent. codes (n, k): noiseless activations, >= 0 unless nonnegative is
    False. weights (n,): >= 0 with sum 1, or None for 1/n each. bias: whether one is fitted. Raises ValueError or
    TypeError naming the argument. Source: derived from the optimisation problem (above).
    """
    truth = Truth.checked("recoverable", features, codes, weights, bias, nonnegative)
    live = (truth.codes != 0).sum(axis=0) > 0
    margins = np.array([margin(*truth.silence(j), nonnegative) for j in range(len(live))])
    return Recovery(checks.frozen(np.where(live, margins, np.minimum(margins, 0))), live, truth.bias, truth.nonnegative)


def margin(target: Array, codes: Array, weights: Array, nonnegative: bool) -> float:
    """1 - min max s over scores s with E[(1 - s) codes] = target (signed: |s|, E[s codes] = target); trusted arguments.

    With u = 1 - s, the largest t such that u >= t. Signed, 1/t for the largest t such that t target = E[u codes] with
    |u| <= 1: the gauge of the zonotope.
    """
    n, p = codes.shape
    if p == 0:
        return np.inf if nonnegative else 1.0  # a single feature, with nothing that could turn
    if n == 0:
        return -np.inf if target.any() else 0.0
    length = np.linalg.norm(codes, axis=1)
    directions = (codes / length[:, None]).T  # columns of one length; their multiples v are weights * length * u
    if nonnegative:
        room = _largest(np.column_stack([directions, weights @ codes]), target, [(0, None)] * n, None)
    else:
        bounds = [(-bound, bound) for bound in weights * length]
        t = _largest(np.column_stack([directions, -target]), np.zeros(p), bounds, 0)
        room = 1 - 1 / t if t > EDGE else -np.inf
    if abs(room) < EDGE or (room > 0 and np.linalg.matrix_rank(codes, rtol=INDEPENDENT) < p):
        return 0.0
    return room


def _largest(columns: Array, target: Array, bounds: list[tuple[Any, Any]], low: float | None) -> float:
    """The largest t >= low with columns @ (v, t) = target, v within bounds; inf if unbounded, -inf if there is none."""
    exact = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(np.append(np.zeros(len(bounds)), -1.0), A_eq=columns, b_eq=target, bounds=[*bounds, (low, None)],
                    method="highs", options=exact)
    if found.status not in (0, 2, 3):
        raise NumericsError(f"recoverable: the linear program of a margin ended with: {found.message}")
    return float(found.x[-1]) if found.status == 0 else -np.inf if found.status == 2 else np.inf


STATEMENT = Statement(
    id="T6", name="recovery", where="linearly independent features, λ → 0",
    statement="(μₖ(1 − Gⱼₖ))ₖ interior to cone{z₋ⱼ : zⱼ = 0} (bias: hull) for all j ⇒ recovered, tilted by O(λ)",
    tests="tests/properties/test_recovery.py",
)
