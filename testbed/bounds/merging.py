"""The path in tau: from one atom for each sample, through categories that merge, to none (V4).

At tau = 0 every sample longer than lam has its own atom. A price on activity energy charges rare atoms, so samples
begin to share. Where the samples are linearly independent the Gram matrix Q of the codes is unique, and three things
happen:

- share: Q_il leaves zero, so some atom codes both i and l. While all atoms are private, sample i behaves as if its
  penalty were lam_i = sqrt(lam^2 + tau^2 / w_i), R R' has the entries a_i a_l lam_i lam_l cos_il, and C - R R' stays
  nonnegative until

      cos_il lam_i lam_l = lam^2.

  With equal weights the pair of largest cosine comes first; with unequal ones, rare pairs come earlier.
- merge: the number of atoms, the rank of Q, falls by one. Two atoms do NOT slide into one another: from the first event
  to the second C - R R' = 0 on the pair, so Q = C^-1/2 (C^1/2 K C^1/2)^1/2 C^-1/2 - I there (K = Y Y'), and every
  nonnegative factor of Q is optimal: two atoms that lean towards each other serve as well as a common one beside
  private ones that fade. At the second event Q becomes singular, and one common atom is left. For two samples of equal
  weight w and length s that is tau = s sqrt(w (1 - cos)), whatever lam.
- silent: Q_ii reaches zero, and no atom is worth what sample i would pay. Alone that is lam_i = |x_i|.

Events are located by bisection. Nothing makes the groups that share nest for ever: samples may part, fall silent, and
be heard again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components

from testbed import checks
from testbed.bounds import factored
from testbed.bounds.convex import Program
from testbed.checks import Array
from testbed.errors import InputError, InputTypeError
from testbed.problem import Problem
from testbed.threads import limited

MOST_FOLLOWED = 24  # samples
ZERO = 1e-7  # cosine of two samples' codes, or eigenvalue of their matrix, that counts as zero
SILENT = 1e-10  # the same for Q_ii, in units of the penalty
TIGHT = 1e-7  # relative precision to which the tau of an event is bisected


@dataclass(frozen=True)
class Event:
    """At price tau, to a relative 1e-6: 'share' or 'part' (groups of samples that share atoms join, or come apart),
    'merge' or 'split' (a group needs fewer atoms, or more), 'silent' or 'heard' (samples stop being coded, or are coded
    again).

    samples : the group, or those that stopped or started. fewer : by how many the atoms they need fell.
    """

    tau: float
    kind: str
    samples: tuple[int, ...]
    fewer: int


@dataclass(frozen=True, eq=False)
class Merging:
    """The optima of every width along a range of prices.

    taus : (k,) increasing prices. grams : (k, n, n) Q at each. objectives : (k,) F_tau. atoms : (k,) rank of Q.
    groups : (k, n) for each sample the least sample of the group with which it shares atoms; -1 where it is silent.
    events : in order of tau.
    """

    taus: Array
    grams: Array
    objectives: Array
    atoms: np.ndarray
    groups: np.ndarray
    events: tuple[Event, ...]


@limited(0)  # bits do not depend on how many threads BLAS has
def merging(problem: Problem, taus: Any) -> Merging:
    """Follow the convex problem along increasing prices taus (k,), in units of X, and locate what happens between them.

    Each optimum is that of testbed.bounds.factored, started from its neighbour; an event and its undoing between two
    prices are not seen. Raises InputError naming the argument: for signed codes, a bias, more than 24
    samples, samples that are linearly dependent (Q would not be unique) or have no weight, and prices that
    are not positive and increasing.
    """
    where = "merging"
    if not isinstance(problem, Problem):
        raise InputTypeError(f"{where}: problem must be a testbed.Problem; got {type(problem).__name__}")
    if not problem.nonnegative or problem.bias:
        raise InputError(f"{where}: problem must have nonnegative codes and no bias")
    if problem.n > MOST_FOLLOWED:
        raise InputError(f"{where}: the path is followed for {MOST_FOLLOWED} samples; there are {problem.n}")
    prices = checks.real_array(where, "taus", taus, 1)
    if not len(prices) or prices[0] <= 0 or (np.diff(prices) <= 0).any():
        raise InputError(f"{where}: taus must be positive and strictly increasing")
    program = Program.of(problem)
    size = np.linalg.svd(program.Y, compute_uv=False)
    if program.n < problem.n or program.n > problem.d or size[-1] < 1e-6 * size[0]:
        raise InputError(f"{where}: samples must be linearly independent and have weight: else Q is not unique")
    solver = _Solver(program)
    points = [solver.at(float(prices[0]), None)]
    events: list[Event] = []
    for tau in prices[1:]:
        points.append(solver.at(float(tau), points[-1].V))
        events += solver.between(*points[-2:])
    return Merging(prices, np.array([p.Q for p in points]), np.array([p.objective for p in points]),
                   np.array([p.atoms for p in points]), np.array([p.groups for p in points]), tuple(events))


@dataclass(frozen=True, eq=False)
class _Point:
    """An optimum on the path. blocks : the groups, each with its samples and the rank of its part of Q."""

    tau: float
    V: Array
    objective: float
    Q: Array
    blocks: tuple[tuple[tuple[int, ...], int], ...]

    @property
    def atoms(self) -> int:
        return sum(rank for _, rank in self.blocks)

    @property
    def groups(self) -> list[int]:
        first = {i: min(samples) for samples, _ in self.blocks for i in samples}
        return [first.get(i, -1) for i in range(len(self.Q))]


class _Solver:
    """Optima along the path, each started from a neighbour."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def at(self, tau: float, V: Array | None) -> _Point:
        program = self.program
        state, _ = factored.minimise(program, (tau / program.unit) ** 2, V, thorough=False)
        Q = state.V @ state.V.T
        on = np.flatnonzero(np.diag(Q) > SILENT)
        q = np.sqrt(np.diag(Q))[on]
        cosine = Q[np.ix_(on, on)] / np.outer(q, q)
        count, label = connected_components(cosine > ZERO) if len(on) else (0, on)
        blocks = []
        for group in range(count):
            inside = np.flatnonzero(label == group)
            rank = int((np.linalg.eigvalsh(cosine[np.ix_(inside, inside)]) > ZERO).sum())
            blocks.append((tuple(on[inside].tolist()), rank))
        return _Point(tau, state.V, state.value * program.unit**2, Q, tuple(blocks))

    def between(self, low: _Point, high: _Point) -> list[Event]:
        """Events after `low` and up to `high`, by bisection of whatever differs."""
        if low.blocks == high.blocks:
            return []
        if high.tau - low.tau <= TIGHT * high.tau:
            return _named(low, high)
        middle = self.at(0.5 * (low.tau + high.tau), low.V)
        return self.between(low, middle) + self.between(middle, high)


def _named(low: _Point, high: _Point) -> list[Event]:
    """What happened, for each set of samples that kept to itself."""
    old, new = np.array(low.groups), np.array(high.groups)
    together = ((old[:, None] == old) & (old >= 0)) | ((new[:, None] == new) & (new >= 0))
    _, label = connected_components(together)
    found = []
    for part in (np.flatnonzero(label == k) for k in range(label.max() + 1)):
        inside = set(part.tolist())
        was = [block for block in low.blocks if set(block[0]) <= inside]
        now = [block for block in high.blocks if set(block[0]) <= inside]
        gone, back = part[(old[part] >= 0) & (new[part] < 0)], part[(old[part] < 0) & (new[part] >= 0)]
        fewer = sum(rank for _, rank in was) - sum(rank for _, rank in now)
        if len(gone):
            kind, samples = "silent", gone
        elif len(back):
            kind, samples = "heard", back
        elif len(was) != len(now):
            kind, samples = ("share" if len(now) < len(was) else "part"), part
        elif fewer:
            kind, samples = ("merge" if fewer > 0 else "split"), part
        else:
            continue
        found.append(Event(0.5 * (low.tau + high.tau), kind, tuple(samples.tolist()), fewer))
    return found


def pair_events(problem: Problem, i: int, k: int) -> tuple[float, float]:
    """The tau at which samples i and k begin to share, and that at which one atom is left to them.

    Exact for a pair that shares with no other sample until then and stays coded. Raises ValueError unless both have
    weight, are longer than lam and less than 90 degrees apart.
    """
    where = "pair_events"
    rows = [checks.integer(where, name, value, 0, problem.n - 1) for name, value in (("i", i), ("k", k))]
    X, w, lam = problem.X[rows], problem.weights[rows], problem.lam
    length = np.linalg.norm(X, axis=1)
    cosine = float(X[0] @ X[1] / length.prod()) if length.all() else 0.0
    if cosine <= 0 or length.min() <= lam or w.min() == 0:
        raise InputError(f"{where}: samples {i} and {k} must have weight, be longer than lam, and at a positive cosine")
    K = np.sqrt(np.outer(w, w)) * (X @ X.T)

    def sharing(tau: float) -> float:
        return cosine * math.sqrt((lam**2 + tau**2 / w[0]) * (lam**2 + tau**2 / w[1])) - lam**2

    def least(tau: float) -> float:
        size, V = np.linalg.eigh(lam**2 * np.sqrt(np.outer(w, w)) + tau**2 * np.eye(2))
        root, inverse = (V * np.sqrt(size)) @ V.T, (V / np.sqrt(size)) @ V.T
        inner, U = np.linalg.eigh(root @ K @ root)
        return float(np.linalg.eigvalsh(inverse @ ((U * np.sqrt(np.maximum(inner, 0))) @ U.T) @ inverse)[0]) - 1

    top = 2 * math.sqrt(float(np.trace(K)))
    share = brentq(sharing, 0, lam * math.sqrt(1 / cosine), xtol=1e-15 * top) if cosine < 1 else 0.0
    merge = brentq(least, 1e-5 * top, top, xtol=1e-15 * top)
    return float(share), float(merge)
