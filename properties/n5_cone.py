"""N5, the cone condition under a price with a finite onset p = g'(0+):

    (p mu_k - nu_k G_jk - E[z_k (p - g'(z_j)) 1{j on}])_k  lies in  cone{ z(x) : z_j(x) = 0 }

By N4 nu_k G_jk = E[z_k <r, d_j>], of which the part with j on is E[z_k g'(z_j) 1{j on}] (N1). Subtract from p mu_k:
what is left is E[z_k (p - <r, d_j>) 1{j off}], the codes seen while j is silent, with weights p - <r, d_j> >= 0.
Under L1 the correction on the left is zero, and this is S5: cosines and mean activities alone. Under a price that
bends, how strongly j is on beside k enters as well. L0 and TopK have no onset, and no such condition.

Residual: (a) the identity, per live k and per j, divided by unit mu_k; (b) per sample and silent atom the negative
part of the weight, in units of max(1, |x| / 1000 units).
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair under Energy: with one other atom the cone is a single ray, and the vector is on it.
"""

from __future__ import annotations

from properties.base import TOLERANCE, Property
from properties.cases import correlated_pair
from properties.s5_cone import finish, gather

PROPERTY = Property(
    id="N5", name="cone condition, any onset", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=lambda: correlated_pair(tau=0.3), penalties=("energy", "log", "mcp"),
    statement="vₖ = p E[zₖ; j off] + E[zₖ g′(zⱼ); j on] − νₖGⱼₖ, p = g′(0): (vₖ)ₖ ∈ cone{z : zⱼ = 0}",
    tests="tests/properties/test_successors.py", no_figure="the picture of S5, with a corrected vector",
)
