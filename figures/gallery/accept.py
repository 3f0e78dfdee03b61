"""Accept what the numbers of figures are now: compute them, say what moved, and write their baselines.

    python -m figures.gallery.accept tilt ...    # all figures, without names
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np

from figures.gallery import baselines, registry


def main(names: Sequence[str]) -> int:
    """Compute figures and write their baselines, saying what moved."""
    unknown = [name for name in names if name not in registry.ORDER]
    if unknown:
        print(f"accept: unknown figure {unknown[0]!r}", file=sys.stderr)
        return 2
    from testbed import fit

    fit(np.eye(2), n_atoms=1, lam=0.1, restarts=1)  # so that no figure's time counts the loading of kernels
    for name in names or registry.ORDER:
        start = time.process_time()
        numbers = registry.figure(name).compute()
        took = time.process_time() - start
        before = baselines.read(name)
        moved = [] if before is None else baselines.differences(numbers, before)
        baselines.write(name, numbers, took)
        print(f"{name}: {'new' if before is None else f'{len(moved)} numbers moved' if moved else 'unmoved'}")
        print("".join(f"    {line}\n" for line in moved), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
