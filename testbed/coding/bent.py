"""Exact codes under the log penalty and MCP where the code problem is convex: `Penalty.convex` holds.

Elsewhere: `testbed.coding.branching`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from testbed.checks import Array
from testbed.coding.exact import Coder, uncodable
from testbed.kernels import active_set, bent
from testbed.penalties import MCP, Log

CHUNK_ROWS = 4096  # between two looks at the keyboard


class BentCoder(Coder):
    """As `exact.Coder`, under a Log or MCP penalty in the units that the rows are coded in; D must be such that the
    problem is convex."""

    def __init__(self, n: int, d: int, m: int, penalty: Log | MCP) -> None:
        super().__init__(n, d, m, penalty.lam, True, most=m)
        self.rows = 64
        self.kind, self.shape = (bent.LOG, penalty.eps) if isinstance(penalty, Log) else (bent.MCP, penalty.gamma)

    def code(self, X: Array, D: Array, b: Array | None = None, unit: float = 1.0, gram: Any = None) -> None:
        G = gram if gram is not None and gram.dtype == np.float64 else D @ D.T
        for start in range(0, len(X), CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            rows = X[part] if b is None else X[part] - b
            rows = np.ascontiguousarray(rows if unit == 1 else rows / unit)
            while True:
                cnt = self.cnt[part]
                bent.code_rows(rows, D, G, self.kind, self.lam, self.shape, self.rows, self.idx[part],
                               self.val[part], cnt)
                full = cnt == active_set.FULL
                if self.width == self.most or not full.any():
                    break
                cnt[full] = 0
                self._widen()
            failed = np.flatnonzero(cnt < 0)
            if len(failed):
                raise uncodable(start + int(failed[0]))
