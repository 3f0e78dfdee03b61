"""The audit of a dictionary that someone else trained: `audit(sae, data)`.

Three passes over the data by blocks: the encoder's codes alone (which price was paid?), then on each half encoder and
exact codes beside the dictionaries refined from it. Memory does not grow with the number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from audits import worth
from audits.accounting import Candidate, Half, Ledger, exactly, floor, losses
from audits.amortisation import Amortisation
from audits.findings import Audit
from audits.moments import Moments
from audits.penalty import Price, settle
from audits.sae import SAE
from testbed import checks, fit
from testbed.checks import Array
from testbed.data import Rows, as_rows
from testbed.errors import InputError

REFINED_ROWS = 20_000  # at most so many samples are refined on
SAMPLE = 2_048  # rows on which a lam is matched
TRIED = (0.8, 1.25)  # multiples of lam at which the verdict is looked at again
TRIED_ROWS = 8_192

Progress = Callable[[str, int, int], None]


def audit(sae: SAE, data: Any, lam: float | None = None, *, rows: int | None = None, refine: bool = True,
          restarts: int = 2, whole: bool = False, seed: int = 0, progress: Progress | None = None) -> Audit:
    """How far an SAE is from optimal on these activations, and why (A1-A5).

    Parameters
    ----------
    sae : from `audits.read_sae`, or made. data : (n, d) activations, an array, a memory map or any `testbed.data.Rows`.
    lam : the penalty to audit at, in the units of the data; None takes the configuration's, or the data's (A2).
    rows : only so many first rows. refine : False leaves out training from the dictionary and restarts (slow).
    restarts : fits from the data beside the refined dictionary, for the basin.
    whole : refine and evaluate on all samples, instead of on halves. seed : of the restarts.
    progress : called as progress(what, rows done, rows in all).

    Raises InputError for data of another width than the SAE's, fewer than 16 rows, or no activity to take lam from.
    """
    where = "audit"
    source = as_rows(where, "data", data)
    source = source if rows is None else _First(source, checks.integer(where, "rows", rows, 1))
    n, d = source.shape
    if d != sae.d:
        raise InputError(f"{where}: {source.name} has {d} columns; the SAE reads activations of {sae.d}")
    if n < 16:
        raise InputError(f"{where}: {source.name} has {n} rows; an audit takes at least 16")
    if lam is not None:
        lam = checks.number(where, "lam", lam, 0, open_low=True)
    say = progress or (lambda *_: None)
    kept = np.flatnonzero(~sae.dead)
    D, b = np.ascontiguousarray(sae.D[kept]), sae.b
    encoder = _encoder(sae, kept)

    center = _center(source)
    first, done = Moments(D, b, center), 0
    everything = Half(source)
    for X in everything:
        first.add(X, encoder(X))
        done += len(X)
        say("the encoder's codes", done, n)
    price = Price.of(first)
    penalty = settle(sae, lam, price, Half(source, most=SAMPLE).gathered(), first.tokens / n)
    lam = penalty.lam

    halves = (everything, everything) if whole else (Half(source, "even"), Half(source, "odd"))
    codes = exactly("codes", D, b, lam)
    refined, best, notes = codes, codes, ["the dictionary was not refined"]
    if refine:
        refined, best, notes = _refined(halves[0], D, b, lam, bool(b.any()), restarts, seed, say)
    candidates = [Candidate("encoder", D, b, encoder), codes]
    candidates += [c for c in (refined, best) if c is not codes and c not in candidates]
    ledger = Ledger([c.name for c in candidates], lam)
    sums = {c.name: Moments(c.D, c.b, center, lam) for c in candidates[:2]}
    error, tail = Amortisation(D, lam), worth.Tail(lam)
    done = 0
    for X in halves[1]:
        found = {c.name: c.codes(X) for c in candidates}
        R = {name: held.add(X, found[name]) for name, held in sums.items()}
        R |= {c.name: X - c.b - found[c.name] @ c.D for c in candidates[2:]}
        ledger.add(np.array([losses(R[c.name], found[c.name], lam) for c in candidates]))
        error.add(found["encoder"], found["codes"], R["codes"])
        tail.add(R["codes"])
        done += len(X)
        say("encoder and exact codes", done, n if whole else n // 2)
    bound = floor(halves[1], lam, b if b.any() else None)
    return Audit.of(sae, source, kept, penalty, price, ledger, refined.name, best.name, bound, sums, error, tail,
                    _moved(sae, halves[1], D, b, encoder, lam), notes)


class _First:
    """The first `most` rows of some data."""

    def __init__(self, data: Rows, most: int) -> None:
        self.data, self.shape, self.name = data, (min(most, data.shape[0]), data.shape[1]), data.name

    def rows(self, lo: int, hi: int) -> Array:
        return self.data.rows(lo, min(hi, self.shape[0]))


def _encoder(sae: SAE, kept: np.ndarray) -> Callable[[Array], csr_array]:
    """Codes of the SAE's own encoder on the atoms that have a direction."""
    if not sae.W.shape[1]:
        raise InputError("audit: this dictionary came without an encoder (W_enc); measure it with `testbed check`")
    return lambda X: csr_array(sae.encode(X)[:, kept]) if len(kept) < sae.n_atoms else sae.encode(X)


def _center(data: Rows) -> Array:
    """(d,) the mean of the data."""
    total = np.zeros(data.shape[1])
    for X in Half(data):
        total += X.sum(axis=0)
    return total / data.shape[0]


def _refined(half: Half, D: Array, b: Array, lam: float, bias: bool, restarts: int, seed: int,
             say: Progress) -> tuple[Candidate, Candidate, list[str]]:
    """The stationary point reached from the dictionary, the best that restarts found, and what was done in words."""
    X = Half(half.data, half.part, REFINED_ROWS).gathered()
    notes = [f"refined on {len(X)} samples" + (" that are not among those evaluated" if half.part != "all" else "")]

    def report(restart: int, objective: float, stationarity: float) -> None:
        say(f"refining, stationarity {stationarity:.1e}, samples", len(X), len(X))

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


def _moved(sae: SAE, half: Half, D: Array, b: Array, encoder: Callable[[Array], csr_array],
           lam: float) -> list[dict[str, float]]:
    """The verdict at other penalties, on a few rows: the encoder's share of the excess over the floor, codes used."""
    rows = []
    few = Half(half.data, half.part, TRIED_ROWS)
    for factor in (1.0, *TRIED):
        here = exactly("codes", D, b, factor * lam)
        spent, least, used, n = 0.0, 0.0, 0, 0
        for X in few:
            found = {"encoder": encoder(X), "codes": here.codes(X)}
            F = {name: losses(X - b - Z @ D, Z, factor * lam).sum() for name, Z in found.items()}
            spent, least = spent + F["encoder"], least + F["codes"]
            used, n = used + found["codes"].nnz, n + len(X)
        bound = floor(few, factor * lam, b if b.any() else None).value
        rows.append({"lam": factor * lam, "encoder": spent / n, "codes": least / n, "floor": bound,
                     "amortisation_share": (spent - least) / max(spent - n * bound, 1e-300), "l0_codes": used / n})
    return rows
