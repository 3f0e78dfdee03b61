"""The problem, exact codes, true optima.

    from testbed import fit, encode, Optimum, Problem
    optimum = fit(X, n_atoms=3, lam=0.1)
"""

from testbed.batch import Batch, fit_many
from testbed.bounds import Bound, lower_bound
from testbed.coding import CodingError, encode
from testbed.factored import Factored, convex_fit
from testbed.gap import Gap, gap
from testbed.optimum import Optimum
from testbed.paths import Path, path
from testbed.problem import Problem, huber
from testbed.search import Search, search
from testbed.second_order import Classification, classify
from testbed.training import fit

__all__ = ["Batch", "Bound", "Classification", "CodingError", "Factored", "Gap", "Optimum", "Path", "Problem", "Search",
           "classify", "convex_fit", "encode", "fit", "fit_many", "gap", "huber", "lower_bound", "path", "search"]
