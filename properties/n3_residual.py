"""N3, normal equations and residual structure under any price: what is left over is predictable by as much as is paid.

    E[z' (x - b)] = (E[z' z] + diag nu) D,      E[r' zD] = D' diag(nu) D

N2 with r written out, and N2 multiplied by d_j' and added up. Given the codes, the dictionary is a ridge regression
of the data on them with ridge nu_j, and what a linear map predicts of the residual from the reconstruction is the
price. Under L0 and TopK both are zero: least squares, and a residual that no linear map predicts. So whatever of a
TopK or JumpReLU SAE's residual is linearly predictable from its reconstruction is encoder error or unfinished
training, and never the objective; under L1 it is S3's share.

Residual, (a) per live atom the norm of its row of the first, divided by unit mu_j; (b) Frobenius norm of the
difference in the second, divided by unit E[sum z]. Under L1 these are S2 and S3.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair under Energy, whose codes overlap and whose price is not the same for all of them.
"""

from __future__ import annotations

from typing import Any

from properties import s2_normal_equations, s3_residual_structure
from properties.base import SUCCESSORS, TOLERANCE, Property, Residual, Totals
from properties.cases import correlated_pair
from properties.scaled import Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """What S2 and S3 need."""
    return s2_normal_equations.gather(o) | s3_residual_structure.gather(o)


def finish(t: Totals) -> Residual:
    """(live,) violations of the first, and one number for the second."""
    return s2_normal_equations.finish(t) | s3_residual_structure.finish(t)


PROPERTY = Property(
    id="N3", name="residual structure, any price", where="stationary", tolerance=TOLERANCE, gather=gather,
    finish=finish, case=lambda: correlated_pair(tau=0.3), penalties=SUCCESSORS,
    statement="E[zᵀ(x − b)] = (E[zᵀz] + diag ν) D and E[rᵀ zD] = Dᵀ diag(ν) D: 0 under L0 and TopK",
    tests="tests/properties/test_successors.py",
)
