"""An audit of 400,000 activations in 384 dimensions on 1,024 latents: memory, rate, and beside the SAE's own forward.

    python -m benchmarks.audit_size FOLDER [--torch PYTHON]

makes data of a superposition model (1,024 random features, 20 on at a time, magnitudes in [1, 2], float32) and a ReLU
SAE trained on some of them into FOLDER, once; then runs `testbed audit --no-refine` on them, and the SAE's forward pass
in torch by blocks, each in a process of its own on THREADS threads. What counts is processor time, which a busy machine
stretches less than the clock, and peak memory as the system has it. PYTHON is an interpreter that has torch, if this
one has not. Not a part of `make bench`: it takes minutes and 650 MB of disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

N, D, M = 400_000, 384, 1024
ON, NOISE, LAM, SEEN, STEPS = 20, 0.02, 0.1, 20_000, 600
BLOCK, THREADS = 4096, 2
GOAL_GB, GOAL_RATIO = 2.0, 20.0

FORWARD = f"""
import sys, numpy as np, torch
torch.set_num_threads({THREADS})
X = np.load(sys.argv[1], mmap_mode="r")
held = np.load(sys.argv[2])
W, c, b, D = (torch.from_numpy(held[name].astype(np.float32)) for name in ("W_enc", "b_enc", "b", "D"))
error = 0.0
with torch.no_grad():
    for lo in range(0, len(X), {BLOCK}):
        x = torch.from_numpy(np.array(X[lo:lo + {BLOCK}]))
        error += float(((torch.relu((x - b) @ W + c) @ D + b - x) ** 2).sum())
print(error / len(X))
"""


def make(folder: Path) -> tuple[Path, Path]:
    """The data and the SAE, made unless they are there."""
    from audits import train

    data, sae = folder / "activations.npy", folder / "sae.npz"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    features = rng.standard_normal((M, D))
    features /= np.sqrt((features * features).sum(axis=1, keepdims=True))
    if not sae.exists():  # written last
        X = np.lib.format.open_memmap(data, "w+", np.float32, (N, D))
        for lo in range(0, N, 10_000):
            codes = (rng.random((10_000, M)) < ON / M) * rng.uniform(1, 2, (10_000, M))
            X[lo:lo + 10_000] = codes @ features + NOISE * rng.standard_normal((10_000, D))
        X.flush()
        found = train(X[:SEEN].astype(float), M, LAM, steps=STEPS, start=features).sae
        np.savez(sae, D=found.D, b=found.b, W_enc=found.W.astype(np.float32), b_enc=found.c.astype(np.float32), lam=LAM)
    return data, sae


def spent(command: list[str]) -> tuple[float, float, float, str]:
    """Processor seconds, seconds by the clock, peak GB, and what it printed last."""
    count = str(THREADS)
    env = os.environ | {name: count for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                                 "NUMBA_NUM_THREADS")}
    began = time.monotonic()
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: a statement is violated, which is no failure here
        raise SystemExit(said)
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss * unit / 1e9, said


def main() -> int:
    """Measure and print; exit status 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_size")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON", help="an interpreter that has torch")
    options = parser.parse_args()
    data, sae = make(options.folder)
    ours, clock, peak, said = spent([sys.executable, "-m", "commands", "audit", str(sae), "--data", str(data),
                                     "--no-refine"])
    print(said)
    theirs, their_clock, _, _ = spent([options.torch, "-c", FORWARD, str(data), str(sae)])
    print(f"audit    {ours:7.1f} s of processor, {clock:7.1f} s by the clock, {peak:.2f} GB resident, "
          f"{N / clock:.0f} activations a second")
    print(f"forward  {theirs:7.1f} s of processor, {their_clock:7.1f} s by the clock (torch, importing it included)")
    print(f"ratio    {ours / theirs:7.1f} (goal: {GOAL_RATIO:g}; memory {GOAL_GB:g} GB)")
    return 0 if ours <= GOAL_RATIO * theirs and peak < GOAL_GB else 1


if __name__ == "__main__":
    sys.exit(main())
