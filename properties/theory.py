"""Every statement of the theory that this project can test: the contents of docs/theory.md, as data.

Statements about one optimum are Property objects, one a file. The others are about derivatives, paths of optima, toy
worlds and recovery; they are listed here with where their derivation is written and which tests hold them to it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass

import properties


@dataclass(frozen=True)
class Statement:
    """One statement.

    id, name, statement : "S5", "cone condition", one line of mathematics.
    where : what it is a statement about, in a few words.
    source : 'module' or 'module:function, ...' whose docstrings have the derivation.
    tests : the file that tests it.
    no_figure : why no figure shows it; empty if one does.
    """

    id: str
    name: str
    statement: str
    where: str
    source: str
    tests: str
    no_figure: str = ""

    @property
    def derivation(self) -> str:
        """The docstrings that derive it."""
        module, _, names = self.source.partition(":")
        home = importlib.import_module(module)
        parts = [getattr(home, name.strip()) for name in names.split(",")] if names else [home]
        return "\n\n".join(inspect.getdoc(part) or "" for part in parts)

    @property
    def file(self) -> str:
        """The file that has the derivation."""
        return self.source.partition(":")[0].replace(".", "/") + ".py"


_WORLD = "optima of an exact toy world"
_WIDTHS = "dictionaries of every width"

_OTHERS = (
    Statement("M1", "second order", "H[Δ,Δ] = λΣμⱼ|Δⱼ|² + E[|u|² − (v − D_A u)ᵀG_A⁻¹(v − D_A u)] ≥ 0",
              "a local minimum, no support about to change", "testbed.descent.curvature",
              "tests/testbed/test_second_order.py"),
    Statement("G2", "wide limit", "max|r| ≤ λ ⇔ F = E[h_λ(|x − b|)] ⇔ every long point is coded by its own direction",
              "exact codes", "properties.g1_floor", "tests/properties/test_properties.py"),
    Statement("G3", "concave in the penalty", "F*(λ) is concave and non-decreasing, dF*/dλ = E[Σz], non-increasing",
              "global minima along a path", "testbed.basins.paths", "tests/testbed/test_paths.py"),
    Statement("G4", "equivariances", "rotation, permutation, (X, λ) → (cX, cλ), integer weights = repeated rows",
              "every problem", "testbed.problem:power_of_two_near", "tests/testbed/test_training.py",
              "an exact symmetry: bit for bit, or to rounding"),
    Statement("V1", "the floor is a convex optimum", "P(λ, 0) = E[h_λ(|x − b|)], proved by any R with |Rᵢ| ≤ λaᵢ",
              _WIDTHS, "testbed.bounds.convex", "tests/testbed/test_convex.py"),
    Statement("V2", "doubly nonnegative bound",
              "max ⟨R, Y⟩ − ½|R|² over λ²aaᵀ + τ²I − RRᵀ = PSD + nonnegative is ≤ P(λ, τ)", _WIDTHS,
              "testbed.bounds.convex", "tests/testbed/test_convex.py"),
    Statement("V3", "certified gap", "P(λ, τ) ≤ F_τ ≤ F + τΣ√E[zⱼ²];  F ≥ P(λ, τ) − τ²A/2λ if ΣE[zⱼ²]/E[zⱼ] ≤ A",
              _WIDTHS, "testbed.bounds.gaps", "tests/testbed/test_convex.py"),
    Statement("V4", "the path in the price",
              "one atom a point at τ = 0; i, l share from cos λᵢλₗ = λ², λᵢ² = λ² + τ²/wᵢ, "
              "and have one atom from τ² = w|x|²(1 − cos) (equal w, |x|)", "optima of every width along τ",
              "testbed.bounds.merging", "tests/testbed/test_convex_merging.py"),
    Statement("V5", "what nonnegativity costs",
              "without elementwise nonnegativity: a lower bound, at τ = 0 only h_λ(|E x|)", _WIDTHS,
              "testbed.bounds.lower:lower_bound, signed_floor", "tests/testbed/test_convex.py"),
    Statement("T1", "one-sparse", "one feature at a time, m = their number: exact recovery, z = a − λ", _WORLD,
              "generators.one_sparse:_recovery", "tests/generators/test_exact_predictions.py"),
    Statement("T2", "correlated pair", "α(cos ψ − λ) sin ψ = βλt(1 − λt) tan(π/4 − ψ), t = 1/(cos ψ + sin ψ)", _WORLD,
              "generators.correlated_pair:tilted, broken, _pair", "tests/generators/test_exact_predictions.py"),
    Statement("T3", "nested pair", "the optimal atoms are the parent and the normalised sum; with spread magnitudes "
              "the child's atom reaches the extreme ray of the data as λ → 0", _WORLD,
              "generators.plane.absorption:absorbed, cone", "tests/generators/test_exact_predictions.py"),
    Statement("T4", "exclusive children", "m = k: every atom is the parent joined to one child; m < k: children share",
              _WORLD, "generators.splitting", "tests/generators/test_exact_predictions.py"),
    Statement("T5", "one dense direction", "x = su, bias fitted: F = min_b E[h_λ(s − b)]", _WORLD,
              "generators.antipodal:_location", "tests/generators/test_exact_predictions.py"),
    Statement("T6", "recovery", "(μₖ(1 − Gⱼₖ))ₖ interior to cone{z₋ⱼ : zⱼ = 0} (bias: hull) for all j ⇒ recovered, "
              "tilted by O(λ)", "linearly independent features, λ → 0", "properties.recovery",
              "tests/properties/test_recovery.py"),
    Statement("T7", "the classical condition", "signed codes: the zonotope in place of the cone; n ~ m log m samples",
              "Bernoulli-Gaussian codes of a basis, λ → 0", "properties.recovery_share",
              "tests/properties/test_recovery.py"),
)


def statements() -> Mapping[str, Statement]:
    """id -> Statement, in the order of docs/theory.md."""
    from properties.base import PLACES

    splitting = "tests/properties/test_splitting.py"
    found = [Statement(p.id, p.name, p.statement, PLACES[p.where], p.violations.__module__,
                       splitting if p.id in ("M2", "M3", "G1") else "tests/properties/test_properties.py")
             for p in properties.ALL]
    order = "CSBMGVT"
    return {s.id: s for s in sorted([*found, *_OTHERS], key=lambda s: (order.index(s.id[0]), s.id))}
