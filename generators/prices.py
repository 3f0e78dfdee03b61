"""Exact answers under any separable price: a nested pair (T8), a correlated pair (T9), one direction with a bias (T10).

Where the optimum is known in closed form it is given so, and a search over all pairs of angles
(generators.plane.priced) has to find nothing better; elsewhere that search is the answer, polished to a root of the
slopes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from generators.laws import Feature, Product
from generators.plane import priced
from generators.plane.atoms import unit
from generators.prediction import Prediction
from generators.wide import distinct
from generators.world import World
from testbed.checks import Array
from testbed.errors import InputError
from testbed.penalties import L0, MCP, Energy, Penalty, TopK

TIE = 1e-11  # by how much a pair found by search must be better to count as better


def letting_go(lam: float, length: float, cosine: float) -> float:
    """The tau at which two points with an atom each begin to share, under Energy(lam, tau) (T8).

    The longer point, of this length, leaves the residual lam + tau z = (lam + tau length) / (1 + tau) along its atom,
    and the other's atom, at this cosine to it, comes on where that times the cosine exceeds lam (N1). inf if never.
    """
    excess = length * cosine - lam
    return lam * (1 - cosine) / excess if excess > 0 else math.inf


def merging(lam: float, X: Array, w: Array) -> tuple[float, float]:
    """The tau beyond which two atoms in the plane coincide under Energy(lam, tau), and the angle at which (T8).

    Coincident atoms share z = (<x, d> - lam)+ / (2 + tau) each, so d is where E (<x, d> - lam)+^2 is largest. Turned
    apart by eps they change F by eps^2 (E z (lam + tau z) - E[<x, u>^2; on] / tau), u across d: the codes respond, and
    those of copies have no curvature but tau (N10).
    """
    def missed(angle: float) -> float:
        return -float(w @ np.maximum(X @ unit(angle) - lam, 0) ** 2)

    grid = np.linspace(-math.pi, math.pi, 721)
    near = grid[np.argmin([missed(angle) for angle in grid])]
    angle = float(minimize_scalar(missed, bounds=(near - 0.01, near + 0.01), method="bounded",
                                  options={"xatol": 1e-13}).x)
    s, across = np.maximum(X @ unit(angle) - lam, 0), X @ unit(angle + math.pi / 2)
    wander = float(w @ (across**2 * (s > 0)))

    def room(tau: float) -> float:
        z = s / (2 + tau)
        return tau * float(w @ (z * (lam + tau * z))) - wander

    top = 1.0
    while room(top) < 0 and top < 1e12:
        top *= 2
    return (float(brentq(room, 0, top, xtol=1e-15)) if room(top) > 0 else math.inf), angle


def nested(world: World, penalty: Penalty) -> Prediction:
    """T8: a parent that always fires and a child that sometimes joins it, two atoms, no bias. Finite magnitudes.

    Constant magnitudes give two points. Under a concave price no dictionary is better than an atom for each (N8):
    absorption, F = (1 - rho) e_g(a) + rho e_g(t). Under Energy that is stationary to tau = `letting_go`; beyond it, or
    a little before, by a jump, both atoms are on at the child's point and the law N6 gives their cosine, until from
    tau = `merging` on they coincide.
    """
    codes, X, w, basis = _plane(world, "T8")
    _unique(penalty)
    lengths = np.linalg.norm(X, axis=1)
    found: Prediction | None = None
    if len(X) == 2 and penalty.concave:
        if penalty.prox(lengths).min() > 0:
            D = X / lengths[:, None]
            angles = np.arctan2(D[:, 1], D[:, 0])
            found = _told("T8", basis, np.sort(angles), float(w @ penalty.floor(lengths)), "absorbed", {},
                          "a concave price, and an atom of its own for each of two points (N8)")
    values: dict[str, Any] = {}
    if len(X) == 2 and isinstance(penalty, Energy):
        cosine = float(X[0] @ X[1] / lengths.prod())
        values = {"shares_from": letting_go(penalty.lam, float(lengths.max()), cosine),
                  "merges_from": merging(penalty.lam, X, w)[0]}
    return _best("T8", penalty, codes, X, w, basis, found, values)


def correlated(world: World, penalty: Penalty) -> Prediction:
    """T9: two orthogonal features of magnitude 1, each alone (alpha) or both (beta), two atoms, no bias.

    Under L0, and under MCP where it has saturated, the truth is optimal, F = 2 (alpha + beta) lam0, until at

        lam0 = 1/2 + alpha / (4 beta) - sqrt(1/4 + alpha^2 / (16 beta^2))

    one atom serves the pair and a single: at 45 + delta degrees, tan(2 delta) = alpha / (2 beta). Nothing tilts before.
    """
    codes, X, w, basis = _plane(world, "T9")
    _unique(penalty)
    mass = {tuple(code): p for code, p in zip(codes.tolist(), w.tolist(), strict=True)}
    alpha, beta = mass[1.0, 0.0], mass.get((1.0, 1.0), 0.0)
    free = penalty.lam0 if isinstance(penalty, L0) else None
    if isinstance(penalty, MCP) and penalty.gamma * penalty.lam <= math.cos(math.pi / 4):
        free = 0.5 * penalty.gamma * penalty.lam**2
    found = None
    values: dict[str, Any] = {}
    if free is not None:
        truth = 2 * (alpha + beta) * free
        delta = 0.5 * math.atan2(alpha, 2 * beta)
        missed = beta / 2 + alpha / 4 - 0.5 * math.hypot(beta, alpha / 2)
        values = {"breaks_from": missed / beta if beta else math.inf}
        other = (2 * alpha + beta) * free + missed
        angles, F, name = ((0.0, math.pi / 2), truth, "faithful") if truth <= other else (
            (0.0, math.pi / 4 + delta), other, "absorbed")
        found = _told("T9", basis, np.array(angles), F, name, values, "codes are free of charge once they are on")
    return _best("T9", penalty, codes, X, w, basis, found, values)


def dense(world: World, penalty: Penalty) -> Prediction:
    """T10: one direction with a fitted bias under a concave price: F = min over c of E[e_g(|s - c|)], D = (u, -u).

    No less by N8; attained, as every s is coded by +-u alone. Under L0 e_g = min(t^2/2, lam0): the best c is the mean
    of the values within sqrt(2 lam0) of it, so that the bias sits at a mode of the law and not at its median, and
    nothing asks the two atoms to fire equally often. Finite laws.
    """
    law = world.law
    if world.n_features != 1 or not isinstance(law, Product) or not isinstance(law.laws[0], Feature):
        raise InputError(f"predict: T10 is for one direction; {world} has {world.n_features}")
    if not penalty.concave or isinstance(penalty, TopK):
        raise InputError(f"predict: T10 is for concave prices; got {penalty}")
    sample = world.exact()
    s, w = sample.codes[:, 0], sample.weights

    def F(c: Array) -> Array:
        value: Array = penalty.floor(np.abs(s - c[:, None])) @ w
        return value

    starts = [s]
    if isinstance(penalty, L0):  # between the breaks the same values are near, and their mean is best
        breaks = np.sort(np.concatenate([s - penalty.unit, s + penalty.unit]))
        near = np.abs(s - 0.5 * (breaks[1:] + breaks[:-1])[:, None]) < penalty.unit
        some = near.any(axis=1)
        starts.append((near[some] * w) @ s / (near[some] @ w))
    else:
        cells = np.linspace(s.min(), s.max(), 2001)
        for low in cells[np.argsort(F(cells))[:8]].tolist():
            step = float(cells[1] - cells[0])
            starts.append(np.array([minimize_scalar(lambda c: float(F(np.array([c]))[0]), (low - step, low + step),
                                                    method="Brent", options={"xtol": 1e-12}).x]))
    tried = np.concatenate(starts)
    c = float(tried[np.argmin(F(tried))])
    plus, minus = (float(w @ (penalty.prox(np.maximum(sign * (s - c), 0)) > 0)) for sign in (1, -1))
    if not plus + minus:
        raise InputError(f"predict: T10 holds where an atom is live; none is under {penalty}")
    u = world.features[0]
    values = {"location": c, "plus_on": plus, "minus_on": minus, "live": (plus > 0) + (minus > 0),
              "median": float(np.sort(s)[np.searchsorted(np.cumsum(w[np.argsort(s)]), 0.5)])}
    return Prediction("T10", np.array([u, -u]), world.offset + c * u, float(F(np.array([c]))[0]), values, True,
                      "one direction, both signs of it are atoms, and the price is concave (N8)")


def one_sparse(world: World, penalty: Penalty) -> Prediction:
    """T1 under a concave price: each feature has an atom, F = E[e_g(a)], and no dictionary is better (N8)."""
    _unique(penalty)
    if not penalty.concave:
        raise InputError(f"predict: T1 is for concave prices; got {penalty}")
    if world.offset.any():
        raise InputError("predict: T1 is for data without offset")
    sample = world.exact()
    a = sample.codes.sum(axis=1)
    z = penalty.prox(a)
    if not z[a > 0].min() > 0:
        raise InputError(f"predict: T1 holds where every magnitude is coded; {a[a > 0].min():g} is not under {penalty}")
    return Prediction("T1", distinct(world.features), np.zeros(world.d), float(sample.weights @ penalty.floor(a)),
                      {"activity": float(sample.weights @ z)}, False,
                      "one atom per direction, a concave price, and every magnitude coded")


def _plane(world: World, statement: str) -> tuple[Array, Array, Array, Array]:
    """Of the points that are not zero: codes (n, 2), places (n, 2) in the plane, weights; and the plane's basis."""
    if world.offset.any() or world.n_features != 2:
        raise InputError(f"predict: {statement} is for two features without offset")
    sample = world.exact()
    v, f = world.features
    across = f - (v @ f) * v
    basis = np.array([v, across / np.linalg.norm(across)])
    some = sample.codes.any(axis=1)
    return sample.codes[some], (sample.X @ basis.T)[some], sample.weights[some], basis


def _unique(penalty: Penalty) -> None:
    """InputError where no optimum is singled out."""
    if isinstance(penalty, TopK) and penalty.k > 1:
        raise InputError(f"predict: under {penalty} the optimum is not unique: all atoms whose cone holds the data "
                         "cost nothing (N9)")


def _told(statement: str, basis: Array, angles: Array, F: float, name: str, values: dict[str, Any],
          because: str) -> Prediction:
    return Prediction(statement, unit(angles) @ basis, np.zeros(basis.shape[1]), F,
                      {"regime": name, "angles": angles} | values, False, because)


def _best(statement: str, penalty: Penalty, codes: Array, X: Array, w: Array, basis: Array, found: Prediction | None,
          values: dict[str, Any]) -> Prediction:
    """The closed form, unless the search finds better; then what it finds."""
    pair = priced.minima(penalty, X, w)[0]
    if found is not None and found.objective <= pair.objective + TIE:
        return found
    if pair.flat:
        raise InputError(f"predict: under {penalty} the optimum is not unique: a valley leads on from atoms at "
                         f"{np.degrees(pair.angles[0]):.1f} and {np.degrees(pair.angles[1]):.1f} degrees (N9)")
    some = int(np.argmax(codes[:, 1]))
    feature = X[some] - codes[some, 0] * np.array([1.0, 0])
    name = priced.regime(pair, codes.all(axis=1), 0.0, math.atan2(feature[1], feature[0]))
    D = unit(pair.angles)
    return Prediction(statement, D @ basis, np.zeros(basis.shape[1]), pair.objective,
                      {"regime": name, "angles": pair.angles, "cosine": float(D[0] @ D[1])} | values, False,
                      "of all pairs of angles none is better, by search")
