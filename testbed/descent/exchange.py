"""Atoms that are worth little go, several at once, to where new ones help most: `exchange`.

What an atom is worth is what phi rises by when it is taken away, and only the samples that use it are coded anew for
that. Where a new one helps is seen in the residuals that are left when the others have gone: a new atom u lowers phi by
at least 1/2 E[(<r, u> - lam)_+^2], a convex function, which u <- gradient / |gradient| climbs from many samples side by
side. All of it at a penalty of L1, and codes that are not signed.
"""

from __future__ import annotations

import numpy as np

from testbed.checks import Array
from testbed.coding.exact import Coder
from testbed.descent import newton
from testbed.descent.engines import ALONE, Alone
from testbed.descent.phi import Point, Reduced, normalised

AGAIN = 5  # Newton steps after which an exchange is judged
CLIMB = 15  # steps of each climb
STARTS = 4  # climbs for each new atom
APART = 0.8  # cosine from which two climbs ended at one place


def exchange(engine: Alone, count: int, report: newton.Report) -> bool:
    """Take `count` atoms away and put new ones, descend a little, and keep that if phi is lower: whether it is."""
    phi, point = engine.phi, engine.point
    m = phi.m
    out = np.argsort(worth(phi, point), kind="stable")[:count]
    kept = np.setdiff1d(np.arange(m), out)
    theta = point.theta.copy()
    theta[out] = theta[kept[0]]  # a copy of another is worth as much as none, and the shape stays
    without = phi.at(theta, near=point)
    found = newcomers(phi, without.R, count)
    theta[out] = point.theta[out]
    theta[out[: len(found)]] = found
    trial = Alone(phi, phi.at(theta, near=without))
    newton.minimise(trial, ALONE, np.zeros(1), report, AGAIN)
    if not trial.point.value < point.value:
        return False
    engine.trial = trial.point
    engine.take(ALONE)
    return True


def worth(phi: Reduced, point: Point) -> Array:
    """(m,) by how much phi rises, exactly, when each atom is taken away; 0 for dead atoms."""
    idx, val, cnt = point.codes
    m = phi.m
    D = np.ascontiguousarray(point.theta[:m])
    G = D @ D.T
    inside = np.arange(idx.shape[1]) < cnt[:, None]
    X = phi.X - point.theta[m] if phi.extra else phi.X
    sample, place = np.nonzero(inside)
    atom = idx[sample, place]
    order = np.argsort(atom, kind="stable")
    sample, ends = sample[order], np.searchsorted(atom[order], np.arange(m + 1))
    before = _losses(point.R, val * inside, phi.lam)
    costs = np.zeros(m)
    for j in range(m):
        rows = sample[ends[j] : ends[j + 1]]
        if not len(rows) or m == 1:
            continue
        other = j - 1 if j else 1
        changed, gram = D.copy(), G.copy()
        changed[j] = D[other]
        gram[j], gram[:, j] = G[other], G[:, other]
        gram[j, j] = G[other, other]
        coder = Coder(len(rows), D.shape[1], m, phi.lam, nonnegative=True)
        coder.restore((idx[rows], val[rows], cnt[rows]))
        part = np.ascontiguousarray(X[rows])
        coder.code(part, changed, gram=gram)
        Z = coder.sparse(m)
        after = _losses(part - Z @ changed, Z.sum(axis=1)[:, None], phi.lam)
        costs[j] = max(float(phi.w[rows] @ (after - before[rows])), 0.0)
    return costs


def _losses(R: Array, Z: Array, lam: float) -> Array:
    return 0.5 * np.einsum("ik,ik->i", R, R) + lam * Z.sum(axis=1)


def newcomers(phi: Reduced, R: Array, count: int) -> Array:
    """At most `count` unit rows that are apart from one another, along which new atoms lower phi most, by residuals."""
    length = np.sqrt(np.einsum("ik,ik->i", R, R))
    first = np.argsort(-length, kind="stable")[: STARTS * count]
    first = first[length[first] > phi.lam]
    U = R[first] / length[first][:, None]
    for _ in range(CLIMB):
        step = (np.maximum(R @ U.T - phi.lam, 0) * phi.w[:, None]).T @ R
        far = np.sqrt(np.einsum("ik,ik->i", step, step))
        U = np.where(far[:, None] > 0, step / np.where(far > 0, far, 1)[:, None], U)
    gain = phi.w @ np.maximum(R @ U.T - phi.lam, 0) ** 2
    found: list[int] = []
    for i in np.argsort(-gain, kind="stable").tolist():
        if len(found) < count and not (U[found] @ U[i] > APART).any():
            found.append(i)
    return normalised(U[found])
