"""The contenders at coding, each by its best route: maker(D, lam, threads) -> coder, coder(X) -> codes (n, m).

What depends on the dictionary alone (a Gram matrix, a step size) happens in the maker and is timed once; the coder's
time is proportional to the rows, so that very slow peers can be run on some of them. Peers are imported when made; a
missing one raises ImportError. Tolerances are set for 1e-10 or the best that the peer offers.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

Code = Callable[[Any], Any]


@dataclass(frozen=True)
class Coder:
    """A contender. given: the Gram matrix is made outside the time that counts. threads: on how many it is run.
    whole: always run on all rows, because it is fast, or because it makes its own Gram matrix in every call."""

    name: str
    make: Callable[[Any, float, int], Code]
    given: bool = False
    threads: tuple[int, ...] = (1, 2)
    ours: bool = False
    whole: bool = False


def ours(D: Any, lam: float, threads: int) -> Code:
    from testbed import encode

    return lambda X: encode(X, D, lam)


def ours_single(D: Any, lam: float, threads: int) -> Code:
    """On one thread, while the others have two: what the second one gains."""
    import numba

    from testbed import encode

    def code(X: Any) -> Any:
        numba.set_num_threads(1)
        try:
            return encode(X, D, lam)
        finally:
            numba.set_num_threads(threads)

    return code


def ours_given(D: Any, lam: float, threads: int) -> Code:
    from testbed import encode

    if "gram" not in inspect.signature(encode).parameters:
        raise ImportError("encode takes no Gram matrix")
    given: dict[str, Any] = {"gram": (D @ D.T).astype("f4")}  # the precision in which it is searched
    return partial(encode, D=D, lam=lam, **given)


def spams_gram(D: Any, lam: float, threads: int) -> Code:
    import spams

    G = np.asfortranarray(D @ D.T)

    def code(X: Any) -> Any:
        q = np.asfortranarray((X @ D.T).T)
        return spams.lasso(np.asfortranarray(X.T), Q=G, q=q, lambda1=lam, pos=True, mode=spams.PENALTY,
                           numThreads=threads, cholesky=True).T

    return code


def spams_atoms(D: Any, lam: float, threads: int) -> Code:
    import spams

    DT = np.asfortranarray(D.T)
    return lambda X: spams.lasso(np.asfortranarray(X.T), D=DT, lambda1=lam, pos=True, mode=spams.PENALTY,
                                 numThreads=threads).T


def sklearn_encode(D: Any, lam: float, threads: int) -> Code:
    from sklearn.decomposition import sparse_encode

    G = D @ D.T
    return quiet(lambda X: sparse_encode(X, D, gram=G, cov=D @ X.T, algorithm="lasso_cd", alpha=lam, positive=True,
                                         max_iter=10_000))


def sklearn_lasso(D: Any, lam: float, threads: int) -> Code:
    from sklearn.linear_model import Lasso

    DT = np.asfortranarray(D.T)
    model = Lasso(alpha=lam / D.shape[1], fit_intercept=False, precompute=np.ascontiguousarray(D @ D.T), positive=True,
                  tol=1e-13, max_iter=100_000)
    return quiet(lambda X: np.atleast_2d(model.fit(DT, X.T).coef_))


def celer(D: Any, lam: float, threads: int) -> Code:
    from celer import Lasso

    return one_by_one(Lasso(alpha=lam / D.shape[1], tol=1e-14, positive=True, fit_intercept=False, max_iter=1000), D)


def skglm(D: Any, lam: float, threads: int) -> Code:
    from skglm import Lasso

    return one_by_one(Lasso(alpha=lam / D.shape[1], tol=1e-13, positive=True, fit_intercept=False, max_iter=1000), D)


def one_by_one(model: Any, D: Any) -> Code:
    """A regression for each sample, with the atoms as its features."""
    DT = np.asfortranarray(D.T)
    return quiet(lambda X: np.array([model.fit(DT, x).coef_.copy() for x in X]))


def torch_fista(D: Any, lam: float, threads: int) -> Code:
    """Accelerated proximal gradient on all rows at once, momentum restarted row by row, finished rows set aside."""
    import torch

    torch.set_num_threads(threads)
    A = torch.from_numpy(D)
    G = A @ A.T
    step = 1 / float(torch.linalg.eigvalsh(G)[-1])

    def code(X: Any) -> Any:
        C = torch.from_numpy(X) @ A.T - lam
        out = torch.zeros_like(C)
        rows = torch.arange(len(C))
        z, y, t = torch.zeros_like(C), torch.zeros_like(C), torch.ones(len(C), 1, dtype=C.dtype)
        for iteration in range(20_000):
            if iteration % 20 == 0:
                g = C - z @ G
                worst = torch.maximum(g, g.abs() * (z > 0)).amax(dim=1)
                going = worst > 1e-10 * lam
                out[rows] = z
                if not going.any():
                    break
                rows, C, z, y, t = rows[going], C[going], z[going], y[going], t[going]
            new = torch.clamp(y + step * (C - y @ G), min=0)
            back = ((y - new) * (new - z)).sum(dim=1, keepdim=True) > 0
            t = torch.where(back, torch.ones_like(t), t)
            later = (1 + torch.sqrt(1 + 4 * t * t)) / 2
            y = new + (t - 1) / later * (new - z)
            z, t = new, later
        return out.numpy()

    return code


def quiet(code: Code) -> Code:
    """Without the peer's warnings: that it did not converge shows in its KKT violation."""

    def coded(X: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return code(X)

    return coded


OURS, GIVEN, SINGLE, RIVAL = "testbed", "testbed, Gram given", "testbed on one thread", "SPAMS lasso(Q, q)"
CODERS = (
    Coder(OURS, ours, ours=True, whole=True),
    Coder(SINGLE, ours_single, threads=(2,), ours=True, whole=True),
    Coder(GIVEN, ours_given, given=True, ours=True, whole=True),
    Coder(RIVAL, spams_gram, whole=True),
    Coder("SPAMS lasso(Q, q), Gram given", spams_gram, given=True, whole=True),
    Coder("SPAMS lasso(D)", spams_atoms, whole=True),
    Coder("scikit-learn sparse_encode(lasso_cd)", sklearn_encode, threads=(1,)),
    Coder("scikit-learn Lasso(Gram)", sklearn_lasso, threads=(1,)),
    Coder("celer Lasso", celer, threads=(1,)),
    Coder("skglm Lasso", skglm, threads=(1,)),
    Coder("torch FISTA with restart", torch_fista),
)
