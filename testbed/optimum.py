"""The optimum: a dictionary with its codes on a problem, and everything that statements are made of.

An Optimum carries claims only as strong as what `testbed.verify` measured on its arrays. Loading a file measures its
arrays again and ignores the claims stored beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from testbed import checks, files, verify
from testbed.checks import Array
from testbed.errors import InputError, InputTypeError
from testbed.problem import Problem

DENSE_ENTRIES = 1 << 25  # a file holds Z dense up to this many entries (256 MiB), and as three sparse arrays beyond


@dataclass(frozen=True, eq=False)
class Optimum:
    """A dictionary (optimal or not) on a problem, with measured distances from optimality.

    Attributes
    ----------
    problem : the data, weights, penalty and choices.
    D : (m, d) float64 read-only; rows are atoms of unit norm.
    b : (d,) bias, zero when not fitted.
    Z : (n, m) scipy.sparse.csr_array of codes.
    objective : F(D, Z, b), in squared units of X.
    stationarity, kkt : normalised residuals (see testbed.verify.Measurement); 0 at an optimum.
    hessian_min : least eigenvalue of the Hessian (M1) relative to its diagonal E[z_j^2] + lam mu_j; None if not known.
    status : 'global' | 'local_min' | 'stationary' | 'unconverged', as testbed.verify supports it.
    restarts, seed : how many starts were tried, from which seed; 0 and None for a dictionary that was brought.
    objectives : (restarts,) the objective each restart ended with, in order.

    Derived, computed when asked for: R, S, mu, live, G, support, radius.
    """

    problem: Problem
    D: Array
    b: Array
    Z: csr_array
    objective: float
    stationarity: float
    kkt: float
    status: str
    hessian_min: float | None = None
    restarts: int = 0
    seed: int | None = None
    objectives: Array | None = None

    @classmethod
    def at(cls, problem: Problem, D: Any, b: Any = None, Z: Any = None, *, hessian_min: float | None = None,
           restarts: int = 0, seed: int | None = None, objectives: Array | None = None) -> Optimum:
        """Measure the dictionary D (m, d) on a problem; codes Z (n, m) are computed exactly if not given.

        This is how a dictionary from elsewhere (true features, a trained SAE's decoder) is asked how far from optimal
        it is. Raises ValueError or TypeError for atoms not of unit norm, wrong shapes, and non-finite entries.
        """
        where = "Optimum"
        if not isinstance(problem, Problem):
            raise InputTypeError(f"{where}: problem must be a testbed.Problem; got {type(problem).__name__}")
        D = checks.unit_rows(where, "D", D, problem.d)
        b = np.zeros(problem.d) if b is None else checks.vector(where, "b", b, problem.d)
        if not problem.bias and b.any():
            raise InputError(f"{where}: b must be zero when no bias is fitted; it has norm {np.linalg.norm(b):.3g}")
        if Z is None:
            from testbed.coding.exact import codes

            Z = codes(problem, D, b)
        else:
            Z = csr_array(Z if isinstance(Z, csr_array) else checks.matrix(where, "Z", Z, len(D)), copy=False)
            if Z.shape != (problem.n, len(D)):
                raise InputError(f"{where}: Z must have shape {(problem.n, len(D))}; its shape is {Z.shape}")
        seen = verify.measure(problem, D, b, Z)
        return cls(problem=problem, D=checks.frozen(D), b=checks.frozen(b), Z=Z, objective=seen.objective,
                   stationarity=seen.stationarity, kkt=seen.kkt, status=seen.status(hessian_min),
                   hessian_min=hessian_min, restarts=restarts, seed=seed, objectives=objectives)

    @property
    def n_atoms(self) -> int:
        """m, the number of atoms, dead ones included."""
        return len(self.D)

    @cached_property
    def R(self) -> Array:
        """(n, d) residuals x - b - zD."""
        return checks.frozen(verify.residual(self.problem, self.D, self.b, self.Z))

    @cached_property
    def S(self) -> Array:
        """(n, m) scores <r_i, d_j> / lam: at most 1, and 1 on the support (C1)."""
        return checks.frozen((self.R / self.problem.lam) @ self.D.T)

    @cached_property
    def mu(self) -> Array:
        """(m,) mean activity E|z_j|."""
        return checks.frozen(np.asarray(abs(self.Z).T @ self.problem.weights).ravel())

    @cached_property
    def live(self) -> np.ndarray:
        """(m,) bool: atoms with mu_j > 0; the others are dead."""
        return self.mu > 0

    @cached_property
    def G(self) -> Array:
        """(m, m) Gram matrix of the atoms: decoder cosines."""
        return checks.frozen(self.D @ self.D.T)

    @cached_property
    def support(self) -> np.ndarray:
        """(n, m) bool: where codes are not zero."""
        return self.Z.toarray() != 0

    @cached_property
    def radius(self) -> float:
        """max |r| / lam over samples of positive weight: at most 1 exactly at the wide limit (G2)."""
        return float(np.linalg.norm(self.R[self.problem.weights > 0], axis=1).max() / self.problem.lam)

    def save(self, path: str | Path) -> None:
        """Write one .npz: X, weights, lam, bias, nonnegative, D, b, Z, and the numbers reported; atomically."""
        p = self.problem
        arrays: dict[str, Any] = {
            "X": p.X, "weights": p.weights, "lam": p.lam, "bias": p.bias, "nonnegative": p.nonnegative,
            "D": self.D, "b": self.b, "objective": self.objective, "stationarity": self.stationarity, "kkt": self.kkt,
            "status": self.status, "restarts": self.restarts,
        }
        if p.n * self.n_atoms <= DENSE_ENTRIES:
            arrays["Z"] = self.Z.toarray()
        else:
            arrays |= {"Z_data": self.Z.data, "Z_indices": self.Z.indices, "Z_indptr": self.Z.indptr}
        optional = {"hessian_min": self.hessian_min, "seed": self.seed, "objectives": self.objectives}
        files.save_npz(path, arrays | {name: value for name, value in optional.items() if value is not None})

    @classmethod
    def load(cls, path: str | Path) -> Optimum:
        """Read what `save` wrote and measure it again: the file's own claims are not taken on trust.

        The Hessian is not recomputed, so a loaded optimum is 'global' or 'stationary' at most. Raises ValueError naming
        the file.
        """
        arrays = files.load_npz(path, required=["X", "weights", "lam", "D", "b", "nonnegative", "bias"])
        try:
            scalars = {name: _scalar(name, arrays[name]) for name in ("lam", "nonnegative", "bias")}
            problem = Problem(arrays["X"], weights=arrays["weights"], **scalars)
            if "Z" in arrays:
                Z: Any = arrays["Z"]
            elif {"Z_data", "Z_indices", "Z_indptr"} <= arrays.keys():
                Z = csr_array(tuple(arrays[name] for name in ("Z_data", "Z_indices", "Z_indptr")),
                              shape=(problem.n, len(arrays["D"])))
                Z.check_format(full_check=True)
            else:
                raise InputError("array Z is missing")
            known = {name: _scalar(name, arrays[name]) for name in ("restarts", "seed") if name in arrays}
            return cls.at(problem, arrays["D"], arrays["b"], Z, objectives=arrays.get("objectives"), **known)
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: {error}") from None


def _scalar(name: str, value: np.ndarray) -> Any:
    if value.ndim != 0:
        raise InputError(f"{name} must be a single value; its shape is {value.shape}")
    return value.item()
