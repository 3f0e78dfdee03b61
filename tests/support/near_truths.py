"""False statements that are nearly true, each in its own way: what a search that finds nothing has to be tried on.

A wrong constant, a case forgotten, true without a bias only, for one atom or two only, in the plane only, for equal
codes only, true of almost every problem. Each residual is written down from what it says, on the optimum's own arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conjectures import KINDS, Conjecture
from properties.base import CODE_TOLERANCE, TOLERANCE
from testbed import Optimum, huber

UNSIGNED = tuple(kind for kind in KINDS if kind.nonnegative)
FITTED = tuple(kind for kind in KINDS if kind.bias)


class NearTruth(NamedTuple):
    """flaw : what is wrong with the statement. known_as : the true statement it is near to, if any."""

    conjecture: Conjecture
    flaw: str


FAMILY: list[NearTruth] = []


def planted(statement: str, flaw: str, where: str = "stationary", kinds: Any = UNSIGNED) -> Callable:
    """Register a residual under its function's name."""

    def kept(residual: Callable[[Optimum], Any]) -> Callable[[Optimum], Any]:
        tolerance = CODE_TOLERANCE if where == "code" else TOLERANCE
        FAMILY.append(NearTruth(Conjecture(residual.__name__, statement, where, tolerance, residual, kinds), flaw))
        return residual

    return kept


def excess(values: Any) -> Any:
    return np.maximum(values, 0)


def pairs(values: np.ndarray, where: Any = True) -> Any:
    """(m, m) violations between different atoms, where something is the case; None if it never is."""
    chosen = np.broadcast_to(where, values.shape) & ~np.eye(len(values), dtype=bool)
    return np.where(chosen, excess(values), 0) if chosen.any() else None


def together(o: Optimum) -> np.ndarray:
    """(m, m) P(j and k on)."""
    on = o.support.astype(float)
    return (on * o.problem.weights[:, None]).T @ on


def weighted(o: Optimum, f: np.ndarray) -> np.ndarray:
    """(m, ...) E_j[f], 0 for dead atoms."""
    return (o.Z.toarray() * o.problem.weights[:, None]).T @ f / np.where(o.mu > 0, o.mu, 1)[:, None]


# --- a wrong constant


@planted("μₖ Gⱼₖ = 1.001 E[zₖ sⱼ]", "S4 with a wrong constant")
def gram_off(o):
    return np.abs(o.live[:, None] * (o.G - 1.001 * weighted(o, o.S)))


@planted("‖r‖ ≥ 1.001 λ where an atom is on", "C4 with a wrong constant: tight where one atom is on alone", "code")
def floor_off(o):
    on = o.support.any(axis=1)
    return excess(on * (1.001 - np.linalg.norm(o.R, axis=1) / o.problem.lam)) if on.any() else None


@planted("F ≥ 1.001 E[h(‖x‖)] without a bias", "G1 with a wrong constant: tight in the wide limit",
         kinds=(KINDS[0],))
def huber_off(o):
    return excess(1.001 * o.problem.huber_floor / o.objective - 1) if o.objective else None


@planted("‖zD‖ ≤ ‖x − b‖ − 1.01 λ where an atom is on", "true with 1: tight where the sample points along its atom")
def shorter_off(o):
    on = o.support.any(axis=1)
    gap = np.linalg.norm(o.Z @ o.D, axis=1) - np.linalg.norm(o.problem.X - o.b, axis=1)
    return excess(on * (gap / o.problem.lam + 1.01)) if on.any() else None


@planted("P(j and k on) ≤ P(j on) (1 + Gⱼₖ) / 2", "true of many: nothing bounds firing together by the cosine so",
         "biased")
def half_angle(o):
    p = together(o)
    return pairs(p - np.diag(p)[:, None] * (1 + o.G) / 2)


@planted("P(j and k on) ≤ P(j on) (1 + Gⱼₖ)", "the weaker version: needs an obtuse pair that fires together", "biased")
def whole_angle(o):
    p = together(o)
    return pairs(p - np.diag(p)[:, None] * (1 + o.G))


# --- a case forgotten


@planted("E[r] = 0", "B1 without the fitted bias it needs")
def mean_residual(o):
    return np.linalg.norm(o.problem.weights @ o.R) / o.problem.lam


@planted("sⱼ ≥ −1", "true of signed codes: nonnegative ones bound scores on one side only", "code")
def both_sides(o):
    return excess(np.abs(o.S) - 1)


@planted("E[zⱼ (r − λ dⱼ)] = 0", "S1, of dictionaries that nobody trained", "code")
def untrained(o):
    return np.linalg.norm(o.live[:, None] * (weighted(o, o.R) / o.problem.lam - o.D), axis=1)


@planted("every atom is live if there are no more atoms than samples", "dead atoms of the wide limit forgotten")
def all_alive(o):
    return (~o.live).astype(float) if o.n_atoms <= o.problem.n else None


# --- true without a bias only


@planted("a sample no longer than λ has no code", "true without a bias only")
def short_samples(o):
    short = np.linalg.norm(o.problem.X, axis=1) <= o.problem.lam
    return o.Z.toarray().max(axis=1) * short / o.problem.lam if short.any() else None


@planted("F ≥ E[h(‖x‖)]", "G1's floor where no bias is fitted; a bias goes below it")
def floor_of_zero(o):
    return excess(1 - o.objective / o.problem.huber_floor) if o.problem.huber_floor else None


# --- for one atom or two only, in the plane only, for equal codes only


@planted("an atom is on if and only if ⟨x − b, dⱼ⟩ > λ", "true of one atom alone, and of atoms at right angles", "code")
def each_by_itself(o):
    drive = (o.problem.X - o.b) @ o.D.T / o.problem.lam - 1
    return np.where(o.support, excess(-drive), excess(drive))


@planted("where any atom is on, the one with the largest ⟨x − b, dⱼ⟩ is", "true of two atoms only", "code")
def largest_drive(o):
    drive = (o.problem.X - o.b) @ o.D.T / o.problem.lam
    used = np.where(o.support, drive, -np.inf).max(axis=1)
    on = o.support.any(axis=1)
    return excess(np.where(on, drive.max(axis=1) - np.where(on, used, 0), 0)) if on.any() else None


@planted("‖r‖² (1 + Gⱼₖ) = 2 λ² where j and k are on", "true in the plane only")
def plane_only(o):
    on = o.support[:, :, None] & o.support[:, None, :] & ~np.eye(o.n_atoms, dtype=bool)
    size = np.sum((o.R / o.problem.lam) ** 2, axis=1)[:, None, None] * (1 + o.G) / 2
    return np.where(on, np.abs(size - 1), 0).max(axis=(1, 2)) if on.any() else None


@planted("the mean of r over the samples where j is on is λ dⱼ", "true of equal codes only: S1 weights by the codes")
def plain_mean(o):
    share = o.support * o.problem.weights[:, None]
    mean = share.T @ o.R / np.where(o.live, share.sum(axis=0), 1)[:, None]
    return np.linalg.norm(o.live[:, None] * (mean / o.problem.lam - o.D), axis=1)


# --- true of almost every problem


@planted("a sample uses at most two atoms", "three atoms on one sample are rare in small problems")
def at_most_two(o):
    return excess(o.support.sum(axis=1) - 2.0)


@planted("atoms that fire together have a cosine below 0.9", "near copies that fire together: a handful in a thousand")
def not_so_near(o):
    return pairs(o.G - 0.9, together(o) > 0)


@planted("atoms that fire together are not at an obtuse angle", "features at an obtuse angle that fire together")
def not_obtuse(o):
    return pairs(-o.G, together(o) > 0)


@planted("antipodal atoms fire equally often", "B3 without its silent samples", "biased")
def even_pairs(o):
    p = o.problem.weights @ o.support
    return pairs(np.abs(p[:, None] - p), (o.G < -1 + 1e-9) & o.live & o.live[:, None])


@planted("the objective is that of the wide limit, E[h(‖x − b‖)], with as many atoms as half the samples",
         "true where samples repeat or are short", "global")
def half_is_enough(o):
    p = o.problem
    floor = p.weights @ huber(np.linalg.norm(p.X - o.b, axis=1), p.lam)
    return excess(1 - floor / o.objective) if 2 * o.n_atoms >= p.n and o.objective else None


# --- docs/near_truths.md


PROBLEMS = 8000  # that each must die on
HEAD = """\
# Near truths, and what killed each

The tests of all statements are worth what they would say of a false one. These are false, each nearly true in its own
way: a wrong constant, a case forgotten, true without a bias only, of one atom or two only, in the plane only, of almost
every problem. `make test` (`tests/properties/test_many_problems.py`) hands each to the search of `testbed conjecture`,
and each dies; by night each is also made small. The page is printed by `python tests/support/near_truths.py`.

| false statement | what is wrong with it | violated in | first seen after | by, made small |
| --- | --- | --- | --- | --- |"""


def row(one: NearTruth) -> str:
    """A line of the table: how often it is violated among the problems of which it says something, and what broke it.
    """
    from conjectures import Space, hunt
    from conjectures.trying import examine

    kinds = one.conjecture.kinds
    drawn = (Space(kinds=kinds).draw(0, number) for number in range(60))
    values = [c.value for number, problems in enumerate(drawn) for c in examine(one.conjecture, problems, seed=number)]
    share = np.mean([value > one.conjecture.tolerance for value in values])
    often = "all" if share > 0.995 else f"1 of {1 / share:.0f}" if 0 < share < 0.4 else f"{share:.0%}"
    found = hunt(one.conjecture, budget=600)
    small = found.counterexample
    assert small is not None and found.first is not None
    p = small.optimum.problem
    bias = "fitted" if p.bias else "no"
    return (f"| {one.conjecture.statement} | {one.flaw} | {often} | {found.first[0]} problems | "
            f"{small.residual.max:.3g} with {p.n} point{'s' * (p.n != 1)} in {p.d} dimension{'s' * (p.d != 1)}, "
            f"{small.optimum.n_atoms} atom{'s' * (small.optimum.n_atoms != 1)}, {bias} bias |")


if __name__ == "__main__":
    print(HEAD)
    for one in FAMILY:
        print(row(one), flush=True)
