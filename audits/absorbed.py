"""Which latents would stand in for another (A5): the pairs that absorption hides, found by leaving one atom out.

Where a child has absorbed its parent, the parent is silent, and supports alone name no pair. So a sample of those in
which j is on is coded anew, exactly, without atom j: k carries such a sample if its code there is at least half of what
k's codes are where it is on. With j's part returned to the residual k's score is s_k + z_j G_jk, and every atom at an
acute angle to j may want it; exact codes let them compete, and half of its usual code keeps out those that take a bit.

k is a candidate for j's parent if it carries at least half of j's samples and fires more often. A candidate's rivals,
the other children of k and those of j, may carry k's part themselves wherever they are on, so what is asked in the end
is asked of the samples on which none of them is: k must carry nearly all of those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from audits.moments import Moments
from testbed.checks import Array
from testbed.coding import choosing, exact
from testbed.dictionary import Dictionary
from testbed.verify import Coded

OFTEN = 30  # firings of j below which a share means nothing
ALONE = 16  # samples without rivals below which it does not either
SAMPLE = 64  # samples of an atom that are coded anew
BUDGET = 1 << 16  # of all atoms together
HELD = 1 << 25  # and numbers of them held: 256 MiB
USUAL = 0.5  # of a latent's usual code, from which it carries a sample
CANDIDATE, CARRIED = 0.5, 0.9  # shares of j's samples that k carries: of all, and of those without rivals


@dataclass(frozen=True, eq=False)
class StandIns:
    """What leaving atoms out one by one showed. asked : (m,) bool, atoms that were left out.

    share (m, m) : of j's samples without rivals, how many k carries; NaN where that was not asked, or of too few.
    strength (m, m) : k's mean code there over its usual one. left_out : atoms that should have been asked, and were too
    many.
    """

    share: Array
    strength: Array
    asked: np.ndarray
    left_out: int


def stand_ins(dictionary: Dictionary, sums: Moments, say: Callable[[str, int, int], None]) -> StandIns:
    """Leave out every atom that may have a parent; `sums` at the dictionary's exact codes, with those of pairs."""
    m = len(sums.D)
    usual = sums.z / np.where(sums.live, sums.on, 1)
    possible = _possible(sums, usual)
    asked: np.ndarray = np.asarray(possible.any(axis=1))
    most = min(BUDGET, HELD // sums.D.shape[1]) // SAMPLE
    order = np.flatnonzero(asked)[np.argsort(-sums.z[asked], kind="stable")]
    asked[order[most:]] = False
    share, strength = np.full((2, m, m), np.nan)
    if not asked.any():
        return StandIns(share, strength, asked, 0)
    held = sample(dictionary.blocks(lambda done, total: say("samples to leave latents out of", done, total)), asked)
    carried = np.zeros((m, m))
    codes: dict[int, csr_array] = {}
    done, total = 0, len(held.atom)
    without = _Without(dictionary)
    for j in np.flatnonzero(asked).tolist():
        rows = held.of(j)
        codes[j] = without.codes(j, held.X[rows], held.Z[rows])
        carried[j] = (codes[j].toarray() >= USUAL * usual).mean(axis=0)
        done += len(rows)
        say("codes without a latent", done, total)
    candidate = possible & (carried >= CANDIDATE)
    for j, sparse in codes.items():
        Z = sparse.toarray()
        on = held.Z[held.of(j)].toarray() != 0
        for k in np.flatnonzero(candidate[j]).tolist():
            rivals = candidate[:, k] | candidate[:, j]
            rivals[[j, k]] = False
            alone = ~on[:, rivals].any(axis=1)
            if alone.sum() >= ALONE:
                share[j, k] = (Z[alone, k] >= USUAL * usual[k]).mean()
                strength[j, k] = Z[alone, k].mean() / usual[k]
    return StandIns(share, strength, asked, max(0, len(order) - most))


def _possible(sums: Moments, usual: Array) -> np.ndarray:
    """(m, m) bool: k may stand in for j. k fires more often, and would have a quarter of its usual code from j's part
    alone, G_jk z_j, or is on beside j on a quarter of its samples already."""
    on = sums.on
    beside = sums.both >= 0.25 * on[:, None]
    near = sums.D @ sums.D.T * usual[:, None] >= 0.5 * USUAL * usual
    found = (beside | near) & (on[:, None] >= OFTEN) & (on > on[:, None])
    np.fill_diagonal(found, False)
    return np.asarray(found)


class _Without:
    """Exact codes on a dictionary without one of its atoms. That atom is made zero: it then has no score and no
    cosines, and never enters; so the Gram matrix is made once."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.b, self.penalty = dictionary.b, dictionary.problem.penalty
        self.D = dictionary.D.copy()
        self.gram = exact.gram(self.D).copy()

    def codes(self, j: int, X: Array, Z: csr_array) -> csr_array:
        """(k, m), nothing in column j; those with it, Z, are near."""
        near = Z.copy()
        near.data[near.indices == j] = 0
        near.eliminate_zeros()
        atom, cosines = self.D[j].copy(), self.gram[j].copy()
        self.D[j] = self.gram[j] = self.gram[:, j] = 0
        self.gram[j, j] = 1
        Z, _ = choosing.codes(X, self.D, self.b, self.penalty, self.gram, start=near)
        self.D[j] = atom
        self.gram[j] = self.gram[:, j] = cosines
        return Z


class Held:
    """Samples X (k, d) with codes Z (k, m), and which of them stand for which atom: (atom, row) pairs, by atom."""

    def __init__(self, X: Array, Z: csr_array, atom: np.ndarray, row: np.ndarray) -> None:
        self.X, self.Z, self.atom, self.row = X, Z, atom, row

    def of(self, j: int) -> np.ndarray:
        """Rows of X that stand for atom j."""
        return self.row[slice(*np.searchsorted(self.atom, [j, j + 1]))]


def sample(blocks: Iterable[Coded], asked: np.ndarray) -> Held:
    """At most SAMPLE samples for every atom that is asked, of those in which it is on.

    Every sample has a rank, multiples of the golden ratio modulo 1, and an atom keeps those of the lowest: spread
    evenly over all data, and the same for any blocks.
    """
    number, n = np.zeros(0, np.int64), 0  # of the samples held, and how many were seen
    atom, rank, which = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
    bar = np.where(asked, 1.0, -1.0)  # an atom takes ranks below it
    X: list[Array] = []
    Z: list[csr_array] = []
    for block in blocks:
        k = len(block.X)
        ranks = np.modf((n + np.arange(1, k + 1)) * ((np.sqrt(5) - 1) / 2))[0]
        rows = np.repeat(np.arange(k), np.diff(block.Z.indptr))
        fresh = ranks[rows] < bar[block.Z.indices]
        atom = np.concatenate([atom, block.Z.indices[fresh]])
        rank, which = np.concatenate([rank, ranks[rows[fresh]]]), np.concatenate([which, n + rows[fresh]])
        order = np.lexsort((rank, atom))
        atom, rank, which = atom[order], rank[order], which[order]
        first = np.searchsorted(atom, atom)
        kept = np.arange(len(atom)) - first < SAMPLE
        full = np.flatnonzero(np.arange(len(atom)) - first == SAMPLE - 1)
        bar[atom[full]] = rank[full]
        atom, rank, which = atom[kept], rank[kept], which[kept]
        new = np.unique(which[which >= n]) - n
        if len(new):
            X.append(block.X[new])
            Z.append(block.Z[new])
            number = np.concatenate([number, n + new])
        n += k
        if len(number) > 2 * len(np.unique(which)) + SAMPLE:  # half of what is held stands for no atom any more
            number, X, Z = _packed(number, X, Z, which)
    number, X, Z = _packed(number, X, Z, which)
    return Held(X[0], Z[0], atom, np.searchsorted(number, which))


def _packed(number: np.ndarray, X: list[Array], Z: list[csr_array],
            which: np.ndarray) -> tuple[np.ndarray, list[Array], list[csr_array]]:
    used = np.isin(number, which)
    return number[used], [np.concatenate(X)[used]], [csr_array(vstack(Z, format="csr"))[used]]
