"""Many small problems at once: `fit_many`, for sweeps and phase diagrams.

What `fit` does for one problem this does for thousands, without Python for each: the same objective, method and claims,
and the same verification by code that the solver does not share. It suits problems of some hundred samples and a
handful of atoms; beyond, `fit` is as fast and uses its threads better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from testbed import checks, verify
from testbed.checks import Array
from testbed.coding.exact import CodingError
from testbed.descent.lockstep import Lockstep
from testbed.descent.phi import normalised
from testbed.descent.revival import descend, settle
from testbed.descent.starts import draw_many
from testbed.descent.training import SEEDS, improves
from testbed.errors import InputError
from testbed.optimum import Optimum
from testbed.problem import LARGEST, SMALLEST, Problem, power_of_two_near
from testbed.threads import limited

MOST_FREE = 512  # m * d: the Hessian of each problem is formed, so these must be few
CHUNK_BYTES = 1 << 27  # held for problems worked on together

Progress = Callable[[int, Array, Array], None]


@dataclass(frozen=True, eq=False)
class Batch:
    """Optima of p problems, verified. All arrays are read-only.

    Attributes
    ----------
    X (p, n, d), weights (p, n), lam (p,), bias, nonnegative : the problems.
    D : (p, m, d) atoms of unit norm. b : (p, d). Z : (p, n, m) codes.
    objective : (p,) in squared units of X. stationarity, kkt : (p,) normalised residuals (see testbed.verify).
    hessian_min : (p,) least relative curvature (M1), NaN where none was certified.
    status : (p,) of 'global', 'local_min', 'stationary', 'unconverged', as in Optimum.
    """

    X: Array
    weights: Array
    lam: Array
    bias: bool
    nonnegative: bool
    D: Array
    b: Array
    Z: Array
    objective: Array
    stationarity: Array
    kkt: Array
    hessian_min: Array
    status: np.ndarray

    def __len__(self) -> int:
        return len(self.X)

    def optimum(self, i: int) -> Optimum:
        """The i-th problem's optimum, as `fit` returns it, measured anew."""
        problem = Problem(self.X[i], float(self.lam[i]), self.weights[i], self.bias, self.nonnegative)
        least = float(self.hessian_min[i])
        return Optimum.at(problem, self.D[i], self.b[i], self.Z[i], hessian_min=None if np.isnan(least) else least)


def fit_many(X: Any, n_atoms: int, lam: Any, bias: bool = False, nonnegative: bool = True, weights: Any = None,
             seed: int = 0, restarts: int = 1, start: Any = None, start_bias: Any = None,
             progress: Progress | None = None, threads: int | None = None) -> Batch:
    """Train a dictionary for each of p small problems to a verified optimum.

    Parameters
    ----------
    X : (p, n, d) samples, one problem a page. n_atoms : m >= 1, the same for all; m * d is at most 512.
    lam : penalty > 0, one for all or (p,). bias, nonnegative : as in `fit`.
    weights : (n,) for all or (p, n), >= 0 with sum 1 for each problem; None for 1/n each.
    seed : fixes all starts; what a problem starts from does not depend on how many follow it.
    restarts : starts tried for each problem; the best objective is kept, the earliest of those within 1e-10 of it.
    start : (p, m, d) unit-norm atoms to train from instead.
    start_bias : (p, d) where a fitted bias starts with `start`; None for the mean of the samples.
    progress : called as progress(restart, objective, stationarity) at every step, with arrays (p,): where each problem
        is in that restart, infinite before it begins.
    threads : how many work at most; None for as many as numba is set to. The result is the same for any number.

    Raises TypeError or ValueError naming the argument, before any work is done; CodingError naming a problem and sample
    that could not be coded.
    """
    where = "fit_many"
    X = checks.kept(checks.real_array(where, "X", X, 3), X)
    p, n, d = X.shape
    if 0 in X.shape:
        raise InputError(f"{where}: X is empty; its shape is {X.shape}")
    m = checks.count(where, "n_atoms", n_atoms)
    if m * d > MOST_FREE:
        raise InputError(f"{where}: n_atoms * d must be at most {MOST_FREE}; it is {m * d}. Use fit for each problem")
    w = _weights(where, weights, p, n)
    penalties = _penalties(where, lam, X, w)
    bias, nonnegative = checks.flag(where, "bias", bias), checks.flag(where, "nonnegative", nonnegative)
    seed = checks.integer(where, "seed", seed, 0, SEEDS)
    restarts = checks.count(where, "restarts", restarts, high=checks.TRIALS)
    given = None if start is None else _start(where, start, p, m, d)
    beside = None if start_bias is None else _beside(where, start_bias, given is not None and bias, p, d)
    unit = np.array([power_of_two_near(value) for value in penalties])
    scaled = X / unit[:, None, None]
    shown = Shown(progress, unit)
    streams = [tuple(map(np.random.default_rng, sequence.spawn(2)))
               for sequence in np.random.SeedSequence(seed).spawn(restarts)]
    each = 16 * n * (d + 2 * min(m, d) + min(m, d) ** 2) + 32 * (m * d) ** 2
    size = max(1, CHUNK_BYTES // each)
    parts = []
    with limited(X.size * m, threads, where):
        for part in (slice(lo, lo + size) for lo in range(0, p, size)):
            chunk = scaled[part], w[part], penalties[part] / unit[part]
            origins = [given[part]] if given is not None else (draw_many(*chunk, m, *stream) for stream in streams)
            if not bias:
                offset = None
            elif beside is None:
                offset = np.einsum("ai,aik->ak", chunk[1], chunk[0])
            else:
                offset = beside[part] / unit[part, None]
            parts.append(_train(chunk, not nonnegative, offset, origins, shown, part))
    theta, Z, least = (np.concatenate(column) for column in zip(*parts, strict=True))
    D = theta[:, :m]
    b = theta[:, m] * unit[:, None] if bias else np.zeros((p, d))
    Z *= unit[:, None, None]
    seen = verify.measure_many(X, w, penalties, D, b, Z, bias, nonnegative)
    arrays = {"X": X, "weights": w, "lam": penalties, "D": np.ascontiguousarray(D), "b": b, "Z": Z,
              "objective": seen.objective, "stationarity": seen.stationarity, "kkt": seen.kkt, "hessian_min": least}
    frozen = {name: checks.frozen(array) for name, array in arrays.items()}
    return Batch(**frozen, bias=bias, nonnegative=nonnegative, status=seen.status(least))


def _penalties(where: str, lam: Any, X: Array, w: Array) -> Array:
    lam = np.full(len(X), checks.number(where, "lam", lam, 0, open_low=True)) if np.ndim(lam) == 0 else checks.vector(
        where, "lam", lam, len(X)).copy()
    largest = np.abs(X).max(axis=(1, 2))
    counted = np.where(w > 0, np.abs(X).max(axis=2), 0).max(axis=1)
    bad = (lam <= 0) | (lam > LARGEST) | (lam < 1 / LARGEST) | (largest > LARGEST) | (lam < SMALLEST * counted)
    if bad.any():
        i = int(bad.argmax())
        raise InputError(f"{where}: lam must be > 0 and in scale with X; problem {i} has lam = {lam[i]:.3g} and "
                         f"max|X| = {largest[i]:.3g}")
    return lam


def _weights(where: str, weights: Any, p: int, n: int) -> Array:
    if np.ndim(weights) < 2:
        return np.tile(checks.weights(where, weights, n), (p, 1))
    w = np.array(checks.matrix(where, "weights", weights, n))
    if len(w) != p:
        raise InputError(f"{where}: weights must have shape {(p, n)}; its shape is {w.shape}")
    wrong = (w < 0).any(axis=1) | (np.abs(w.sum(axis=1) - 1) > checks.SUM_TOLERANCE)
    if wrong.any():
        checks.weights(f"{where}: problem {wrong.argmax()}", w[wrong.argmax()], n)
    return w


def _start(where: str, start: Any, p: int, m: int, d: int) -> Array:
    D = checks.real_array(where, "start", start, 3)
    if D.shape != (p, m, d):
        raise InputError(f"{where}: start must have shape {(p, m, d)}; its shape is {D.shape}")
    checks.unit_rows(where, "start", D.reshape(-1, d), d)
    return normalised(D)


def _beside(where: str, start_bias: Any, wanted: bool, p: int, d: int) -> Array:
    """The biases (p, d) that training from `start` begins with; InputError where there is no start or no bias."""
    if not wanted:
        raise InputError(f"{where}: start_bias goes with start and bias=True: it is where the bias begins")
    b = checks.real_array(where, "start_bias", start_bias, 2)
    if b.shape != (p, d):
        raise InputError(f"{where}: start_bias must have shape {(p, d)}; its shape is {b.shape}")
    return b


class Shown:
    """What `progress` is told: the objectives and residuals (p,) of the current restart, chunk by chunk."""

    def __init__(self, progress: Progress | None, unit: Array) -> None:
        self.progress, self.unit = progress, unit
        self.objective, self.stationarity = np.full(len(unit), np.inf), np.full(len(unit), np.inf)

    def __call__(self, restart: int, part: slice, engine: Lockstep) -> None:
        if self.progress is not None:
            self.objective[part] = engine.value[engine.at] * self.unit[part] ** 2
            self.stationarity[part] = engine.stationarity[engine.at]
            self.progress(restart, self.objective.copy(), self.stationarity.copy())


def _train(chunk: tuple[Array, Array, Array], signed: bool, offset: Array | None, origins: Iterable[Array],
           shown: Shown, part: slice) -> tuple[Array, Array, Array]:
    """theta, codes and least curvatures of the problems of a chunk: the best descents, saddles escaped. offset (p, d):
    where the biases start, None where none is fitted."""
    X, w, lam = chunk
    everyone = np.arange(len(X))
    best: Lockstep | None = None
    for number, theta in enumerate(origins):
        if offset is not None:
            theta = np.concatenate([theta, offset[:, None]], axis=1)
        engine = Lockstep(X, w, lam, signed, int(offset is not None), theta)
        descend(engine, everyone, partial(shown, number, part, engine))
        if best is None:
            best = engine
        else:
            best.adopt(np.flatnonzero(improves(engine.here("value", everyone), best.here("value", everyone))), engine)
    assert best is not None
    least = settle(best, everyone, partial(shown, number, part, best))
    failed = np.argwhere(best.here("cnt", everyone) < 0)
    if len(failed):
        raise CodingError(f"problem {part.start + failed[0, 0]}: sample {failed[0, 1]} could not be coded: its atoms "
                          "are too nearly dependent")
    return best.here("theta", everyone), best.dense(everyone), least
