"""Codes where the problem of a sample is not convex: L0, TopK, and Log or MCP beyond `Penalty.convex`.

Up to LARGEST atoms they are found by branch and bound: the minimum over all codes, to 1e-10 |x|^2. That is certain as
long as a sample takes at most NODES nodes (supports of 8 among 64 atoms, in data that have such codes, take some ten
thousand), and as long as no two atoms are nearly the same, or nearly opposite, and not quite: with r between them they
span what they differ by, at codes of 1/NEAR and more, of which cosines in float64 say nothing. Beyond these limits
codes are swap-optimal: adding, dropping or swapping one atom, with all codes made anew, does not help. What is claimed
is said sample by sample; of atoms that nearly coincide N1 may be missed by what they differ by. Of equal supports the
one of lower indices is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.coding.bent import BentCoder
from testbed.coding.exact import Coder
from testbed.kernels import bent, branching, concave
from testbed.penalties import L0, MCP, Log, TopK
from testbed.threads import limited

LARGEST = 64  # atoms
NODES = 20_000
NEAR = 1e-3  # distance of atoms, or of one from the opposite of another, below which they must be equal
CHUNK_ROWS = 256  # between two looks at the keyboard
CLAIMS = np.array(["swap", "global"])


class BranchingCoder(Coder):
    """As `exact.Coder`, under a penalty in the units that the rows are coded in.

    claims : (n,) of the codes last made: 1 where a sample's are the minimum over all codes, 0 where they are
    swap-optimal. claim : 'exact' if the former holds of all, else 'swap'. nodes : (n,) that were looked at.
    """

    def __init__(self, n: int, d: int, m: int, penalty: L0 | TopK | Log | MCP, budget: int = NODES) -> None:
        most = min(m, d, penalty.k) if isinstance(penalty, TopK) else min(m, d)
        super().__init__(n, d, m, penalty.unit, True, most=most)
        self.penalty, self.budget = penalty, budget if m <= LARGEST else 0
        self.claims: np.ndarray = np.ones(n, np.int64)
        self.nodes: np.ndarray = np.zeros(n, np.int64)

    def code(self, X: Array, D: Array, b: Array | None = None, unit: float = 1.0, gram: Any = None) -> None:
        G = gram if gram is not None and gram.dtype == np.float64 else D @ D.T
        for start in range(0, len(X), CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            rows = X[part] if b is None else X[part] - b
            self._chunk(np.ascontiguousarray(rows if unit == 1 else rows / unit), D, G, part)
        if _nearly_same(D, G):
            self.claims[:] = 0
        self.claim = "exact" if self.claims.all() else "swap"

    def _chunk(self, rows: Array, D: Array, G: Array, part: slice) -> None:
        """Codes of the samples `part`, from buffers as wide as a support can be."""
        idx, val = np.zeros((len(rows), self.most), np.uint32), np.zeros((len(rows), self.most))
        idx[:, : self.width], val[:, : self.width] = self.idx[part], self.val[part]
        found = idx, val, self.cnt[part], self.claims[part], self.nodes[part]
        if isinstance(self.penalty, Log | MCP):
            kind, shape = ((bent.LOG, self.penalty.eps) if isinstance(self.penalty, Log) else
                           (bent.MCP, self.penalty.gamma))
            concave.code_rows(rows, D, G, kind, self.penalty.lam, shape, self.budget, *found)
        else:
            price = self.penalty.lam0 if isinstance(self.penalty, L0) else 0.0
            branching.code_rows(rows, D, G, price, self.most, self.budget, *found)
        while self.cnt[part].max(initial=0) > self.width:
            self._widen()
        self.idx[part], self.val[part] = idx[:, : self.width], val[:, : self.width]

    def separation(self, X: Array, D: Array) -> float:
        """By how much other supports cost more, at least, in squares of `lam`: those that do without an atom of the
        best one, each with codes of its own, and under l0 those with one atom more. 0 where the best is not known.

        At 0 supports tie: phi is the lesser of two functions there, and smooth in neither sense."""
        best = BranchingCoder(len(X), X.shape[1], len(D), self.penalty, self.budget)
        best.code(X, D)
        if best.claim != "exact":
            return 0.0
        Z = best.sparse(len(D))
        value, gap = self._values(X, D, Z), np.inf
        used = Z.toarray() > 0
        for j in np.flatnonzero(used.any(axis=0)):
            rows, rest = X[used[:, j]], np.ascontiguousarray(np.delete(D, j, axis=0))
            other = np.zeros((len(rows), 0))
            if len(rest):
                coder = BranchingCoder(len(rows), X.shape[1], len(rest), self.penalty, self.budget)
                coder.code(np.ascontiguousarray(rows), rest)
                if coder.claim != "exact":
                    return 0.0
                other = coder.sparse(len(rest))
            gap = min(gap, float((self._values(rows, rest, other) - value[used[:, j]]).min()))
        if isinstance(self.penalty, L0):
            gap = min(gap, self.penalty.lam0 - branching.largest_gain(X, D, D @ D.T, used))
        return max(gap, 0.0) / self.lam**2

    def _values(self, X: Array, D: Array, Z: Any) -> Array:
        """(n,) what samples cost."""
        R, z = X - Z @ D, Z.toarray() if hasattr(Z, "toarray") else Z
        return 0.5 * (R * R).sum(axis=1) + self.penalty.cost(z).sum(axis=1)


def _nearly_same(D: Array, G: Array) -> bool:
    """Whether two atoms are within NEAR of one line, and not on it."""
    a, b = np.nonzero(np.triu(np.abs(G) > 1 - 0.5 * NEAR * NEAR, 1))
    return bool((np.abs(D[a] - np.sign(G[a, b])[:, None] * D[b]).max(initial=0)) > 4 * np.finfo(float).eps)


class ConcaveCoder(BranchingCoder):
    """Log and MCP: as `bent.BentCoder` where the problem is convex, and by branch and bound where it is not."""

    def __init__(self, n: int, d: int, m: int, penalty: Log | MCP, budget: int = NODES) -> None:
        super().__init__(n, d, m, penalty, budget)
        self.convex = BentCoder(n, d, m, penalty)

    def code(self, X: Array, D: Array, b: Array | None = None, unit: float = 1.0, gram: Any = None) -> None:
        G = gram if gram is not None and gram.dtype == np.float64 else D @ D.T
        if not self.penalty.convex(G):
            super().code(X, D, b, unit, G)
            return
        self.convex.restore(self.snapshot())
        self.convex.code(X, D, b, unit, G)
        while self.width < self.convex.width:
            self._widen()
        self.restore(self.convex.snapshot())
        self.claims[:], self.claim = 1, "exact"


@dataclass(frozen=True, eq=False)
class Branched:
    """Codes with what is claimed of each.

    Z : (n, m) csr_array. claims : (n,) of 'global' | 'swap'. nodes : (n,) how many nodes each took.
    """

    Z: csr_array
    claims: np.ndarray
    nodes: np.ndarray


def branch(X: Array, D: Array, penalty: L0 | TopK | Log | MCP, budget: int = NODES,
           threads: int | None = None) -> Branched:
    """Codes of X (n, d) on unit-norm atoms D (m, d) by branch and bound, whether or not the problem is convex; trusted
    arguments. budget : of nodes for a sample; 0 for swap-optimal codes at once."""
    coder = BranchingCoder(len(X), X.shape[1], len(D), penalty, budget)
    with limited(X.size * len(D) * 64, threads, "branch"):
        coder.code(X, np.ascontiguousarray(D))
    return Branched(coder.sparse(len(D)), CLAIMS[coder.claims], coder.nodes)
