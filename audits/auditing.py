"""The audit of a dictionary that someone else trained: `audit(sae, data)`.

Three passes over the data by blocks: the encoder's codes alone (which price was paid?), then on one half encoder and
exact codes beside the dictionaries refined on the other. Memory does not grow with the number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from audits import exact, parts
from audits.absorbed import stand_ins
from audits.accounting import Candidate, Ledger, exactly, losses
from audits.amortisation import Amortisation
from audits.findings import Audit
from audits.moments import Moments
from audits.penalty import Price, settle
from audits.sae import SAE
from audits.worth import Tail
from testbed import checks, fit
from testbed.checks import Array
from testbed.coding.coder import Coder, Exact
from testbed.data import Rows, as_rows
from testbed.dictionary import Dictionary
from testbed.errors import InputError
from testbed.penalties import L1
from testbed.problem import Problem

REFINED_ROWS = 20_000  # at most so many samples are refined on
SAMPLE = 2_048  # rows on which a lam is matched
TRIED = (0.8, 1.25)  # multiples of lam at which the verdict is looked at again
TRIED_ROWS = 8_192

Progress = Callable[[str, int, int], None]


class Own:
    """The SAE's own encoder as a coder, on the atoms that have a direction."""

    def __init__(self, sae: SAE, kept: np.ndarray) -> None:
        self.sae, self.kept = sae, kept

    def codes(self, X: Array, D: Array, b: Array) -> csr_array:
        """Its codes (k, m) of samples X (k, d); D and b are its own."""
        Z = self.sae.encode(X)
        return csr_array(Z[:, self.kept]) if len(self.kept) < self.sae.n_atoms else Z


def audit(sae: SAE, data: Any, lam: float | None = None, *, rows: int | None = None, refine: bool = True,
          restarts: int = 2, whole: bool = False, seed: int = 0, progress: Progress | None = None) -> Audit:
    """How far an SAE is from optimal on these activations, and why (A1-A5).

    Parameters
    ----------
    sae : from `audits.read_sae`, or made; one without an encoder is audited at exact codes throughout.
    data : (n, d) activations, an array, a memory map or any `testbed.data.Rows`.
    lam : the penalty to audit at, in the units of the data; None takes the configuration's, or the data's (A2).
    rows : only so many first rows. refine : False leaves out training from the dictionary and restarts (slow).
    restarts : fits from the data beside the refined dictionary, for the basin.
    whole : refine and evaluate on all samples, instead of on halves. seed : of the restarts.
    progress : called as progress(what, rows done, rows in all), 0 rows where only steps can be told.

    Raises InputError for data of another width than the SAE's, fewer than 16 rows, or no activity to take lam from.
    """
    where = "audit"
    source = as_rows(where, "data", data)
    source = source if rows is None else parts.first(source, checks.integer(where, "rows", rows, 1))
    n, d = source.shape
    if d != sae.d:
        raise InputError(f"{where}: {source.name} has {d} columns; the SAE reads activations of {sae.d}")
    if n < FEWEST:
        raise InputError(f"{where}: {source.name} has {n} rows; an audit takes at least {FEWEST}")
    if lam is not None:
        lam = checks.number(where, "lam", lam, 0, open_low=True)
    restarts, seed = checks.integer(where, "restarts", restarts, 0), checks.integer(where, "seed", seed, 0)
    say = progress or (lambda *_: None)
    kept = np.flatnonzero(~sae.dead)
    if not len(kept):
        raise InputError(f"{where}: every decoder row of the SAE is zero")
    D, b = checks.frozen(np.ascontiguousarray(sae.D[kept])), sae.b
    bias = bool(b.any())
    own = _coder(sae, kept, lam)

    center = _center(source)
    alone, done = Moments(D, b, center), 0
    for X in parts.blocks(source):
        alone.add(X, own.codes(X, D, b))
        done += len(X)
        say("the encoder's codes", done, n)
    price = Price.of(alone)
    penalty = settle(sae, lam, price, parts.first(source, SAMPLE).rows(0, SAMPLE), alone.tokens / n)
    lam = penalty.lam

    refined_on, evaluated = (source, source) if whole else parts.halves(source)
    codes = exactly("codes", D, b, lam)
    refined, best, notes = codes, codes, ["the dictionary was not refined"]
    if refine:
        refined, best, notes = _refined(refined_on, whole, D, b, lam, bias, restarts, seed, say)
    candidates = [Candidate("encoder", D, b, own), codes]
    candidates += [c for c in (refined, best) if c is not codes and c not in candidates]
    dictionary = Dictionary.of(Problem(evaluated, lam, bias=bias), D, b)
    ledger = Ledger([c.name for c in candidates], lam)
    sums = {c.name: Moments(c.D, c.b, center, lam) for c in candidates[:2]}
    error, tail = Amortisation(D, lam), Tail(lam)
    for block in dictionary.blocks(lambda done, total: say("encoder and exact codes", done, total)):
        found = {c.name: block.Z if c is codes else c.codes(block.X) for c in candidates}
        R = {name: held.add(block.X, found[name]) for name, held in sums.items()}
        R |= {c.name: block.X - c.b - found[c.name] @ c.D for c in candidates[2:]}
        ledger.add(np.array([losses(R[c.name], found[c.name], lam) for c in candidates]))
        error.add(found["encoder"], found["codes"], R["codes"])
        tail.add(R["codes"])
    stand = stand_ins(dictionary, sums["codes"], say)
    if stand.left_out:
        notes = [*notes, f"{stand.left_out} latents were too many to be left out one by one: no absorbed pair of "
                         "theirs is listed"]
    return Audit.of(sae, source, kept, penalty, price, ledger, refined.name, best.name, dictionary.problem.floor, sums,
                    exact.measured(dictionary, sums["codes"], say), exact.slopes(dictionary), stand, error, tail,
                    _moved(evaluated, D, b, own, lam, bias), notes)


FEWEST = 16  # rows


def _coder(sae: SAE, kept: np.ndarray, lam: float | None) -> Coder:
    """The SAE's encoder; of a dictionary without one, exact codes at the lam given or its own."""
    if sae.W.shape[1]:
        return Own(sae, kept)
    lam = sae.lam if lam is None else lam
    if lam is None:
        raise InputError("audit: this dictionary came without an encoder (W_enc) and names no penalty; give --lam")
    return Exact(L1(lam))


def _center(data: Rows) -> Array:
    """(d,) the mean of the data."""
    total = np.zeros(data.shape[1])
    for X in parts.blocks(data):
        total += X.sum(axis=0)
    return total / data.shape[0]


def _refined(data: Rows, whole: bool, D: Array, b: Array, lam: float, bias: bool, restarts: int, seed: int,
             say: Progress) -> tuple[Candidate, Candidate, list[str]]:
    """The stationary point reached from the dictionary, the best that restarts found, and what was done in words."""
    X = parts.first(data, REFINED_ROWS).rows(0, REFINED_ROWS)
    notes = [f"refined on {len(X)} samples" + ("" if whole else " that are not among those evaluated")]

    def report(restart: int, objective: float, stationarity: float) -> None:
        say(f"refining on {len(X)} activations, stationarity {stationarity:.1e}", 0, 0)

    found = fit(X, len(D), lam, bias=bias, start=D, start_bias=b if bias else None, progress=report)
    notes.append(f"the dictionary refined from it is {found.status} there, stationarity {found.stationarity:.1e}")
    refined = exactly("refined", found.D, found.b, lam)
    if not restarts:
        return refined, refined, notes
    other = fit(X, len(D), lam, bias=bias, restarts=restarts, seed=seed, progress=report)
    notes.append(f"{restarts} restarts from the data ended at {other.objective:.6g} there, the refined dictionary at "
                 f"{found.objective:.6g}")
    better = other.objective < found.objective * (1 - 1e-9)
    return refined, exactly("best", other.D, other.b, lam) if better else refined, notes


def _moved(data: Rows, D: Array, b: Array, own: Coder, lam: float, bias: bool) -> list[dict[str, float]]:
    """The verdict at other penalties, on a few rows: the encoder's share of the excess over the floor, codes used."""
    rows = []
    few = parts.first(data, TRIED_ROWS)
    for factor in (1.0, *TRIED):
        here = Dictionary.of(Problem(few, factor * lam, bias=bias), D, b)
        spent, least, used, n = 0.0, 0.0, 0, few.shape[0]
        for block in here.blocks():
            Z = own.codes(block.X, D, b)
            spent += float(losses(block.X - b - Z @ D, Z, factor * lam).sum())
            least += float(losses(block.R, block.Z, factor * lam).sum())
            used += block.Z.nnz
        bound = here.problem.floor
        rows.append({"lam": factor * lam, "encoder": spent / n, "codes": least / n, "floor": bound,
                     "amortisation_share": (spent - least) / max(spent - n * bound, 1e-300), "l0_codes": used / n})
    return rows
