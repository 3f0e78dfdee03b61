"""Many problems solved at once, and the conjecture asked at each optimum.

Training is `fit_many`'s, compiled and in lockstep; what it verified is not measured again here, where a problem costs
less than a millisecond. What is found is measured anew before anyone is told (conjectures/verifying.py). A statement
about exact codes of any dictionary is asked at dictionaries that were not trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from conjectures.guard import Shown
from conjectures.problems import Kind, Problems, Space
from conjectures.suspects import Conjecture
from properties.base import Property, Residual, measure
from testbed import Batch, CodingError, InputError, Optimum, Problem, fit_many
from testbed.checks import Array

MINIMA = ("local_min", "global")


@dataclass
class Count:
    """Of one kind: problems tried; unconverged, not solved to tolerance; idle, with nothing to test; the largest
    residual over the others."""

    tried: int = 0
    unconverged: int = 0
    idle: int = 0
    largest: float = 0.0

    @property
    def applies(self) -> int:
        """Problems of which the conjecture said something."""
        return self.tried - self.unconverged - self.idle


@dataclass
class Tally:
    """Counts by kind."""

    counts: dict[Kind, Count] = field(default_factory=dict)

    def of(self, kind: Kind) -> Count:
        """The count of a kind."""
        return self.counts.setdefault(kind, Count())

    @property
    def tried(self) -> int:
        """All problems."""
        return sum(count.tried for count in self.counts.values())

    @property
    def applies(self) -> int:
        """All problems of which something was said."""
        return sum(count.applies for count in self.counts.values())


@dataclass(frozen=True, eq=False)
class Candidate:
    """One problem (Problems of length 1) with a dictionary D (m, d), b (d,), and what the conjecture says there.

    value : the largest violation. score : the same, or how near the statement is to failing (negative) where it holds.
    """

    problems: Problems
    D: Array
    b: Array
    value: float
    score: float


def examine(conjecture: Conjecture, problems: Problems, tally: Tally | None = None, seed: int = 0,
            start: Array | None = None, start_bias: Array | None = None, restarts: int = 1) -> list[Candidate]:
    """Ask a conjecture at an optimum of each problem; those of which it said something, in their order.

    start (p, m, d), start_bias (p, d) : where training begins; None draws starts from the seed. tally : counts there.
    """
    count = (Tally() if tally is None else tally).of(problems.kind)
    count.tried += len(problems)
    found = []
    for i, optimum in _solved(conjecture, problems, seed, start, start_bias, restarts):
        if optimum is None or not _eligible(conjecture, optimum):
            count.unconverged += 1
            continue
        residual = conjecture.residual(optimum)
        if residual.empty:
            count.idle += 1
            continue
        count.largest = max(count.largest, residual.max)
        found.append(Candidate(problems[i : i + 1], optimum.D, optimum.b, residual.max, _score(residual)))
    return found


def survey(statements: Sequence[Property], space: Space, problems: int, seed: int = 0) -> dict[str, Tally]:
    """Ask many statements at the same optima, in one pass each: what they said, by id and kind.

    Solves batches until so many problems were tried. Every statement is asked at every optimum that converged.
    """
    tallies: dict[str, Tally] = {p.id: Tally() for p in statements}
    number = tried = 0
    while tried < problems:
        drawn = space.draw(seed, number)
        tried, number = tried + len(drawn), number + 1
        for _, optimum in _trained(drawn, number, None, None, 1):
            found = {} if optimum is None or optimum.status == "unconverged" else measure(
                [p for p in statements if p.applies(optimum)], optimum)[0]
            for p in statements:
                count = tallies[p.id].of(drawn.kind)
                count.tried += 1
                if optimum is None or optimum.status == "unconverged":
                    count.unconverged += 1
                elif p.id not in found or found[p.id].empty:
                    count.idle += 1
                else:
                    count.largest = float(np.maximum(count.largest, found[p.id].max))  # NaN stays
    return tallies


def _score(residual: Residual) -> float:
    return residual.max if residual.max > 0 else min(residual.nearest, 0.0)


def _eligible(conjecture: Conjecture, optimum: Optimum) -> bool:
    """Whether the optimum is of the kind that the conjecture is about, as far as training can tell."""
    if conjecture.where == "code":
        return True
    return optimum.status in MINIMA if conjecture.where == "local_min" else optimum.status != "unconverged"


def _solved(conjecture: Conjecture, problems: Problems, seed: int, start: Array | None, start_bias: Array | None,
            restarts: int) -> Iterator[tuple[int, Optimum | None]]:
    """Optima of the problems with their numbers; None for one that could not be coded."""
    if conjecture.where == "code":
        yield from _coded(problems, seed, start, start_bias)
        return
    yield from _trained(problems, seed, start, start_bias, restarts)


def _trained(problems: Problems, seed: int, start: Array | None, start_bias: Array | None,
             restarts: int) -> Iterator[tuple[int, Optimum | None]]:
    """The same by training."""
    for first, batch in _batches(problems, seed, start, start_bias if problems.kind.bias else None, restarts):
        for i in range(1 if batch is None else len(batch)):
            yield first + i, None if batch is None else _claimed(batch, i)


def _batches(problems: Problems, seed: int, start: Array | None, start_bias: Array | None,
             restarts: int) -> Iterator[tuple[int, Batch | None]]:
    """What fit_many makes of all at once, with the number of the first; halves where a problem cannot be coded."""
    try:
        yield 0, fit_many(problems.X, problems.n_atoms, problems.lam, *problems.kind, weights=problems.weights,
                          seed=seed, restarts=restarts, start=start, start_bias=start_bias)
        return
    except CodingError:
        if len(problems) == 1:
            yield 0, None
            return
    half = len(problems) // 2
    for part in (slice(0, half), slice(half, len(problems))):
        there, beside = (None if array is None else array[part] for array in (start, start_bias))
        for first, batch in _batches(problems[part], seed, there, beside, restarts):
            yield part.start + first, batch


def _claimed(batch: Batch, i: int) -> Shown:
    """The i-th optimum with what its training measured: `Batch.optimum` without measuring anew."""
    problem = Problem(batch.X[i], float(batch.lam[i]), batch.weights[i], batch.bias, batch.nonnegative)
    least, Z = float(batch.hessian_min[i]), batch.Z[i]
    row, column = np.nonzero(Z)
    start = np.concatenate([[0], np.bincount(row, minlength=len(Z)).cumsum()])
    return Shown(problem=problem, D=batch.D[i], b=batch.b[i],
                 Z=csr_array((Z[row, column], column, start), shape=Z.shape), objective=float(batch.objective[i]),
                 stationarity=float(batch.stationarity[i]), kkt=float(batch.kkt[i]), status=str(batch.status[i]),
                 hessian_min=None if np.isnan(least) else least)


def _coded(problems: Problems, seed: int, start: Array | None, start_bias: Array | None,
           ) -> Iterator[tuple[int, Optimum | None]]:
    """Exact codes on the atoms given, or on atoms along the data, along axes, or anywhere."""
    rng = np.random.default_rng(seed)
    p, n, d = problems.X.shape
    m = problems.n_atoms
    if start is None:
        start = rng.standard_normal((p, m, d))
        drawn = problems.X[np.arange(p)[:, None], rng.integers(n, size=(p, m))]
        along = rng.random((p, m, 1)) < 0.5
        start = np.where(along & (np.abs(drawn).max(axis=2, keepdims=True) > 0), drawn, start)
        start = start / np.linalg.norm(start, axis=2, keepdims=True)
    for i in range(p):
        problem = problems.problem(i)
        b: Any = None
        if problems.kind.bias:
            b = problem.weights @ problem.X if start_bias is None else start_bias[i]
        try:
            yield i, Shown.at(problem, start[i], b)
        except (CodingError, InputError):
            yield i, None
