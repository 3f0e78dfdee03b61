"""What a user waits for: the first fit ever, the first fit of a day, --help, and the end after Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

JOBS = (("cold", 2), ("warm", 2), ("help", 2), ("interrupt fit", 2), ("interrupt encode", 2))

FIRST_FIT = """
import numpy as np
X = np.random.default_rng(0).standard_normal((500, 8))
from testbed import fit
assert fit(X, n_atoms=6, lam=1.0, restarts=1).status != "unconverged"
"""
LONG = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
import numpy as np
from benchmarks import data
from testbed import encode, fit
size = data.Size({n}, 64, {m}, 8, 0.1)
X, D = data.planted(size)
encode(X[:500], D, 0.1), fit(X[:500], 8, 0.5, restarts=1)
print("ready", flush=True)
{call}
"""
CALLS = {"interrupt fit": (20_000, 128, "fit(X, 128, 0.02, restarts=100)"),
         "interrupt encode": (100_000, 2048, "while True: encode(X, D, 0.1)")}


def run(case: str, threads: int, tiny: bool = False) -> dict[str, Any]:
    """Seconds of one kind of waiting."""
    repeats = 1 if tiny else 5
    if case == "cold":
        with tempfile.TemporaryDirectory() as folder:
            seconds = [timed([sys.executable, "-c", FIRST_FIT], NUMBA_CACHE_DIR=folder)]
    elif case == "warm":
        timed([sys.executable, "-c", FIRST_FIT])
        seconds = [timed([sys.executable, "-c", FIRST_FIT]) for _ in range(repeats)]
    elif case == "help":
        script = Path(sys.executable).with_name("testbed")
        command = [str(script)] if script.exists() else [sys.executable, "-m", "figures"]
        seconds = [timed([*command, "--help"]) for _ in range(repeats)]
    else:
        seconds = [interrupted(case, 1.0 + 0.37 * i, tiny) for i in range(repeats)]
    return {"case": case, "threads": threads, "seconds": sorted(seconds)[len(seconds) // 2], "worst": max(seconds)}


def timed(command: list[str], **env: str) -> float:
    """Seconds of a process, from its start to its end."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | env)
    return time.perf_counter() - began


def interrupted(case: str, after: float, tiny: bool) -> float:
    """Seconds from SIGINT, sent `after` seconds into the work, to the end of the process."""
    n, m, call = CALLS[case]
    code = LONG.format(n=2000 if tiny else n, m=m, call=call)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(after)
        if process.poll() is not None:
            raise RuntimeError(f"{case}: ended before it was interrupted")
        began = time.perf_counter()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        seconds = time.perf_counter() - began
    if "KeyboardInterrupt" not in errors:
        raise RuntimeError(f"{case}: ended otherwise: {errors[-200:]}")
    return seconds
