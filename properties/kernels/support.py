"""What is asked at each code that is not zero, of samples in compressed rows: ptr (k + 1,), idx (nnz,). No validation.

An array (nnz, d) never exists: one number a code is all that is kept.
"""

from __future__ import annotations

import numpy as np

from testbed.kernels.jit import jit

FAST = {"reassoc", "contract"}  # inner loops of length d may be summed in vector lanes


@jit(fastmath=FAST)
def overlaps(ptr, idx, F, D):
    """(nnz,) <f_i, d_j> of rows F (k, d) and atoms D (m, d)."""
    out = np.empty(len(idx))
    for i in range(len(F)):
        for p in range(ptr[i], ptr[i + 1]):
            total = 0.0
            for q in range(F.shape[1]):
                total += F[i, q] * D[idx[p], q]
            out[p] = total
    return out


@jit(fastmath=FAST)
def distances(ptr, idx, sign, price, F, D):
    """(nnz,) |sign f_i - price d_j|: where both nearly coincide, no difference of squares would do."""
    out = np.empty(len(idx))
    for i in range(len(F)):
        for p in range(ptr[i], ptr[i + 1]):
            total = 0.0
            for q in range(F.shape[1]):
                step = sign[p] * F[i, q] - price[p] * D[idx[p], q]
                total += step * step
            out[p] = np.sqrt(total)
    return out


@jit()
def highest(ptr, idx, row, val, order, start, m):
    """(m, m) the largest code of atom k > 0 over samples in which atom j is off; 0 if there is none.

    order lists the codes atom by atom, from start[k] on, largest first and NaN last: an atom j is settled by the first
    sample that it is missing from, so that few samples of an atom are looked at.
    """
    top = np.zeros((m, m))
    seen = np.full(m, -1, np.int64)
    left = np.empty(m, np.int64)
    for k in range(m):
        if start[k] == start[k + 1]:
            continue
        if np.isnan(val[order[start[k + 1] - 1]]):
            top[k] = np.nan
            continue
        count = m
        for j in range(m):
            left[j] = j
        for e in range(start[k], start[k + 1]):
            i, code = row[order[e]], val[order[e]]
            if code <= 0 or count == 0:
                break
            for p in range(ptr[i], ptr[i + 1]):
                seen[idx[p]] = e
            kept = 0
            for q in range(count):
                j = left[q]
                if seen[j] == e:
                    left[kept] = j
                    kept += 1
                else:
                    top[k, j] = code
            count = kept
    return top
