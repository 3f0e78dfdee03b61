"""Every statement on many small problems, a stated number of which it says something about; and planted false ones.

`survey` is the search of `testbed conjecture` without its climbing. What it must not let pass is a family of false
statements that are nearly true (tests/support/near_truths.py); docs/near_truths.md says what killed each.
"""

from __future__ import annotations

from pathlib import Path

import near_truths
import pytest
from near_truths import FAMILY

from conjectures import Conjecture, Space, hunt
from conjectures.trying import Tally, survey
from properties import ALL, get

PROBLEMS = 1536
LEAST = 300  # problems of which a statement says something, of PROBLEMS
RARE = {"S6": 200, "M2": 25}  # that need atoms firing together, copies of an atom
NIGHTLY = 100_000
ASKED = [p for p in ALL if Conjecture.of(p).kinds]  # those that say something under l1, which fit_many trains under
PAGE = Path(__file__).parents[2] / "docs" / "near_truths.md"


@pytest.fixture(scope="module")
def surveyed() -> dict[str, Tally]:
    return survey(ASKED, Space(), PROBLEMS)


@pytest.mark.parametrize("p", ASKED, ids=lambda p: p.id)
def test_every_property_is_tried_on_enough_problems(p, surveyed) -> None:
    tally = surveyed[p.id]
    assert tally.tried >= PROBLEMS and tally.applies >= RARE.get(p.id, LEAST), f"{p.id}: {tally}"
    for kind, count in tally.counts.items():
        assert count.unconverged <= count.tried / 100 and count.largest <= p.tolerance, f"{p.id}: {kind}: {count}"
        assert count.applies or p.id in RARE or kind not in Conjecture.of(p).kinds, f"{p.id}: nothing to test, {kind}"


def test_a_survey_counts_what_there_was_nothing_to_test_of() -> None:
    tallies = survey(ASKED, Space(atoms=(1, 1)), 64)
    assert tallies["S6"].applies == 0 and tallies["C1"].applies == tallies["C1"].tried == 64  # one atom nests in none
    assert survey(ASKED, Space(), 64)["S4"].counts == survey(ASKED, Space(), 64)["S4"].counts


def test_the_family_is_listed_with_what_killed_each() -> None:
    assert len(FAMILY) >= 20 and len({one.conjecture.id for one in FAMILY}) == len(FAMILY)
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")][2:]
    assert [row[0].removeprefix("| ") for row in rows] == [one.conjecture.statement for one in FAMILY]
    assert [row[1] for row in rows] == [one.flaw for one in FAMILY]


@pytest.mark.parametrize("one", FAMILY, ids=lambda one: one.conjecture.id)
def test_a_near_truth_dies(one) -> None:
    found = hunt(one.conjecture, budget=600, problems=near_truths.PROBLEMS, shrink=False)
    assert found.broken, one.flaw
    assert found.counterexample.others.holds and found.counterexample.residual.max > one.conjecture.tolerance


@pytest.mark.parametrize("id", ["S6", "B3"])
def test_a_true_statement_survives_the_climb(id) -> None:
    found = hunt(Conjecture.of(get(id)), budget=600, problems=600)
    assert not found.broken and not found.refused and found.tally.tried >= 600


# --- by night


@pytest.mark.nightly
@pytest.mark.parametrize("p", ASKED, ids=lambda p: p.id)
def test_every_property_on_a_hundred_thousand_problems(p, many) -> None:
    tally = many[p.id]
    kinds = Conjecture.of(p).kinds
    assert sum(tally.counts[kind].tried for kind in kinds) >= NIGHTLY
    assert all(count.largest <= p.tolerance for count in tally.counts.values()), f"{p.id}: {tally}"


@pytest.fixture(scope="module")
def many() -> dict[str, Tally]:
    """Four times as many, so that each kind of problem has its hundred thousand."""
    return survey(ASKED, Space(), 4 * NIGHTLY, seed=1)


@pytest.mark.nightly
@pytest.mark.parametrize("one", FAMILY, ids=lambda one: one.conjecture.id)
def test_a_near_truth_is_broken_and_small_within_a_minute(one) -> None:
    found = hunt(one.conjecture, budget=60)
    assert found.broken and found.seconds < 66, found.seconds
    assert found.counterexample.optimum.problem.n <= 6 and found.counterexample.others.holds
