"""Two features that fire alone or together (T2): the smallest world in which correlation tilts the atoms.

Small lam: both atoms tilt inwards, mirror images of each other. At a critical lam the optimum jumps to another branch,
where the symmetry is broken: one atom sits on a single exactly, the other serves the pair and the other single.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from generators import arguments, prices
from generators.laws import Patterns
from generators.magnitudes import constant
from generators.plane.atoms import best_angles, two_atoms
from generators.prediction import Prediction
from generators.world import World
from testbed import checks
from testbed.errors import InputError

__all__ = ["best_angles", "broken", "correlated_pair", "critical_lam", "tilted", "two_atoms"]

TIE = 1e-11  # by how much another pair of atoms must be better to count as better
ANGLES = np.linspace(0, math.pi / 4, 361)  # where sign changes of the slopes are looked for


class Branch(NamedTuple):
    """A stationary pair of atoms: F, and its angle in radians (psi for the tilted branch, delta for the broken one)."""

    objective: float
    angle: float


def correlated_pair(alpha: float = 0.4, beta: float = 0.2) -> World:
    """Two orthogonal features of magnitude 1: each alone with probability alpha, both with probability beta (T2).

    2 alpha + beta <= 1; with the rest nothing fires. predict (no bias, two atoms): T2; another penalty: T9.
    """
    where = "correlated_pair"
    alpha = checks.number(where, "alpha", alpha, 0, 0.5, open_low=True)
    beta = checks.number(where, "beta", beta, 0, 1)
    rest = 1 - 2 * alpha - beta
    if rest < -arguments.SUM_SLACK:
        raise InputError(f"{where}: 2 alpha + beta must be at most 1; got {2 * alpha + beta:g}")
    patterns = np.array([[True, False], [False, True], [True, True], [False, False]])
    p = np.array([alpha, alpha, beta, rest if rest > arguments.SUM_SLACK else 0.0])
    law = Patterns(patterns[p > 0], p[p > 0] / p.sum(), [constant(1.0)] * 2)
    return World(law, arguments.call(where, alpha=alpha, beta=beta), theory=_pair,
                 priced=prices.correlated)


def tilted(alpha: float, beta: float, lam: float) -> Branch | None:
    """T2, symmetric: both atoms tilt inwards by psi, trading shrinkage on the pair against fit on the singles.

    d_1 = (cos psi, sin psi), d_2 its mirror image, t = 1/(cos psi + sin psi). A single is coded by its own atom alone,
    z = cos psi - lam; the pair by both, z = t (1 - lam t). By C2

        F(psi) = alpha (1 - (cos psi - lam)^2) + beta (1 - (1 - lam t)^2),

    and F'(psi) = 0 is  alpha (cos psi - lam) sin psi = beta lam t (1 - lam t) tan(pi/4 - psi).

    None where no such pair is stationary: codes must be positive, lam < cos psi, and the other atom silent on singles,
    sin psi - (cos psi - lam) sin 2 psi <= lam.
    """
    def slope(psi: float) -> float:
        t = 1 / (math.cos(psi) + math.sin(psi))
        return (alpha * (math.cos(psi) - lam) * math.sin(psi)
                - beta * lam * t * (1 - lam * t) * math.tan(math.pi / 4 - psi))

    def F(psi: float) -> float:
        c, t = math.cos(psi), 1 / (math.cos(psi) + math.sin(psi))
        return alpha * (1 - (c - lam) ** 2) + beta * (1 - (1 - lam * t) ** 2)

    roots = [psi for psi in ([0.0] if beta == 0 else _minima(slope))
             if lam < math.cos(psi) and math.sin(psi) - (math.cos(psi) - lam) * math.sin(2 * psi) <= lam]
    return min((Branch(F(psi), psi) for psi in roots), default=None)


def broken(alpha: float, beta: float, lam: float) -> Branch | None:
    """T2, symmetry broken: one atom on a single exactly, the other at pi/4 + delta for the pair and the other single.

    An atom that serves one point lies along it (S1), so d_1 = e1, with loss h_lam(1). With a = pi/4 + delta,

        F(delta) = alpha (lam - lam^2/2) + alpha/2 (1 - (sin a - lam)_+^2) + beta/2 (2 - (sqrt2 cos delta - lam)^2),

    and F'(delta) = 0 is  beta (sqrt2 cos delta - lam) sqrt2 sin delta = alpha (sin a - lam)_+ cos a.

    None where no such pair is stationary: d_1 must be silent on the pair, 1 - (sqrt2 cos delta - lam) cos a <= lam.
    """
    def slope(delta: float) -> float:
        a = math.pi / 4 + delta
        return (beta * (math.sqrt(2) * math.cos(delta) - lam) * math.sqrt(2) * math.sin(delta)
                - alpha * max(math.sin(a) - lam, 0) * math.cos(a))

    def F(delta: float) -> float:
        single = max(math.sin(math.pi / 4 + delta) - lam, 0)
        return (alpha * (lam - lam * lam / 2) + alpha / 2 * (1 - single**2)
                + beta / 2 * (2 - (math.sqrt(2) * math.cos(delta) - lam) ** 2))

    roots = [delta for delta in _minima(slope)
             if 1 - (math.sqrt(2) * math.cos(delta) - lam) * math.cos(math.pi / 4 + delta) <= lam]
    return min((Branch(F(delta), delta) for delta in roots), default=None)


def _minima(slope: Callable[[float], float]) -> list[float]:
    """Angles in [0, pi/4) where a slope changes from below zero to above it, to full precision; 0 if it starts so."""
    values = [slope(angle) for angle in ANGLES.tolist()]
    found = [0.0] if values[0] == 0 < values[1] else []
    found += [float(brentq(slope, ANGLES[i], ANGLES[i + 1], xtol=1e-16, rtol=4 * np.finfo(float).eps))
              for i in range(len(ANGLES) - 1) if values[i] < 0 < values[i + 1]]
    return found


def critical_lam(alpha: float, beta: float) -> float:
    """The lam at which the optimum of correlated_pair(alpha, beta) jumps from the tilted to the broken pair (T2).

    The root in (0, 1) of F_tilted - F_broken, by bisection to rounding: the tilted pair is better for small lam (its F
    is O(lam), the other's is not), the broken one near 1, where the pair is worth an atom of its own. Scans over lam,
    alpha and beta show one crossing each. Raises ValueError for beta = 0 (no pair, so no jump) and for probabilities
    that correlated_pair refuses.
    """
    where = "critical_lam"
    correlated_pair(alpha, beta)
    if beta == 0:
        raise InputError(f"{where}: beta must be > 0; without co-firing the atoms are the features at every lam < 1")
    low, high = 0.0, 1.0
    while high - low > np.finfo(float).eps * high:
        lam = (low + high) / 2
        if lam in (low, high):
            break
        pair, other = tilted(alpha, beta, lam), broken(alpha, beta, lam)
        if pair is not None and (other is None or pair.objective <= other.objective):
            low = lam
        else:
            high = lam
    return (low + high) / 2


def _pair(world: World, lam: float) -> Prediction:
    """T2: the better of the tilted and the symmetry-broken pair, if no other pair of atoms does better.

    Atoms lie in the plane of the data (projecting an atom onto it and normalising lowers F), so that is settled by a
    search over two angles. Of the broken pair and its mirror image, equally good, the one with d_1 = e1 is given. In
    both regimes psi is half of what the angle between the atoms falls short of a right angle.
    """
    if world.offset.any() or abs(world.features[0] @ world.features[1]) > 1e-12:
        raise InputError("predict: T2 is for orthogonal features without offset")
    if lam >= 1:
        raise InputError(f"predict: T2 holds for lam < 1, so that singles are coded; got {lam:g}")
    sample = world.exact()
    mass = {tuple(code): w for code, w in zip(sample.codes.tolist(), sample.weights, strict=True)}
    alpha, beta = mass[1.0, 0.0], mass.get((1.0, 1.0), 0.0)
    found = {"tilted": tilted(alpha, beta, lam), "broken": broken(alpha, beta, lam) if beta else None}
    known = {regime: branch for regime, branch in found.items() if branch is not None}
    rival, angles = best_angles(np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([alpha, alpha, beta]), lam)
    regime = min(known, key=lambda name: known[name].objective, default="")
    if not regime or rival < known[regime].objective - TIE:
        branches = ", ".join(f"{name} {branch.objective:.10g}" for name, branch in known.items()) or "none"
        raise InputError(f"predict: T2 holds where the tilted or the broken pair is optimal; at alpha = {alpha:g}, "
                         f"beta = {beta:g}, lam = {lam:g} their F are: {branches}, and atoms at "
                         f"{np.degrees(angles[0]):.1f} and {np.degrees(angles[1]):.1f} degrees have {rival:.10g}")
    F, angle = known[regime]
    if regime == "tilted":
        c, s = math.cos(angle), math.sin(angle)
        t = 1 / (c + s)
        D = np.array([[c, s], [s, c]])
        values = {"psi": angle, "cosine": math.sin(2 * angle), "z_single": c - lam, "z_both": t * (1 - lam * t)}
    else:
        c, s = math.cos(math.pi / 4 + angle), math.sin(math.pi / 4 + angle)
        D = np.array([[1.0, 0.0], [c, s]])
        values = {"delta": angle, "psi": (math.pi / 4 - angle) / 2, "cosine": c, "z_single": 1 - lam,
                  "z_shared": max(s - lam, 0.0), "z_both": c + s - lam}
    return Prediction("T2", D @ world.features, np.zeros(world.d), F, values | {"regime": regime}, False,
                      f"the {regime} pair is stationary, and a search over all pairs of angles finds none better")
