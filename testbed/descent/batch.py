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

from testbed import checks, tables, verify
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

    `batch.optimum(i)` is one of them; `batch.table(density=p)` all by name, a row a problem; `properties.check(batch)`
    asks every statement of every one.

    Attributes
    ----------
    X (p, n, d), weights (p, n), lam (p,), bias, nonnegative : the problems.
    D : (p, m, d) atoms of unit norm. b : (p, d). Z : (p, n, m) codes.
    objective : (p,) in squared units of X. stationarity, kkt : (p,) normalised residuals (see testbed.verify).
    hessian_min : (p,) least relative curvature (M1), NaN where none was certified.
    status : (p,) of 'global', 'local_min', 'stationary', 'unconverged', as in Optimum.
    reason : (p,) why one is unconverged, in words; '' for the others.
    shape : how the problems were arranged, (p,) or several axes in C order.
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
    reason: np.ndarray
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        counts = ", ".join(f"{int((self.status == word).sum())} {word}" for word in np.unique(self.status))
        arranged = " × ".join(map(str, self.shape))
        return f"Batch({arranged} problems of {self.X.shape[1]} samples, {self.D.shape[1]} atoms: {counts})"

    def table(self, **axes: Any) -> np.ndarray:
        """(p,) record array, a row a problem, in order.

        axes : columns to put in front, such as the parameters of worlds: each broadcasts against `shape`. Then: lam;
        objective, floor (squared units of X), activity E[sum |z|] (units of X), codes (a sample), live (atoms), radius
        max|r| / lam; status, stationarity, kkt. Raises InputError for an axis that does not fit, or has the name of
        another column.
        """
        w = self.weights
        R = self.X - self.b[:, None] - self.Z @ self.D
        counted = np.where(w > 0, np.linalg.norm(R, axis=2), 0)
        mu = np.einsum("ai,aij->aj", w, np.abs(self.Z))
        found = {
            "lam": self.lam, "objective": self.objective,
            "floor": [Problem(X, float(lam), v, self.bias, self.nonnegative).floor
                      for X, lam, v in zip(self.X, self.lam, w, strict=True)],
            "activity": mu.sum(axis=1), "codes": np.einsum("ai,aij->a", w, (self.Z != 0).astype(float)),
            "live": (mu > 0).sum(axis=1), "radius": counted.max(axis=1) / self.lam, "status": self.status,
            "stationarity": self.stationarity, "kkt": self.kkt,
        }
        for name, value in axes.items():
            if name in found:
                raise InputError(f"table: {name} is a column already")
            try:
                axes[name] = np.broadcast_to(value, self.shape).ravel()
            except ValueError:
                raise InputError(f"table: {name} must broadcast to {self.shape}, the shape of the batch; its shape is "
                                 f"{np.shape(value)}") from None
        return tables.tidy(axes | found)

    def optimum(self, i: int | tuple[int, ...]) -> Optimum:
        """The i-th problem's optimum, as `fit` returns it, measured anew. i : its number, or its place in `shape`."""
        if isinstance(i, tuple):
            i = int(np.arange(len(self)).reshape(self.shape)[i])
        problem = Problem(self.X[i], float(self.lam[i]), self.weights[i], self.bias, self.nonnegative)
        least = float(self.hessian_min[i])
        return Optimum.at(problem, self.D[i], self.b[i], self.Z[i], hessian_min=None if np.isnan(least) else least)


def fit_many(X: Any, n_atoms: int, lam: Any, bias: bool = False, nonnegative: bool = True, weights: Any = None,
             seed: int = 0, restarts: int = 1, start: Any = None, start_bias: Any = None,
             progress: Progress | None = None, threads: int | None = None) -> Batch:
    """Train a dictionary under l1 for each of p small problems to a verified optimum.

    Problems may be arranged along several axes, for a sweep over two things at once: X (20, 1, n, d) and lam (8,) are
    160 problems, every world at every penalty. Leading axes of X, lam and weights broadcast as numpy's do, arrays of
    the Batch have the problems in C order, and its `shape` is (20, 8).

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

    Raises InputError naming the argument, before any work is done; CodingError naming a problem and sample
    that could not be coded.
    """
    where = "fit_many"
    X, lam, weights, start, start_bias, shape = _in_line(where, X, lam, weights, start, start_bias)
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
            offset = None
            if bias:
                mean = np.einsum("ai,aik->ak", chunk[1], chunk[0])
                offset = mean if beside is None else (beside / unit[:, None])[part]
            parts.append(_train(chunk, not nonnegative, offset, origins, shown, part))
    theta, Z, least, ended = (np.concatenate(column) for column in zip(*parts, strict=True))
    D = theta[:, :m]
    b = theta[:, m] * unit[:, None] if bias else np.zeros((p, d))
    Z *= unit[:, None, None]
    seen = verify.measure_many(X, w, penalties, D, b, Z, bias, nonnegative)
    arrays = {"X": X, "weights": w, "lam": penalties, "D": np.ascontiguousarray(D), "b": b, "Z": Z,
              "objective": seen.objective, "stationarity": seen.stationarity, "kkt": seen.kkt, "hessian_min": least}
    frozen = {name: checks.frozen(array) for name, array in arrays.items()}
    status = seen.status(least)
    reason = np.full(p, "", object)
    for i in np.flatnonzero(status == "unconverged"):
        reason[i] = verify.reasons(seen.kkt[i], seen.stationarity[i], seen.norms[i], ended[i])
    return Batch(**frozen, bias=bias, nonnegative=nonnegative, status=status, reason=reason, shape=shape or (p,))


def _in_line(where: str, X: Any, lam: Any, weights: Any, start: Any, start_bias: Any) -> tuple[Any, ...]:
    """Arguments as of problems along one axis, and the axes they were arranged along; None if it was one."""
    if np.ndim(X) <= 3 and np.ndim(lam) <= 1 and np.ndim(weights) <= 2:
        return X, lam, weights, start, start_bias, None
    X = checks.real_array(where, "X", X, max(np.ndim(X), 3))
    lam = checks.real_array(where, "lam", lam, np.ndim(lam))
    w = None if np.ndim(weights) < 2 else checks.real_array(where, "weights", weights, np.ndim(weights))
    leading = {"X": X.shape[:-2], "lam": lam.shape} | ({} if w is None else {"weights": w.shape[:-1]})
    try:
        shape = np.broadcast_shapes(*leading.values())
    except ValueError:
        raise InputError(f"{where}: the axes along which problems are arranged must broadcast; they are "
                         f"{', '.join(f'{axes} of {name}' for name, axes in leading.items())}") from None

    def flat(array: Any, inner: int) -> Any:
        beyond = np.shape(array)[np.ndim(array) - inner:] if inner else ()
        return np.broadcast_to(array, (*shape, *beyond)).reshape(-1, *beyond)

    for name, given, inner in (("start", start, 2), ("start_bias", start_bias, 1)):
        if given is not None and np.shape(given)[:np.ndim(given) - inner] != shape:
            raise InputError(f"{where}: {name} must have the problems' axes {shape} in front; its shape is "
                             f"{np.shape(given)}")
    start, start_bias = (None if given is None else flat(given, inner)
                         for given, inner in ((start, 2), (start_bias, 1)))
    return flat(X, 2), flat(lam, 0), weights if w is None else flat(w, 1), start, start_bias, shape


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
           shown: Shown, part: slice) -> tuple[Array, Array, Array, np.ndarray]:
    """theta, codes, least curvatures and how training ended (see `Engine`): the best descents, saddles escaped.

    offset (p, d) : where the biases start, None where none is fitted.
    """
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
    return best.here("theta", everyone), best.dense(everyone), least, best.ended
