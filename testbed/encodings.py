"""How numbers are stored in files, and how they become numbers of numpy.

Names are those of safetensors. Half the formats that activations are kept in are unknown to numpy: bfloat16 is the
upper half of a float32, and the 256 numbers of a float8 are a table.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def _bfloat16(raw: np.ndarray) -> np.ndarray:
    return (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _float8(exponent_bits: int, bias: int, infinities: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Decoder of an 8-bit float: a sign, an exponent, a mantissa of the remaining bits (subnormal at exponent 0)."""
    code = np.arange(256)
    bits = 7 - exponent_bits
    exponent, mantissa = (code >> bits) & ((1 << exponent_bits) - 1), code & ((1 << bits) - 1)
    size = np.where(exponent == 0, np.ldexp(mantissa / (1 << bits), 1 - bias),
                    np.ldexp(1 + mantissa / (1 << bits), exponent - bias))
    top = exponent == (1 << exponent_bits) - 1
    if infinities:  # as IEEE: the top exponent is inf or NaN
        size[top] = np.where(mantissa[top] == 0, np.inf, np.nan)
    else:  # only the very last code is NaN
        size[top & (mantissa == (1 << bits) - 1)] = np.nan
    table = np.where(code >> 7, -size, size)
    return lambda raw: table[raw]


def _as_is(raw: np.ndarray) -> np.ndarray:
    return raw


VOID = np.dtype("V2")  # how numpy saves bfloat16, of which it knows the size alone

# kind -> (dtype of the bytes on disk, decoder)
KINDS: dict[str, tuple[np.dtype, Callable[[np.ndarray], np.ndarray]]] = {
    **{f"F{bits}": (np.dtype(f"<f{bits // 8}"), _as_is) for bits in (16, 32, 64)},
    **{f"I{bits}": (np.dtype(f"<i{bits // 8}"), _as_is) for bits in (8, 16, 32, 64)},
    **{f"U{bits}": (np.dtype(f"<u{bits // 8}"), _as_is) for bits in (8, 16, 32, 64)},
    "BF16": (np.dtype("<u2"), _bfloat16),
    "F8_E4M3": (np.dtype("u1"), _float8(4, 7, infinities=False)),
    "F8_E5M2": (np.dtype("u1"), _float8(5, 15, infinities=True)),
}


def of(kind: str) -> tuple[np.dtype, Callable[[np.ndarray], np.ndarray]]:
    """The dtype of the bytes and their decoder; `kind` is a name of KINDS or numpy's own, such as '>f4'."""
    return KINDS[kind] if kind in KINDS else (np.dtype(kind), _as_is)


def numbers(array: np.ndarray) -> np.ndarray:
    """An array as read by numpy, with bfloat16 that it took for bytes made numbers."""
    return _bfloat16(array.view("<u2")) if array.dtype == VOID else array
