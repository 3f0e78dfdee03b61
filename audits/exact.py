"""Every other statement, at exact codes: by the residuals of `properties`, beside their sampling errors (A3).

C1 to C4 and G1 hold sample by sample: rounding is all there is. S5, S6, B2 and B3 follow from stationarity, so on fresh
samples they are violated as much as chance has it, and their errors are those of what they are derived from:

    S5's identity in (k, j) is E_k[s_j] - G_kj, S4's: its error is S4's. S6 exceeds by at most that.
    B2's density and B3's balance are E[s_j], with error sqrt(Var(s_j) / n). B2's bound exceeds by at most S4's
    violation and (1 - G_kj) times the density's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array, vstack

from audits import statements
from audits.moments import Moments
from audits.statements import Measured, share
from properties import ALL
from properties.base import Property, Residual, measure
from testbed.basins.moves import splitting
from testbed.checks import Array
from testbed.dictionary import Dictionary

CODES = ("C1", "C2", "C3", "C4", "G1")  # of any dictionary, at exact codes
STATIONARY = ("S5", "S6", "B2", "B3")
ROWS = 8_192  # samples on which slopes of splits are measured


def measured(dictionary: Dictionary, sums: Moments, say: Callable[[str, int, int], None]) -> tuple[Measured, ...]:
    """C1-C4, G1, S5, S6, and B2, B3 where a bias was fitted; `sums` at the same codes of the same samples."""
    asked = [p for p in ALL if p.id in CODES + STATIONARY and p.applies(dictionary)]
    found, _ = measure(asked, dictionary, lambda done, total: say("statements", done, total))
    return tuple(_sampled(p, found[p.id], sums, dictionary.problem.lam) if p.id in STATIONARY else
                 _tight(p, found[p.id]) for p in asked)


def _tight(p: Property, residual: Residual) -> Measured:
    if residual.empty:
        return _idle(p)
    return Measured(p.id, residual.max, float("nan"), float("nan"), 1, tolerance=p.tolerance, largest=residual.max)


def _idle(p: Property) -> Measured:
    nan = float("nan")
    return Measured(p.id, nan, nan, nan, 1, needs=p.needs)


def _sampled(p: Property, residual: Residual, sums: Moments, lam: float) -> Measured:
    """Squares of the parts that have a sampling error, pooled: pairs of atoms weighted by the first one's activity."""
    if residual.empty:
        return _idle(p)
    weight = sums.z / (sums.z.sum() or 1.0)
    pairs, single = statements.s4_errors(sums, lam), _score_errors(sums, lam)
    bound = np.hypot(pairs, (1 - sums.D @ sums.D.T) * single)
    squares = errors = 0.0
    of_atoms, of_errors = np.full(len(weight), np.nan), np.full(len(weight), np.nan)
    for part, (values, axes) in enumerate(zip(residual.arrays, residual.axes, strict=True)):
        if not values.size or axes[0][0] == "sample":  # the sign of S5's weights: C1's, at its own tolerance
            continue
        rows = np.asarray(list(axes[0][1]))
        if len(axes) == 2 and values.size > 1:
            error = (bound if p.id == "B2" and part == 2 else pairs)[np.ix_(rows, np.asarray(list(axes[1][1])))]
            squares += float(weight[rows] @ (values**2).mean(axis=1))
            errors += float(weight[rows] @ (error**2).mean(axis=1))
            of_atoms[rows] = np.fmax(of_atoms[rows], np.sqrt((values**2).mean(axis=1)))
            of_errors[rows] = np.fmax(of_errors[rows], np.sqrt((error**2).mean(axis=1)))
        else:  # of one atom; an antipodal pair has its first one's error
            squares += float((values**2).sum()) / len(weight)
            errors += float((single[rows] ** 2).sum()) / len(weight)
    terms = statements.effective(weight * (pairs**2).mean(axis=1))
    if p.id in ("B2", "B3"):
        terms = min(terms, statements.b1_terms(sums))
    return Measured(p.id, float(np.sqrt(squares)), float(np.sqrt(errors)), share(squares, errors), terms, of_atoms,
                    of_errors, largest=residual.max)


def _score_errors(sums: Moments, lam: float) -> Array:
    """(m,) standard errors of E[s_j]."""
    mean = sums.r / sums.n
    spread = np.einsum("jd,de,je->j", sums.D, sums.rr / sums.n - np.outer(mean, mean), sums.D)
    return np.sqrt(np.maximum(spread, 0) / sums.n) / lam


def slopes(dictionary: Dictionary) -> Array:
    """(m,) M2 at exact codes, on the first ROWS samples at most: what splitting an atom into two would gain per
    radian, in units of lam mu_j; 0 for atoms that are silent there."""
    codes, residuals, k = [], [], 0
    for block in dictionary.blocks():
        codes.append(block.Z[: ROWS - k])
        residuals.append(block.R[: ROWS - k])
        k += codes[-1].shape[0]
        if k == ROWS:
            break
    Z = csr_array(vstack(codes, format="csr"))
    mu = np.asarray(Z.sum(axis=0)).ravel() / k
    slope, _ = splitting(Z, np.concatenate(residuals), dictionary.D, np.full(k, 1 / k))
    return slope / np.where(mu > 0, mu * dictionary.problem.lam, 1)
