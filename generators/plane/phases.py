"""Two features, two atoms, no bias: every local minimum of F, what regime it is, and which is the global one.

Atoms of a local minimum lie in the plane of the features (an atom out of it gains by projection), so a dictionary is a
pair of angles (a_1, a_2) from the first feature towards the second, and F a function on the plane, with exact codes by
cases and exact derivatives (`plane.local`). Its minima are found by Newton's method from every low place of a grid.

A minimum has one of four regimes, told by its codes alone. With P(. | .) over the world's own distribution:

    merged     nothing tells the features apart: only one atom is live; or one atom is on at SERVES or more of the
               points where only the first fires and of those where only the second does; or less than 1 - SERVES of
               the points where one fires alone are coded, for both features, so that atoms stand for pairs
    absorbed   not merged, and one atom takes pairs from the other: where both features fire and are coded, it is on
               alone more often than the other is, by more than 1 - SERVES (S6, T3, T2's broken pair)
    tilted     otherwise, with an atom more than ALIGNED from its feature (T2)
    faithful   otherwise: both atoms are their features

With constant magnitudes these shares are 0 or 1 and SERVES is no choice; with varying ones it is the convention of
`properties.matching`, and `taken` is the number to look at. (A difference, because at wide angles either atom may win
the pair, by magnitudes.)
Out of scope: a fitted bias, more atoms, more features, features on one line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from generators.kernels import plane as kernels
from generators.kernels.plane import CLOSE, ROUNDING
from generators.plane.atoms import ALIGNED, SERVES, Local, binned, codes, local, lowest, two_atoms, unit
from generators.plane.data import PlaneData, Points, plane_data
from generators.world import World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

REGIMES = ("faithful", "tilted", "absorbed", "merged")
GRID = 36  # steps from one feature to the other, at which pairs are tried
FINE = 4  # grids about the lowest places, and how much finer they are
BEYOND = 0.15  # radians beyond the features, to which they are tried
MOST = 12  # low places of the grid from which Newton starts
IN_PLANE = 1e-9  # by which the norm of an atom's projection to the plane may fall short of 1
SAME = 1e-6  # radians between minima that are one
EQUAL = 1e-10  # share by which the objectives of minima differ that are equally good
ALONE = 12  # steps towards the best atom of some points
STATIONARY = 1e-11  # largest |dF/da| / lam of a minimum, but for rounding
POSITIVE = 1e-9  # least relative curvature that counts as a minimum's
BINS = 400  # points beyond which the grid is searched on binned data


class Minimum(NamedTuple):
    """A local minimum: a pair of angles in radians, ascending, nan for a dead atom (last), and what it means.

    objective: F. least: the smallest eigenvalue of the Hessian relative to E[z_j^2] + lam mu_j (M1), > 0. regime: see
    the module. taken: P(only the second atom on) - P(only the first on), where both features fire and are coded: 1 if
    the first feature is absorbed, -1 if the second is, 0 if they never are coded. tilt: the larger angle between an
    atom and its feature.
    """

    angles: tuple[float, float]
    objective: float
    least: float
    regime: str
    taken: float
    tilt: float


@dataclass(frozen=True)
class Landscape:
    """All local minima found, the lowest first. theta: the angle between the features, in radians."""

    theta: float
    minima: tuple[Minimum, ...]

    @property
    def best(self) -> Minimum:
        """The global minimum."""
        return self.minima[0]


class Family(NamedTuple):
    """A world with lam, ready to be asked for F."""

    data: PlaneData
    lam: float

    def at(self, angles: Array) -> Local:
        """F to second order at a pair of angles."""
        return local(self.data.at.data, self.lam, angles)

    def on(self, points: Points, angles: Array) -> np.ndarray:
        """(n, 2) where each atom is on."""
        return np.asarray(codes(points.X, self.lam, unit(angles)) > 0)

    @property
    def tolerance(self) -> float:
        """Largest |dF/da| that counts as zero."""
        return STATIONARY * self.lam + ROUNDING * self.data.energy


def prepare(where: str, world: World, lam: float) -> Family:
    """Check a world and lam on behalf of `where`. Raises ValueError naming what is wrong."""
    lam = checks.number(where, "lam", lam, 0, open_low=True)
    return Family(plane_data(where, world), lam)


def landscape(world: World, lam: float) -> Landscape:
    """Every local minimum of F over two atoms without bias, on a world of two features.

    That none is missed is not proved. The best was never above training from 20 random starts on 829 random worlds;
    a higher one may be missed just before it ceases to exist, where its basin is narrow. Raises ValueError for
    worlds of other than two features, with offset or noise, and where nothing is coded at this lam.
    """
    family = prepare("landscape", world, lam)
    found: list[Minimum] = []
    seen: list[Array] = []
    ends = kernels.descents(family.data.at.data, family.lam, family.data.energy, family.tolerance, _starts(family))
    for end in np.sort(ends[~np.isnan(ends[:, 0])], axis=1):
        if seen and np.abs(end - seen).max(axis=1).min() <= SAME:
            continue
        seen.append(end)
        here = family.at(end)
        named = _named(here, end)
        if all(apart(named, other.angles) > SAME for other in found):
            minimum = describe(family, end, here)
            if minimum:
                found.append(minimum)
    if not found:
        raise InputError(f"landscape: nothing is coded at lam = {lam:g}, or no minimum was found, on {world}")
    return Landscape(family.data.theta, tuple(ranked(found)))


def ranked(minima: list[Minimum]) -> list[Minimum]:
    """The lowest first; of those that are equal but for rounding, as mirror images are, the smaller first angle."""
    left, order = sorted(minima, key=lambda m: m.objective), list[Minimum]()
    while left:
        level = [m for m in left if m.objective <= left[0].objective * (1 + EQUAL)]
        order += sorted(level, key=lambda m: m.angles[0])
        left = left[len(level) :]
    return order


def regime(world: World, lam: float, D: Array) -> str:
    """The regime of any dictionary D (2, d) of two different atoms on a world of two features, optimal or not.

    Raises ValueError for other worlds and shapes, rows not of unit norm, and atoms out of the features' plane.
    """
    where = "regime"
    family = prepare(where, world, lam)
    D = checks.unit_rows(where, "D", D, world.d)
    plane = D @ family.data.basis.T
    if len(D) != 2 or np.abs(np.linalg.norm(plane, axis=1) - 1).max() > IN_PLANE:
        raise InputError(f"{where}: D must have two rows, in the plane of the features; got {len(D)} rows, the "
                         f"shortest of norm {np.linalg.norm(plane, axis=1).min():.9g} in the plane")
    angles = np.sort(np.arctan2(plane[:, 1], plane[:, 0]))
    points = family.data.at(angles, family.lam)
    on = family.on(points, angles)
    return _regime(family.data.theta, points, on, angles, bool(on.any(axis=0).all()))[0]


def distance(a: Minimum, b: Minimum) -> float:
    """The largest angle between corresponding live atoms, in radians."""
    return apart(a.angles, b.angles)


def apart(a: Array | tuple[float, float], b: Array | tuple[float, float]) -> float:
    """The same of pairs of angles; a live atom beside a dead one corresponds to the nearer of the other pair."""
    gaps = np.abs(np.subtract(a, b))
    if not np.isnan(gaps).any():
        return float(gaps.max())
    alone, other = (a, b) if np.isnan(a[1]) else (b, a)
    return float(np.nanmin(np.abs(np.asarray(other) - alone[0])))


def _starts(family: Family) -> Array:
    """Low places of a grid of pairs, of its lines on which one atom is a feature, and of finer grids about its lowest
    (an absorbed minimum may lie within a step of a tilted one); and atoms that share the patterns of firing between
    them, each best for its own: at small lam an absorbed minimum has a basin no wider than lam."""
    theta = family.data.theta
    step = theta / GRID
    points = family.data.at(np.array([0.0, theta]), family.lam)
    X, weights, _ = points
    if len(X) > BINS:
        X, weights = binned(X, weights)

    def low(a: Array, b: Array, most: int) -> list[Array]:
        first, second = np.meshgrid(a, b, indexing="ij")
        F = np.where(first < second - CLOSE, two_atoms(X, weights, family.lam, first, second), np.inf)
        return [np.array([first.flat[place], second.flat[place]]) for place in lowest(F, most)]

    margin = np.ceil(BEYOND / step)
    tried = np.arange(-margin, GRID + margin + 1) * step
    starts = low(tried, tried, MOST)
    near = np.linspace(-FINE, FINE, 2 * FINE + 1) * step / FINE
    for start in starts[:FINE]:
        starts = starts + low(start[0] + near, start[1] + near, MOST)
    starts = starts + low(np.zeros(1), tried, MOST) + low(tried, np.array([theta]), MOST)
    return np.array([*starts, np.array([0.0, theta]), *_partitions(points, family.lam)])


def _partitions(points: Points, lam: float) -> list[Array]:
    """Pairs of atoms, each the best for its own patterns of firing, for every way to share the three patterns."""
    fires: Any = points.magnitudes > 0
    first, second = fires.T
    alone, other, both = first & ~second, second & ~first, first & second
    pairs = [[_best_alone(points, mask, lam) for mask in masks]
             for masks in ((alone, second), (first, other), (alone | other, both))]
    return [np.array(pair) for pair in pairs if abs(pair[0] - pair[1]) > CLOSE]  # not where either is nan


def _best_alone(points: Points, mask: np.ndarray, lam: float) -> float:
    """The angle of one atom for some points, by steps d <- E[z x] / |E[z x]|, which lower F; nan if none is coded."""
    X, w = points.X[mask], points.weights[mask]
    d = w @ X
    for _ in range(ALONE):
        length = math.hypot(*d)
        if length == 0:
            return math.nan
        d = (w * np.maximum(X @ d / length - lam, 0)) @ X
    return math.atan2(d[1], d[0]) if d.any() else math.nan


def settle(family: Family, start: Array) -> Minimum | None:
    """The local minimum to which Newton's method descends from a pair of angles; None at saddles and flat places."""
    angles = np.where(np.isnan(start), _silent(family, start[0]), start)
    *end, slope = kernels.descend(family.data.at.data, family.lam, family.data.energy, family.tolerance,
                                  float(angles[0]), float(angles[1]))
    return describe(family, np.sort(end)) if slope <= family.tolerance else None


def _silent(family: Family, live: float) -> float:
    """An angle at which an atom never fires, whatever the data, and not opposite to the live one."""
    behind = family.data.theta / 2 + np.pi
    return behind if abs(live + np.pi - behind) > CLOSE else behind + CLOSE * (np.pi - family.data.theta)


def describe(family: Family, angles: Array, here: Local | None = None) -> Minimum | None:
    """The minimum at a stationary pair of angles, ascending; None unless it is one to second order. here: F there."""
    here = family.at(angles) if here is None else here
    live = here.scale > 0
    if not live.any():
        return None
    root = np.sqrt(here.scale[live])
    least = float(np.linalg.eigvalsh(here.hessian[np.ix_(live, live)] / np.outer(root, root))[0])
    if least <= POSITIVE:
        return None
    points = family.data.at(angles, family.lam)
    on = family.on(points, angles)
    named = _named(here, angles)
    regime, taken, tilt = _regime(family.data.theta, points, on, named, bool(live.all()))
    return Minimum((float(named[0]), float(named[1])), here.objective, least, regime, taken, tilt)


def _named(here: Local, angles: Array) -> Array:
    """The angles by which a pair goes: a dead atom has no direction of its own, and comes last."""
    live = here.scale > 0
    return angles if live.all() or not live.any() else np.array([angles[live][0], np.nan])


def _regime(theta: float, points: Points, on: np.ndarray, angles: Array, alive: bool) -> tuple[str, float, float]:
    fires = points.magnitudes > 0
    both: Any = fires.all(axis=1)
    w = points.weights
    tilt = float(np.nanmax(np.abs(angles - [0, theta])))
    coded: Any = on.any(axis=1)
    pairs = both & coded
    alone = w[pairs] @ (on[pairs, 1] * 1.0 - on[pairs, 0])
    taken = float(alone / w[pairs].sum()) if pairs.any() else 0.0
    single = [mask for mask in (fires & ~both[:, None]).T if mask.any()]
    shares = [w[mask] @ on[mask] / w[mask].sum() for mask in single]
    unseen = all(w[mask] @ coded[mask] < (1 - SERVES) * w[mask].sum() for mask in single)
    if not alive or (len(shares) == 2 and np.min(shares, axis=0).max() >= SERVES) or (single and unseen):
        return "merged", taken, tilt
    if abs(taken) > 1 - SERVES:
        return "absorbed", taken, tilt
    return "faithful" if tilt <= ALIGNED else "tilted", taken, tilt
