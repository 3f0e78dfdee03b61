"""A conjecture about optimal dictionaries goes in, a counterexample comes out.

    from conjectures import hunt, read
    outcome = hunt(read("conjecture.py"), budget=60)
    print(words.text(outcome))

Thousands of seeded worlds and small free problems are solved, what comes near to a violation is climbed from, and a
violation is made as small as it can be and verified: few points, whole numbers, and every other statement of the theory
still true there. Surviving proves nothing; it says on how many problems.
"""

from conjectures.hunting import Outcome, hunt
from conjectures.problems import KINDS, Kind, Space
from conjectures.suspects import Conjecture, read
from conjectures.verifying import Counterexample

__all__ = ["KINDS", "Conjecture", "Counterexample", "Kind", "Outcome", "Space", "hunt", "read"]
