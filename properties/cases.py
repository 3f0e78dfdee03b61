"""Optima known in closed form: the extremal cases of the statements.

Inequalities are almost never tight at random, so a wrong constant in one passes every random test. Each case here
leaves its statements no slack. Derivations are ours, from the optimisation problem; see docs/theory.md.
"""

from __future__ import annotations

import numpy as np

from testbed.optimum import Optimum
from testbed.penalties import L1, Energy, Penalty
from testbed.problem import Problem


def threshold() -> Optimum:
    """One atom u, and x = lam u, 2 lam u, -3 lam u: a score of 1 with nothing on, of 1 with z = lam, and of -3.

    The first sits exactly where the atom starts to fire, and the last shows that scores are bounded on one side only.
    """
    lam, u = 0.5, np.array([0.6, 0.8])
    X = lam * np.array([[1.0], [2.0], [-3.0]]) * u
    return Optimum.at(Problem(X, lam), u[None, :], Z=lam * np.array([[0.0], [1.0], [0.0]]))


def correlated_pair(psi: float = 0.05, lam: float = 0.1, tau: float = 0.0) -> Optimum:
    """T2 with its probabilities solved for: x = e1, e2 (alpha each) or e1 + e2 (beta), atoms tilted inwards by psi.

    Alone, e1 is coded by z = (cos psi - lam) / (1 + tau), tau = 0 under L1 and above it under Energy; together both
    atoms are on with z = (s - lam) / (s^2 + tau), s = cos psi + sin psi, and the residual (1 - s z) (1, 1). Balance of
    the two pulls on an atom (S1, N2) fixes alpha/beta. In the plane a residual has only one direction in which to leave
    its atom, which makes S6 an equality.
    """
    cos, sin = np.cos(psi), np.sin(psi)
    s = cos + sin
    alone, both = (cos - lam) / (1 + tau), (s - lam) / (s * s + tau)
    ratio = both * (1 - s * both) * (cos - sin) / (alone * sin)
    beta = 1 / (1 + 2 * ratio)
    problem = Problem(np.array([[1.0, 0], [0, 1], [1, 1]]), weights=np.array([ratio, ratio, 1]) * beta,
                      penalty=Energy(lam, tau) if tau else L1(lam))
    return Optimum.at(problem, np.array([[cos, sin], [sin, cos]]), Z=np.array([[alone, 0], [0, alone], [both, both]]))


def nested_pair(penalty: Penalty, parent: float, child: float, alone: float = 1.0, rho: float = 0.4) -> Optimum:
    """A point that the parent's atom codes alone, and one on which the child's atom is on as well, at stationarity.

    The child's atom codes one point, so the residual there is g'(child) d_2, and its score with the parent's atom must
    be g'(parent): cosine G = g'(parent) / g'(child), the nesting law (N6). Across d_1 it pulls the parent's atom, and
    the residual of the other point, of weight 1 - rho and with the code `alone`, pulls back. Codes parent, child > 0 at
    slopes of which the first is the smaller.
    """
    slope = penalty.slope(np.array([parent, child, alone]))
    G = slope[0] / slope[1]
    d, across = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    e = G * d + np.sqrt(1 - G * G) * across
    both = slope[1] * e
    single = slope[2] * d - rho / (1 - rho) * parent / alone * (both @ across) * across
    X = np.array([alone * d + single, parent * d + child * e + both])
    problem = Problem(X, weights=np.array([1 - rho, rho]), penalty=penalty)
    return Optimum.at(problem, np.array([d, e]), Z=np.array([[alone, 0.0], [parent, child]]))


def co_firing(nonnegative: bool = True) -> Optimum:
    """Exact codes with no slack in C4: the residual lam D_A' G_A^-1 sign(z_A) lies in the span of the support A.

    Three atoms at unequal angles; supports of one, two and three of them.
    The dictionary is not stationary: C4 needs none.
    """
    lam = 0.25
    D = np.array([[1, 0, 0], [0.6, 0.8, 0], [0.0, -0.28, 0.96]])
    signs = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 1, 1], [1, 1, 1]])
    if not nonnegative:
        signs *= [1, -1, 1]
    X = []
    for sign in signs:
        A = np.flatnonzero(sign)
        r = lam * np.linalg.solve(D[A] @ D[A].T, sign[A]) @ D[A]
        X.append(r + sign @ D)
    return Optimum.at(Problem(np.array(X), lam, nonnegative=nonnegative), D, Z=signs)


def antipodal_pair(lam: float = 0.25) -> Optimum:
    """Atoms u and -u about a fitted bias b: x - b = u (half the time), -u and -lam u (a quarter each).

    The last sample is silent with a score of exactly 1 for -u: it balances the bias, 1/2 lam - 1/4 lam - 1/4 lam = 0,
    without firing. So P(u) - P(-u) = P(neither), and (1 - G) mu_1 = max{z_1 : z_2 = 0}: B2 and B3 have no slack.
    """
    u, b = np.array([0.6, 0.8]), np.array([3.0, -2.0])
    X = b + np.array([[1.0], [-1.0], [-lam]]) * u
    Z = np.array([[1 - lam, 0], [0, 1 - lam], [0, 0]])
    return Optimum.at(Problem(X, lam, weights=np.array([0.5, 0.25, 0.25]), bias=True), np.array([u, -u]), b, Z)


def shrinkage_bias(p: float = 0.2, lam: float = 0.25) -> Optimum:
    """T5 with P(on) = p < 1/2: x = u or 0, one atom u, and a bias lam p / (1 - p) u that makes up for shrinkage.

    Whenever u is on the residual is lam u; the bias is where the silent samples cancel that: p lam u - (1 - p) b = 0.
    """
    u = np.array([0.6, 0.8])
    b = lam * p / (1 - p) * u
    problem = Problem(np.array([u, 0 * u]), lam, weights=np.array([p, 1 - p]), bias=True)
    return Optimum.at(problem, u[None, :], b, np.array([[1 - lam / (1 - p)], [0.0]]))
