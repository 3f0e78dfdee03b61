"""The problem, exact codes, true optima.

    from testbed import fit, encode, Optimum, Problem
    optimum = fit(X, n_atoms=3, lam=0.1)
"""

from testbed.coding import CodingError, encode
from testbed.optimum import Optimum
from testbed.problem import Problem, huber
from testbed.second_order import classify
from testbed.training import fit

__all__ = ["CodingError", "Optimum", "Problem", "classify", "encode", "fit", "huber"]
