"""What a match means: learned atoms against true features, by direction and by activity.

`match` pairs atoms with features by signed cosine: an atom that points the other way is not a match. `fates` says
what became of every feature. Directions alone cannot tell: a parent's atom may point exactly along the parent and yet
be silent wherever a child fires. So each pair is also measured by activity,

    recall    = E[|c_f| 1{j on}] / E[|c_f|]    share of the feature's activity during which the atom fires,
    precision = E[|z_j| 1{f on}] / E[|z_j|]    share of the atom's activity during which the feature fires,

and by content: the coordinates of the atom as a nonnegative combination of the features. A feature is

    recovered       an atom of its own has it, all of it and nothing else, within ALIGNED of its direction
    tilted          the same at a larger angle, which is reported (T2; a child that took in its parent, T3)
    antipodal pair  two opposite atoms share it (T5)
    reversed        one opposite atom marks its absence (T5, on more often than off)
    absorbed        its own atom is silent during part of it; atoms that have other features carry it there (T3, S6)
    split           it has no atom of its own, and several atoms carry it, each during a part of it (T4)
    merged          the atom that has it also has another feature, which has no other atom
    missing         none of these: nothing tells it apart, or it never fires
 The thresholds are conventions, stated below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, nnls
from scipy.sparse import csc_array

from generators.plane.atoms import ALIGNED, SERVES
from generators.sample import Sample
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError, InputTypeError
from testbed.optimum import Optimum

CONTAINS = 0.1  # coordinate, relative to an atom's largest, at which a feature is part of it: above tilts, below sums
OPPOSITE = -0.9  # cosine with feature or atom at which an atom is its opposite: leaves room for a tilt of 25 degrees

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Match:
    """atom (k,): the atom paired with each feature, -1 for none. cosine (k,): their signed cosine, NaN for none."""

    atom: Ints
    cosine: Array

    @property
    def angle(self) -> Array:
        """(k,) angles in radians, NaN for features without an atom."""
        return np.arccos(np.clip(self.cosine, -1, 1))


def match(D: Any, features: Any) -> Match:
    """Pair atoms D (m, d) with features (k, d), one to one, so that the sum of signed cosines is largest.

    Only positive cosines make a pair: an atom that points away from a feature is none for it, and must not push others
    out of better pairs. Raises InputError naming the argument.
    """
    features = checks.unit_rows("match", "features", features)
    D = checks.unit_rows("match", "D", D, features.shape[1])
    cosines = features @ D.T
    atom = pairs(cosines)
    return Match(atom, checks.frozen(np.where(atom >= 0, cosines[np.arange(len(atom)), atom], np.nan)))


def pairs(score: Array) -> Ints:
    """(k,) the column of each row in the one-to-one pairing of largest total score; -1 where none positive is left."""
    rows, columns = linear_sum_assignment(np.maximum(score, 0), maximize=True)
    paired = np.full(len(score), -1)
    paired[rows] = np.where(score[rows, columns] > 0, columns, -1)
    return paired


@dataclass(frozen=True)
class Fate:
    """What became of a feature.

    feature : its number. kind : 'recovered', 'tilted', 'antipodal pair', 'reversed', 'absorbed', 'split', 'merged',
    'missing'. angle : radians between it and the first of `atoms` (NaN if none). atoms : those that have it; for
    'absorbed' its own atom first, then those that carry it elsewhere. features : the others involved: absorbed by, or
    merged with.
    """

    feature: int
    kind: str
    angle: float = float("nan")
    atoms: tuple[int, ...] = ()
    features: tuple[int, ...] = ()

    def __str__(self) -> str:
        word = {"absorbed": " by feature", "merged": " with feature"}.get(self.kind, "")
        by = f"{word}{'s' * (len(self.features) > 1)} {', '.join(map(str, self.features))}" if self.features else ""
        on = f", atom{'s' * (len(self.atoms) > 1)} {', '.join(map(str, self.atoms))}" if self.atoms else ""
        angle = f" by {np.degrees(self.angle):.1f} degrees" if self.kind == "tilted" else ""
        return f"feature {self.feature}: {self.kind}{angle}{by}{on}"


def fates(optimum: Optimum, sample: Sample) -> list[Fate]:
    """What became of each true feature of a sample in a dictionary trained on it: one a feature, in order.

    Atoms that never fire play no part. For signed codes an atom and its negative are the same. Raises TypeError for
    other arguments; ValueError if the sample has no features or is not the optimum's data.
    """
    where = "fates"
    for name, value, kind in (("optimum", optimum, Optimum), ("sample", sample, Sample)):
        if not isinstance(value, kind):
            raise InputTypeError(f"{where}: {name} must be of type {kind.__name__}; got {type(value).__name__}")
    if not len(sample.features):
        raise InputError(f"{where}: sample must have true features; it has none")
    if sample.X.shape != optimum.problem.X.shape or not np.array_equal(sample.X, optimum.problem.X):
        raise InputError(f"{where}: sample must be the data that the optimum was trained on; its X is different")
    evidence = Evidence(optimum, sample)
    return [evidence.fate(f) for f in range(len(sample.features))]


class Evidence:
    """The measurements (k, m) of every feature and live atom, and what they say."""

    def __init__(self, optimum: Optimum, sample: Sample) -> None:
        w = optimum.problem.weights
        self.live = np.flatnonzero(optimum.live)
        self.D = optimum.D[self.live]
        self.cosines = sample.features @ self.D.T
        self.signed = not optimum.problem.nonnegative
        z = abs(csc_array(optimum.Z)[:, self.live])
        c = np.abs(sample.codes)
        self.on = z > 0  # sparse, as codes are
        self.activity = w[:, None] * c
        self.alive = self.activity.sum(axis=0) > 0
        total = np.where(self.alive, self.activity.sum(axis=0), 1)
        self.recall = (self.on.T @ self.activity).T / total[:, None]
        self.precision = (z.T @ (w[:, None] * (c > 0))).T / optimum.mu[self.live]
        if self.signed:
            self.cosines = np.abs(self.cosines)
            content = np.abs(np.linalg.lstsq(sample.features.T, self.D.T)[0])
        else:
            content = np.array([nnls(sample.features.T, atom)[0] for atom in self.D]).reshape(self.cosines.T.shape).T
        self.contains: Bools = content > CONTAINS * content.max(axis=0, initial=0)
        self.serves: Bools = (self.recall >= SERVES) & self.contains  # fires wherever f does, and points along it
        self.part: Bools = (self.precision >= SERVES) & self.contains  # fires only where f does

    @cached_property
    def own(self) -> Ints:
        """(k,) the atom that has all of a feature and nothing else, one to one; -1 for none."""
        return pairs(np.where(self.serves & self.part, 2 + self.cosines, 0.0))

    def fate(self, f: int) -> Fate:
        """The first of the kinds, in the order of the module's list but for `merged`, that fits feature f."""
        j = int(self.own[f])
        if not self.alive[f]:
            return Fate(f, "missing")
        if j >= 0:
            shared = self._shared(f, j)
            if len(shared):
                return self._say(f, "merged", [j], shared)
            return self._say(f, "recovered" if np.arccos(min(1, self.cosines[f, j])) <= ALIGNED else "tilted", [j])
        return self._opposite(f) or self._parts(f) or self._merged(f) or Fate(f, "missing")

    def _say(self, f: int, kind: str, atoms: Any, features: Any = ()) -> Fate:
        angle = float(np.arccos(np.clip(self.cosines[f, atoms[0]], -1, 1)))
        return Fate(f, kind, angle, tuple(int(self.live[j]) for j in atoms), tuple(map(int, features)))

    def _covered(self, f: int, atoms: Any) -> float:
        """The activity of feature f during which any of these atoms fires."""
        return float(self.activity[:, f] @ (self.on[:, atoms].sum(axis=1) > 0))

    def _shared(self, f: int, j: Any) -> Ints:
        """Features other than f that atom j serves and that have no atom of their own."""
        return np.flatnonzero(self.serves[:, j] & (self.own < 0) & self.alive & (np.arange(len(self.own)) != f))

    def _opposite(self, f: int) -> Fate | None:
        """T5. With one sign of the codes, opposite atoms are different atoms."""
        down = np.flatnonzero(self.cosines[f] <= OPPOSITE)
        if self.signed or not len(down):
            return None
        v = down[self.cosines[f, down].argmin()]
        up = np.flatnonzero((self.cosines[f] >= -OPPOSITE) & (self.D @ self.D[v] <= OPPOSITE))
        if len(up):
            return self._say(f, "antipodal pair", [up[self.cosines[f, up].argmax()], v])
        marks = self._covered(f, [v]) < (1 - SERVES) * self.activity[:, f].sum()
        return self._say(f, "reversed", [v]) if marks else None

    def _parts(self, f: int) -> Fate | None:
        """Absorbed or split: atoms that fire only where f does and together cover it."""
        parts = np.flatnonzero(self.part[f])
        parts = parts[np.argsort(-self.cosines[f, parts], kind="stable")]
        covered = self._covered(f, parts) >= SERVES * self.activity[:, f].sum()
        if len(parts) < 2 or not covered:
            return None
        serves = np.delete(self.serves, f, axis=0)[:, parts].any(axis=0)  # what has another feature is not its own
        own, others = parts[~serves], parts[serves]
        if len(own) and len(others):
            takers = np.flatnonzero(self.serves[:, others].any(axis=1) & self.alive)
            return self._say(f, "absorbed", [own[0], *others], takers)
        return self._say(f, "split", parts)

    def _merged(self, f: int) -> Fate | None:
        """One atom fires wherever f does, and wherever another feature does."""
        for j in sorted(np.flatnonzero(self.serves[f]), key=lambda j: -self.cosines[f, j]):
            partners = np.union1d(self._shared(f, j), np.flatnonzero(self.own == j))
            if len(partners):
                return self._say(f, "merged", [j], partners)
        return None
