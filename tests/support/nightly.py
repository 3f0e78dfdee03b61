"""`make nightly`: the fast tests on every processor that this one can play, then everything with many examples.

    python tests/support/nightly.py [WORD ...]      # only jobs whose name contains a word

Jobs run one after the other, each a pytest of its own whose output goes to out/nightly/NAME.log. A line a job, exit
status 1 if any failed. What the jobs hold, and their counts, is in docs/nightly.md.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machines

LOGS = Path("out") / "nightly"
FAST = "not slow and not nightly"


def jobs() -> dict[str, tuple[dict[str, str], list[str]]]:
    """name -> environment variables and arguments of pytest."""
    other = {name: (variables, ["-m", FAST]) for name, variables in machines.settings().items()}
    return other | {"many examples": ({"HYPOTHESIS_PROFILE": "nightly"}, [])}


def main(words: list[str]) -> int:
    """Run the jobs; the number of those that failed decides the exit status."""
    failed = 0
    LOGS.mkdir(parents=True, exist_ok=True)
    for name, (variables, arguments) in jobs().items():
        if words and not any(word in name for word in words):
            continue
        file = re.sub(r"\W+", "_", name)
        log, start = LOGS / f"{file}.log", time.monotonic()
        with log.open("w") as out, tempfile.TemporaryDirectory() as cache:
            if "NUMBA_CPU_NAME" in variables:  # kernels for another processor, compiled anew
                variables = variables | {"NUMBA_CACHE_DIR": cache}
            status = subprocess.run([sys.executable, "-m", "pytest", "-n", "2", *arguments], stdout=out,
                                    stderr=subprocess.STDOUT, env=os.environ | {"CI": "1"} | variables).returncode
        last = log.read_text().rstrip().rpartition("\n")[2].strip("= ")
        print(f"{name}: {last} ({(time.monotonic() - start) / 60:.0f} min, {log})", flush=True)
        failed += status != 0
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
