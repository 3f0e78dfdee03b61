"""From a violation to one that fits on a line: fewer points, atoms and dimensions, then small whole numbers.

Each move proposes simpler problems of one shape, all are solved at once, and one that still breaks the conjecture is
gone on from. Where leaving out a point or an atom mends the conjecture, it is left out all the same and the way back to
a violation climbed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np

from conjectures.climbing import climb, repeated
from conjectures.problems import Kind, Problems
from conjectures.simplicity import counts, fraction, numbers, rank
from conjectures.suspects import Conjecture
from conjectures.trying import Candidate, Tally, examine
from testbed.checks import Array

LARGEST = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)  # the largest entry of data made of whole numbers
TOTALS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20)  # weights as multiples of one over this
PENALTIES = sorted({Fraction(p, q) for q in (1, 2, 3, 4, 5, 10) for p in range(1, 4 * q + 1)})
STARTS = 4  # from the data, for every problem
CLIMBS, ROUNDS = 3, 8  # of problems with a point or an atom left out: how many are climbed from, and how far


class Shrinking:
    """One run: the conjecture, what counts as a violation, and how long there is.

    bar : the least violation that is gone on from, above the tolerance where the violation found was.
    """

    def __init__(self, conjecture: Conjecture, start: Candidate, seed: int, tally: Tally | None = None,
                 deadline: float = np.inf) -> None:
        self.conjecture, self.best, self.tally, self.deadline = conjecture, start, tally, deadline
        self.rng = np.random.default_rng(seed)
        self.bar = max(conjecture.tolerance, min(1e-3, start.value / 20))
        self.passed = [start]

    def run(self) -> list[Candidate]:
        """Every problem gone on from, the simplest last."""
        while self._pass() and time.monotonic() < self.deadline:
            pass
        return self.passed

    def _pass(self) -> bool:
        """Every move as often as it helps; whether any did."""
        before = rank(self.best.problems)
        for move in (points, atoms, dimensions, kinds):
            while self._smaller(move(self.best)):
                pass
        for move in (points, atoms):
            while self._climbed(move(self.best)):
                pass
        while self._rounded():
            pass
        return rank(self.best.problems) < before

    def _smaller(self, proposed: Proposal | None) -> bool:
        """Take the worst of the proposed problems that still break the conjecture."""
        broken = [c for c in self._found(proposed) if c.value > self.bar]
        return self._take(max(broken, key=lambda c: c.value, default=None))

    def _climbed(self, proposed: Proposal | None) -> bool:
        """The same, of those that do not break it but are near to."""
        for near in sorted(self._found(proposed), key=lambda c: -c.score)[:CLIMBS]:
            top = climb(self.conjecture, near, self.rng, ROUNDS, self.tally, 2 * self.bar, self.deadline)
            if top.value > self.bar:
                return self._take(top)
        return False

    def _rounded(self) -> bool:
        """Take the problem of the same shape that reads best."""
        now = numbers(self.best.problems)
        for propose in (whole, entries):
            broken = [c for c in self._found(propose(self.best)) if c.value > self.bar]
            best = min(broken, key=lambda c: (round(numbers(c.problems), 6), -c.value), default=None)
            if best is not None and numbers(best.problems) < now - 1e-6:
                return self._take(best)
        return False

    def _take(self, better: Candidate | None) -> bool:
        if better is None:
            return False
        self.best = better
        self.passed.append(better)
        return True

    def _found(self, proposed: Proposal | None) -> list[Candidate]:
        if proposed is None or time.monotonic() > self.deadline:
            return []
        problems, start, start_bias = proposed
        if problems.kind not in self.conjecture.kinds:
            return []
        found = []
        if self.conjecture.where != "code":  # the best of several starts is worth more than a continuation
            found = examine(self.conjecture, problems, self.tally, int(self.rng.integers(1 << 30)), restarts=STARTS)
        if not any(c.value > self.bar for c in found):
            found += examine(self.conjecture, problems, self.tally, 0, start, start_bias)
        return found


Proposal = tuple[Problems, Array | None, Array | None]
Move = Callable[[Candidate], Proposal | None]


def points(one: Candidate) -> Proposal | None:
    """Each point left out."""
    p, n = one.problems, one.problems.X.shape[1]
    if n == 1:
        return None
    keep = np.array([[i for i in range(n) if i != left] for left in range(n)])
    weights = p.weights[0][keep]
    return replace(p, X=p.X[0][keep], weights=weights / weights.sum(axis=1, keepdims=True),
                   lam=np.repeat(p.lam, n)), repeated(one.D, n), repeated(one.b, n)


def atoms(one: Candidate) -> Proposal | None:
    """Each atom left out."""
    p, m = one.problems, one.problems.n_atoms
    if m == 1:
        return None
    start = np.stack([np.delete(one.D, j, axis=0) for j in range(m)])
    return replace(same(p, m), n_atoms=m - 1), start, repeated(one.b, m)


def dimensions(one: Candidate) -> Proposal | None:
    """Each coordinate left out, and the direction in which the data extend least."""
    p, d = one.problems, one.problems.X.shape[2]
    if d == 1:
        return None
    turn = np.linalg.svd(p.X[0], full_matrices=True)[2].T[:, : d - 1]
    maps = np.stack([*(np.delete(np.eye(d), k, axis=1) for k in range(d)), turn])
    start = one.D @ maps
    length = np.linalg.norm(start, axis=2, keepdims=True)
    start = np.where(length > 1e-6, start, np.eye(d - 1)[0])
    start /= np.linalg.norm(start, axis=2, keepdims=True)
    return replace(same(p, d + 1), X=p.X[0] @ maps), start, one.b @ maps


def kinds(one: Candidate) -> Proposal | None:
    """No bias where one is fitted; else nonnegative codes where they are signed."""
    p = one.problems
    if not p.kind.bias and p.kind.nonnegative:
        return None
    kind = Kind(False, p.kind.nonnegative) if p.kind.bias else Kind(False, True)
    return replace(p, kind=kind), one.D[None], None if not kind.bias else one.b[None]


def same(one: Problems, times: int) -> Problems:
    """One problem, so many times."""
    return one[np.zeros(times, dtype=int)]


def whole(one: Candidate) -> Proposal | None:
    """All numbers at once: data of whole numbers, as they lie and with the first point turned onto an axis, weights
    and penalty of simple fractions."""
    p = one.problems
    X, w, lam = p.X[0], p.weights[0], float(p.lam[0])
    made = []
    upright = np.where(X.sum(axis=0) < 0, -1.0, 1.0)
    for Y in (X * upright, X @ _onto_axis(X)):
        largest = np.abs(Y).max() or 1.0
        for top in LARGEST:
            scale = top / largest
            near = sorted(PENALTIES, key=lambda f: abs(np.log(float(f) / (lam * scale))))[:2]
            made += [(np.round(Y * scale), v, float(f)) for f, v in product(near, _weights(w))]
    return _proposal(one, made)


def entries(one: Candidate) -> Proposal | None:
    """One number at a time: an entry, a weight, the penalty."""
    p = one.problems
    X, w, lam = p.X[0], p.weights[0], float(p.lam[0])
    made = []
    for place in np.ndindex(X.shape):
        for value in _nearby(float(X[place])):
            Y = X.copy()
            Y[place] = value
            made.append((Y, w, lam))
    made += [(X, v, lam) for v in _weights(w)]
    whole = counts(w)
    if whole is not None:
        for i in np.flatnonzero(whole > 1):
            fewer = whole - (np.arange(len(w)) == i)
            made.append((X, fewer / fewer.sum(), lam))
    made += [(X, w, float(f)) for f in PENALTIES if 0.3 < float(f) / lam < 3]
    return _proposal(one, made)


def _proposal(one: Candidate, made: list[tuple[Array, Array, float]]) -> Proposal | None:
    """The problems that read better than the one at hand, and have data at all."""
    p, now = one.problems, numbers(one.problems)
    parts = [replace(p, X=X[None], weights=w[None], lam=np.array([lam])) for X, w, lam in made if X.any()]
    parts = [part for part in parts if numbers(part) < now - 1e-6]
    if not parts:
        return None
    return Problems.together(parts), repeated(one.D, len(parts)), repeated(one.b, len(parts))


def _onto_axis(X: Array) -> Array:
    """(d, d) a rotation or reflection that takes the longest sample to the first axis."""
    d = X.shape[1]
    x = X[np.linalg.norm(X, axis=1).argmax()]
    v = x / (np.linalg.norm(x) or 1.0) - np.eye(d)[0]
    return np.eye(d) - 2 * np.outer(v, v) / (v @ v) if v @ v > 1e-24 else np.eye(d)


def _weights(w: Array) -> Iterator[Array]:
    """The weights as they are, equal, and as multiples of simple fractions."""
    yield w
    yield np.full(len(w), 1 / len(w))
    for total in TOTALS:
        whole = np.maximum(np.round(w * total), 1)
        yield whole / whole.sum()


def _nearby(value: float) -> Iterator[float]:
    """Simpler numbers near one."""
    if value == 0:
        return
    toward = {0.0, float(np.sign(value)), float(np.round(value)), float(np.round(2 * value) / 2)}
    if fraction(value) == int(value):
        toward.add(value - float(np.sign(value)))
    else:
        toward |= {float(np.round(value * q) / q) for q in (3, 4, 5, 10)}
    yield from toward - {value}
