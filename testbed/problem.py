"""The problem: data, weights, penalty and the two choices that change what an optimum is.

Whatever loops over samples asks the problem for blocks of rows, so that data larger than memory need no other code than
small data do. Rows of weight zero are in no block: they are coded like the others, and matter to nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from testbed import checks
from testbed.checks import Array
from testbed.data import Rows, as_rows
from testbed.errors import InputError
from testbed.penalties import L1, Energy, Penalty, TopK, as_penalty

LARGEST = 1e140  # of data and penalty: their squares, and squares of gradients, must be numbers
SMALLEST = 1e-14  # lam / max|X|
BLOCK_ENTRIES = 1 << 22  # of one array that a block of rows gives rise to: 32 MiB
FLOOR_STEPS = 200  # towards the bias at which the floor is least
STEP = 256  # rows in a block are a multiple of this, if there are so many


@dataclass(frozen=True, eq=False)
class Block:
    """Samples that are looked at together.

    rows : where they are among all n, as an index: a slice, or their numbers where rows of weight zero lie between.
    X : (k, d) float64, read-only. w : (k,) weights, all positive unless rows of weight zero were asked for.
    """

    rows: Any
    X: Array
    w: Array

    @property
    def samples(self) -> np.ndarray:
        """(k,) the samples' numbers."""
        return np.arange(self.rows.start, self.rows.stop) if isinstance(self.rows, slice) else self.rows


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """min over unit-norm atoms D, codes Z, bias b of  E[ 1/2 |x - b - zD|^2 + sum_j g(z_j) ],  g(z) = lam |z| or other.

    Attributes
    ----------
    X : (n, d), one sample a row. An array is kept as float64, read-only, and copied unless nobody can write to it. A
        memory map and whatever else has the protocol of testbed.data.Rows stays where it is and is read by blocks of
        rows, each float64 on arrival; if it is no larger than one block, it is read now.
    lam : the l1 penalty > 0, in the units of X; with another penalty its unit, which is what scores are measured in.
    weights : (n,) float64 >= 0 with sum 1; E is the mean they define. None gives 1/n each.
    bias : whether b is fitted (otherwise b = 0).
    nonnegative : codes z >= 0 (the problem SAEs approximate) or signed codes (the classical setting; l1 only).
    penalty : what codes cost, in place of lam: one of testbed.penalties, or a string such as "mcp(lam=0.1, gamma=4)".

    Raises InputError, naming the argument and the place, for anything that is not such a problem.
    """

    X: Any
    lam: float = None  # type: ignore[assignment]  # these are filled in by validation
    weights: Any = None
    bias: bool = False
    nonnegative: bool = True
    penalty: Penalty = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        where = "Problem"
        penalty = settled(where, self.lam, checks.flag(where, "nonnegative", self.nonnegative), self.penalty)
        if isinstance(self.X, np.memmap | Rows):
            X: Any = as_rows(where, "X", self.X)
            if X.shape[0] * X.shape[1] <= BLOCK_ENTRIES:
                X = checks.kept(whole := X.rows(0, X.shape[0]), whole)
        else:
            X = checks.kept(checks.matrix(where, "X", self.X), self.X)
        settle: dict[str, Any] = {
            "X": X,
            "weights": checks.kept(checks.weights(where, self.weights, X.shape[0]), self.weights),
            "bias": checks.flag(where, "bias", self.bias),
            "nonnegative": not penalty.signed,
            "penalty": penalty,
            "lam": penalty.unit,
        }
        for name, value in settle.items():
            object.__setattr__(self, name, value)
        self._judge(where)

    def __repr__(self) -> str:
        price = f"lam={self.lam:g}" if isinstance(self.penalty, L1) else f"penalty={self.penalty}"
        return (f"Problem({self.n} samples in {self.d} dimensions, {price}, bias={self.bias}, "
                f"nonnegative={self.nonnegative})")

    def _judge(self, where: str) -> None:
        """One pass over the data: InputError where they are out of scale; a fingerprint of those that stay in files.

        A second one where the penalty has no unit of its own.
        """
        largest = counted = 0.0
        seen = hashlib.blake2b(digest_size=16)
        step = max(1, BLOCK_ENTRIES // self.d)
        for lo in range(0, self.n, step):
            X, w = self.rows(lo, min(lo + step, self.n)), self.weights[lo : lo + step]
            tops = np.maximum(X.max(axis=1), -X.min(axis=1))
            largest, counted = max(largest, float(tops.max())), max(counted, float(tops[w > 0].max(initial=0)))
            if not self.held:
                seen.update(X.data)
        if not self.held:
            vars(self)["digest"] = seen.hexdigest()
        if isinstance(self.penalty, TopK):
            in_scale(where, counted or 1.0, largest, counted)
            scale = counted and counted * math.sqrt(sum(
                float(block.w @ np.linalg.norm(block.X / counted, axis=1) ** 2) for block in self.blocks()))
            object.__setattr__(self, "penalty", TopK(self.penalty.k, scale or 1.0))
            object.__setattr__(self, "lam", self.penalty.unit)
        in_scale(where, self.lam, largest, counted)

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the numbers in X, however they are stored."""
        return hashlib.blake2b(self.X.data, digest_size=16).hexdigest()

    @property
    def n(self) -> int:
        """Number of samples."""
        return int(self.X.shape[0])

    @property
    def d(self) -> int:
        """Dimension of the data."""
        return int(self.X.shape[1])

    @property
    def held(self) -> bool:
        """Whether X is an array in memory."""
        return isinstance(self.X, np.ndarray)

    def rows(self, lo: int, hi: int) -> Array:
        """Samples lo to hi - 1, (hi - lo, d) float64; not to be written to."""
        return self.X[lo:hi] if self.held else self.X.rows(lo, hi)

    def blocks(self, columns: int = 1, weightless: bool = False) -> Iterator[Block]:
        """The samples of positive weight in order, block by block; or, `weightless`, those of weight zero.

        A block is small enough for an array of `columns` numbers a sample, and always the same: its bounds depend on
        the shape alone, so that sums of blocks in order have the same bits whoever computes them, and on which rows
        have a weight, so that rows without one change no bit.
        """
        chosen = self.weights == 0 if weightless else self.weights > 0
        size = max(1, BLOCK_ENTRIES // max(self.d, columns))
        size -= size % STEP if size > STEP else 0
        if chosen.all():
            for lo in range(0, self.n, size):
                rows = slice(lo, min(lo + size, self.n))
                yield Block(rows, self.rows(rows.start, rows.stop), self.weights[rows])
            return
        numbers = np.flatnonzero(chosen)
        for lo in range(0, len(numbers), size):
            picked = numbers[lo : lo + size]
            yield Block(picked, self._picked(picked, size), self.weights[picked])

    def _picked(self, numbers: np.ndarray, size: int) -> Array:
        """The samples of ascending numbers, read `size` rows at a time wherever there are some."""
        if self.held:
            return self.X[numbers]
        parts = []
        while len(numbers):
            lo = int(numbers[0])
            near, numbers = np.split(numbers, [np.searchsorted(numbers, lo + size)])
            parts.append(self.rows(lo, int(near[-1]) + 1)[near - lo])
        return np.concatenate(parts)

    def gathered(self) -> tuple[Array, Array]:
        """All samples of positive weight in memory at once, X (k, d) and w (k,), for what needs them so."""
        if self.held and (self.weights > 0).all():
            return self.X, self.weights
        blocks = list(self.blocks())
        return np.concatenate([block.X for block in blocks]), np.concatenate([block.w for block in blocks])

    @cached_property
    def huber_floor(self) -> float:
        """E[h_lam(|x|)], the least objective that any dictionary of any width reaches without a bias under l1 (G1)."""
        return sum(float(huber(np.linalg.norm(block.X, axis=1), self.lam) @ block.w) for block in self.blocks())

    @cached_property
    def floor(self) -> float:
        """What no dictionary of any width is below.

        l1 (G1): E[h_lam(|x - b|)] at b = 0, or at the b that makes it least if one is fitted (the Huber location of the
        data). energy: the same, since it costs no less, and is reached by no width. Concave penalties (N8):
        E[e_g(|x|)], reached with an atom for every point, or 0 with a bias, where the least over b is not known.
        """
        if isinstance(self.penalty, L1 | Energy):
            return self._least_floor() if self.bias else self.huber_floor
        if self.bias:
            return 0.0
        return sum(float(block.w @ self.penalty.floor(np.linalg.norm(block.X, axis=1))) for block in self.blocks())

    def _least_floor(self) -> float:
        """A lower bound on the minimum over b, off by rounding: the function is convex and its minimum within reach of
        the data, so it is at most |gradient| max|x - b| below the value at any b. Newton's steps, and where they do not
        descend those of repeated weighted means, which always do."""
        t = sum((block.w @ block.X for block in self.blocks()), np.zeros(self.d)) / self.lam
        here, bound = self._floor_at(t), 0.0
        for _ in range(FLOOR_STEPS):
            value, gradient, hessian, mean, reach = here
            slope = float(np.linalg.norm(gradient))
            bound = max(bound, value - slope * reach)
            if value - bound <= 1e-14 * value:
                break
            trials = [(t - step, self._floor_at(t - step)) for step in (
                np.linalg.lstsq(hessian, gradient)[0], gradient / mean)]
            t, there = min(trials, key=lambda trial: trial[1][0])
            if there[0] > value * (1 - 1e-14):  # values are rounding: gradients decide
                t, there = min(trials, key=lambda trial: np.linalg.norm(trial[1][1]))
                if np.linalg.norm(there[1]) >= 0.9 * slope:
                    break
            here = there
        return bound * self.lam * self.lam

    def _floor_at(self, t: Array) -> tuple[float, Array, Array, float, float]:
        """Of E[h_1(|v|)], v = x / lam - t: value, gradient and Hessian in t; E[1 / max(1, |v|)]; the largest |v|."""
        value, mean, reach, gradient, hessian = 0.0, 0.0, 0.0, np.zeros(self.d), np.zeros((self.d, self.d))
        for block in self.blocks():
            V = block.X / self.lam - t
            length = np.linalg.norm(V, axis=1)
            slope = block.w / np.maximum(length, 1)
            value, mean = value + float(block.w @ huber(length, 1.0)), mean + float(slope.sum())
            gradient -= slope @ V
            hessian -= (V * np.where(length > 1, slope / np.maximum(length, 1) ** 2, 0)[:, None]).T @ V
            reach = max(reach, float(length.max()))
        return value, gradient, hessian + mean * np.eye(self.d), mean, reach


def settled(where: str, lam: Any, nonnegative: bool, penalty: Any) -> Penalty:
    """The penalty that lam and nonnegative are shorthand for, or the one given; InputError unless it is one of them."""
    if penalty is None:
        return L1(checks.number(where, "lam", lam, 0, open_low=True), signed=not nonnegative)
    penalty = as_penalty(where, penalty)
    if lam is not None and lam != penalty.unit:
        raise InputError(f"{where}: lam is shorthand for the l1 penalty; give lam or penalty; got lam={lam!r} and "
                         f"penalty={penalty}")
    if not nonnegative and not penalty.signed:
        raise InputError(f"{where}: codes are nonnegative under penalty {penalty}; for signed codes give lam, or "
                         "l1(lam=..., signed=True)")
    return penalty


def in_scale(where: str, lam: float, largest: float, counted: float) -> None:
    """InputError unless data of entries up to `largest`, and `counted` where they have a weight, go with a penalty.

    Squares of every entry must be numbers; lam must not be lost in the rounding of samples that count.
    """
    for name, size in (("X", largest), ("lam", lam)):
        if size > LARGEST or (name == "lam" and size < 1 / LARGEST):
            raise InputError(f"{where}: {name} is out of scale, {size:.3g}: its squares leave the range of float64 "
                             f"(stay within {1 / LARGEST:g} and {LARGEST:g})")
    if lam < SMALLEST * counted:
        raise InputError(f"{where}: lam must be at least {SMALLEST:g} max|X| = {SMALLEST * counted:.3g}, where the "
                         f"rounding of X begins; got {lam:.3g}")


def huber(t: Array, lam: float) -> Array:
    """h_lam(t) = t^2/2 for |t| <= lam, else lam |t| - lam^2/2: the best loss of a point at distance t (G1)."""
    t = np.abs(t)
    return np.where(t > lam, lam * t - 0.5 * lam * lam, 0.5 * t * t)


def power_of_two_near(lam: float) -> float:
    """The power of two c with lam / c in [1/2, 1).

    The solver works in units of c: rounding is unchanged by the division, so scaling X and lam by a power of two gives
    the same bits scaled (G4), and no intermediate over- or underflows before the data do.
    """
    return math.ldexp(1.0, max(math.frexp(lam)[1], -1021))
