"""A block of samples in units of lam: the quantities that statements are made of.

Divided by lam (under another penalty than l1: by its unit), data, codes and residuals are pure numbers, lam itself is
1, and every statement is free of scale. A
statement sees the samples block by block, a bounded number of rows at a time, so that what it holds does not grow with
the data; what is dense in samples and atoms, (k, m), is one block's. Rows of weight zero are in no block.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from properties.kernels.support import distances, highest, overlaps
from testbed.dictionary import Dictionary
from testbed.penalties import L1
from testbed.verify import Coded, Progress

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

ANTIPODAL = 1e-10  # largest |d_j + d_k| of a pair called exactly antipodal: below TOLERANCE, where |r| < 100 lam
COINCIDENT = 1e-10  # largest |d_j - d_k| of atoms called one: so far apart they split by less than TOLERANCE (M2)


class Atoms:
    """What every block shares: D (m, d) atoms, G (m, m) their cosines, nonnegative the kind of codes, n samples, and
    the penalty in units of lam."""

    def __init__(self, dictionary: Dictionary) -> None:
        problem = dictionary.problem
        self.D, self.m, self.nonnegative = dictionary.D, dictionary.n_atoms, problem.nonnegative
        self.n = int(np.count_nonzero(problem.weights))
        self.penalty = problem.penalty.scaled(problem.lam)

    @cached_property
    def G(self) -> Array:
        """(m, m) cosines."""
        return self.D @ self.D.T

    @cached_property
    def antipodal(self) -> list[tuple[int, int]]:
        """Both orders (j, k) of the pairs of exactly antipodal atoms."""
        return [(int(j), int(k)) for j, k in np.argwhere(self.G < -0.999)
                if np.linalg.norm(self.D[j] + self.D[k]) <= ANTIPODAL]

    @cached_property
    def copies(self) -> list[tuple[int, int]]:
        """Both orders (j, k) of the pairs of coincident atoms. Signed codes: the two signs of an atom are one atom."""
        found = []
        for j, k in np.argwhere((self.G if self.nonnegative else np.abs(self.G)) > 1 - 1e-9):
            sign = 1 if self.nonnegative else np.sign(self.G[j, k])
            if j != k and np.linalg.norm(sign * self.D[k] - self.D[j]) <= COINCIDENT:  # cosines lose half the digits
                found.append((int(j), int(k)))
        return found


class Scaled:
    """k samples on an m-atom dictionary in dimension d, in units of lam.

    atoms (see Atoms); samples (k,) their numbers in the data and position (k,) among those of positive weight; w (k,)
    weights; x, r (k, d); z (k, m) sparse, with row, column, code, sign (nnz,) of its entries; the rest as below.
    """

    def __init__(self, atoms: Atoms, block: Coded, before: int) -> None:
        self.atoms, self.samples, self.w = atoms, block.samples, block.w
        self.n, self.m, self.nonnegative = len(block.w), atoms.m, atoms.nonnegative
        self.position = np.arange(before, before + self.n)
        self.x, self.r = (block.X - block.b) / block.lam, block.R / block.lam
        # the convention of testbed.verify: <r, d> cannot be better than eps |x|
        self.rounding = np.maximum(1, 1e-3 * np.linalg.norm(block.X, axis=1) / block.lam)
        self.z = csr_array(block.Z / block.lam)
        self.z.sum_duplicates()
        self.z.eliminate_zeros()
        self.column, self.code = self.z.indices, self.z.data
        self.row = np.repeat(np.arange(self.n), np.diff(self.z.indptr))
        self.sign = np.sign(self.code)

    @property
    def D(self) -> Array:
        """(m, d) atoms."""
        return self.atoms.D

    @property
    def G(self) -> Array:
        """(m, m) cosines of the atoms."""
        return self.atoms.G

    @cached_property
    def y(self) -> Array:
        """(k, d) reconstructions zD."""
        return self.z @ self.D

    @cached_property
    def size(self) -> Array:
        """(k,) sum of |z| over atoms."""
        return np.bincount(self.row, np.abs(self.code), self.n).astype(float)  # of no codes at all: integers

    @cached_property
    def on(self) -> NDArray[np.bool_]:
        """(k, m) where codes are not zero."""
        on = np.zeros((self.n, self.m), dtype=bool)
        on[self.row, self.column] = True
        return on

    @cached_property
    def s(self) -> Array:
        """(k, m) scores <r, d_j>."""
        return self.r @ self.D.T

    @cached_property
    def price(self) -> Array:
        """(nnz,) what scores must be where the atom is on, g'(z_j): under l1 the sign of the code (C1, N1)."""
        l1 = isinstance(self.atoms.penalty, L1)
        return self.sign if l1 else self.atoms.penalty.slope(np.maximum(self.code, 0))

    @cached_property
    def met(self) -> Array:
        """(nnz,) scores where the atom is on: its price, if codes are exact."""
        return self.s[self.row, self.column]

    @cached_property
    def silent(self) -> Array:
        """(k, m) scores where the atom is off, and 0 where it is on."""
        silent = self.s.copy()
        silent[self.row, self.column] = 0
        return silent

    @cached_property
    def reach(self) -> Array:
        """(k,) the largest score (signed codes: its size) of an atom that is off; 0 if none is positive."""
        high = self.silent.max(axis=1, initial=0)
        return high if self.nonnegative else np.maximum(high, -self.silent.min(axis=1, initial=0))

    @cached_property
    def turn(self) -> Array:
        """(nnz,) |sign(z_j) r - |g'(z_j)| d_j| where j is on: how far the residual is from the line along the atom;
        under l1 the tangent of the angle between them (C1)."""
        return distances(self.z.indptr, self.column, self.sign, np.abs(self.price), self.r, self.D)

    def along(self, f: Array) -> Array:
        """(nnz,) <f_i, d_j> of rows f (k, d), where j is on."""
        return overlaps(self.z.indptr, self.column, f, self.D)

    @cached_property
    def mass(self) -> csr_array:
        """(m, k) w_i z_ij, so that mass @ f = sum over the block of w z_j f."""
        return self.at(self.code * self.w[self.row]).T.tocsr()

    def at(self, values: Array) -> csr_array:
        """(k, m) sparse: these values (nnz,) where the codes are."""
        return csr_array((values, self.column, self.z.indptr), shape=(self.n, self.m))

    @cached_property
    def pulled(self) -> Array:
        """(m, d) sum of w z_j r: what all statements about stationary atoms are made of."""
        return self.mass @ self.r

    @cached_property
    def mu(self) -> Array:
        """(m,) sum of w |z_j|."""
        return self.total(np.abs(self.code))

    @cached_property
    def nu(self) -> Array:
        """(m,) sum of w z_j g'(z_j): what an atom's activity pays at the margin, under l1 mu_j."""
        return self.total(self.code * self.price)

    def total(self, values: Array) -> Array:
        """(m,) sums over the block of w times these values (nnz,), atom by atom."""
        return np.bincount(self.column, values * self.w[self.row], self.m).astype(float)

    def pairs(self, values: Array, others: Array | None = None) -> Array:
        """(m, m) sums over samples with j and k on of w values_j others_k, both (nnz,); others 1 if not given."""
        others = np.ones(len(values)) if others is None else others
        return np.asarray((self.at(values * self.w[self.row]).T @ self.at(others)).toarray())

    def tops(self) -> Array:
        """(m, m) the largest z_k > 0 over samples where j is off, rows k and columns j; 0 if there is none."""
        order = np.lexsort((-self.code, self.column))
        start = np.concatenate([[0], np.cumsum(np.bincount(self.column, minlength=self.m))])
        return highest(self.z.indptr, self.column, self.row, self.code, order, start, self.m)

    @classmethod
    def whole(cls, dictionary: Dictionary) -> Scaled:
        """All samples of positive weight as one block: for small problems."""
        problem, counted = dictionary.problem, np.flatnonzero(dictionary.problem.weights)
        X, w = problem.gathered()
        D, b = dictionary.D, dictionary.b
        return cls(Atoms(dictionary), Coded(counted, X, w, dictionary.Z[counted], D, b, problem.lam), 0)


def blocks(dictionary: Dictionary, progress: Progress | None = None) -> Iterator[Scaled]:
    """The samples of positive weight in order, a bounded number at a time."""
    atoms, done = Atoms(dictionary), 0
    for block in dictionary.blocks(progress):
        yield Scaled(atoms, block, done)
        done += len(block.w)
