"""The problem, exact codes, true optima.

    from testbed import fit, encode, Optimum, Problem
    optimum = fit(X, n_atoms=3, lam=0.1)
"""

from testbed.basins.paths import Path, path
from testbed.basins.searching import Search, search
from testbed.bounds.factored import Factored, convex_fit
from testbed.bounds.gaps import Gap, gap
from testbed.bounds.lower import Bound, lower_bound
from testbed.coding.exact import CodingError, encode
from testbed.descent.batch import Batch, fit_many
from testbed.descent.curvature import Classification, classify
from testbed.descent.training import fit
from testbed.errors import InputError, NumericsError
from testbed.optimum import Optimum
from testbed.problem import Problem, huber

__all__ = ["Batch", "Bound", "Classification", "CodingError", "Factored", "Gap", "InputError", "NumericsError",
           "Optimum", "Path", "Problem", "Search", "classify", "convex_fit", "encode", "fit", "fit_many", "gap",
           "huber", "lower_bound", "path", "search"]
