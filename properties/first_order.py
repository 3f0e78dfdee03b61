"""T6, the tilt: where recovery holds, d_j = f_j + lam Delta_j + O(lam^2), with a Delta that theory gives.

The convex function Phi of properties/recovery.py has for its dual a shortest-distance problem: of all residuals lam r
that exact codes (C1) and stationary atoms (S1) permit as lam -> 0,

    <r, f_j> = 1 where j is on,  <= 1 where it is off,      E[c_j r] = mu_j f_j,      (bias) E[r] = 0,

the one that occurs has the least E|r|^2. Written in scores, the conditions concern one j at a time, and can be met
exactly if every v_j is in its K_j; the least norm is what couples the features. The tilt is their multiplier: where j
is off with a score below 1, y_j = 0, and r = -(yF + c Delta) says that

    sum_k c_k A_kj (+ beta_j) = -(coefficient of f_j in r),      Delta = AF,  <Delta_j, f_j> = 0.

Signed codes: |<r, f_j>| <= 1 where j is off, and sign c_j where it is on. Example: T2, a tilt of lam beta / alpha.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import nnls

from properties.recovery import Truth, recoverable
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

TIE = 1e-9  # scores nearer to their bound than this are on it


def tilt_rate(features: Any, codes: Any, weights: Any = None, bias: bool = False, nonnegative: bool = True) -> Array:
    """Delta (k, d) of d_j = f_j + lam Delta_j + O(lam^2), in radians per unit of lam, for x = codes @ features (T6).

    Arguments as in `recoverable`; the work grows with the cube of the number of zeros in `codes`. Raises ValueError
    where T6 does not promise recovery, or a feature never fires. Source: derived from the optimisation problem (above).
    """
    where = "tilt_rate"
    truth = Truth.checked(where, features, codes, weights, bias, nonnegative)
    found = recoverable(features, codes, weights, bias, nonnegative)
    if not found.live.all():
        raise InputError(f"{where}: every feature must fire; feature {int(found.live.argmin())} never does")
    if not found.holds:
        raise InputError(f"{where}: the features must be recoverable; feature {found.worst} has margin "
                         f"{found.margin:.3g}")
    s = scores(truth)
    others = np.column_stack([truth.codes, np.ones(len(s))]) if truth.bias else truth.codes
    G = truth.features @ truth.features.T
    coefficients = np.linalg.solve(G, s.T).T
    A = np.zeros((len(G), len(G)))
    for j in range(len(G)):
        room = 1 - (s[:, j] if truth.nonnegative else np.abs(s[:, j]))
        free = (truth.codes[:, j] == 0) & (room > TIE)
        known = np.delete(others[free], j, axis=1)
        A[:, j] = np.insert(np.linalg.lstsq(known, -coefficients[free, j])[0], j, 0)[: len(G)]
    np.fill_diagonal(A, -np.einsum("jk,jk->j", A, G))
    return checks.frozen(A @ truth.features)


def scores(truth: Truth) -> Array:
    """(n, k) the scores <r, f_j> of the residual of least E|r|^2: a least-distance problem, solved by NNLS.

    With the free scores u (those of silent features), r = base + M u up to an isometry; equations E u = e are removed
    by their null space, and what remains, min |y| subject to C y >= c, is Lawson and Hanson's problem LDP.
    """
    codes, w = truth.codes, truth.weights
    n, k = codes.shape
    G = truth.features @ truth.features.T
    s = np.sign(codes)
    off = np.flatnonzero(codes.ravel() == 0)
    if not len(off):
        return s
    root = np.linalg.inv(np.linalg.cholesky(G))  # |root s|^2 = s' G^-1 s
    isometry = np.kron(np.diag(np.sqrt(w)), root)
    moments = np.column_stack([codes, np.ones(n)]) if truth.bias else codes
    means = np.vstack([(w @ np.abs(codes))[:, None] * G, np.zeros((int(truth.bias), k))])
    # equations E[c_l s_j] = mu_l G_lj (and E[s_j] = 0), row by row in (l, j)
    equations = np.kron((w[:, None] * moments).T, np.eye(k))
    E, e = equations[:, off], means.ravel() - equations @ s.ravel()
    u = np.linalg.lstsq(E, e)[0]
    N = null_space(E)
    if N.shape[1]:
        Q, R = np.linalg.qr(isometry[:, off] @ N)
        h = Q.T @ (isometry @ s.ravel() + isometry[:, off] @ u)
        step = np.linalg.solve(R.T, N.T).T  # u moves by step @ (y - h)
        bounds = [(-step, u - step @ h - 1)]
        if not truth.nonnegative:
            bounds.append((step, -u + step @ h - 1))
        C, c = (np.concatenate(part) for part in zip(*bounds, strict=True))
        dual = np.vstack([C.T, c])
        aim = np.append(np.zeros(len(h)), 1.0)
        residual = dual @ nnls(dual, aim)[0] - aim
        u = u + step @ (-residual[:-1] / residual[-1] - h)
    filled = s.ravel()
    filled[off] = u
    return filled.reshape(n, k)
