"""Which coder solves what: `coder_for` a penalty, `codes` of trusted arguments, and `encode` of anyone's."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from testbed import checks
from testbed.checks import Array
from testbed.coding.branching import BranchingCoder, ConcaveCoder
from testbed.coding.energy import EnergyCoder
from testbed.coding.exact import Coder
from testbed.errors import InputError, InputTypeError
from testbed.penalties import L0, L1, MCP, Energy, Log, Penalty, TopK
from testbed.problem import in_scale, power_of_two_near, settled
from testbed.threads import limited


def coder_for(n: int, d: int, m: int, penalty: Penalty) -> Coder:
    """What codes n samples in d dimensions on m atoms under a penalty, both in the same units."""
    if isinstance(penalty, L1):
        return Coder(n, d, m, penalty.lam, not penalty.signed)
    if isinstance(penalty, Energy):
        return EnergyCoder(n, d, m, penalty)
    if isinstance(penalty, Log | MCP):
        return ConcaveCoder(n, d, m, penalty)
    assert isinstance(penalty, L0 | TopK)
    return BranchingCoder(n, d, m, penalty)


def codes(X: Array, D: Array, b: Array, penalty: Penalty, gram: Any = None,
          threads: int | None = None, start: csr_array | None = None) -> tuple[csr_array, str]:
    """Codes (n, m) of samples X (n, d) on unit-norm atoms D (m, d) with bias b (d,), and what is claimed of them (see
    `exact.Coder`); trusted arguments. start : codes (n, m) that may be near, which saves time under l1."""
    unit = power_of_two_near(penalty.unit)
    coder = coder_for(len(X), X.shape[1], len(D), penalty.scaled(unit))
    if start is not None and isinstance(penalty, L1):
        coder.load(start / unit)
    with limited(X.size * len(D), threads, "encode"):
        coder.code(X, np.ascontiguousarray(D), b if b.any() else None, unit, gram)
    return coder.sparse(len(D), unit), coder.claim


def encode(X: Any, D: Any, lam: Any = None, b: Any = None, nonnegative: bool = True, gram: Any = None,
           threads: int | None = None, penalty: Any = None) -> csr_array:
    """Exact codes: for every row x of X, the z >= 0 that minimises 1/2 |x - b - zD|^2 + lam * sum z (C1).

    Parameters
    ----------
    X : (n, d) samples. D : (m, d) atoms of unit norm. lam : penalty > 0, in the units of X.
    b : (d,) bias subtracted first, or None. nonnegative : False for signed codes with penalty lam * sum |z|.
    gram : (m, m) D @ D.T in float64 or float32, if it is at hand: of many atoms it takes as long as many samples.
    threads : how many work at most; None for as many as numba is set to. The codes are the same for any number.
    penalty : what codes cost in place of lam, as of a Problem. Where that leaves the problem of a sample not
        convex, codes are the minimum for up to 64 atoms, and no swap of atoms is better for more
        (testbed.coding.branching).

    Scores are held for some hundred samples at a time: beyond X, D and the codes, memory is that of D D^T in float32.

    Returns
    -------
    scipy.sparse.csr_array (n, m), float64. Normalised KKT violation is at most 1e-12 (see testbed.verify).

    Raises InputError naming the argument; CodingError naming a sample that could not be coded.
    """
    where = "encode"
    X = checks.matrix(where, "X", X)
    D = checks.unit_rows(where, "D", D, X.shape[1])
    bias = np.zeros(X.shape[1]) if b is None else checks.vector(where, "b", b, X.shape[1])
    penalty = settled(where, lam, checks.flag(where, "nonnegative", nonnegative), penalty)
    if gram is not None:
        gram = _given_gram(where, gram, D)
    largest = float(max(X.max(), -X.min()))
    if not isinstance(penalty, TopK):
        in_scale(where, penalty.unit, largest, largest)
    return codes(X, D, bias, penalty, gram, threads)[0]


def _given_gram(where: str, gram: Any, D: Array) -> Any:
    """gram, if it is D D^T to its precision as far as a few of its rows tell; float32 stays float32."""
    m = len(D)
    if not (isinstance(gram, np.ndarray) and gram.dtype in (np.float32, np.float64)):
        raise InputTypeError(f"{where}: gram must be a float64 or float32 array; got "
                             f"{getattr(gram, 'dtype', type(gram).__name__)}")
    if gram.shape != (m, m):
        raise InputError(f"{where}: gram must have shape {(m, m)}; its shape is {gram.shape}")
    rows = np.unique(np.linspace(0, m - 1, 8).astype(int))
    off = np.abs(gram[rows] - D[rows] @ D.T).max()
    if not off <= 4 * np.finfo(gram.dtype).eps * D.shape[1]:
        raise InputError(f"{where}: gram must be D @ D.T; an entry is off by {off:.2g}")
    return np.ascontiguousarray(gram)
