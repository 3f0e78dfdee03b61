"""The search: batches of problems, climbing from the most promising, and for what breaks the conjecture shrinking and
verification."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from conjectures.climbing import climb
from conjectures.problems import Kind, Space
from conjectures.shrinking import Shrinking
from conjectures.simplicity import rank
from conjectures.suspects import Conjecture
from conjectures.trying import Candidate, Tally, examine
from conjectures.verifying import Counterexample, bounded, verify
from testbed import InputError

BEFORE = 10  # batches before each climb
ELITE = 8  # problems kept to climb from
ROUNDS = 10  # of a climb
STARTS = 4  # for statements about global minima, so that fewer candidates are others
PLAIN = 1e-2  # a violation large enough to go on with
SEARCH = 0.7  # of the budget; what is left is for shrinking

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a search found.

    conjecture; tally of all problems solved; counterexample, or None if the conjecture survived; refused: violations
    that did not stand verification, by reason; first: after how many problems the violation came, and how large it was
    there; left_out: kinds of problem that were asked for and of which it says nothing; seconds.
    """

    conjecture: Conjecture
    tally: Tally
    counterexample: Counterexample | None
    refused: dict[str, int]
    first: tuple[int, float] | None
    left_out: tuple[Kind, ...]
    seconds: float

    @property
    def broken(self) -> bool:
        """Whether there is a counterexample."""
        return self.counterexample is not None


@dataclass
class _Search:
    """What a search knows so far."""

    conjecture: Conjecture
    rng: np.random.Generator
    tally: Tally = field(default_factory=Tally)
    elite: list[tuple[float, int, Candidate]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    number: int = 0

    def keep(self, found: list[Candidate]) -> Candidate | None:
        """The worst violation, if any is above the tolerance; others are kept to climb from, those nearest to one."""
        for candidate in found:
            self.number += 1
            heapq.heappush(self.elite, (candidate.score, self.number, candidate))
            if len(self.elite) > ELITE:
                heapq.heappop(self.elite)
        worst = max(found, key=lambda c: c.value, default=None)
        return worst if worst is not None and worst.value > self.conjecture.tolerance else None

    def climb(self, deadline: float) -> Candidate | None:
        """Climb from one of the elite, which it leaves: the same is not climbed twice."""
        if not self.elite:
            return None
        top = max(self.elite)
        self.elite.remove(top)
        heapq.heapify(self.elite)
        if top[0] == -np.inf:  # no slope to be seen
            return None
        high = climb(self.conjecture, top[2], self.rng, ROUNDS, self.tally, PLAIN, deadline)
        return high if high.value > self.conjecture.tolerance else None


def hunt(conjecture: Conjecture, budget: float = 60.0, problems: int | None = None, seed: int = 0,
         space: Space | None = None, progress: Progress | None = None, shrink: bool = True) -> Outcome:
    """Look for an optimum that breaks a conjecture, and make it small.

    budget : seconds. problems : at most so many are solved; the search then depends on the seed alone, as long as the
    budget lasts. space : where to look. progress : called with a line as the search goes on. shrink : False takes the
    first violation that stands verification as it is.

    Raises InputError where the conjecture's file misbehaves, or applies to no problem that was tried.
    """
    begun = time.monotonic()
    space = space or Space()
    kinds = tuple(kind for kind in space.kinds if kind in conjecture.kinds)
    if not kinds:
        raise InputError(f"conjecture: {conjecture.id} says nothing about {', '.join(map(str, space.kinds))}")
    left_out = tuple(kind for kind in space.kinds if kind not in kinds)
    space, conjecture = replace(space, kinds=kinds), replace(conjecture, kinds=kinds)  # shrinking stays there too
    state = _Search(conjecture, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1 << 31,))))
    end, most = begun + budget, np.inf if problems is None else problems
    batch = 0
    while state.tally.tried < most and time.monotonic() < begun + SEARCH * budget:
        if progress is not None:
            progress(f"{state.tally.tried} problems, {state.tally.applies} with something to test")
        if batch % (BEFORE + 1) == BEFORE:
            suspect = state.climb(begun + SEARCH * budget)
        else:
            drawn = space.draw(seed, batch)
            suspect = state.keep(examine(conjecture, drawn, state.tally, int(state.rng.integers(1 << 30)),
                                         restarts=STARTS if conjecture.where == "global" else 1))
        batch += 1
        if suspect is None:
            continue
        first = state.tally.tried, suspect.value
        found = _settled(state, suspect, end, shrink, progress)
        if found is not None:
            return Outcome(conjecture, state.tally, found, state.refused, first, left_out, time.monotonic() - begun)
    if not state.tally.applies:
        raise InputError(f"conjecture: {conjecture.file or conjecture.id}: there was nothing to test in any of "
                         f"{state.tally.tried} problems")
    return Outcome(conjecture, state.tally, None, state.refused, None, left_out, time.monotonic() - begun)


def _settled(state: _Search, suspect: Candidate, end: float, shrink: bool, progress: Progress | None,
             ) -> Counterexample | None:
    """The simplest counterexample that comes of a violation and stands verification; None if none does."""
    first = verify(state.conjecture, suspect)
    if first.refused:
        state.refused[first.refused] = state.refused.get(first.refused, 0) + 1
        return None
    if not shrink:
        return bounded(first)
    if progress is not None:
        progress(f"violated by {suspect.value:.3g}; making it small")
    passed = [suspect]
    if suspect.value < PLAIN:
        passed.append(climb(state.conjecture, suspect, state.rng, ROUNDS, state.tally, PLAIN, end))
    run = Shrinking(state.conjecture, passed[-1], int(state.rng.integers(1 << 30)), state.tally, end)
    passed += run.run()
    for candidate in sorted(passed, key=lambda c: rank(c.problems)):
        found = verify(state.conjecture, candidate)
        if not found.refused:
            return bounded(found)
        state.refused[found.refused] = state.refused.get(found.refused, 0) + 1
    return bounded(first)
