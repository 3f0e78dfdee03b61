"""Other processors, as far as this one can play them: which kernels BLAS, numpy and numba take is theirs to be told.

OpenBLAS has kernels for each kind of processor, numpy functions for each width of vectors, and numba compiles for the
processor at hand; sums then differ in their order and in fused multiplications, so in their last bits. A setting is
what environment variables must say before Python starts.
"""

from __future__ import annotations

import numpy as np

CORES = ("Prescott", "Haswell", "Zen", "SkylakeX")  # of OpenBLAS, the plainest first
CPU = np._core._multiarray_umath  # type: ignore[attr-defined]
AVX512 = ("AVX512", "X86_V4")  # how numpy's names of what needs it begin


def settings() -> dict[str, dict[str, str]]:
    """name -> environment variables, of the settings that this processor can play. numba's kernels for another one
    belong into a cache of their own: NUMBA_CACHE_DIR is the caller's."""
    has = [name for name in CPU.__cpu_dispatch__ if CPU.__cpu_features__.get(name)]
    wide = [name for name in has if name.startswith(AVX512)]
    cores = [core for core in CORES if core != "SkylakeX" or CPU.__cpu_features__.get("AVX512F")]
    return {core: {"OPENBLAS_CORETYPE": core} for core in cores} | {
        "no AVX-512 in numpy": {"NPY_DISABLE_CPU_FEATURES": " ".join(wide)},
        "plain numpy": {"NPY_DISABLE_CPU_FEATURES": " ".join(has)},
        "generic numba": {"NUMBA_CPU_NAME": "generic"}}
