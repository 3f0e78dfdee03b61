"""T7, the classical result: how many samples a basis needs to be recoverable, signed and nonnegative.

Gribonval and Schnass (2010) ask when a basis is a local minimum of l1 dictionary learning, with signed coefficients
that are zero but for a probability p and Gaussian otherwise: with high probability once n is of order k log k. That
is T6's signed condition at random codes, where y_j costs |y_j| while c_j = 0 and a zonotope takes the cone's place.
Replacing each coefficient by its size gives the nonnegative problem. For codes that fire about once per sample both
thresholds grow like k log k samples: every feature has to be seen while each other one is silent, which is
collecting coupons. Nonnegative codes need fewer, and have no upper limit on how often features fire.

Two exact statements stand beside the counts, both derived from the condition:

- Signed, n -> infinity. With the cosine g of all pairs, |g| mu sum_k a_k < (1 - p) E|<a, c_{-j}>| for all a. The
  difference of the sides is concave in a and symmetric in its entries, so equal entries are the worst case: with B
  binomial(k - 1, p), recovery holds iff  |g| (k - 1) p < (1 - p) E sqrt(B).  Above the p where this fails the share
  tends to 0 with n. Nonnegative codes have no such limit: for any p < 1 every feature is at last seen alone (T6).
- Nonnegative, k = 2: K_j is empty or a ray, so both features must be seen alone. With q = p (1 - p), this has
  probability 1 - 2 (1 - q)^n + (1 - 2q)^n.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom

from generators.geometry import directions
from properties.base import Statement
from properties.kernels import recovery as kernels
from properties.recovery import Truth, margin
from testbed import checks
from testbed.checks import Array

ROOM = 1e-4  # margins nearer to zero than this are left to the linear program
CLEAR = 1e-6  # by which a direction must separate, relatively, to settle a draw without a linear program
SWEEPS = 200  # over the samples of a draw, before it is left to the linear program
PIVOT = 1e-9  # of the second moments of codes, relative: lower ranks are left to the linear program


def recovery_share(k: int, n: int, p: float, coherence: float = 0.0, draws: int = 100, nonnegative: bool = False,
                   seed: int = 0) -> float:
    """Share of draws of n codes at which a basis of k features is recoverable (T7: T6 without a bias).

    Every pair of features has cosine `coherence`, above -1/(k-1) and below 1. Codes are 0 or, with probability
    p < 1, standard normal (nonnegative: its size). The draws are the same for both signs; a share of draws has standard
    error sqrt(share (1 - share) / draws). Raises InputError naming the argument. Source: derived from the
    optimisation problem (above).
    """
    where = "recovery_share"
    k, n, draws = (checks.integer(where, name, value, 1) for name, value in (("k", k), ("n", n), ("draws", draws)))
    p = checks.number(where, "p", p, 0, 1, open_low=True, open_high=True)
    coherence = checks.number(where, "coherence", coherence, -1 / (k - 1) if k > 1 else -1, 1, open_low=True,
                              open_high=True)
    nonnegative = checks.flag(where, "nonnegative", nonnegative)
    features = directions(where, k, k, coherence)
    rng = np.random.default_rng(checks.integer(where, "seed", seed))
    count = 0
    for _ in range(draws):
        codes = np.where(rng.random((n, k)) < p, rng.standard_normal((n, k)), 0.0)
        if nonnegative and codes[(codes != 0).sum(axis=1) == 1].any(axis=0).all():
            count += 1  # every feature is seen alone
            continue
        truth = Truth(features, np.abs(codes) if nonnegative else codes, np.full(n, 1 / n), False, nonnegative)
        count += bool(codes.any(axis=0).all()) and all(inside(*truth.silence(j), nonnegative) for j in range(k))
    return count / draws


def inside(target: Array, codes: Array, weights: Array, nonnegative: bool) -> bool:
    """Whether the margin is positive: by a weighting or a direction that proves it, by the linear program otherwise."""
    if len(codes) < codes.shape[1]:
        return False
    if nonnegative and codes[(codes > 0).sum(axis=1) == 1].any(axis=0).all():
        return True  # every other feature is seen alone
    settled = kernels.settle(target, codes, weights, nonnegative, ROOM, CLEAR, SWEEPS, PIVOT)
    return settled == kernels.INSIDE if settled else margin(target, codes, weights, nonnegative) > 0


def largest_p(k: int, coherence: float) -> float:
    """The firing probability from which on the share of recoverable signed draws tends to 0 with n (T7); 1 if none.

    k >= 2 features of pairwise cosine `coherence`. Raises InputError naming the argument.
    """
    where = "largest_p"
    k = checks.integer(where, "k", k, 2)
    c = abs(checks.number(where, "coherence", coherence, -1 / (k - 1), 1, open_low=True, open_high=True))
    roots = np.sqrt(np.arange(k))

    def room(p: float) -> Any:
        return (1 - p) * (binom.pmf(np.arange(k), k - 1, p) @ roots) / p - c * (k - 1)

    return float(brentq(room, 1e-9, 1.0)) if c else 1.0


STATEMENT = Statement(
    id="T7", name="the classical condition", where="Bernoulli-Gaussian codes of a basis, λ → 0",
    statement="signed codes: the zonotope in place of the cone; n ~ m log m samples",
    tests="tests/properties/test_recovery.py",
)
