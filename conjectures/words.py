"""What a search found, in words: a table of counts, and the counterexample as a paper would print it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from conjectures.hunting import Outcome
from conjectures.simplicity import fraction
from conjectures.verifying import RESTARTS, Counterexample
from testbed.checks import Array

PLACES = 6  # decimals of what is no fraction
LISTED = 6  # violated places that are listed


def text(outcome: Outcome) -> str:
    """Everything, for a terminal."""
    conjecture, found = outcome.conjecture, outcome.counterexample
    head = f"{conjecture.id}: {'BROKEN' if found else 'not broken'}\n    {conjecture.statement}\n"
    return "\n".join([head, *([] if found is None else [shown(found), ""]), counts(outcome)])


def counts(outcome: Outcome) -> str:
    """How many problems were tried, by kind, and of how many the conjecture said something."""
    rows = [("problems", "tried", "unconverged", "nothing to test", "applies", "largest residual")]
    for kind, c in sorted(outcome.tally.counts.items()):
        rows.append((str(kind), str(c.tried), str(c.unconverged), str(c.idle), str(c.applies), f"{c.largest:.1e}"))
    lines = _columns(rows)
    for kind in outcome.left_out:
        lines.append(f"{kind}: the conjecture says nothing about it")
    lines.append(f"{outcome.tally.tried} problems in {outcome.seconds:.0f} s")
    lines += [f"{times} violations did not stand verification: {why}" for why, times in outcome.refused.items()]
    return "\n".join(lines)


def shown(found: Counterexample) -> str:
    """Data, optimum and violated places, in numbers as simple as they are; and what was verified."""
    o, p = found.optimum, found.optimum.problem
    kind = f"{'nonnegative' if p.nonnegative else 'signed'} codes, {'a fitted' if p.bias else 'no'} bias"
    atoms = [(f"d_{j} = {vector(o.D[j])}", f"mu = {decimal(o.mu[j])}") for j in range(o.n_atoms)]
    violated = [f"{value:.6g}{f' at {place}' * (place != 'overall')}" for place, value in found.violated]
    more = len(violated) - LISTED
    return "\n".join([
        f"{_many(p.n, 'point')} in {_many(p.d, 'dimension')}, {_many(o.n_atoms, 'atom')}, lambda = {simple(p.lam)}, "
        f"{kind}",
        *_indented(_columns([("weight", "x", "codes z(x)")] + [
            (simple(w), vector(x), vector(z)) for w, x, z in zip(p.weights, p.X, o.Z.toarray(), strict=True)])),
        f"{status(found).capitalize()}, objective {o.objective:.10g}",
        *_indented(_columns(atoms)), *([f"    b = {vector(o.b)}"] if p.bias else []),
        f"Violated by {'; '.join(violated[:LISTED])}{f'; and {more} smaller' * (more > 0)}",
        f"Verified: {verified(found)}",
    ])


def status(found: Counterexample) -> str:
    """What kind of optimum it is, as far as it was verified."""
    if found.optimum.status == "global":
        return "a global minimum"
    return {"local minimum": "a local minimum", "degenerate": "a stationary dictionary, degenerate to second order",
            "saddle": "a saddle"}.get(found.second.kind, "exact codes on a dictionary that was not trained")


def verified(found: Counterexample) -> str:
    """What was measured anew, in one sentence."""
    o = found.optimum
    tested = sum(v.holds is True for v in found.others.verdicts)
    least = "" if found.second.least is None else f", least curvature {found.second.least:.2g}"
    best = ("none is better" if found.is_best else f"the best reached {found.best:.10g}")
    trained = o.status != "unconverged"
    parts = [f"codes to {o.kkt:.1e}", f"atoms to {o.stationarity:.1e}{least}" if trained else "",
             f"all {tested} other statements that have something to test hold", f"of {RESTARTS} restarts {best}"]
    if found.bounds is not None and trained:
        parts.append(f"no dictionary of any width is more than {o.objective - found.bounds.floor:.3g} better, none of "
                     f"its activity more than {o.objective - found.bounds.class_bound:.3g}")
    return "; ".join(filter(None, parts))


def latex(outcome: Outcome) -> str:
    """The counterexample as LaTeX (amsmath)."""
    found = outcome.counterexample
    assert found is not None
    o, p = found.optimum, found.optimum.problem
    bias = rf",\quad b = {_matrix(o.b[None])}" if p.bias else ""
    places = "; ".join(f"{value:.4g} at {place}" for place, value in found.violated[:LISTED])
    return "\n".join([
        f"% {outcome.conjecture.id}: {outcome.conjecture.statement}",
        f"Let the rows of $X$ have weights ${', '.join(map(_tex, p.weights))}$, and $\\lambda = {_tex(p.lam)}$,",
        f"{'nonnegative' if p.nonnegative else 'signed'} codes, {'a fitted' if p.bias else 'no'} bias:",
        rf"\[ X = {_matrix(p.X)},\quad D = {_matrix(o.D)}{bias},\quad Z = {_matrix(o.Z.toarray())}. \]",
        f"The dictionary is {status(found)} with objective ${o.objective:.8g}$, and the conjecture is violated by "
        f"{places}.", ""])


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The same as one JSON-safe object."""
    found = outcome.counterexample
    kinds = [{"bias": kind.bias, "nonnegative": kind.nonnegative, "tried": c.tried, "unconverged": c.unconverged,
              "nothing_to_test": c.idle, "applies": c.applies, "largest": c.largest}
             for kind, c in sorted(outcome.tally.counts.items())]
    whole = {"id": outcome.conjecture.id, "statement": outcome.conjecture.statement, "where": outcome.conjecture.where,
             "broken": outcome.broken, "problems": outcome.tally.tried, "applies": outcome.tally.applies,
             "kinds": kinds, "refused": outcome.refused, "seconds": outcome.seconds, "counterexample": None}
    if found is not None:
        o, p = found.optimum, found.optimum.problem
        whole["counterexample"] = {
            "X": p.X.tolist(), "weights": p.weights.tolist(), "lam": p.lam, "bias": p.bias,
            "nonnegative": p.nonnegative, "D": o.D.tolist(), "b": o.b.tolist(), "Z": o.Z.toarray().tolist(),
            "objective": o.objective, "status": o.status, "second_order": found.second.kind,
            "stationarity": o.stationarity, "kkt": o.kkt, "residual": found.residual.max,
            "violated": [{"place": place, "value": value} for place, value in found.violated],
            "best_of_restarts": found.best, "bounds": None if found.bounds is None else found.bounds.to_json()}
    return _finite(whole)


def simple(value: float) -> str:
    """A number as a simple fraction, '1/3', where it is one."""
    near = fraction(float(value))
    return decimal(value) if near is None else str(near)


def decimal(value: float) -> str:
    """A number with as many decimals as say something."""
    return f"{round(float(value), PLACES) + 0.0:.{PLACES}f}".rstrip("0").rstrip(".")


def vector(values: Array | Sequence[float]) -> str:
    """'(1, 0, 1/2)'."""
    return f"({', '.join(map(simple, values))})"


def _tex(value: float) -> str:
    near = fraction(float(value))
    if near is None or near.denominator == 1:
        return simple(value)
    return rf"{'-' * (near < 0)}\tfrac{{{abs(near.numerator)}}}{{{near.denominator}}}"


def _matrix(rows: Array) -> str:
    body = r" \\ ".join(" & ".join(map(_tex, row)) for row in np.asarray(rows))
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _indented(lines: Sequence[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _finite(value: Any) -> Any:
    """With None for numbers that JSON cannot hold."""
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
