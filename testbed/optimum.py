"""The optimum: a dictionary with its codes on a problem, and claims that were verified.

An Optimum carries claims only as strong as what `testbed.verify` measured on its arrays. Loading a file measures its
arrays again and ignores the claims stored beside them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from testbed import checks, files
from testbed.checks import Array
from testbed.dictionary import Dictionary, atoms
from testbed.errors import InputError
from testbed.penalties import L1, parse
from testbed.problem import Problem
from testbed.verify import KKT_TOLERANCE, Progress, reasons

DENSE_ENTRIES = 1 << 25  # a file holds Z dense up to this many entries (256 MiB), and as three sparse arrays beyond


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Dictionary):
    """A dictionary (optimal or not) with codes on a problem, and measured distances from optimality.

    Attributes
    ----------
    problem, D, b : as of a Dictionary.
    Z : (n, m) scipy.sparse.csr_array of codes.
    objective : F(D, Z, b), in squared units of X.
    stationarity, kkt : normalised residuals (see testbed.verify.Measurement); 0 at an optimum.
    hessian_min : least eigenvalue of the Hessian (M1, N10) relative to its diagonal E[z_j^2] + nu_j, where nu_j is
        E[z_j g'(z_j)] (lam mu_j under l1); None if not known.
    flat : how many independent ways atoms and bias can move along which F does not change to second order (N9): where
        it is not 0, this is one of many stationary points as good; `testbed.valley` follows them. None if not known.
    status : 'global' | 'local_min' | 'stationary' | 'unconverged', as testbed.verify supports it.
    restarts, seed : how many starts were tried, from which seed; 0 and None for a dictionary that was brought.
    objectives : (restarts,) the objective each restart ended with, in order.
    ended : why training stopped short of an optimum, in words; '' where it did not, or was not done here.
    claim : what their coder says of the codes; see `coded`.
    schedule : what came before the descent that ended here, 'plain' if nothing did; '' where it was not trained here.

    Derived, computed when asked for: R, S, mu, live, G, support, radius (see Dictionary).
    """

    Z: csr_array = field()
    objective: float = field()
    stationarity: float = field()
    kkt: float = field()
    status: str = field()
    hessian_min: float | None = None
    restarts: int = 0
    seed: int | None = None
    objectives: Array | None = None
    ended: str = ""
    flat: int | None = None
    claim: str = ""
    schedule: str = ""

    @property
    def coded(self) -> str:
        """What is known of the codes: 'exact', each sample's are the minimum; 'swap', adding, dropping or swapping one
        atom does not help; 'local', they satisfy C1 (N1) and no more is known; 'off', they do not.

        'exact' by C1 and convexity, which this class sees for itself, or by what their coder claims, as 'swap' is.
        """
        if not self.kkt <= KKT_TOLERANCE:
            return "off"
        penalty = self.problem.penalty
        return "exact" if penalty.bend == 0 or penalty.convex(self.G) else self.claim or "local"

    @property
    def reason(self) -> str:
        """Why it is unconverged: which conditions do not hold, and what ended its training; '' for any other status."""
        if self.status != "unconverged":
            return ""
        return reasons(self.kkt, self.stationarity, self.measured.norms, self.ended)

    def __repr__(self) -> str:
        return f"Optimum({self.status}, objective {self.objective:.12g}, {self.n_atoms} atoms, {self.problem!r})"

    @classmethod
    def at(cls, problem: Problem, D: Any, b: Any = None, Z: Any = None, *, hessian_min: float | None = None,
           restarts: int = 0, seed: int | None = None, objectives: Array | None = None, ended: str = "",
           flat: int | None = None, claim: str = "", schedule: str = "",
           progress: Progress | None = None) -> Optimum:
        """Measure the dictionary D (m, d) on a problem; codes Z (n, m) are computed exactly if not given.

        This is how a dictionary from elsewhere (true features, a trained SAE's decoder) is asked how far from optimal
        it is. Raises InputError for atoms not of unit norm, wrong shapes, entries that are not finite, and sparse
        arrays that are not sound. progress : called as progress(done, total), in samples, while it is measured.
        """
        D, b = atoms("Optimum", problem, D, b)
        brought = Dictionary(problem, D, b)
        if Z is None:
            brought.measure(progress)  # and keeps the codes
            Z, claim = brought.Z, str(getattr(brought.coder, "claim", ""))
        else:
            Z = checks.codes("Optimum", "Z", Z, problem.n, len(D))
            vars(brought)["Z"] = Z
        seen = brought.measure(progress)
        found = cls(problem=problem, D=D, b=b, Z=Z, objective=seen.objective, stationarity=seen.stationarity,
                    kkt=seen.kkt, status=seen.status(hessian_min), hessian_min=hessian_min, restarts=restarts,
                    seed=seed, objectives=objectives, ended=ended, flat=flat, claim=claim, schedule=schedule,
                    coder=brought.coder)
        vars(found)["measured"] = seen
        return found

    def save(self, path: str | Path) -> None:
        """Write one .npz: the problem, D, b, Z, and the numbers reported; atomically.

        Data that stay in a file are not copied: in place of X stand their fingerprint and the file's name, absolute and
        as seen from the folder of `path`.
        """
        p = self.problem
        data = {"X": p.X} if p.held else {"digest": p.digest, "data": _places(p.X, Path(path))}
        arrays: dict[str, Any] = data | {
            "weights": p.weights, "lam": p.lam, "bias": p.bias, "nonnegative": p.nonnegative,
            "D": self.D, "b": self.b, "objective": self.objective, "stationarity": self.stationarity, "kkt": self.kkt,
            "status": self.status, "restarts": self.restarts,
        }
        if p.n * self.n_atoms <= DENSE_ENTRIES:
            arrays["Z"] = self.Z.toarray()
        else:
            arrays |= {"Z_data": self.Z.data, "Z_indices": self.Z.indices, "Z_indptr": self.Z.indptr}
        if not isinstance(p.penalty, L1):
            arrays["penalty"] = str(p.penalty)
        optional = {"hessian_min": self.hessian_min, "seed": self.seed, "objectives": self.objectives}
        files.save_npz(path, arrays | {name: value for name, value in optional.items() if value is not None})

    @classmethod
    def load(cls, path: str | Path, data: Any = None, progress: Progress | None = None) -> Optimum:
        """Read what `save` wrote and measure it again: the file's own claims are not taken on trust.

        data : where the data are now, a file's name or anything that Problem takes, for an optimum saved without them;
        None looks where they were. They must be the same numbers. progress : as in `at`. The Hessian is not recomputed,
        so a loaded optimum is 'global' or 'stationary' at most. Raises InputError naming the file.
        """
        arrays = files.load_npz(path, required=["weights", "lam", "D", "b", "nonnegative", "bias"])
        try:
            scalars = {name: _scalar(name, arrays[name]) for name in ("lam", "nonnegative", "bias")}
            if "penalty" in arrays:
                penalty = parse(str(_scalar("penalty", arrays["penalty"])))
                scalars = {"penalty": penalty, "bias": scalars["bias"]}
            problem = Problem(_data(Path(path), arrays, data), weights=arrays["weights"], **scalars)
            if "X" not in arrays and problem.digest != (saved := str(_scalar("digest", arrays["digest"]))):
                raise InputError(f"the data are not those it was saved with: their fingerprint is {problem.digest}, "
                                 f"not {saved}")
            if "Z" in arrays:
                Z: Any = arrays["Z"]
            elif {"Z_data", "Z_indices", "Z_indptr"} <= arrays.keys():
                Z = csr_array(tuple(arrays[name] for name in ("Z_data", "Z_indices", "Z_indptr")),
                              shape=(problem.n, len(arrays["D"])))
            else:
                raise InputError("array Z is missing")
            known = {name: _scalar(name, arrays[name]) for name in ("restarts", "seed") if name in arrays}
            return cls.at(problem, arrays["D"], arrays["b"], Z, objectives=arrays.get("objectives"),
                          progress=progress, **known)
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: {error}") from None


def _places(data: Any, saved: Path) -> list[str]:
    """The file that data are in, absolute and seen from the folder of another; nothing where they are in none."""
    path = getattr(data, "path", None) or getattr(getattr(data, "array", None), "filename", None)  # a memory map's
    if path is None:
        return [""]
    path = Path(path).resolve()
    return [str(path), os.path.relpath(path, saved.resolve().parent)]


def _data(saved: Path, arrays: dict[str, np.ndarray], data: Any) -> Any:
    """The data of a saved optimum: what the file holds, or what it says where to look for, or `data`."""
    if "X" in arrays:
        if data is not None:
            raise InputError("it holds its data; data are given only to an optimum that was saved without")
        return arrays["X"]
    if "data" not in arrays or "digest" not in arrays:
        raise InputError("array X is missing")
    if data is None:
        places = [saved.parent / name for name in arrays["data"].tolist() if name]
        data = next((place for place in places if place.exists()), None)
        if data is None:
            where = places[0] if places else "in no one file"
            raise InputError(f"its data are not there any more ({where}): say where they are (--data FILE)")
    return files.load_data(data)["X"] if isinstance(data, str | Path) else data


def _scalar(name: str, value: np.ndarray) -> Any:
    if value.ndim != 0:
        raise InputError(f"{name} must be a single value; its shape is {value.shape}")
    return value.item()
