"""How good could any dictionary be? Rigorous lower bounds for every width (V1, V2, V5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from testbed import checks
from testbed.bounds import certificate, convex
from testbed.bounds.convex import Program
from testbed.checks import Array
from testbed.errors import InputError, InputTypeError
from testbed.problem import LARGEST, Problem, huber
from testbed.threads import limited

ROUTES = {
    "floor": "the Huber floor, exact at tau = 0 (V1)",
    "doubly nonnegative": "doubly nonnegative program, its dual verified (V2)",
    "semidefinite": "semidefinite program without elementwise nonnegativity, its dual verified (V5)",
}


@dataclass(frozen=True, eq=False)
class Bound:
    """A verified lower bound on the priced objective F_tau of every dictionary of every width (and every bias).

    value : in squared units of X. tau : the price, in units of X. route : a key of ROUTES.
    R : (n, d) weighted residual that proves it, in the order and units of testbed.bounds.convex.Program.
    """

    value: float
    tau: float
    route: str
    R: Array


@limited(0)  # bits do not depend on how many threads BLAS has
def lower_bound(problem: Problem, tau: float = 0.0, nonnegative: bool | None = None) -> Bound:
    """A number that F_tau of no dictionary undercuts, whatever its width.

    F_tau(D, Z, b) = E[1/2 |x - b - zD|^2] + sum_j sqrt(lam^2 E|z_j|^2 + tau^2 E[z_j^2]); see testbed.bounds.convex.

    Parameters
    ----------
    problem : the data; where a bias is fitted the bound holds for every b.
    tau : price on activity energy >= 0, in units of X. At 0 the bound is E[h_lam(|x - b|)], for any number of samples.
    nonnegative : False drops elementwise nonnegativity (V5); None takes the problem's choice. Signed problems accept
        only the latter.

    The floor holds at every tau, so it is returned where its proof is the better one, except that `nonnegative` False
    for a problem with nonnegative codes gives V5's bound alone.

    Raises InputError naming the argument; ValueError with the reason where the program is too large or
    cvxpy is missing (testbed.convex_fit goes further, and its bound is certified in up to three dimensions);
    NumericsError if the solver returns nothing.
    """
    where = "lower_bound"
    if not isinstance(problem, Problem):
        raise InputTypeError(f"{where}: problem must be a testbed.Problem; got {type(problem).__name__}")
    tau = checks.number(where, "tau", tau, 0, LARGEST)
    elementwise = problem.nonnegative if nonnegative is None else checks.flag(where, "nonnegative", nonnegative)
    if elementwise and not problem.nonnegative:
        raise InputError(f"{where}: nonnegative must be False for a problem with signed codes")
    program = Program.of(problem)
    alone = problem.nonnegative and not elementwise
    if tau == 0:
        return signed_floor(program) if alone else floor_bound(program)
    bound = solved(program, elementwise, (tau / program.unit) ** 2)
    return bound if alone else better(bound, floor_bound(program))


def better(bound: Bound, floor: Bound) -> Bound:
    """The larger of two bounds, at the first one's price: the floor holds at every tau."""
    return bound if bound.value >= floor.value else Bound(floor.value, bound.tau, floor.route, floor.R)


def floor_bound(program: Program) -> Bound:
    """V1, from the residual of the Huber location (of 0 without a bias): r = (x - b) min(1, lam / |x - b|)."""
    X = program.Y / program.a[:, None]
    b = location(X, program.a**2, program.lam) if program.bias else np.zeros(X.shape[1])
    least, R = certificate.by_rows(program, program.a[:, None] * _clipped(X - b, program.lam)[0])
    return Bound(least * program.unit**2, 0.0, "floor", R)


def location(X: Array, w: Array, lam: float) -> Array:
    """The b (d,) that minimises E[h_lam(|x - b|)], a convex problem: descent, then Newton's steps while they help.

    The proof by rows loses to first order what E[r] lacks of zero, so b is wanted to the last digits.
    """

    def value(b: Array) -> tuple[float, Array]:
        return float(w @ huber(np.linalg.norm(X - b, axis=1), lam)), -(w @ _clipped(X - b, lam)[0])

    b = minimize(value, w @ X / w.sum(), jac=True, method="BFGS", options={"gtol": 1e-10}).x
    for _ in range(20):
        clipped, shrink = _clipped(X - b, lam)
        slope = w @ clipped
        E = clipped[shrink < 1] / lam
        outside = (w * shrink)[shrink < 1]
        hessian = (w @ shrink) * np.eye(len(b)) - (outside[:, None] * E).T @ E
        nearer = b + np.linalg.lstsq(hessian, slope, rcond=1e-12)[0]
        if np.linalg.norm(w @ _clipped(X - nearer, lam)[0]) >= np.linalg.norm(slope):
            break
        b = nearer
    return b


def _clipped(X: Array, lam: float) -> tuple[Array, Array]:
    """Rows of X shortened to length lam at most, and by which factors (n,)."""
    length = np.linalg.norm(X, axis=1)
    shrink = np.minimum(1, lam / np.maximum(length, lam))
    return shrink[:, None] * X, shrink


def signed_floor(program: Program) -> Bound:
    """V5 at tau = 0: h_lam(|E x|), from R = a c' with c = E[x] min(1, lam / |E x|); 0 where a bias is fitted.

    C - R R' = (lam^2 - |c|^2) a a' is positive semidefinite. Signed sums cancel: only the mean of the data must be paid
    for, which is why this is no bound worth having at small tau.
    """
    mean = program.a @ program.Y
    c = mean * min(1.0, program.lam / max(float(np.linalg.norm(mean)), program.lam))
    R = np.outer(program.a, np.zeros_like(c) if program.bias else c)
    least, R = certificate.by_rows(program, R)
    return Bound(least * program.unit**2, 0.0, "semidefinite", R)


def solved(program: Program, elementwise: bool, t: float | None, budget: float | None = None) -> Bound:
    """V2 or V5 from the semidefinite solver's dual, at t = tau^2 or at the best t for a budget on tr Q; verified."""
    route = "doubly nonnegative" if elementwise else "semidefinite"
    if program.energy == 0:  # there is nothing to code
        return Bound(0.0, math.sqrt(t or 0.0) * program.unit, route, np.zeros_like(program.Y))
    found = convex.solve(program, elementwise, t, budget)
    value, R = certificate.by_eigenvalues(program, found.R, found.N, found.t)
    return Bound(value * program.unit**2, math.sqrt(found.t) * program.unit, route, R)
