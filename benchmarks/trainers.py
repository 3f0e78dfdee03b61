"""The contenders at training: trainer(X, m, lam, start, threads, watch) from the same initial atoms.

A trainer hands its atoms to `watch(atoms, iterations)` now and then and stops when watch says so; what watch does is
outside the clock. No peer reports a stationarity residual: it is computed here from its atoms with exact codes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Watch = Callable[[Any, int], bool]
GROWTH = 1.3  # the peers that are called in increments run for this factor longer each time
ONLINE_BATCH = 512


def spams_batch(X: Any, m: int, lam: float, start: Any, threads: int, watch: Watch) -> None:
    """SPAMS trainDL with batch=True. Its sums are made anew in each iteration, so the atoms are all that it carries."""
    import spams

    XT, D = np.asfortranarray(X.T), np.asfortranarray(start.T)
    iterations, step = 0, 4.0
    while True:
        D = spams.trainDL(XT, D=D, lambda1=lam, iter=int(step), mode=spams.PENALTY, posAlpha=True, modeD=0, batch=True,
                          numThreads=threads, verbose=False)
        iterations += int(step)
        if not watch(D.T, iterations):
            return
        step = max(4.0, iterations * (GROWTH - 1))


def spams_online(X: Any, m: int, lam: float, start: Any, threads: int, watch: Watch) -> None:
    """SPAMS trainDL as it is meant to be used, with its sums carried from call to call."""
    import spams

    XT, D = np.asfortranarray(X.T), np.asfortranarray(start.T)
    iterations, step, model = 0, 50.0, None
    while True:
        D, model = spams.trainDL(XT, return_model=True, model=model, D=D, lambda1=lam, iter=int(step),
                                 mode=spams.PENALTY, posAlpha=True, modeD=0, batchsize=min(ONLINE_BATCH, len(X)),
                                 numThreads=threads, verbose=False)
        iterations += int(step)
        if not watch(D.T, iterations):
            return
        step = max(50.0, iterations * (GROWTH - 1))


def sklearn_batch(X: Any, m: int, lam: float, start: Any, threads: int, watch: Watch) -> None:
    """scikit-learn's DictionaryLearning by coordinate descent, with no tolerance; watched every fifth step."""
    from sklearn.decomposition import DictionaryLearning
    from sklearn.decomposition._dict_learning import sparse_encode

    def callback(state: dict[str, Any]) -> None:
        if not watch(state["dictionary"], state["ii"] + 1):
            raise StopIteration

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = sparse_encode(X, start, algorithm="lasso_cd", alpha=lam, positive=True)
        model = DictionaryLearning(m, alpha=lam, max_iter=1_000_000, tol=0, fit_algorithm="cd", positive_code=True,
                                   dict_init=start, code_init=first, callback=callback, random_state=0)
        try:
            model.fit(X)
        except StopIteration:
            pass


PEERS: dict[str, Callable[..., None]] = {"SPAMS batch": spams_batch, "SPAMS online": spams_online,
                                         "scikit-learn": sklearn_batch}
