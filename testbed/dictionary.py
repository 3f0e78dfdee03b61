"""A dictionary of unknown quality on a problem: atoms and a bias from anywhere, with codes by some coder.

Everything that is asked of it is measured, block of samples by block. Codes are kept between passes as long as they
fit; beyond that every pass codes anew, and finds the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from testbed import checks, verify
from testbed.checks import Array
from testbed.coding.coder import Coder, Exact
from testbed.coding.exact import CodingError, uncodable
from testbed.errors import InputError, InputTypeError
from testbed.problem import Block, Problem
from testbed.verify import Coded, Measurement, Progress

KEPT = 1 << 25  # so many codes that are not zero are kept: half a GiB


@dataclass(frozen=True, eq=False, repr=False)
class Dictionary:
    """Atoms and bias on a problem, of unknown quality.

    Attributes
    ----------
    problem : the data, weights, penalty and choices.
    D : (m, d) float64 read-only; rows are atoms of unit norm.
    b : (d,) bias, zero when not fitted.
    coder : where codes come from (testbed.coding.coder.Coder).

    Measured, in one pass when first asked for (or by `measure`, which says how far it is): objective, stationarity, kkt
    and status as of an Optimum, mu, live, radius and codes_per_sample.
    For problems that fit in memory: Z, R, S, support. G (m, m) are the atoms' cosines.
    """

    problem: Problem
    D: Array
    b: Array
    coder: Coder = field(kw_only=True, default=None)  # type: ignore[assignment]  # exact codes

    def __post_init__(self) -> None:
        if self.coder is None:
            object.__setattr__(self, "coder", Exact(self.problem.penalty))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_atoms} atoms, {self.problem!r})"

    @classmethod
    def of(cls, problem: Problem, D: Any, b: Any = None, coder: Coder | None = None) -> Dictionary:
        """The dictionary D (m, d) with bias b (d,) on a problem; codes are exact unless a coder says otherwise.

        Nothing is computed yet. Raises InputError as `Optimum.at`.
        """
        return Dictionary(problem, *atoms("Dictionary", problem, D, b), coder=coder)  # type: ignore[arg-type]

    @property
    def n_atoms(self) -> int:
        """m, the number of atoms, dead ones included."""
        return len(self.D)

    def codes(self, block: Block) -> csr_array:
        """(k, m) codes of a block of the problem's samples, computed. CodingError names the sample."""
        try:
            return self.coder.codes(block.X, self.D, self.b)
        except CodingError as error:
            raise uncodable(int(block.samples[error.sample])) from None

    def blocks(self, progress: Progress | None = None) -> Iterator[Coded]:
        """The samples of positive weight in order, by bounded blocks with X, w, Z, R and S.

        progress : called as progress(done, total) after every block, in samples.
        """
        if "Z" in vars(self):
            codes: Any = self.Z
        elif self._kept is not None:
            kept = iter(self._kept)
            codes = lambda block: next(kept)  # noqa: E731
        else:
            codes = self.codes
        fresh: list[csr_array] | None = [] if codes == self.codes else None
        for block in verify.coded_blocks(self.problem, self.D, self.b, codes, progress):
            if fresh is not None:
                fresh.append(block.Z)
                fresh = fresh if sum(Z.nnz for Z in fresh) <= KEPT else None
            yield block
        if fresh is not None:
            vars(self)["_kept"] = fresh

    @cached_property
    def _kept(self) -> list[csr_array] | None:
        """The codes of every block, after a whole pass and if they are not too many."""
        return None

    def measure(self, progress: Progress | None = None) -> Measurement:
        """Measure the dictionary, once, by code that no coder or trainer shares (testbed.verify); see `blocks`."""
        if "measured" not in vars(self):
            vars(self)["measured"] = verify.measure_blocks(self.problem, self.D, self.blocks(progress))
        return self.measured

    @cached_property
    def measured(self) -> Measurement:
        """All that `measure` found."""
        return self.measure()

    @cached_property
    def objective(self) -> float:
        """F(D, Z, b), in squared units of X."""
        return self.measured.objective

    @cached_property
    def stationarity(self) -> float:
        """How far atoms (and bias) are from stationary (S1), normalised; 0 at an optimum."""
        return self.measured.stationarity

    @cached_property
    def kkt(self) -> float:
        """How far codes are from optimal (C1), normalised; 0 where they are."""
        return self.measured.kkt

    @cached_property
    def status(self) -> str:
        """'global' | 'stationary' | 'unconverged', as testbed.verify supports it."""
        return self.measured.status(None)

    @cached_property
    def mu(self) -> Array:
        """(m,) mean activity E|z_j|."""
        return checks.frozen(self.measured.mu)

    @cached_property
    def live(self) -> np.ndarray:
        """(m,) bool: atoms with mu_j > 0; the others are dead."""
        return self.mu > 0

    @property
    def radius(self) -> float:
        """max |r| / lam over samples of positive weight: under l1 at most 1 exactly at the wide limit (G2)."""
        return self.measured.radius

    @property
    def codes_per_sample(self) -> float:
        """The mean number of atoms that a sample uses."""
        return self.measured.codes

    @cached_property
    def G(self) -> Array:
        """(m, m) Gram matrix of the atoms: decoder cosines."""
        return checks.frozen(self.D @ self.D.T)

    @cached_property
    def Z(self) -> csr_array:
        """(n, m) codes of all samples, those of weight zero included."""
        counted = [block.Z for block in self.blocks()]
        vars(self).pop("_kept", None)
        return completed(self, _stacked(counted))

    @cached_property
    def R(self) -> Array:
        """(n, d) residuals x - b - zD."""
        return checks.frozen(self.problem.rows(0, self.problem.n) - self.b - self.Z @ self.D)

    @cached_property
    def S(self) -> Array:
        """(n, m) scores <r_i, d_j> / lam: under l1 at most 1, and 1 on the support (C1). Dense: for small problems."""
        return checks.frozen((self.R / self.problem.lam) @ self.D.T)

    @cached_property
    def support(self) -> np.ndarray:
        """(n, m) bool: where codes are not zero. Dense: for small problems."""
        return self.Z.toarray() != 0


def completed(dictionary: Dictionary, Z: csr_array) -> csr_array:
    """Codes (n, m) of all samples, given those of the samples of positive weight in order: the others are coded."""
    problem = dictionary.problem
    if Z.shape[0] == problem.n:
        return Z
    others = list(problem.blocks(dictionary.n_atoms, weightless=True))
    order = np.concatenate([np.flatnonzero(problem.weights), *(block.samples for block in others)])
    return _stacked([Z, *map(dictionary.codes, others)])[np.argsort(order)]


def _stacked(parts: list[csr_array]) -> csr_array:
    return csr_array(vstack(parts, format="csr")) if len(parts) > 1 else parts[0]


def atoms(where: str, problem: Any, D: Any, b: Any) -> tuple[Array, Array]:
    """Atoms (m, d) and bias (d,) from outside, checked against the problem and read-only."""
    if not isinstance(problem, Problem):
        raise InputTypeError(f"{where}: problem must be a testbed.Problem; got {type(problem).__name__}")
    D = checks.unit_rows(where, "D", D, problem.d)
    given, b = b, np.zeros(problem.d) if b is None else checks.vector(where, "b", b, problem.d)
    if not problem.bias and b.any():
        raise InputError(f"{where}: b must be zero when no bias is fitted; it has norm {np.linalg.norm(b):.3g}")
    return checks.frozen(D), checks.kept(b, given)
