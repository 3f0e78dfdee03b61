"""Small problems to try a conjecture on: seeded worlds, and data without a world, many of one shape at a time.

Statements fail in corners: where patterns of firing nest, weights are lopsided, samples repeat or tie, a bias sits on a
sample. So the shape (how many points, dimensions, atoms), the kind (bias, signed codes) and the family that data come
from change from batch to batch, in turns where every one of few must occur, and within a batch weights and penalties.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from conjectures import families
from testbed import InputError, Problem, checks
from testbed.checks import Array

BATCH, LATER = 64, 256  # problems of one shape: few while few shapes were seen, and more, which cost less each, later
EARLY = 32  # batches that are small
SHARES = (0.1, 0.2, 0.4)  # lam as a share of the longest sample: as a reader would choose it


class Kind(NamedTuple):
    """Which of the four problems: with a fitted bias or without, with nonnegative codes or signed ones."""

    bias: bool
    nonnegative: bool

    def __str__(self) -> str:
        return f"{'nonnegative' if self.nonnegative else 'signed'} codes, {'fitted' if self.bias else 'no'} bias"


KINDS = tuple(Kind(bias, nonnegative) for nonnegative in (True, False) for bias in (False, True))


@dataclass(frozen=True, eq=False)
class Problems:
    """p problems of one shape and kind, and the number of atoms they are solved with.

    X (p, n, d); weights (p, n), each row >= 0 with sum 1; lam (p,) > 0.
    """

    X: Array
    weights: Array
    lam: Array
    n_atoms: int
    kind: Kind

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, chosen: Any) -> Problems:
        """Those at some places, a slice or numbers."""
        return replace(self, X=self.X[chosen], weights=self.weights[chosen], lam=self.lam[chosen])

    def problem(self, i: int) -> Problem:
        """The i-th."""
        return Problem(self.X[i], float(self.lam[i]), self.weights[i], *self.kind)

    @classmethod
    def together(cls, parts: Sequence[Problems]) -> Problems:
        """Problems of one shape and kind as one."""
        X, weights, lam = (np.concatenate([getattr(part, name) for part in parts]) for name in ("X", "weights", "lam"))
        return replace(parts[0], X=X, weights=weights, lam=lam)


@dataclass(frozen=True)
class Space:
    """Where to look: least and largest numbers of points, dimensions and atoms, and which kinds of problem.

    InputError, naming the field, for ranges that are none.
    """

    points: tuple[int, int] = (1, 8)
    dimensions: tuple[int, int] = (1, 4)
    atoms: tuple[int, int] = (1, 5)
    kinds: tuple[Kind, ...] = KINDS

    def __post_init__(self) -> None:
        for name, most in (("points", 64), ("dimensions", 16), ("atoms", 16)):
            low, high = getattr(self, name)
            checks.integer("Space", name, low, 1, most)
            checks.integer("Space", name, high, low, most)
        if not self.kinds:
            raise InputError("Space: kinds is empty")

    def draw(self, seed: int, number: int) -> Problems:
        """The number-th batch of a seed: the same whatever was drawn before it."""
        size = BATCH if number < EARLY else LATER
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        turn, which = divmod(number, len(self.kinds))
        n, d = _size(rng, *self.points), _size(rng, *self.dimensions)
        most = n if rng.random() < 0.75 else self.atoms[1]  # beyond an atom a point they are dead, or copies
        m = _size(rng, self.atoms[0], max(self.atoms[0], min(self.atoms[1], most)))
        family = FAMILIES[turn % len(FAMILIES)]
        X, weights = family(rng, size, n, d, self)
        weights = _weights(rng, size, X.shape[1]) if weights is None else weights
        return Problems(X, weights, _penalties(rng, X), m, self.kinds[which])


def _size(rng: np.random.Generator, low: int, high: int) -> int:
    """A number of the range, the least, which is the dullest, one time in ten."""
    return low if high == low or rng.random() < 0.1 else int(rng.integers(low + 1, high + 1))


def _penalties(rng: np.random.Generator, X: Array) -> Array:
    """(p,) shares of the longest sample, round ones half the time; above a share of 1 every code would be zero."""
    longest = np.linalg.norm(X, axis=2).max(axis=1)
    share = np.where(rng.random(len(X)) < 0.5, rng.choice(SHARES, len(X)), np.exp(rng.uniform(-4, -0.5, len(X))))
    return share * np.where(longest > 0, longest, 1)


def _weights(rng: np.random.Generator, p: int, n: int) -> Array:
    """(p, n): equal, small whole numbers over their sum, or anything, in equal parts."""
    how = rng.integers(3, size=(p, 1))
    whole = rng.integers(1, 5, (p, n)).astype(float)
    free = rng.dirichlet(np.full(n, 0.7), p) + 1e-3
    w = np.select([how == 0, how == 1], [np.ones((p, n)), whole], free)
    return w / w.sum(axis=1, keepdims=True)


FAMILIES: tuple[Callable[..., tuple[Array, Array | None]], ...] = (
    families.subsets, families.lattice, families.worlds, families.features, families.generic)
