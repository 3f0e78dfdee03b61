"""The counterexample as a pytest case, to keep beside the conjecture: it passes while the counterexample stands."""

from __future__ import annotations

import re

import numpy as np

from conjectures.hunting import Outcome
from conjectures.simplicity import fraction
from testbed.checks import Array

CASE = '''"""{id} is false: {statement}

The dictionary below is {what}, and the conjecture in {file} fails there. Found by `testbed conjecture`.
"""

from pathlib import Path

import numpy as np

from conjectures import read
from properties import check
from testbed import Optimum, Problem

X = {X}
WEIGHTS = {weights}
LAM = {lam}
D = {D}
B = {b}


def test_{name}_is_broken() -> None:
    conjecture = read(Path(__file__).with_name({file!r}))
    weights = np.array(WEIGHTS, dtype=float)
    problem = Problem(np.array(X, dtype=float), LAM, weights / weights.sum(), bias={bias}, nonnegative={nonnegative})
    optimum = Optimum.at(problem, np.array(D), np.array(B))
{optimal}    assert conjecture.residual(optimum).max > {least!r}
'''
OPTIMAL = '''    assert optimum.status != "unconverged" and check(optimum).holds
'''


def case(outcome: Outcome, file: str) -> str:
    """The text of the case. file : the name, beside it, of the file with the conjecture."""
    found, conjecture = outcome.counterexample, outcome.conjecture
    assert found is not None
    o, p = found.optimum, found.optimum.problem
    trained = conjecture.where != "code"
    return CASE.format(
        id=conjecture.id, statement=conjecture.statement.replace("\\", "\\\\").replace('"""', "'''"), file=file,
        what="a verified optimum" if trained else "one with exact codes", X=_rows(p.X), weights=_row(p.weights),
        lam=_number(p.lam), D=_rows(o.D), b=_row(o.b), name=re.sub(r"\W+", "_", conjecture.id).strip("_").lower(),
        bias=p.bias, nonnegative=p.nonnegative, optimal=OPTIMAL if trained else "",
        least=max(conjecture.tolerance, float(f"{found.residual.max / 2:.3g}")))


def _number(value: float) -> str:
    """To the last bit, as a fraction where that says the same."""
    near = fraction(float(value))
    return str(near) if near is not None and float(near) == value else repr(float(value))


def _row(row: Array) -> str:
    return f"[{', '.join(map(_number, np.asarray(row)))}]"


def _rows(rows: Array) -> str:
    return f"[{', '.join(map(_row, rows))}]"
