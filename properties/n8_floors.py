"""N8, floors: what no dictionary of any width is below, and when it is reached.

    concave g    F >= E[e_g(|x - b|)],  e_g(t) = min over z >= 0 of 1/2 (t - z)^2 + g(z)
    L0           so E[min(|x - b|^2 / 2, lam0)]
    Energy       F >= E[e(|x - b|)] with tau / m for tau, m atoms;  for any m, F > the floor of L1, which is its limit
    TopK         0

Concave prices are subadditive, g(a) + g(b) >= g(a + b): with S the sum of a sample's codes, |zD| <= S and sum g(z_j)
>= g(S). If S <= |x| the loss is at least 1/2 (|x| - S)^2 + g(S), and otherwise more than g(|x|), which is no less
than e_g(|x|). Equality with an atom on the ray of every point: so where there are as many atoms as rays, absorption
is the optimum under every concave price, L1 (G1, G2) among them, whatever the features were.

Energy is not subadditive: sharing z among m atoms costs tau z^2 / 2m, and sum z_j^2 >= S^2 / m gives the bound. It
is reached where all m atoms lie on one ray, and never by an atom a point: atoms shared are cheaper there.
"""

from __future__ import annotations

from properties.base import PRICED, Evidence, Statement


def private_atoms() -> Evidence:
    """Six points with an atom each under MCP, Log and L0; and one ray shared by three atoms under Energy."""
    import numpy as np

    from testbed.penalties import L0, MCP, Energy, Log

    lengths = np.array([0.2, 0.5, 0.8, 1.0, 1.7, 3.0])
    off = 0.0
    for price in (MCP(0.3, 3), Log(0.3, 0.5), L0(0.2)):
        fine = np.linspace(0, 4, 400001)
        least = [float((0.5 * (t - fine) ** 2 + price.cost(fine)).min()) for t in lengths.tolist()]
        off = max(off, float(np.abs(price.floor(lengths) - least).max()))
    t, m, shared = 3.0, 3, Energy(0.3, 0.6)
    z = (t - 0.3) / (m + 0.6)  # m coincident atoms: 0.3 + 0.6 z = t - m z
    loss = 0.5 * (t - m * z) ** 2 + m * float(shared.cost(np.array(z)))
    off = max(off, abs(loss - float(Energy(0.3, 0.6 / m).floor(np.array(t)))))
    return Evidence("floors of points against the least loss on a fine grid, and of three shared atoms", off, 1e-9)


STATEMENT = Statement(
    id="N8", name="floors, any price", where="every dictionary and bias", penalties=PRICED,
    statement="g concave: F ≥ E[e_g(|x − b|)], reached with an atom a ray; Energy: E[e(|x − b|)] with τ/m",
    tests="tests/properties/test_successors.py", code="testbed.penalties.base", demonstrate=private_atoms,
)
