"""The convex problem in factored form: atoms are added where they earn most, and all are refined together (V).

V (n, m) holds the weighted codes, and minimising over the atoms gives D = V'R and R = (I + V V')^-1 Y. What is left,

    f(V) = 1/2 tr(Y' (I + V V')^-1 Y) + 1/2 tr(V' C V),    gradient  C V - R D,    V >= 0,

is smooth, and at a stationary point every atom has the priced score 1 (`sphere`). If no direction scores more, the
dictionary is optimal among those of EVERY width, though f is not convex in V. Otherwise the best directions found
become atoms: an atom with codes z lowers f while |R'z|^2 > z' C z, and most when scaled by the s with

    (1 + s^2 z'(I + V V')^-1 z)^2 = |R'z|^2 / z' C z.

Descent is Newton's method in a trust region on the entries that are positive or would become so.

With a bias Y and V are projected onto what is orthogonal to a (b follows), so that a'R = 0.

How far from optimal? R scaled by the largest priced score is dual feasible, and its value is a lower bound. 'exact':
tau = 0, where that score is max|r| / lam. 'certified': the sphere was searched (d <= 3). 'estimate': the largest score
found by ascents from many starts, which may have missed a larger one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from testbed import checks
from testbed.bounds import certificate, lower, sphere
from testbed.bounds.convex import Program
from testbed.bounds.gaps import priced
from testbed.checks import Array
from testbed.errors import InputError, InputTypeError
from testbed.optimum import Optimum
from testbed.problem import LARGEST, Problem
from testbed.threads import limited

MOST_FACTORED = 200  # distinct samples
ATOMS = 400  # atoms held
ROUNDS = 60  # of adding atoms
TARGET = 1e-8  # excess of the largest priced score over 1 that is aimed at
FAINT = 0.03  # length, as a share of the longest atom's, below which an atom may be on its way out
NEAR = 1e-3  # 1 - cosine of two atoms' codes, below which they may be one
FEW_CELLS = 1 << 12  # of the sphere, when a direction is only looked for and not proved to be missing
STARTS = 64  # of ascents, beside samples, residuals and atoms
LAST_LOOK = 1000  # further starts before it is believed that no direction scores above 1, beyond three dimensions
NEWTON_STEPS = 400  # of Newton's method in a round


@dataclass(frozen=True, eq=False)
class Factored:
    """A dictionary that is optimal among those of every width at price tau, with how well that is known.

    objective : F_tau, in squared units of X. bound : lower bound on F_tau of any dictionary. label : what it is worth:
    'exact', 'certified' or 'estimate'. score : the largest priced score, at most 1 at the optimum.
    D (m, d) unit-norm atoms, b (d,) bias, Z (n, m) codes of the problem's samples. tau : the price, in units of X.
    """

    objective: float
    bound: float
    label: str
    score: float
    D: Array
    b: Array
    Z: Array
    tau: float

    @property
    def gap(self) -> float:
        """objective - bound, as good as `label` says."""
        return self.objective - self.bound


@dataclass(frozen=True, eq=False)
class State:
    """f at V (n, m): D (m, d), R (n, d), the inverse W (m, m) of I + V'V, and the gradient."""

    program: Program
    t: float
    V: Array

    def project(self, M: Array) -> Array:
        """M without its component along a, where a bias is fitted."""
        a = self.program.a
        return M - np.outer(a, a @ M) / (a @ a) if self.program.bias else M

    def cost(self, M: Array) -> Array:
        """C M."""
        a = self.program.a
        return self.program.lam**2 * np.outer(a, a @ M) + self.t * M

    @cached_property
    def centred(self) -> Array:
        """V as the reconstruction sees it."""
        return self.project(self.V)

    @cached_property
    def W(self) -> Array:
        """(m, m) (I + V'V)^-1."""
        return np.asarray(np.linalg.inv(np.eye(self.V.shape[1]) + self.centred.T @ self.centred), np.float64)

    @cached_property
    def D(self) -> Array:
        """(m, d) atoms; |d_j|^2 = v_j' C v_j at a stationary point."""
        return self.W @ (self.centred.T @ self.project(self.program.Y))

    @cached_property
    def R(self) -> Array:
        """(n, d) weighted residual."""
        return self.project(self.program.Y) - self.centred @ self.D

    @cached_property
    def value(self) -> float:
        """f(V)."""
        squares = (self.R * self.R).sum() + (self.D * self.D).sum() + (self.V * self.cost(self.V)).sum()
        return float(0.5 * squares)

    @cached_property
    def gradient(self) -> Array:
        """(n, m)."""
        return self.cost(self.V) - self.R @ self.D.T

    def hessian(self, T: Array) -> Array:
        """Product of the Hessian of f with T (n, m)."""
        P, V = self.project(T), self.centred
        pull = P @ self.D + V @ (P.T @ self.R)
        dR = V @ (self.W @ (V.T @ pull)) - pull
        return self.cost(T) - dR @ self.D.T - self.R @ (P.T @ self.R + V.T @ dR).T


def descend(state: State, target: float, most: int = NEWTON_STEPS) -> State:
    """Minimise f over V >= 0: projected Newton-CG, until no entry's gradient is above `target`."""
    radius = 0.3 * max(1.0, float(np.sqrt((state.V**2).sum())))
    for _ in range(most):
        G, V = state.gradient, state.V
        free = (V > 0) | (G < 0)
        slope = np.where(free, G, 0)
        size = float(np.sqrt((slope * slope).sum()))
        if float(np.abs(slope).max(initial=0)) <= target or radius < 1e-14:
            break
        step = _conjugate(state, slope, free, radius, size * min(0.1, math.sqrt(size)))
        trial = State(state.program, state.t, np.maximum(V + step, 0))
        moved = trial.V - V
        predicted = float((slope * moved).sum() + 0.5 * (moved * state.hessian(moved)).sum())
        actual = trial.value - state.value
        length = float(np.sqrt((moved * moved).sum()))
        if abs(actual) < 1e-14 * abs(state.value) and predicted > -1e-14 * abs(state.value):
            better = float(np.abs(_slope(trial)).max()) < float(np.abs(slope).max())
            ratio = 1.0 if better else -1.0
        else:
            ratio = actual / predicted if predicted < 0 else -1.0
        if ratio < 0.25:
            radius = 0.25 * min(radius, max(length, 1e-16))
        elif ratio > 0.75 and length > 0.5 * radius:
            radius *= 2
        if ratio > 1e-4:
            state = trial
    return state


def _slope(state: State) -> Array:
    return np.where((state.V > 0) | (state.gradient < 0), state.gradient, 0)


def _conjugate(state: State, slope: Array, free: np.ndarray, radius: float, goal: float, most: int = 200) -> Array:
    """Newton's step on the free entries by conjugate gradients, cut off at the radius."""
    x, r = np.zeros_like(slope), -slope
    p, rr = r.copy(), float((slope * slope).sum())
    for _ in range(most):
        H = np.where(free, state.hessian(p), 0)
        curvature, pp, xp = float((p * H).sum()), float((p * p).sum()), float((x * p).sum())
        xx = float((x * x).sum())
        a = rr / curvature if curvature > 1e-14 * pp else math.inf
        if xx + a * (2 * xp + a * pp) >= radius**2 or a == math.inf:
            a = (-xp + math.sqrt(max(xp * xp + pp * (radius**2 - xx), 0))) / pp
            return x + a * p
        x = x + a * p
        r = r - a * H
        before, rr = rr, float((r * r).sum())
        if math.sqrt(rr) <= goal:
            break
        p = r + (rr / before) * p
    return x


def candidates(state: State, thorough: bool) -> tuple[Array, Array]:
    """Distinct directions of locally largest priced score, best first: ascents from residuals, samples and atoms, from
    random directions and, if `thorough`, once more from many others where none scores above 1."""
    program, t = state.program, state.t
    rng = np.random.default_rng(0)
    d = program.Y.shape[1]
    pairs = program.Y[rng.integers(program.n, size=(STARTS, 2))].sum(axis=1)
    starts = np.vstack([state.R, program.Y, state.D, pairs, rng.standard_normal((STARTS, d))])
    length = np.sqrt((starts * starts).sum(axis=1))
    U, p = _apart(*sphere.climb(program, state.R, starts[length > 0] / length[length > 0, None], t, 8), 1e-3)
    U, p = sphere.climb(program, state.R, U[:STARTS], t, 100)
    if thorough and p.max(initial=0) <= 1 + TARGET:  # look for what these ascents missed
        if d <= sphere.SPHERE:
            extra = sphere.search(program, state.R, t, FEW_CELLS)[1][None, :]
        else:
            several = program.Y[rng.integers(program.n, size=(LAST_LOOK, 4))] * rng.exponential(size=(LAST_LOOK, 4, 1))
            extra = several.sum(axis=1)
            extra /= np.sqrt((extra * extra).sum(axis=1))[:, None]
            extra = _apart(*sphere.climb(program, state.R, extra, t, 8), 1e-3)[0][: 2 * STARTS]
        more, last = sphere.climb(program, state.R, extra, t)
        U, p = np.vstack([U, more]), np.append(p, last)
    return _apart(U, p, 1e-4)


def _apart(U: Array, p: Array, close: float) -> tuple[Array, Array]:
    """The rows of U in order of falling p, without those at a cosine above 1 - close with one before."""
    kept: list[int] = []
    order = np.argsort(-p, kind="stable")
    cosine = U @ U.T
    for i in order:
        if not kept or cosine[i, kept].max() < 1 - close:
            kept.append(int(i))
    return U[kept], p[kept]


def widen(state: State, U: Array) -> State:
    """Add atoms along the unit rows of U, one after another, each at its best scale, where they still earn more than
    they cost."""
    for u in U:
        z = sphere.best_codes(state.program, state.R, u, state.t)
        earned, price = float(((z @ state.R) ** 2).sum()), float(z @ state.cost(z[:, None])[:, 0])
        if not earned > price > 0:
            continue
        c = state.project(z[:, None])[:, 0]
        v = state.centred.T @ c
        room = float(c @ c - v @ state.W @ v)
        scale = (math.sqrt(earned / price) - 1) / max(room, 1e-300)
        state = State(state.program, state.t, np.column_stack([state.V, math.sqrt(scale) * z]))
    return state


def tidy(state: State, close: float = 1e-12) -> State:
    """Without atoms that cost nothing, and with atoms joined whose codes are parallel up to `close`."""
    V = state.V
    cost = np.sqrt(np.maximum((V * state.cost(V)).sum(axis=0), 0))
    V = V[:, cost > 1e-9 * cost.max(initial=0)]
    groups: list[Array] = []
    for v in V.T:
        size = math.sqrt(v @ v)
        for k, other in enumerate(groups):
            length = math.sqrt(other @ other)
            if v @ other > (1 - close) * size * length:
                groups[k] = (length * other + size * v) / math.hypot(length, size)
                break
        else:
            groups.append(v)
    return State(state.program, state.t, np.array(groups).T.reshape(len(V), -1))


def simpler(state: State) -> State:
    """Without faint atoms, and with nearly parallel ones joined: a trial, for the caller to judge.

    f is nearly flat where an atom fades or two come together, so descent alone ends close to that and not there.
    """
    V = state.V
    price = (V * state.cost(V)).sum(axis=0)
    return tidy(State(state.program, state.t, V[:, price >= FAINT**2 * price.max(initial=0)]), NEAR)


def minimise(program: Program, t: float, V: Array | None = None, thorough: bool = True) -> tuple[State, float]:
    """The optimum at price t = tau^2 > 0 and the largest priced score found; V (n, m) is where to start."""
    state = State(program, t, np.zeros((program.n, 0)) if V is None else V)
    unit = math.sqrt(program.energy * program.lam**2) or 1.0
    excess = 1.0  # of the largest score over 1: there is no need to refine atoms far beyond what more atoms would gain
    for _ in range(ROUNDS):
        target = max(1e-2 * excess, 1e-2 * TARGET)
        if state.V.shape[1]:
            state = tidy(descend(state, target * unit))
        U, p = candidates(state, thorough)
        if target <= 1e-2 * TARGET and (fewer := simpler(state)).V.shape[1] < state.V.shape[1]:
            fewer = tidy(descend(fewer, target * unit))
            score = float(candidates(fewer, thorough)[1].max(initial=0))
            if score <= 1 + TARGET:
                return fewer, score
        excess = float(p.max(initial=0)) - 1
        if state.V.shape[1] >= ATOMS or (excess <= TARGET and target <= 1e-2 * TARGET):
            break
        state = widen(state, U[p > 1 + TARGET][: min(max(4, state.V.shape[1]), ATOMS - state.V.shape[1])])
    return state, float(p.max(initial=0))


@limited(0)  # bits do not depend on how many threads BLAS has
def convex_fit(problem: Problem, tau: float = 0.0) -> Factored:
    """The dictionary that no dictionary of any width beats at price tau (V), and how well that is known.

    problem : nonnegative codes; a fitted bias is minimised over. tau : price >= 0, in units of X. At 0 the answer is
    known: one atom for each sample longer than lam (V1).

    Raises InputError naming the argument; ValueError with the reason for signed codes and for more than
    200 distinct samples. A dictionary that needs more than 400 atoms is returned with the gap it was left with.
    """
    where = "convex_fit"
    if not isinstance(problem, Problem):
        raise InputTypeError(f"{where}: problem must be a testbed.Problem; got {type(problem).__name__}")
    tau = checks.number(where, "tau", tau, 0, LARGEST)
    if not problem.nonnegative:
        raise InputError(f"{where}: problem must have nonnegative codes; the convex problem is over them")
    program, place = Program.of(problem), Program.place(problem)
    if program.n > MOST_FACTORED:
        raise InputError(f"{where}: the factored route handles {MOST_FACTORED} distinct samples; there are {program.n}")
    unit, t = program.unit, (tau / program.unit) ** 2
    if tau == 0 or program.energy == 0:
        return _private(problem, program, place, tau)
    state, score = minimise(program, t)
    if problem.d <= sphere.SPHERE:
        label, (bound, _, score) = "certified", sphere.certified(program, state.R, t)
    else:
        label, (bound, _) = "estimate", certificate.value(program, state.R, 1 / max(score, 1e-300), 0.0)
    rest = program.Y - state.V @ state.D
    b = program.a @ rest / (program.a @ program.a) * problem.bias
    return _placed(problem, place, state.V / program.a[:, None], state.D, b, unit, tau, bound * unit**2, label, score)


def _private(problem: Problem, program: Program, place: Array, tau: float) -> Factored:
    """tau = 0 or no data: r = x - b shortened to lam, and every longer sample on its own direction."""
    X = program.Y / program.a[:, None]
    b = lower.location(X, program.a**2, program.lam) if program.bias else np.zeros(problem.d)
    length = np.linalg.norm(X - b, axis=1)
    far = length > program.lam
    V = np.diag(np.maximum(length - program.lam, 0))[:, far]
    D = (X - b)[far] / length[far, None]
    return _placed(problem, place, V, D, b, program.unit, tau, lower.floor_bound(program).value, "exact",
                   float(np.minimum(length / program.lam, 1).max(initial=0)))


def _placed(problem: Problem, place: Array, V: Array, D: Array, b: Array, unit: float, tau: float, bound: float,
            label: str, score: float) -> Factored:
    """The answer on the problem's own samples, its objective computed from them."""
    size = np.sqrt((D * D).sum(axis=1))
    Z = np.zeros((problem.n, len(D)))
    Z[place >= 0] = (V * size * unit)[place[place >= 0]]
    unit_D = D / size[:, None]
    if not len(D):  # nothing is worth an atom: one that stays silent
        unit_D, Z = np.eye(problem.d)[:1], np.zeros((problem.n, 1))
    found = Optimum.at(problem, unit_D, b * unit if problem.bias else None, Z)
    return Factored(priced(found, tau), bound, label, score, found.D, found.b, Z, tau)
