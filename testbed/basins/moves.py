"""Moves between basins of phi: what an atom is worth, where another would help most, and the moves made of the two.

At any dictionary with exact codes, by keeping the codes of all other atoms (b fixed; signed codes: |.|):

- taking atom j away raises phi by at most 1/2 E[z_j^2]: there r becomes r + z_j d_j, and <r, d_j> = lam by C1;
- a new atom u lowers phi by at least 1/2 E[(<r, u> - lam)_+^2], its own best response to the residual. So
  u = r/|r| strictly helps while |r| > lam (G2, M3);
- splitting live atom j into d_j +/- eps u lowers phi by eps E[z_j |<u, r>|] to first order (M2).

The first two bracket F*(m) - F*(m + 1). The last two are maxima of convex functions over a sphere, which the iteration
u <- gradient / |gradient| climbs monotonically, to a local maximum: several starts are tried, and what is found is a
lower bound on the maximum. (E[z_j |<u, r>|] is the objective of principal components in the l1 norm: hard in general.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.descent.phi import Point, Reduced, normalised
from testbed.descent.revival import longest_residuals

STARTS = 4  # of each climb
CLIMB = 60  # steps of each at most: it usually ends, exactly, after a handful
SPLIT_ANGLES = (0.3, 0.1, 0.03, 0.01)  # angles at which a split is tried, in radians
DONORS, PLACES = 4, 3  # relocations tried
TRIES = 3  # splits tried, and merges


def splitting(Z: csr_array, R: Array, D: Array, w: Array) -> tuple[Array, Array]:
    """M2: for every atom the largest E[|z_j| |<u, r>|] found over unit u orthogonal to d_j, and that u.

    Z (n, m) codes, R (n, d) residuals, D (m, d) atoms, w (n,) weights. Returns slopes (m,) and directions (m, d), both
    zero for dead atoms, in d = 1, and where r is along d_j wherever j is on.
    """
    slopes, directions = np.zeros(len(D)), np.zeros_like(D)
    columns = Z.tocsc()
    for j, d in enumerate(D):
        place = slice(columns.indptr[j], columns.indptr[j + 1])
        rows = columns.indices[place]
        T = R[rows] - (R[rows] @ d)[:, None] * d
        pull = w[rows] * np.abs(columns.data[place])
        length = np.sqrt((T * T).sum(axis=1))
        for i in np.argsort(-pull * length, kind="stable")[:STARTS]:
            if pull[i] * length[i] == 0:
                break
            slope, u = _widest(T, pull, T[i])
            if slope > slopes[j]:
                slopes[j], directions[j] = slope, u
    return slopes, directions


def _widest(T: Array, pull: Array, u: Array) -> tuple[float, Array]:
    """A local maximum of sum_i pull_i |<u, t_i>| over the unit sphere, from u."""
    return _climb(lambda u: float(pull @ np.abs(T @ u)), lambda u: (pull * np.sign(T @ u)) @ T, u)


def gain(R: Array, w: Array, lam: float, u: Array, signed: bool) -> float:
    """1/2 E[(<r, u> - lam)_+^2]: the least by which a new atom u (d,) lowers phi."""
    return 0.5 * float(w @ _excess(R, lam, u, signed) ** 2)


def newcomers(phi: Reduced, R: Array, count: int) -> Array:
    """At most `count` unit rows along which new atoms strictly lower phi, given residuals R; none iff max|r| <= lam.

    Each is the best of several climbs from the longest residuals that those before it leave (G2).
    """
    found: list[Array] = []
    while len(found) < count and len(starts := _longest(phi, R)):
        found.append(max((_newest(phi, R, start) for start in starts), key=lambda climb: climb[0])[1])
        R = R - _excess(R, phi.lam, found[-1], phi.coder.signed)[:, None] * found[-1]
    return normalised(np.array(found).reshape(-1, R.shape[1]))


def _longest(phi: Reduced, R: Array) -> Array:
    directions, found = longest_residuals(R[None], phi.w[None], np.array([phi.lam]), np.array([STARTS]))
    return directions[0, : found[0]]


def _newest(phi: Reduced, R: Array, u: Array) -> tuple[float, Array]:
    """A local maximum of `gain` over the unit sphere, from u."""
    signed = phi.coder.signed
    return _climb(lambda u: gain(R, phi.w, phi.lam, u, signed),
                  lambda u: (phi.w * _excess(R, phi.lam, u, signed)) @ R, u)


def removal_costs(phi: Reduced, point: Point) -> Array:
    """(m,) by how much phi rises, exactly, when each atom is taken away; 0 for dead atoms, inf for an only one."""
    if phi.m == 1:
        return np.full(1, np.inf)
    costs = np.zeros(phi.m)
    for j in np.flatnonzero(point.mu > 0).tolist():
        costs[j] = max(phi.at(_without(phi, point.theta, j), near=point).value - point.value, 0.0)
    return costs


def proposals(phi: Reduced, point: Point) -> Iterator[tuple[str, Array]]:
    """Named starts (m + extra, d) in other basins than the point's; none where max|r| <= lam, a global minimum.

    relocate : one of the least useful atoms, by removal cost (a dead one costs nothing), goes to one of the places
        where a new one helps most: every pair of DONORS and PLACES, the most promising first.
    split : of the atoms that gain most by it, M2's copies; the second atom comes from the least useful one.
    merge : two of the most similar atoms become one, and the freed atom goes where a new one helps most.
    """
    places = newcomers(phi, point.R, PLACES)
    if not len(places):
        return
    costs = removal_costs(phi, point)
    useless = np.argsort(costs, kind="stable").tolist()
    pairs = [(j, k) for j in range(min(DONORS, phi.m)) for k in range(len(places))]
    for j, k in sorted(pairs, key=sum):
        yield "relocate", _with(phi, point.theta, useless[j], places[k])
    if phi.m > 1:
        yield from _splits(phi, point, useless)
        yield from _merges(phi, point)


def _splits(phi: Reduced, point: Point, useless: list[int]) -> Iterator[tuple[str, Array]]:
    phi.coder.restore(point.codes)
    slopes, directions = splitting(phi.coder.sparse(phi.m), point.R, point.theta[: phi.m], phi.w)
    promise = slopes**2 / point.curvature[: phi.m]  # the depth of -slope eps + 1/2 curvature eps^2
    for j in np.argsort(-promise, kind="stable")[:TRIES].tolist():
        if slopes[j] <= 1e-12 * phi.lam * point.mu[j]:  # rounding: r is along d_j wherever j is on
            return
        donor = useless[0] if useless[0] != j else useless[1]
        tried = []
        for eps in SPLIT_ANGLES:
            theta = _with(phi, point.theta, donor, point.theta[j] - eps * directions[j])
            tried.append(phi.at(_with(phi, theta, j, point.theta[j] + eps * directions[j]), near=point))
        yield "split", min(tried, key=lambda trial: trial.value).theta


def _merges(phi: Reduced, point: Point) -> Iterator[tuple[str, Array]]:
    D = point.theta[: phi.m]
    live = np.flatnonzero(point.mu > 0)
    cosine = np.triu(D[live] @ D[live].T, 1)
    nearness = np.triu(np.abs(cosine) if phi.coder.signed else cosine + 2, 1)
    for place in np.argsort(-nearness, axis=None, kind="stable")[: min(TRIES, len(live) * (len(live) - 1) // 2)]:
        a, b = np.unravel_index(place, cosine.shape)
        j, k = int(live[a]), int(live[b])
        sign = -1.0 if phi.coder.signed and cosine[a, b] < 0 else 1.0
        both = point.mu[j] * D[j] + sign * point.mu[k] * D[k]
        if both @ both < 1e-12 * point.mu[j] ** 2:
            continue
        theta = _without(phi, _with(phi, point.theta, j, both), k)
        freed = newcomers(phi, phi.at(theta, near=point).R, 1)
        if len(freed):
            yield "merge", _with(phi, theta, k, freed[0])


def _with(phi: Reduced, theta: Array, j: int, atom: Array) -> Array:
    """theta with its j-th atom replaced."""
    changed = theta.copy()
    changed[j] = atom
    changed[: phi.m] = normalised(changed[: phi.m])
    return changed


def _without(phi: Reduced, theta: Array, j: int) -> Array:
    """theta with atom j made a copy of another: worth as much as none, and the shape stays."""
    return _with(phi, theta, j, theta[j - 1 if j else 1])


def _climb(value: Callable[[Array], float], gradient: Callable[[Array], Array], u: Array) -> tuple[float, Array]:
    """A local maximum over the unit sphere of a convex function, from u: (maximum, unit vector)."""
    u = u / np.sqrt(u @ u)
    top = value(u)
    for _ in range(CLIMB):
        step = gradient(u)
        step = step / np.sqrt(step @ step)
        higher = value(step)
        if higher <= top * (1 + 1e-15):
            break
        top, u = higher, step
    return top, u


def _excess(R: Array, lam: float, u: Array, signed: bool) -> Array:
    """The code of a new atom u given the residuals: (<r, u> - lam)_+, and with its sign if codes are signed."""
    along = R @ u
    if signed:
        return np.sign(along) * np.maximum(np.abs(along) - lam, 0)
    return np.maximum(along - lam, 0)
