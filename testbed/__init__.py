"""The problem, exact codes, true optima.

    from testbed import fit, encode, Optimum, Problem
    optimum = fit(X, n_atoms=3, lam=0.1)
"""

from typing import TYPE_CHECKING, Any

from testbed.basins.paths import Path, path
from testbed.basins.searching import Search, search
from testbed.bounds.factored import Factored, convex_fit
from testbed.bounds.gaps import Gap, gap
from testbed.bounds.lower import Bound, lower_bound
from testbed.coding.choosing import encode
from testbed.coding.exact import CodingError
from testbed.descent.averages import fit_average
from testbed.descent.batch import Batch, fit_many
from testbed.descent.classifying import Classification, classify
from testbed.descent.prefixes import Matryoshka, fit_prefixes
from testbed.descent.training import fit
from testbed.descent.valleys import Valley, valley
from testbed.dictionary import Dictionary
from testbed.errors import InputError, NumericsError
from testbed.optimum import Optimum
from testbed.problem import Problem, huber

if TYPE_CHECKING:
    from testbed.estimator import SparseDictionary as SparseDictionary

__all__ = ["Batch", "Bound", "Classification", "CodingError", "Dictionary", "Factored", "Gap", "InputError",
           "Matryoshka", "NumericsError", "Optimum", "Path", "Problem", "Search", "Valley", "classify", "convex_fit",
           "encode", "fit", "fit_average", "fit_many", "fit_prefixes", "gap", "huber", "lower_bound", "path", "search",
           "valley"]


def __getattr__(name: str) -> Any:
    """SparseDictionary when it is asked for: it alone needs scikit-learn."""
    if name != "SparseDictionary":
        raise AttributeError(f"module 'testbed' has no attribute {name!r}")
    try:
        from testbed.estimator import SparseDictionary
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "sklearn":
            raise
        raise ImportError("testbed.SparseDictionary needs scikit-learn: "
                          "pip install 'sparse-dictionary-testbed[estimator]'") from None
    return SparseDictionary
