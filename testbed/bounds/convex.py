"""The convex problem of dictionaries of any width, in the Gram matrix of their codes (V1, V2, V5).

With a price tau >= 0 on activity a dictionary costs

    F_tau(D, Z) = E[1/2 |x - zD|^2] + sum_j sqrt(lam^2 E[z_j]^2 + tau^2 E[z_j^2]),

F itself at tau = 0, and at tau > 0 more for atoms that fire rarely. Write a_i = sqrt(w_i), Y = diag(a) X, V = diag(a) Z
and C = lam^2 a a' + tau^2 I, so that atom j costs |d_j| sqrt(v_j' C v_j), the least of 1/2 (|d_j|^2 + v_j' C v_j) over
ways to share a factor between atom and codes. Minimising over D leaves a problem in Q = V V', convex over the
completely positive matrices:

    P(lam, tau) = min over Q in CP of 1/2 tr(Y' (I + Q)^-1 Y) + 1/2 <C, Q>.

Its dual. 1/2 tr(Y' (I + Q)^-1 Y) = max over R (n, d) of <R, Y> - 1/2 |R|^2 - 1/2 <R R', Q>, attained at the weighted
residual R = (I + Q)^-1 Y. Exchanging min and max,

    P = max over R of <R, Y> - 1/2 |R|^2   subject to   C - R R' copositive,

and EVERY feasible R is a lower bound. Copositive means |R'v|^2 <= v' C v for v >= 0: no atom earns more than it costs.

- V1, tau = 0: copositive if and only if |R_i| <= lam a_i, that is max|r| <= lam. (Take v = e_i; conversely
  C - R R' is then elementwise nonnegative.) So P(lam, 0) = E[h_lam(|x|)].
- V2: C - R R' = S + N with S positive semidefinite and N >= 0 elementwise is copositive. This is the dual of the
  doubly nonnegative relaxation (Q positive semidefinite and elementwise nonnegative), solved here; exact for n <= 4.
- V5: N = 0 drops elementwise nonnegativity: a weaker bound, which also holds for signed codes, since E|z_j| >= |E z_j|.
- A fitted bias is minimised over: Y becomes Y - a b', still jointly convex, and the dual gains a'R = 0 (that is B1).
- A budget. If sum_j E[z_j^2] / (lam E[z_j]) <= A, then tr Q <= A at tau = 0, so for t = tau^2 free and >= 0
  F >= <R, Y> - 1/2 |R|^2 - 1/2 t A: the best tau for a given dictionary comes out of one program.

What a solver returns is only a candidate here; `testbed.bounds.certificate` repairs and verifies it.
"""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed.bases import orthonormal
from testbed.checks import Array
from testbed.errors import InputError, NumericsError
from testbed.penalties import L1
from testbed.problem import Problem, power_of_two_near

MOST_NONNEGATIVE = 40  # distinct samples of the doubly nonnegative program: its matrix has n + min(n, d) rows
MOST_DIMENSIONS = 60  # dimensions of the semidefinite one, which depends on n through d alone
MOST_CHECKED = 1500  # rows of the matrices whose eigenvalues are checked


@dataclass(frozen=True, eq=False)
class Program:
    """The data of the convex problem, in units near the penalty's: equal samples joined, weightless ones left out.

    Joining loses nothing: averaging the codes of equal samples leaves E[z_j] and lowers E[z_j^2].

    a : (n,) square roots of the weights. Y : (n, d) rows a_i x_i / unit. lam : penalty / unit. bias : minimised over b.
    unit : a power of two, so that dividing by it rounds nothing.
    """

    a: Array
    Y: Array
    lam: float
    bias: bool
    unit: float

    @classmethod
    def of(cls, problem: Problem) -> Program:
        """The program of a problem's data; InputError unless its penalty is l1, which is all that V is about."""
        if not isinstance(problem.penalty, L1):
            raise InputError(f"bounds: the penalty must be l1; the problem's is {problem.penalty}", where="bounds",
                             argument="penalty", expected="l1", got=problem.penalty)
        place = cls.place(problem)
        keep = place >= 0
        n = int(place.max(initial=-1)) + 1
        X = np.zeros((n, problem.d))
        X[place[keep]] = problem.rows(0, problem.n)[keep]
        weights = np.bincount(place[keep], problem.weights[keep], minlength=n)
        unit = power_of_two_near(problem.lam)
        a = np.sqrt(weights)
        return cls(a, a[:, None] * (X / unit), problem.lam / unit, problem.bias, unit)

    @staticmethod
    def place(problem: Problem) -> np.ndarray:
        """(n,) the program's row of each sample of a problem, in order of first appearance; -1 for those left out."""
        keep = problem.weights > 0
        if not problem.bias:  # a zero sample costs nothing, and its code can only cost
            keep = keep & (problem.rows(0, problem.n) != 0).any(axis=1)
        _, first, group = np.unique(problem.rows(0, problem.n)[keep], axis=0, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        place = np.full(problem.n, -1)
        place[keep] = rank[group.ravel()]
        return place

    @property
    def n(self) -> int:
        """Number of distinct samples."""
        return len(self.a)

    @property
    def energy(self) -> float:
        """E|x|^2, twice the objective without any atom, in squared units."""
        return float((self.Y * self.Y).sum())

    def price(self, t: float) -> Array:
        """C (n, n) = lam^2 a a' + t I."""
        return self.lam**2 * np.outer(self.a, self.a) + t * np.eye(self.n)


@dataclass(frozen=True, eq=False)
class Candidate:
    """What a solver believes to be dual optimal: R (n, d), N (n, n) or None, and t = tau^2; trusted by nobody."""

    R: Array
    N: Array | None
    t: float


def refusal(program: Program, elementwise: bool) -> str:
    """Why the semidefinite program cannot be solved here, in a few words; empty if it can."""
    d = program.Y.shape[1]
    if elementwise and program.n > MOST_NONNEGATIVE:
        return f"the doubly nonnegative program handles {MOST_NONNEGATIVE} distinct samples; there are {program.n}"
    if not elementwise and program.n > MOST_CHECKED:
        return f"the semidefinite bound is verified for {MOST_CHECKED} distinct samples; there are {program.n}"
    if not elementwise and min(program.n, d) > MOST_DIMENSIONS:
        return f"the semidefinite program handles {MOST_DIMENSIONS} dimensions; there are {min(program.n, d)}"
    if importlib.util.find_spec("cvxpy") is None:
        return "cvxpy is not installed (pip install '.[convex]')"
    return ""


def solve(program: Program, elementwise: bool, t: float | None = None, budget: float | None = None) -> Candidate:
    """Dual candidate of the doubly nonnegative (elementwise) or semidefinite program at price t = tau^2, or at the best
    price for a budget on tr Q. ValueError with the reason where `refusal` has one, NumericsError if no solution came.
    """
    if reason := refusal(program, elementwise):
        raise InputError(f"convex: {reason}")
    import cvxpy

    scale = np.sqrt(program.energy) or 1.0  # data of unit energy suit the solver
    Y, lam, a = program.Y / scale, program.lam / scale, program.a
    right = np.eye(Y.shape[1])
    if Y.shape[1] > program.n:  # only the span of the rows matters
        left, size, right = np.linalg.svd(Y, full_matrices=False)
        Y, right = (left * size) @ left.T, left @ right  # the symmetric square root of Y Y'
    lift: Any = np.eye(program.n)
    if not elementwise:  # only the span of a and the columns of Y matters: beyond it C is t I and R is zero
        lift = orthonormal(np.column_stack([a, Y]))
        Y, a = lift.T @ Y, lift.T @ a
    n, d = Y.shape
    R = cvxpy.Variable((n, d))
    N: Any = cvxpy.Variable((n, n), symmetric=True) if elementwise else np.zeros((n, n))
    price: Any = cvxpy.Variable(nonneg=True) if t is None else t / scale**2
    block = cvxpy.bmat([[lam**2 * np.outer(a, a) + price * np.eye(n) - N, R], [R.T, np.eye(d)]])
    constraints = [0.5 * (block + block.T) >> 0] + [N >= 0] * elementwise + [a @ R == 0] * program.bias
    value = cvxpy.sum(cvxpy.multiply(R, Y)) - 0.5 * cvxpy.sum_squares(R)
    if budget is not None:
        value = value - 0.5 * budget * price
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a solution may be inaccurate: the certificate measures by how much
        try:
            cvxpy.Problem(cvxpy.Maximize(value), constraints).solve(
                solver="CLARABEL", tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
        except cvxpy.error.SolverError as error:
            raise NumericsError(f"convex: the semidefinite solver failed: {error}") from None
    if R.value is None or not np.isfinite(R.value).all():
        raise NumericsError("convex: the semidefinite solver returned no solution")
    found = (float(price.value) if t is None else price) * scale**2
    return Candidate(lift @ R.value @ right * scale, N.value * scale**2 if elementwise else None, max(found, 0.0))
