"""What an audit found: for a reader, for a program, and every number per atom."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from audits import pairs, statements
from audits.absorbed import StandIns
from audits.accounting import Ledger, Mean
from audits.amortisation import Amortisation
from audits.moments import Moments
from audits.penalty import Penalty, Price
from audits.sae import SAE
from audits.statements import Measured
from audits.worth import Tail
from testbed import files
from testbed.checks import Array
from testbed.data import Rows

NOT_IMPLIED = ("C1", "C2", "C3", "C4", "S5", "S6", "B2", "B3", "G1")  # at codes that are not exact
SPLITS = 10  # splittable atoms listed


@dataclass(frozen=True, eq=False)
class Audit:
    """What `audits.audit` found. Numbers are in squared units of the data where they are losses.

    objective : name -> Mean of F at the encoder's codes, exact codes, the refined dictionary, the best found, floor.
    gap : the excess over the floor, split (A1); differences are paired, over the same samples.
    price : implied price over atoms at the encoder's codes (A2). statements : at the encoder's codes ("encoder") A2,
    S1-S4 and, with a bias, B1, B4; at exact codes ("codes") all of them, each with residual, standard error and ratio.
    not_implied : ids that the encoder's codes do not imply.
    atoms : name -> (m,) numbers, in the SAE's own order; NaN where there is nothing to say. nested, antipodal, twins :
    pairs by the SAE's own numbers (A5). splits : the latents with most to gain from being split (M2). revival : what
    each of some dead atoms would gain at least (M3).
    predictability : share of the residual's second moment that a linear map predicts from the reconstruction, at the
    encoder's and at exact codes: measured, as S3 has it, and as the statement `by` expects it there: S3 where a price
    was paid, N3 (0) where none was. moved : the verdict at other penalties.
    """

    format: str
    architecture: str
    source: str
    conventions: tuple[str, ...]
    shape: tuple[int, int, int]
    evaluated: int
    lam: float
    lam_source: str
    lam_doubt: str
    price: Price
    objective: dict[str, Mean]
    gap: dict[str, Mean]
    l0: dict[str, float]
    explained: dict[str, float]
    statements: dict[str, tuple[Measured, ...]]
    not_implied: tuple[str, ...]
    atoms: dict[str, Array]
    nested: list[dict[str, Any]]
    antipodal: list[dict[str, Any]]
    twins: list[dict[str, Any]]
    splits: list[dict[str, Any]]
    dead: dict[str, list[int]]
    revival: list[float]
    predictability: dict[str, dict[str, Any]]
    moved: list[dict[str, float]]
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, sae: SAE, data: Rows, kept: np.ndarray, penalty: Penalty, price: Price, ledger: Ledger, refined: str,
           best: str, bound: float, sums: dict[str, Moments], exact_only: tuple[Measured, ...],
           slopes: Array, stand: StandIns, error: Amortisation, tail: Tail, moved: list[dict[str, float]],
           notes: list[str]) -> Audit:
        """From what was summed; `kept` numbers the atoms that have a direction in the SAE's own order."""
        objective = {"encoder": ledger.mean("encoder"), "codes": ledger.mean("codes"), "refined": ledger.mean(refined),
                     "best": ledger.mean(best), "floor": Mean(bound, 0.0)}
        least = ledger.mean(best)
        gap = {"amortisation": ledger.difference("encoder", "codes"), "dictionary": ledger.difference("codes", refined),
               "basin": ledger.difference(refined, best), "open": Mean(least.value - bound, least.standard_error)}
        lam, bias = penalty.lam, bool(sae.b.any())
        measured = {name: measure(held, lam, bias) for name, held in sums.items()}
        exact, encoder = sums["codes"], sums["encoder"]
        atoms = {"encoder_price": _alive(encoder, encoder.price), "encoder_price_error": _alive(encoder,
                                                                                             encoder.price_error)}
        measured["codes"] += exact_only
        atoms |= error.columns() | {"least_cosine": pairs.least_cosine(exact), "weight": encoder.effective,
                                    "split_slope": _alive(exact, slopes)}
        for name, found in measured.items():
            for statement in found:
                if statement.by_atom is not None and statement.error_by_atom is not None:
                    atoms[f"{name}_{statement.id}"] = statement.by_atom
                    atoms[f"{name}_{statement.id}_error"] = statement.error_by_atom
        whole = {name: _spread(values, kept, sae.n_atoms) for name, values in atoms.items()}
        silent = {name: kept[held.on == 0].tolist() for name, held in (("encoder", encoder), ("codes", exact))}
        return cls(sae.format, sae.architecture, data.name, sae.conventions, (data.shape[0], sae.d, sae.n_atoms),
                   exact.n, lam, penalty.source, penalty.doubt, price, objective, gap,
                   {name: held.tokens / held.n for name, held in sums.items()},
                   {name: held.explained for name, held in sums.items()}, measured, NOT_IMPLIED, whole,
                   [_renumbered(pair, kept, ("child", "parent")) for pair in pairs.nested(exact, lam, stand)],
                   [_renumbered(pair, kept, ("atoms",)) for pair in pairs.antipodal(exact)],
                   [_renumbered(pair, kept, ("atoms",)) for pair in pairs.twins(exact)],
                   [{"atom": int(kept[j]), "slope": float(slopes[j])}
                    for j in np.argsort(-slopes, kind="stable")[:SPLITS] if slopes[j] > 0],
                   {"decoder": np.flatnonzero(sae.dead).tolist()} | silent, tail.gains(),
                   {name: predictability(held, lam, price.free and name == "encoder") for name, held in sums.items()},
                   moved, notes)

    def __str__(self) -> str:
        """The first line says which penalty; then the account, the statements, and how many pairs there are."""
        return "\n".join(_lines(self))

    @property
    def holds(self) -> bool:
        """Whether no statement at exact codes is beyond its sampling error, or its tolerance."""
        return all(statement.holds is not False for statement in self.statements["codes"])

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe object; its keys are a contract (docs/audit.md)."""
        n, d, m = self.shape
        both = [(where, found) for where, several in self.statements.items() for found in several]
        return _finite({
            "format": self.format, "architecture": self.architecture, "source": self.source, "d": d, "m": m, "n": n,
            "evaluated": self.evaluated, "lam": self.lam, "lam_source": self.lam_source, "lam_doubt": self.lam_doubt,
            "objective": {name: found.value for name, found in self.objective.items()},
            "objective_error": {name: found.standard_error for name, found in self.objective.items()},
            "gap": {name: found.value for name, found in self.gap.items()},
            "gap_error": {name: found.standard_error for name, found in self.gap.items()},
            "l0": self.l0, "explained": self.explained,
            "implied_price": {"median": self.price.median, "q05": self.price.q05, "q95": self.price.q95,
                              "standard_error": self.price.standard_error, "paid": not self.price.free},
            "statements": [{"id": found.id, "codes": where, "residual": found.residual,
                            "standard_error": found.standard_error, "ratio": found.ratio, "holds": found.holds,
                            "largest": found.largest, "note": f"needs {found.needs}" if found.needs else ""}
                           for where, found in both]
                          + [{"id": id, "codes": "encoder", "residual": None, "standard_error": None, "ratio": None,
                              "holds": None, "largest": None, "note": "not implied"} for id in self.not_implied],
            "nested": self.nested, "antipodal": self.antipodal, "twins": self.twins, "splits": self.splits,
            "dead": self.dead,
            "revival": self.revival, "predictability": self.predictability, "other_penalties": self.moved,
            "conventions": list(self.conventions), "notes": self.notes,
        })

    def save(self, path: str | Path) -> None:
        """Write every number per atom as one .npz."""
        files.save_npz(path, {"lam": np.asarray(self.lam), **self.atoms})


NAMED = {"encoder": "the encoder's codes", "codes": "exact codes, same dictionary",
         "refined": "stationary point reached from it", "best": "best that was found",
         "floor": "no dictionary of any width is below"}
PARTS = {"amortisation": "the encoder", "dictionary": "an unfinished dictionary", "basin": "the basin", "open": "open"}


def _lines(audit: Audit) -> list[str]:
    n, d, m = audit.shape
    lines = [f"lam = {audit.lam:.6g}: {audit.lam_source}" + (f" ({audit.lam_doubt})" if audit.lam_doubt else ""),
             f"{audit.format} {audit.architecture}: {m} latents on {n} activations of {d} dimensions, "
             f"{audit.evaluated} of them evaluated", ""]
    for name, words in NAMED.items():
        found = audit.objective[name]
        used = f"   L0 {audit.l0[name]:.4g}   explained {audit.explained[name]:.5g}" if name in audit.l0 else ""
        error = f" ± {found.standard_error:.1g}" if found.standard_error else ""
        lines.append(f"{words:<37} {found.value:.9g}{error}{used}")
    if audit.explained["encoder"] < 0:
        lines.append("explained variance is below zero: a wrong layer, or activations normalised in another way")
    excess = sum(part.value for part in audit.gap.values())
    lines += ["", f"excess over the floor  {excess:.6g}, of it"]
    for name, words in PARTS.items():
        part = audit.gap[name]
        share = f"{100 * part.value / excess:6.2f} %" if excess > 0 else ""
        lines.append(f"  {words:<25} {part.value:.3e} ± {part.standard_error:.1e}  {share}")
    price = audit.price
    lines += ["", "implied price over latents: "
              + ("none was paid, and E[z r] should vanish (N2); " if price.free else "")
              + f"median {price.median:.4g} ± {price.standard_error:.1g}, "
              f"5 % to 95 % {price.q05:.4g} to {price.q95:.4g}"]
    for row in audit.moved[1:]:
        lines.append(f"at lam = {row['lam']:.4g} the encoder has {100 * row['amortisation_share']:.3g} % of the excess "
                     f"(here {100 * audit.moved[0]['amortisation_share']:.3g} %, on the same rows)")
    lines += ["", f"{'':<4} {'at the encoder codes':<34} at exact codes",
              f"{'':<4} {'residual':>9} {'chance':>9} {'ratio':>7} {'':<6} {'residual':>9} {'chance':>9} {'ratio':>7}"]
    own = {judged.id: judged for judged in audit.statements["encoder"]}
    for judged in audit.statements["codes"]:
        left = f"{'not implied':<34}" if judged.id not in own else _cells(own[judged.id])
        lines.append(f"{judged.id:<4} {left} {_cells(judged)}".rstrip())
    silent, hidden = audit.dead, sum(pair["kind"] == "absorbed" for pair in audit.nested)
    lines += ["", f"nested pairs {len(audit.nested) - hidden}   absorbed pairs {hidden}   antipodal pairs "
                  f"{len(audit.antipodal)}   near-duplicates {len(audit.twins)}",
              f"dead latents: {len(silent['decoder'])} without a direction, "
              f"{len(silent['encoder'])} silent at the encoder's codes, {len(silent['codes'])} at exact codes"]
    if audit.splits:
        listed = ", ".join(f"{split['atom']} ({split['slope']:.2g})" for split in audit.splits[:3])
        lines.append(f"most to gain from a split into two, in units of lam mu per radian (M2): {listed}")
    if audit.revival:
        lines.append(f"a dead latent put along the longest residual would gain at least {audit.revival[0]:.3g} (M3)")
    one, other = audit.predictability["encoder"], audit.predictability["codes"]
    lines.append(f"share of the residual that is linear in the reconstruction: {one['measured']:.3g} at the encoder's "
                 f"codes ({one['by']}: {one['expected']:.3g}), {other['measured']:.3g} at exact ones ({other['by']}: "
                 f"{other['expected']:.3g})")
    return lines + audit.notes


def _cells(found: Measured) -> str:
    """Residual, chance, ratio and verdict, in columns."""
    if found.needs:
        return f"{'nothing to test: needs ' + found.needs:<34}"
    verdict = "ok" if found.holds else "BEYOND"
    if np.isfinite(found.tolerance):
        return f"{found.residual:9.2e} {found.tolerance:9.0e} {'':7} {verdict:<6}"
    return f"{found.residual:9.2e} {found.standard_error:9.2e} {found.ratio:7.2f} {verdict:<6}"


def measure(sums: Moments, lam: float, bias: bool) -> tuple[Measured, ...]:
    """A2 and the statements of stationarity; B1 and B4 where a bias was fitted."""
    found = [statements.balance(sums)] + [f(sums, lam) for f in (statements.s1, statements.s2, statements.s3,
                                                                 statements.s4)]
    return tuple(found + ([statements.b1(sums, lam), statements.b4(sums, lam)] if bias else []))


def predictability(sums: Moments, lam: float, free: bool) -> dict[str, Any]:
    """Shares of E|r|^2 that a linear map of the reconstruction predicts at best: measured, as S3 has it, and expected
    at these codes: by S3, or 0 by N3 where nothing was paid for them."""
    values, vectors = np.linalg.eigh(sums.yy / sums.n)
    keep = values > 1e-10 * values.max(initial=0)
    root = vectors[:, keep] / np.sqrt(values[keep])
    total = sums.error / sums.n
    S3 = lam * (sums.D.T * (sums.z / sums.n)) @ sums.D
    found = {name: float((((cross @ root) ** 2).sum()) / total) if total > 0 else 0.0
             for name, cross in (("measured", sums.ry / sums.n), ("S3", S3))}
    return found | {"expected": 0.0 if free else found["S3"], "by": "N3" if free else "S3"}


def _alive(sums: Moments, values: Array) -> Array:
    return np.where(sums.live, values, np.nan)


def _spread(values: Array, kept: np.ndarray, m: int) -> Array:
    whole = np.full(m, np.nan)
    whole[kept] = values
    return whole


def _renumbered(pair: dict[str, Any], kept: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    return pair | {name: [int(kept[i]) for i in pair[name]] if isinstance(pair[name], list) else int(kept[pair[name]])
                   for name in names}


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _finite(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(held) for held in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
