"""Matryoshka dictionaries: every prefix of the atoms has to reconstruct the data by itself.

With prefixes m_1 < m_2 < ... < m_G = m, codes z >= 0 and unit-norm atoms,

    F = E[ sum_g 1/2 |x - z_{1:m_g} D_{1:m_g}|^2 + lam sum_j z_j ].

Write r_g for the residual of prefix g, h(j) for the first prefix that holds atom j, s_j = sum over g >= h(j) of r_g for
all the residuals that j can change, n_j = G + 1 - h(j) for how many they are. All of it is derived from F.

Codes. In z, F is one convex quadratic: with the Gram matrix Q_jk = min(n_j, n_k) G_jk and c_j = n_j <x, d_j> it is
1/2 z'Qz - <c, z> + lam sum z + const. So codes are optimal exactly if
    <s_j, d_j> = lam where j is on,  <= lam where it is off.                                         (on-condition)

Balance. F is smooth in d_j at fixed codes; stationary on the sphere, with the multiplier from the on-condition:
    E[z_j s_j] = lam mu_j d_j,   mu_j = E[z_j].                                                          (balance)

Nesting law. Let k be on wherever j is. Dot the balance of j with d_k, and use the on-condition of k there:
    h(k) <= h(j):  lam mu_j (1 - G_jk) = E[z_j <t, d_k>],   t = sum over h(k) <= g < h(j) of r_g,
    h(k) >  h(j):  lam mu_j (1 - G_jk) = -E[z_j <t, d_k>],  t = sum over h(j) <= g < h(k) of r_g.
In one group t = 0 and d_j = d_k: no hierarchy, as under l1 (S6). A child in a later group than its parent is allowed,
at the angle that the residuals of the prefixes without it set: what the parent's atom leaves must point along it.

Second order (M1 with stacked residuals). Put the prefixes side by side: x~ = (x, ..., x), and d~_j is d_j in the
prefixes that hold j and 0 in the others. Then F = E[1/2 |x~ - zD~|^2 + lam sum z] with D~D~' = Q, and for tangent Delta
    H[Delta, Delta] = lam sum mu_j |Delta_j|^2 + E[|u~|^2 - (v - D~_A u~)' Q_A^-1 (v - D~_A u~)],
u~ = z_A Delta~_A, v_j = <s_j, Delta_j>: codes follow by dz = Q_A^-1 (v - D~_A u~) as long as no support changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from testbed.checks import Array
from testbed.coding.exact import Coder, uncodable
from testbed.kernels import quadratic
from testbed.problem import power_of_two_near

TOLERANCE = 1e-15  # of gradients, where what is coded is near 1


def stacked(D: Array, prefixes: tuple[int, ...]) -> Array:
    """(m, G d) the atoms D (m, d) in the prefixes that hold them, side by side."""
    number = np.arange(len(D))[:, None]
    return np.ascontiguousarray(np.hstack([D * (number < size) for size in prefixes]))


def folded(E: Array, prefixes: tuple[int, ...]) -> Array:
    """(m, d) the adjoint of `stacked`: of E (m, G d) the sum over the prefixes that hold each atom."""
    parts = E.reshape(len(E), len(prefixes), -1)
    held = np.arange(len(E))[:, None] < np.array(prefixes)
    return np.asarray((parts * held[:, :, None]).sum(axis=1))


class PrefixCoder(Coder):
    """As `exact.Coder`, of the stacked problem: atoms D~ (m, G d), data X (n, d), lam in the units of X."""

    def __init__(self, n: int, d: int, m: int, lam: float, prefixes: tuple[int, ...]) -> None:
        super().__init__(n, d, m, lam, True, most=m)
        self.prefixes = prefixes

    def code(self, X: Array, D: Array, b: Array | None = None, unit: float = 1.0, gram: Any = None) -> None:
        """Every row of X / unit on the stacked atoms D; there is no bias."""
        m = len(D)
        Q, products = D @ D.T, (X / unit) @ folded(D, self.prefixes).T
        everyone, low, high = np.arange(m), np.zeros(m), np.full(m, np.inf)
        z, w, where, free = np.zeros(m), np.zeros(m), np.zeros(m, np.int64), np.zeros(m, np.int64)
        inverse, u = np.zeros((m, m)), np.zeros(m)
        for i in range(len(X)):
            scale = power_of_two_near(max(self.lam, float(np.abs(products[i]).max())))
            c = (products[i] - self.lam) / scale
            k = quadratic.minimise(Q, c, low, high, everyone, m, TOLERANCE, z, where, w, free, inverse, u)
            if k < 0:
                raise uncodable(i)
            on = np.sort(free[:k][z[free[:k]] > 0])
            while len(on) > self.width:
                self._widen()
            self.cnt[i] = len(on)
            self.idx[i, : len(on)], self.val[i, : len(on)] = on, z[on] * scale
