"""Descents that leave no atom dead while it could help, and no saddle while a way down is seen.

Between descents, dead atoms are put where they strictly lower the objective: at the sample with the longest residual,
while that exceeds lam (M3). At a stationary point the least curvature is asked for, and while it is negative, the point
is left along the direction that has it (M1).
"""

from __future__ import annotations

import numpy as np

from testbed.checks import Array
from testbed.descent import newton
from testbed.descent.curvature import ASIDE, STATIONARY
from testbed.descent.engines import Engine, Indices
from testbed.descent.phi import normalised, unit_atoms
from testbed.verify import FLAT

TARGET = 1e-12  # stationarity aimed at; testbed.verify accepts what is below its own tolerance
ROUGH = 1e-3  # stationarity at which dead atoms are looked at first
REVIVALS = 50  # rounds of re-seeding dead atoms
ESCAPES = 10  # saddles left on the way
STUCK = 1e-10  # stationarity above which what Newton's method leaves is not accepted (see testbed.verify)
NEAR = 1e-4  # distance of atoms that may be one


def descend(engine: Engine, who: Indices, report: newton.Report) -> None:
    """To stationarity, with no dead atom left while one could lower the objective."""
    target = np.full(len(engine.lam), ROUGH)
    for _ in range(REVIVALS):
        newton.minimise(engine, who, target, report)
        revived = revive(engine, who)
        stuck = ~revived & (target[who] == TARGET) & (engine.here("stationarity", who) > STUCK)
        if stuck.any():
            revived[stuck] = unite(engine, who[stuck])
        done = ~revived & (target[who] == TARGET)
        target[who[~revived]] = TARGET
        who = who[~done]
        if not len(who):
            break
    else:
        engine.ended[who] = f"{REVIVALS} rounds of moving atoms did not suffice"


def revive(engine: Engine, who: Indices) -> np.ndarray:
    """Put dead atoms along the longest residuals: each strictly lowers F while |r| > lam (G2). Whether it did.

    Of another penalty the threshold stands for lam: up to there a code of one more atom is zero.
    """
    revived = np.zeros(len(who), bool)
    dead = engine.here("mu", who) == 0
    some = np.flatnonzero(dead.any(axis=1))
    if not len(some):
        return revived
    dead, chosen = dead[some], who[some]
    directions, found = longest_residuals(engine.here("R", chosen), engine.w[chosen], engine.threshold[chosen],
                                          dead.sum(axis=1))
    theta = engine.here("theta", chosen).copy()
    rank = dead.cumsum(axis=1) - 1
    a, j = np.nonzero(dead & (rank < found[:, None]))
    theta[a, j] = directions[a, rank[a, j]]
    useful = found > 0
    some, chosen = some[useful], chosen[useful]
    if not len(chosen):
        return revived
    engine.evaluate(chosen, unit_atoms(theta[useful], engine.m))
    lower = engine.tried("value", chosen) < engine.here("value", chosen)
    engine.take(chosen[lower])
    revived[some[lower]] = True
    return revived


def unite(engine: Engine, who: Indices) -> np.ndarray:
    """Put atoms that nearly coincide at their common place, where phi does not rise by it: whether atoms moved.

    Where more atoms than the data have directions gather at one, phi has a kink within rounding of every point, and
    Newton's method stops short of it. Where they coincide it is smooth: a sample uses one of them.
    """
    D, mu = engine.here("theta", who)[:, : engine.m], engine.here("mu", who)
    problem = np.arange(len(who))[:, None]
    gap = np.sqrt(((D[:, :, None] - D[:, None]) ** 2).sum(axis=3))
    leader = (gap < NEAR).argmax(axis=2)  # the first atom near each
    theirs = leader[:, None, :] == np.arange(engine.m)[:, None]  # (a, leaders, atoms)
    weight = mu + 1e-20 * mu.max(axis=1, keepdims=True)  # dead atoms have a place too, where they are alone
    centres = np.einsum("alj,aj,ajk->alk", theirs / weight.max(axis=1)[:, None, None], weight, D)[problem, leader]
    several = (theirs.sum(axis=2) > 1)[problem, leader]
    theta = engine.here("theta", who).copy()
    theta[:, : engine.m] = np.where(several[..., None], normalised(centres), D)
    apart = (theta[:, : engine.m] != D).any(axis=(1, 2))
    who, theta = who[apart], theta[apart]
    if len(who):
        engine.evaluate(who, unit_atoms(theta, engine.m))
        value = engine.here("value", who)
        kept = engine.tried("value", who) <= value + newton.NOISE * np.abs(value)
        engine.take(who[kept])
        apart[apart] = kept
    return apart


def longest_residuals(R: Array, w: Array, lam: Array, count: np.ndarray) -> tuple[Array, np.ndarray]:
    """r/|r| of the longest residuals above lam, each where those before do not help: at most count (a,) of them.

    R (a, n, d), w (a, n), lam (a,). Returns unit rows (a, most, d), and how many of them there are for each problem.
    """
    length = np.sqrt((R * R).sum(axis=2)) * (w > 0)
    left = np.where(length > lam[:, None] * (1 + 1e-9), length, 0.0)
    directions, found = np.zeros((len(R), min(count.max(), R.shape[1]), R.shape[2])), np.zeros(len(R), np.int64)
    on = np.arange(len(R))
    for k in range(directions.shape[1]):
        longest = left[on].argmax(axis=1)
        going = (left[on, longest] > 0) & (count[on] > k)
        on, longest = on[going], longest[going]
        if not len(on):
            break
        directions[on, k] = R[on, longest] / length[on, longest][:, None]
        some = slice(None) if len(on) == len(R) else on
        cosine = (R[some] * directions[on, k][:, None]).sum(axis=2) / np.where(length[on] > 0, length[on], 1)
        left[on] = np.where(cosine > 0.9, 0.0, left[on])
        found[on] += 1
    return directions, found


def settle(engine: Engine, who: Indices, report: newton.Report) -> Array:
    """Leave saddles: while the least curvature is negative, step along it and descend again.

    Least curvatures (p,) of where the problems end, NaN where none is certified.
    """
    least = np.full(len(engine.lam), np.nan)
    for _ in range(ESCAPES):
        who = who[engine.here("stationarity", who) <= STATIONARY]
        if not len(who):
            break
        least[who], directions = engine.lowest(who)
        bent = least[who] < -FLAT
        who, directions = who[bent], directions[bent]
        if not len(who):
            break
        who = who[escape(engine, who, directions)]
        if not len(who):
            break
        descend(engine, who, report)
        least[who] = np.nan
    return least


def escape(engine: Engine, who: Indices, directions: Array) -> np.ndarray:
    """Go to the lowest of a few points along each direction, both ways, if it is lower: whether it was."""
    origin, value = engine.here("theta", who), engine.here("value", who)
    size = np.sqrt((directions * directions).sum(axis=2).max(axis=1))

    def along(step: Array, some: Indices) -> Array:
        return unit_atoms(origin[some] + (step / size[some])[:, None, None] * directions[some], engine.m)

    everyone = np.arange(len(who))
    seen = np.empty((len(ASIDE), len(who)))
    for k, step in enumerate(ASIDE):
        engine.evaluate(who, along(np.full(len(who), step), everyone))
        seen[k] = np.where(np.isfinite(engine.tried("value", who)), engine.tried("value", who), np.inf)
    best = seen.argmin(axis=0)
    lower = seen[best, everyone] < value * (1 - 1e-15)
    if lower.any():  # the place where steps are tried holds the last of them: try the best again
        engine.evaluate(who[lower], along(np.array(ASIDE)[best[lower]], everyone[lower]))
        engine.take(who[lower])
    return lower
