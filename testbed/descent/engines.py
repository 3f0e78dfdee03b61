"""Where problems are and where they may go: what the method asks of an engine, and the engine of one big problem.

The method (Newton, revival, saddles) is written once, over a first axis of problems: `who` are the indices of some of
them, and arrays about them have a first axis of that length. Two engines do the sums over samples: `Alone` holds one
problem and shares its samples among threads; `testbed.descent.lockstep` holds many, a thread each.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from testbed.checks import Array
from testbed.descent.curvature import least_curvature
from testbed.descent.phi import Hessian, Point, Reduced

Indices = np.ndarray


class Engine(Protocol):
    """p problems, each at a point, with a second place where its next step is tried.

    m atoms and `extra` rows of bias; lam (p,) in [1/2, 1); threshold (p,) the residuals an atom may leave (see
    `Penalty.threshold`); w (p, n), length (p, n) of samples. The fields of a point are those of `phi.Point`. ended (p,)
    says in words why the last descent stopped short; '' where it did not.
    """

    m: int
    extra: int
    lam: Array
    threshold: Array
    w: Array
    length: Array
    ended: np.ndarray

    def here(self, field: str, who: Indices) -> Array:
        """A field of the points where the problems are."""

    def tried(self, field: str, who: Indices) -> Array:
        """A field of the points last evaluated."""

    def evaluate(self, who: Indices, theta: Array) -> None:
        """Try theta (a, m + extra, d), codes started from those of where the problems are."""

    def take(self, who: Indices) -> None:
        """Go to what was tried last."""

    def product(self, who: Indices, V: Array) -> Array:
        """The Hessians times tangent V (a, m + extra, d) (M1)."""

    def lowest(self, who: Indices) -> tuple[Array, Array]:
        """Least relative curvatures (a,), NaN where none is certified, and directions (a, m + extra, d) that have them;
        a direction need be given only where the curvature is negative. See `testbed.descent.curvature`."""


class Alone:
    """One problem, at a point."""

    def __init__(self, phi: Reduced, point: Point) -> None:
        self.phi, self.point, self.trial = phi, point, point
        self.m, self.extra = phi.m, phi.extra
        self.lam, self.w, self.length = np.array([phi.lam]), phi.w[None], phi.length[None]
        self.threshold = np.array([max(phi.penalty.threshold, FREE * phi.lam)])
        self.ended: np.ndarray = np.full(1, "", object)
        self._hessian: Hessian | None = None

    def here(self, field: str, who: Indices) -> Array:
        return np.asarray(getattr(self.point, field))[None]

    def tried(self, field: str, who: Indices) -> Array:
        return np.asarray(getattr(self.trial, field))[None]

    def evaluate(self, who: Indices, theta: Array) -> None:
        self.trial = self.phi.at(theta[0], near=self.point)

    def take(self, who: Indices) -> None:
        if len(who):
            self.point, self._hessian = self.trial, None

    def product(self, who: Indices, V: Array) -> Array:
        if self._hessian is None:
            self._hessian = self.phi.hessian(self.point)
        return self._hessian(V[0])[None]

    def lowest(self, who: Indices) -> tuple[Array, Array]:
        found = least_curvature(self.phi, self.point)
        return np.array([np.nan if found.least is None else found.least]), found.direction[None]


FREE = 1e-6  # a residual that is nothing, in lam, where codes cost nothing
ALONE: Indices = np.zeros(1, np.int64)  # who there is with `Alone`
