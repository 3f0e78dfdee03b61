"""Exact codes under l1, kept as a warm start from one dictionary to the next.

Two routes, tried in turn for each sample: an active set on the Gram matrix (fast), then the same method on the atoms
themselves by QR (slow, and accurate for atoms that nearly coincide). A sample on which both fail raises CodingError:
codes that do not satisfy C1 are never returned as if they did.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg.blas import ssyrk
from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.errors import NumericsError
from testbed.kernels import active_set, rescue
from testbed.threads import limited, most

GRAM = 512  # up to this many atoms their cosines are held in float64; of more, the few that matter are computed
TILE = 64
CHUNK_WORK = 1 << 27  # multiplications between two looks at the keyboard: some 50 ms, so that Ctrl-C is heard


class CodingError(NumericsError):
    """No route reached the optimality conditions of a sample; the message names it, and `sample` is its number."""

    def __init__(self, message: str, sample: int = -1) -> None:
        super().__init__(message, sample)
        self.sample = sample

    def __str__(self) -> str:
        return str(self.args[0])


def uncodable(sample: int) -> CodingError:
    """The error that names a sample."""
    return CodingError(f"sample {sample} could not be coded: its atoms are too nearly dependent", sample)


def _gram(D32: np.ndarray) -> np.ndarray:
    """D D^T from its upper triangle, mirrored tile by tile: half the time of the product, and of numpy's mirroring."""
    G = ssyrk(1.0, D32.T, trans=1, lower=1).T
    for i in range(0, len(G), TILE):
        rows = slice(i, i + TILE)
        for j in range(i, len(G), TILE):
            tile = G[rows, j : j + TILE]
            G[j : j + TILE, rows] = np.triu(tile) + np.triu(tile, 1).T if i == j else tile.T
    return G


def _wider(rows: np.ndarray, by: int) -> np.ndarray:
    """A copy with so many more columns of zeros; np.pad by nothing takes longer than small problems' coding."""
    return np.pad(rows, ((0, 0), (0, by))) if by else rows.copy()


class Coder:
    """Codes of the rows of X, kept as a warm start from one dictionary to the next.

    X (n, d) float64, C-contiguous; codes are stored as idx, val (n, K) and cnt (n,): the cnt[i] atoms that sample i
    uses and their values. Other penalties' coders hold theirs in the same way.

    most : of how many atoms a sample may need at once; of linearly independent ones, if not given.
    claim : what is known of the codes last made: 'exact', each is the minimum.
    """

    def __init__(self, n: int, d: int, m: int, lam: float, nonnegative: bool, most: int | None = None) -> None:
        self.lam, self.signed, self.claim = lam, not nonnegative, "exact"
        self.most = min(m, d) if most is None else most
        self.width = min(self.most, 32)
        self.idx: np.ndarray = np.zeros((n, self.width), np.uint32)
        self.val: Array = np.zeros((n, self.width))
        self.cnt: np.ndarray = np.zeros(n, np.int64)
        self.rows = int(min(max((1 << 20) // m, 32), 256))
        self.d, self.m = d, m
        self.workspace: tuple[np.ndarray, ...] | None = None  # made when it is known how many threads will use it
        self.rescued = 0

    def snapshot(self) -> tuple[np.ndarray, Array, np.ndarray]:
        """A copy of the codes; `restore` takes it back."""
        return self.idx.copy(), self.val.copy(), self.cnt.copy()

    def restore(self, snapshot: tuple[np.ndarray, Array, np.ndarray]) -> None:
        """Return to an earlier snapshot; of it and the buffers, the narrower are widened."""
        idx, val, cnt = snapshot
        while self.width < idx.shape[1]:
            self._widen()
        narrow = self.width - idx.shape[1]
        self.idx, self.val, self.cnt = _wider(idx, narrow), _wider(val, narrow), cnt.copy()

    def load(self, Z: csr_array) -> None:
        """Hold the codes Z (n, m), to start from."""
        self.cnt = np.diff(Z.indptr).astype(np.int64)
        while self.cnt.max(initial=0) > self.width:
            self._widen()
        inside = np.arange(self.width) < self.cnt[:, None]
        self.idx[inside], self.val[inside] = Z.indices, Z.data

    def code(self, X: Array, D: Array, b: Array | None = None, unit: float = 1.0, gram: Any = None) -> None:
        """Solve for every row of (X - b) / unit on the dictionary D (m, d), from the codes held; BLAS must be on one
        thread. gram : D D^T if it is known, float64 or float32.
        """
        D32 = D.astype(np.float32)
        G = np.empty((0, 0))
        if self.m <= GRAM:
            G = gram if gram is not None and gram.dtype == np.float64 else D @ D.T  # of one array: half the work
            gram = G
        G32 = _gram(D32) if gram is None else gram.astype(np.float32, copy=False)
        D = _fixed(D)
        threads = most()
        blocks = max(threads, CHUNK_WORK // (self.m * (self.d + 8 * 12) * self.rows))  # one for each thread at least
        for start in range(0, len(X), blocks * self.rows):
            part = slice(start, start + blocks * self.rows)
            rows = X[part] if b is None else X[part] - b
            rows = rows if unit == 1 else rows / unit
            while True:
                cnt = self.cnt[part]
                active_set.code_rows(_fixed(rows), D, G, D32, G32, self.lam, self.signed, active_set.SHARE, self.rows,
                                     *self._space(threads), self.idx[part], self.val[part], cnt)
                full = cnt == active_set.FULL
                if self.width == self.most or not full.any():
                    break
                cnt[full] = 0
                self._widen()
            for i in np.flatnonzero(cnt < 0):
                self._rescue(rows[i], D, start + int(i))

    def separation(self, X: Array, D: Array) -> float:
        """How far the codes of any sample are from a rival that costs as little; inf where there can be none."""
        return np.inf

    def _widen(self) -> None:
        self.width = min(self.most, 2 * self.width)
        narrow = self.width - self.idx.shape[1]
        self.idx, self.val = _wider(self.idx, narrow), _wider(self.val, narrow)
        self.workspace = None

    def _space(self, threads: int) -> tuple[np.ndarray, ...]:
        """Buffers for at least so many threads."""
        if self.workspace is None or len(self.workspace[0]) < threads:
            self.workspace = active_set.workspace(threads, self.rows, self.d, self.m, self.width)
        return self.workspace

    def _rescue(self, x: Array, D: Array, i: int) -> None:
        S, sg, z = np.zeros(self.most, np.int64), np.ones(self.most), np.zeros(self.most)
        k = rescue.code_safely(x, D, self.lam, self.signed, S, sg, z)
        if k < 0:
            raise uncodable(i)
        while k > self.width:
            self._widen()
        self.idx[i, :k], self.val[i, :k], self.cnt[i] = S[:k], z[:k], k
        self.rescued += 1

    def sparse(self, m: int, scale: float = 1.0) -> csr_array:
        """The codes as a csr_array (n, m) with sorted columns, multiplied by `scale`."""
        pointers = np.concatenate([[0], np.cumsum(self.cnt)])
        columns, values = np.empty(pointers[-1], np.int64), np.empty(pointers[-1])
        active_set.pack(self.idx, self.val, self.cnt, scale, pointers, columns, values)
        Z = csr_array((values, columns, pointers), shape=(len(self.cnt), m))
        Z.has_sorted_indices = True
        return Z


def _fixed(array: Array) -> Array:
    """A read-only view: kernels are compiled for each kind of array, and data and atoms come as either kind."""
    view = array.view()
    view.flags.writeable = False
    return view


def gram(D: Array) -> Any:
    """D D^T as coding needs it, for a dictionary D (m, d) that codes one block of samples after another."""
    with limited(0):
        return D @ D.T if len(D) <= GRAM else _gram(D.astype(np.float32))
