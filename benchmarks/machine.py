"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "spams-bin", "celer", "skglm", "torch", "threadpoolctl")


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system, date, and versions of everything that competes."""
    return {"cpu": cpu(), "cores": os.cpu_count(), "memory_gb": round(memory() / 1e9, 1),
            "system": platform.system(), "python": platform.python_version(),
            "date": datetime.now(UTC).date().isoformat(), "blas": blas(),
            "versions": {name: version(name) for name in PACKAGES}}


def cpu() -> str:
    """The processor's name, with the widest vector unit it has: a name alone may be as vague as "Xeon"."""
    try:
        info = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
        info = {key.strip(): value.strip() for key, value in info.items()}
    except OSError:
        return platform.processor() or platform.machine()
    widest = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("avx", "AVX"))
                   if flag in info.get("flags", "").split()), "no AVX")
    return f"{info.get('model name', platform.machine())}, {widest}"


def memory() -> int:
    """Bytes of memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def others(seconds: float = 0.5) -> float | None:
    """The share of all processors that is in use while this process sleeps; None where the system does not say."""

    def jiffies() -> tuple[int, int]:
        times = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(times), times[3] + times[4]

    try:
        before, idle = jiffies()
        time.sleep(seconds)
        after, still = jiffies()
    except OSError:
        return None
    return 1 - (still - idle) / (after - before)


def blas() -> str:
    """The BLAS behind numpy, which the floor is measured with."""
    import numpy as np  # noqa: F401  # threadpoolctl sees what is loaded
    import threadpoolctl

    found = [f"{p['internal_api']} {p.get('version')}" for p in threadpoolctl.threadpool_info()
             if p["user_api"] == "blas"]
    return found[0] if found else "unknown"


def version(name: str) -> str | None:
    """The installed version of a package."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
