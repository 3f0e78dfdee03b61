"""The command line: runs jobs one after another, each in its own process, and saves after each."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine, report

ROOT = Path(__file__).parents[1]
SECTIONS = ("coding", "training", "estimator", "hostile", "small", "scaling", "memory", "startup")
CAP = 420  # seconds after which a job is cut off, and recorded as cut off


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Side by side with the peers.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"some of: {', '.join(SECTIONS)}")
    parser.add_argument("--only", metavar="CASE", default="", help="only cases that begin so: S1, digits/testbed")
    parser.add_argument("--results", type=Path, default=ROOT / "figures" / "benchmarks.json")
    parser.add_argument("--table", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args(argv)
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"unknown section {min(unknown)!r}; the sections are {', '.join(SECTIONS)}")
    every = [(section, case, threads) for section in SECTIONS
             for case, threads in importlib.import_module(f"benchmarks.{section}").JOBS]
    jobs = [job for job in every if job[0] in (options.sections or SECTIONS) and job[1].startswith(options.only)]
    if not jobs:
        parser.error(f"no case begins with {options.only!r}")
    results = load(options.results)
    current = {" ".join(map(str, job)) for job in every}  # what was measured by jobs that are no more is dropped
    results["jobs"] = {name: job for name, job in results["jobs"].items() if name in current}
    began = time.monotonic()
    for i, job in enumerate(jobs, 1):
        name = " ".join(map(str, job))
        print(f"[{time.monotonic() - began:5.0f} s] {i}/{len(jobs)} {name}", file=sys.stderr, flush=True)
        results["jobs"][name] = isolated(*job)
        results["machine"] = machine.describe()
        save(options.results, results)
    text = report.build(results)
    options.table.write_text(text)
    print(text)
    return 0


def isolated(section: str, case: str, threads: int) -> dict[str, Any]:
    """The result of a job run in a new process, with its date and time taken; or why there is none."""
    count = str(threads)
    env = os.environ | {name: count for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                                 "NUMBA_NUM_THREADS")}
    others = machine.others()
    began = time.monotonic()
    try:
        done = subprocess.run([sys.executable, "-m", "benchmarks.job", section, case, count], env=env, cwd=ROOT,
                              stdout=subprocess.PIPE, text=True, timeout=CAP)
        result = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {
            "error": f"ended with status {done.returncode}"}
    except subprocess.TimeoutExpired:
        result = {"error": f"cut off after {CAP} s"}
    if "error" in result:
        print(f"    {result['error']}", file=sys.stderr)
    return result | {"date": datetime.now(UTC).date().isoformat(), "took_s": round(time.monotonic() - began, 1),
                     "others": None if others is None else round(others, 3)}


def load(path: Path) -> dict[str, Any]:
    """The results so far, or none."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"jobs": {}}
    return found


def save(path: Path, results: dict[str, Any]) -> None:
    """Replace the file by a complete one: a run that is cut off loses the job it was in and no other. A line a job."""
    jobs = ",\n".join(f"{json.dumps(name)}: {json.dumps(job)}" for name, job in sorted(results["jobs"].items()))
    new = path.with_suffix(".new")
    new.write_text(f'{{"machine": {json.dumps(results["machine"])},\n"jobs": {{\n{jobs}\n}}}}\n')
    new.replace(path)


if __name__ == "__main__":
    sys.exit(main())
