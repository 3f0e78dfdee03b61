"""The priced score: what a new atom earns for what it costs, and its largest value over all directions (V).

At weighted residuals R, the best codes z >= 0 for an atom along the unit vector u earn <z, R u> for a price
sqrt(z' C z). Their ratio p(u) is found exactly: with residual scores g_i = <r_i, u>, r_i = R_i / a_i,

    z_i = a_i (g_i - theta)+ / t,  E[(g - theta)+] = theta t / lam^2,  p(u)^2 = E[(g - theta)+^2] / t + (theta / lam)^2,

and theta = max over k of sum_k w g / (t / lam^2 + sum_k w), sums over the k largest g. At tau = 0, p(u) = max g / lam.
R is dual feasible, and the dictionary optimal among those of every width, if and only if p <= 1 on the whole sphere.

p(u) = max of <k, u> over the convex set of k = R'z with z' C z <= 1, so where its maximum p* is at an angle e from v,
p(v) >= p* cos e. A cell of directions within e of its centre v hides nothing above p(v) / cos e. In up to three
dimensions cells are split until none can hide more than is known: the maximum is then certified, not estimated.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from testbed.bounds import certificate
from testbed.bounds.convex import Program
from testbed.checks import Array
from testbed.errors import InputError

SPHERE = 3  # dimensions in which the sphere is searched
CELLS = 1 << 15  # the most cells held at a time; what remains then widens the certified bound
WORK = 1 << 22  # scores held at a time
CLIMB = 300  # steps of an ascent at most
FINE = 1e-11  # relative width at which a cell hides nothing that matters


def scores(program: Program, R: Array, U: Array, t: float) -> tuple[Array, Array]:
    """p (k,) along unit rows of U (k, d), and the threshold theta (k,) of each; t = tau^2 in the program's units."""
    p, theta = np.empty(len(U)), np.empty(len(U))
    r, w = R / program.a[:, None], program.a**2
    rows = max(1, WORK // program.n)
    for start in range(0, len(U), rows):
        part = slice(start, start + rows)
        p[part], theta[part] = _scores(U[part] @ r.T, w, program.lam, t)
    return p, theta


def _scores(g: Array, w: Array, lam: float, t: float) -> tuple[Array, Array]:
    """`scores` from the residual scores g (k, n)."""
    if t == 0:
        theta = np.maximum(g.max(axis=1), 0)
        return theta / lam, theta
    order = np.argsort(-g, axis=1)
    sorted_w = w[order]
    sums = np.cumsum(sorted_w * g[np.arange(len(g))[:, None], order], axis=1)
    theta = np.maximum((sums / (t / lam**2 + np.cumsum(sorted_w, axis=1))).max(axis=1), 0)
    over = np.maximum(g - theta[:, None], 0)
    return np.sqrt((over * over) @ w / t + (theta / lam) ** 2), theta


def best_codes(program: Program, R: Array, u: Array, t: float) -> Array:
    """(n,) the weighted codes z >= 0 that attain p(u), up to scale."""
    g = (R @ u) / program.a
    if t == 0:
        return np.asarray((g == g.max()) * program.a)
    _, theta = scores(program, R, u[None, :], t)
    return np.asarray(program.a * np.maximum(g - theta[0], 0))


def climb(program: Program, R: Array, U: Array, t: float, steps: int = CLIMB) -> tuple[Array, Array]:
    """Local maxima of p from the unit rows of U: u <- R'z / |R'z| never lowers p, a maximum of linear functions."""
    U = U.copy()
    r, w = R / program.a[:, None], program.a**2
    g = U @ r.T
    p, theta = _scores(g, w, program.lam, t)
    for _ in range(steps if t > 0 else 1):
        codes = np.maximum(g - theta[:, None], 0) * w if t > 0 else (g == g.max(axis=1, keepdims=True)) * w
        pull = codes @ r
        length = np.sqrt((pull * pull).sum(axis=1))
        trial = np.where(length[:, None] > 0, pull / np.where(length > 0, length, 1)[:, None], U)
        g = trial @ r.T
        higher, theta = _scores(g, w, program.lam, t)
        done = (higher <= p * (1 + 1e-15)).all()
        U, p = trial, np.maximum(higher, p)
        if done:
            break
    return U, p


def search(program: Program, R: Array, t: float, cells: int = CELLS) -> tuple[float, Array]:
    """A certified upper bound on the largest priced score over all directions, and the best unit direction seen (d,).

    cells : the most held at a time; ValueError beyond three dimensions.
    """
    d = R.shape[1]
    if d > SPHERE:
        raise InputError(f"oracle: the sphere is searched in up to {SPHERE} dimensions; there are {d}")
    rounding = 1 + 4 * certificate.gamma(2 * program.n + 4 * d + 16)
    if t == 0:
        r = R / program.a[:, None]
        length = np.sqrt((r * r).sum(axis=1))
        i = int(length.argmax())
        return float(length[i] / program.lam) * rounding, r[i] / max(length[i], 1e-300)
    # cells are boxes on the 2 d faces of a cube: the face, the centre of the box in the face, and half its side
    faces = np.arange(2 * d)
    side = 1.0
    centres = np.zeros((2 * d, d - 1))
    steps = np.array(list(itertools.product((-0.5, 0.5), repeat=d - 1))).reshape(2 ** (d - 1), d - 1)
    best, hidden, top = 0.0, 0.0, np.eye(d)[0]
    while True:
        V = _on_face(faces, centres)
        p, _ = scores(program, R, V, t)
        if p.max() > best:
            best, top = float(p.max()), V[p.argmax()]
        corners = [_on_face(faces, centres + 2 * side * step) for step in steps]
        cosine = np.min([(V * corner).sum(axis=1) for corner in corners], axis=0) * (1 - 16 * certificate.ULP)
        bound = np.where(cosine > 0.1, p / np.maximum(cosine, 0.1), math.inf)
        open_ = bound > best * (1 + FINE)
        hidden = max(hidden, float(bound[~open_].max(initial=0.0)))
        if not open_.any() or d == 1 or open_.sum() * len(steps) > cells:
            break
        faces = np.repeat(faces[open_], len(steps))
        centres = (centres[open_][:, None, :] + side * steps).reshape(-1, d - 1)
        side /= 2
    return max(best, hidden, float(bound[open_].max(initial=0.0))) * rounding, top


def _on_face(faces: Array, centres: Array) -> Array:
    """Unit vectors through points of the cube's faces: face 2 k + s is the side where coordinate k is +1 or -1."""
    k = centres.shape[1] + 1
    V = np.empty((len(faces), k))
    for axis in range(k):
        rows = faces // 2 == axis
        V[rows, axis] = 1 - 2 * (faces[rows] % 2)
        V[np.ix_(rows, np.delete(np.arange(k), axis))] = centres[rows]
    return V / np.sqrt((V * V).sum(axis=1))[:, None]


def certified(program: Program, R: Array, t: float) -> tuple[float, Array, float]:
    """A lower bound on P(lam, sqrt t), the scaled R that proves it, and the largest score of R, by `search`; t > 0."""
    R, drift = certificate.centred(program, R)
    most = search(program, R, t)[0] + (drift / math.sqrt(t) if drift else 0.0)
    return *certificate.value(program, R, 1 / most if most > 0 else math.inf, drift), most
