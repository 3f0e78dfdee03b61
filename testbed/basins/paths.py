"""Paths of optima: many penalties, many widths, or both at once: `path`.

F* obeys laws along both, and each law is a neighbour's dictionary put to use, so a broken law is a proof that a better
optimum was missed, and says where to start to find it. With (D, Z, b) optimal at (lam, m), and r its residual:

- another penalty (G3): F is affine in lam at fixed (D, Z, b), so F*(lam') <= F + (lam' - lam) E[sum z]. Being below
  all these tangents is concavity; two of them give that E[sum z] does not increase, and that F* does not decrease.
- a wider dictionary (G1): F*(m') <= F - 1/2 E[(<r, u> - lam)_+^2] for any unit u, m' > m (testbed.basins.moves).
- a narrower one (G1): dropping the atoms A with all codes kept, F*(m') <= F + 1/2 E|sum_A z_j d_j|^2.
- no dictionary of any width is below E[h_lam(|x - b|)] (G1), the least of which over b is a convex problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from testbed import checks, tables
from testbed.basins.moves import gain, newcomers, removal_costs
from testbed.basins.searching import search
from testbed.checks import Array
from testbed.descent.phi import Point, Reduced
from testbed.descent.training import Progress, finish, improves, train
from testbed.errors import InputError, InputTypeError
from testbed.optimum import Optimum
from testbed.problem import Problem
from testbed.threads import limited

ROUNDING = 1e-10  # excess over a bound, relative to the objective, that is no violation


@dataclass(frozen=True)
class Violation:
    """A bound that an optimum on a path breaks: a better one exists.

    point : its position on the path. source : the position whose dictionary proves it; None for the floor (G1), which
    only a wrong objective can break. statement : 'G1' or 'G3'. excess : by how much, relative to the objective.
    """

    point: int
    source: int | None
    statement: str
    excess: float


@dataclass(frozen=True, eq=False)
class Path:
    """Optima of the same data in order of penalty, and of width at each penalty.

    optima : (k,) testbed.Optimum. Derived: lams, widths, objectives, slopes, floors (k,), the violations of G1, G3, and
    `table`, all of it by name.
    """

    optima: tuple[Optimum, ...]

    @property
    def lams(self) -> Array:
        """(k,) penalties."""
        return np.array([o.problem.lam for o in self.optima])

    @property
    def widths(self) -> np.ndarray:
        """(k,) numbers of atoms."""
        return np.array([o.n_atoms for o in self.optima])

    @property
    def objectives(self) -> Array:
        """(k,) objectives, in squared units of X."""
        return np.array([o.objective for o in self.optima])

    @property
    def slopes(self) -> Array:
        """(k,) E[sum |z|], which is dF*/dlam (G3), in units of X."""
        return np.array([o.mu.sum() for o in self.optima])

    @cached_property
    def floors(self) -> Array:
        """(k,) the least objective of any dictionary of any width at each penalty (G1)."""
        least = {o.problem.lam: o.problem for o in self.optima}
        values = {lam: problem.floor for lam, problem in least.items()}
        return np.array([values[lam] for lam in self.lams])

    def table(self) -> np.ndarray:
        """(k,) record array, a row an optimum: what was asked, what was found, and how well it was verified.

        Columns: lam, n_atoms; objective, floor (squared units of X), activity E[sum |z|] (units of X), codes (a
        sample), live (atoms), radius max|r| / lam; status, stationarity, kkt.
        """
        return tables.tidy({
            "lam": self.lams, "n_atoms": self.widths, "objective": self.objectives, "floor": self.floors,
            "activity": self.slopes, "codes": [o.codes_per_sample for o in self.optima],
            "live": [int(o.live.sum()) for o in self.optima], "radius": [o.radius for o in self.optima],
            "status": [o.status for o in self.optima], "stationarity": [o.stationarity for o in self.optima],
            "kkt": [o.kkt for o in self.optima],
        })

    @cached_property
    def violations(self) -> tuple[Violation, ...]:
        """Every broken bound, each between one pair of points or of a point with its floor; empty when G1, G3 hold."""
        short = [(i, None, "G1", _share(low, o.objective)) for i, (o, low) in enumerate(
            zip(self.optima, self.floors, strict=True))]
        return tuple(_disproofs(self.optima)) + tuple(Violation(*entry) for entry in short if entry[3] > ROUNDING)


def _disproofs(optima: Sequence[Optimum]) -> list[Violation]:
    """The points above what the dictionary of another point proves to be possible."""
    found = []
    for i, o in enumerate(optima):
        for k, source in enumerate(optima):
            excess = _share(o.objective, reach(source, o.problem.lam, o.n_atoms)) if k != i else 0.0
            if excess > ROUNDING:
                found.append(Violation(i, k, "G1" if source.problem.lam == o.problem.lam else "G3", excess))
    return found


def _share(high: float, low: float) -> float:
    return float((high - low) / high) if high > 0 else 0.0


def reach(source: Optimum, lam: float, n_atoms: int) -> float:
    """An upper bound on F* at another penalty and width, from a dictionary and its codes: the laws above."""
    p = source.problem
    bound = source.objective + (lam - p.lam) * float(source.mu.sum())
    if n_atoms > source.n_atoms and lam == p.lam:
        length = np.linalg.norm(source.R, axis=1) * (p.weights > 0)
        if length.max() > lam:
            bound -= gain(source.R, p.weights, lam, source.R[length.argmax()] / length.max(), not p.nonnegative)
    elif n_atoms < source.n_atoms:
        energy = np.asarray((source.Z**2).T @ p.weights).ravel()
        dropped = np.argsort(energy, kind="stable")[: source.n_atoms - n_atoms]
        lost = source.Z[:, dropped] @ source.D[dropped]
        # <r, d_j> is the penalty at which the codes were found
        bound += 0.5 * float(p.weights @ (lost * lost).sum(axis=1)) + (p.lam - lam) * float(source.mu[dropped].sum())
    return bound


def path(X: Any, n_atoms: int | Sequence[int], lams: float | Sequence[float] | Array, bias: bool = False,
         nonnegative: bool = True, weights: Any = None, seed: int = 0, restarts: int = 4, rounds: int = 10,
         progress: Progress | None = None, threads: int | None = None) -> Path:
    """Optima along penalties, along widths, or over a grid of both, warm-started from neighbours both ways.

    Parameters
    ----------
    X, bias, nonnegative, weights, seed : as in `fit`.
    n_atoms, lams : numbers or strictly increasing sequences, one of them a sequence at least. Of two, every pair is
        solved: `objectives.reshape(len(lams), len(n_atoms))`.
    restarts : fresh starts of the `search` at every point.
    rounds : the most improvements by moves at every point, and then passes of neighbours' dictionaries over the path.
    progress : called as progress(point, objective, stationarity) at every step.
    threads : how many work at most; None for as many as numba is set to. The result is the same for any number.

    Returns
    -------
    Path. Its `violations` are empty when the bounds of G1 and G3 hold; what remains in them was not found in `rounds`.

    Raises InputError naming the argument, before any work is done.
    """
    where = "path"
    given: dict[str, Any] = {"n_atoms": n_atoms, "lams": lams}
    for name, value in given.items():
        if isinstance(value, Iterable) and not isinstance(value, Sequence | np.ndarray):
            raise InputTypeError(f"{where}: {name} must be a number or a sequence such as a list; got a "
                                 f"{type(value).__name__}")
    many = [name for name, value in given.items() if isinstance(value, Sequence) or np.ndim(value) > 0]
    if not many:
        raise InputError(f"{where}: n_atoms or lams must be a sequence, or both; got two numbers (search solves one)")
    listed = {name: list(value) if name in many else [value] for name, value in given.items()}
    widths = [checks.count(where, "n_atoms", m) for m in listed["n_atoms"]]
    penalties = [checks.number(where, "lams", lam, 0, open_low=True) for lam in listed["lams"]]
    for name in many:
        if not listed[name]:
            raise InputError(f"{where}: {name} is empty")
        if (np.diff(listed[name]) <= 0).any():
            raise InputError(f"{where}: {name} must be strictly increasing; got "
                             f"{', '.join(f'{value:g}' for value in listed[name])}")
    checks.count(where, "rounds", rounds, 0, checks.TRIALS)
    optima = []
    for number, (lam, m) in enumerate((lam, m) for lam in penalties for m in widths):
        found = search(X, m, lam, bias, nonnegative, weights, seed, restarts, rounds, _numbered(progress, number),
                       threads)
        optima.append(found.best)
    return repair(Path(tuple(optima)), rounds, progress, threads)


def repair(path: Path, rounds: int = 10, progress: Progress | None = None, threads: int | None = None) -> Path:
    """Start every point from its neighbours' dictionaries and from those that prove it too high, while any improves.

    A point is replaced only by a lower objective, verified as any other. `rounds` passes forth and back at most;
    threads as in `fit`.
    """
    rounds = checks.count("repair", "rounds", rounds, 0, checks.TRIALS)
    optima = list(path.optima)
    forth_and_back = [pair for line in _lines(path) for pair in (*pairwise(line), *pairwise(line[::-1]))]
    fresh = set(range(len(optima)))
    for _ in range(rounds):
        pairs = [pair for pair in forth_and_back if pair[0] in fresh]
        pairs += [(v.source, v.point) for v in _disproofs(optima) if v.source is not None]
        fresh = set()
        for source, target in dict.fromkeys(pairs):
            old = optima[target]
            new = transfer(optima[source], old.problem, old.n_atoms, _numbered(progress, target), threads)
            if improves(new.objective, old.objective):
                optima[target] = new
                fresh.add(target)
        if not fresh:
            break
    return Path(tuple(optima))


def _lines(path: Path) -> list[list[int]]:
    """The points of one width by penalty, and those of one penalty by width: who is whose neighbour."""
    alike = [np.flatnonzero(along == value).tolist() for along in (path.widths, path.lams)
             for value in dict.fromkeys(along.tolist())]
    return [line for line in alike if len(line) > 1]


def transfer(source: Optimum, problem: Problem, n_atoms: int, progress: Progress | None = None,
             threads: int | None = None) -> Optimum:
    """Descend from another optimum's dictionary and bias, widened by useful atoms or narrowed by useless ones.

    The objective is at most `reach(source, problem.lam, n_atoms)` up to rounding, for the same data.
    """
    phi = Reduced(problem, n_atoms)

    def report(point: Point) -> None:
        if progress is not None:
            progress(0, point.value * phi.unit**2, point.stationarity)

    with limited(phi.work, threads, "transfer"):
        theta = _resized(problem, np.vstack([source.D, source.b / phi.unit]), n_atoms)
        return finish(problem, phi, *train(phi, theta, report))


def _resized(problem: Problem, theta: Array, n_atoms: int) -> Array:
    """theta, m atoms and a bias, with n_atoms atoms, and without the bias where none is fitted."""
    D, b = theta[:-1], theta[-1:][: int(problem.bias)]
    if n_atoms < len(D):
        return _narrowed(problem, D, b, n_atoms)
    if n_atoms > len(D):
        phi = Reduced(problem, len(D))
        D = np.vstack([D, newcomers(phi, phi.at(np.vstack([D, b])).R, n_atoms - len(D))])
        D = np.vstack([D, np.repeat(D[-1:], n_atoms - len(D), axis=0)])  # copies are dead until training revives them
    return np.vstack([D, b])


def _narrowed(problem: Problem, D: Array, b: Array, n_atoms: int) -> Array:
    """Without the atom of least removal cost, again and again; or without those of least E[z_j^2] if better."""
    phi = Reduced(problem, len(D))
    point = phi.at(np.vstack([D, b]))
    energy = point.curvature[: len(D)] - point.pull
    kept = np.delete(D, np.argsort(np.where(point.mu > 0, energy, 0), kind="stable")[: len(D) - n_atoms], axis=0)
    while len(D) > n_atoms:
        D = np.delete(D, removal_costs(phi, point).argmin(), axis=0)
        phi = Reduced(problem, len(D))
        point = phi.at(np.vstack([D, b]))
    return min(point, phi.at(np.vstack([kept, b])), key=lambda trial: trial.value).theta


def _numbered(progress: Progress | None, number: int) -> Progress | None:
    if progress is None:
        return None
    return lambda _, objective, stationarity: progress(number, objective, stationarity)
