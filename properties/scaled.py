"""An optimum in units of lam.

Divided by lam, data, codes and residuals are pure numbers, lam itself is 1, and every statement is free of scale.
Means over an atom's activity are means with weights that sum to 1, so rarely used atoms are measured as sharply as
busy ones: nothing is ever divided by a small mu_j after it was summed.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from testbed.optimum import Optimum

Array = NDArray[np.float64]


class Scaled:
    """The quantities that statements are made of, for n samples, m atoms and dimension d.

    D (m, d) atoms, G (m, m) their cosines, w (n,) sample weights, n and m counts, nonnegative the kind of codes;
    z (n, m, sparse), x, y, r (n, d) as below, all in units of lam.
    """

    def __init__(self, optimum: Optimum) -> None:
        problem = optimum.problem
        self.optimum = optimum
        self.nonnegative = problem.nonnegative
        self.w = problem.weights
        self.D, self.G = optimum.D, optimum.G
        self.n, self.m = optimum.Z.shape
        self.samples, self.atoms = range(self.n), range(self.m)

    @cached_property
    def x(self) -> Array:
        """(n, d) data less bias."""
        problem = self.optimum.problem
        return (problem.X - self.optimum.b) / problem.lam

    @cached_property
    def r(self) -> Array:
        """(n, d) residuals x - zD."""
        return self.optimum.R / self.optimum.problem.lam

    @cached_property
    def z(self) -> csr_array:
        """(n, m) codes."""
        return self.optimum.Z / self.optimum.problem.lam

    @cached_property
    def y(self) -> Array:
        """(n, d) reconstructions zD."""
        return self.z @ self.D

    @property
    def s(self) -> Array:
        """(n, m) scores <r, d_j>."""
        return self.optimum.S

    @cached_property
    def sign(self) -> Array:
        """(n, m) signs of the codes; 0 where an atom is off."""
        return np.sign(self.z.toarray())

    @cached_property
    def on(self) -> NDArray[np.bool_]:
        """(n, m) where codes are not zero."""
        return self.sign != 0

    @cached_property
    def size(self) -> Array:
        """(n,) sum of |z| over atoms."""
        return np.asarray(abs(self.z).sum(axis=1)).ravel()

    @cached_property
    def mu(self) -> Array:
        """(m,) mean activity E|z_j|."""
        return np.asarray(abs(self.z).T @ self.w).ravel()

    @cached_property
    def live(self) -> NDArray[np.intp]:
        """Numbers of the atoms with mu_j > 0. A NaN counts as live, so that it is seen and not excused."""
        return np.flatnonzero(self.mu != 0)

    @cached_property
    def pull(self) -> csr_array:
        """(n, live) w_i z_ij / mu_j, so that pull.T @ f = E_j[sign(z_j) f]: the mean of f over an atom's activity."""
        columns = self.z[:, self.live]
        return csr_array(columns.multiply(self.w[:, None]).multiply(1 / self.mu[self.live]))

    @cached_property
    def rounding(self) -> Array:
        """(n,) max(1, |x| / 1000): the unit of violations at one sample, since <r, d> cannot be better than eps |x|.

        The convention of testbed.verify: a violation counts as a multiple of max(lam, |x| / 1000).
        """
        problem = self.optimum.problem
        return np.maximum(1, 1e-3 * np.linalg.norm(problem.X, axis=1) / problem.lam)
