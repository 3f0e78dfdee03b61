"""The encoders in use, in numpy: what an SAE makes of pre-activations.

Each takes pre-activations P (n, m), as `SAE.encode` computes them in the SAE's own precision, and returns activations
(n, m) >= 0. What is decoded is activations @ W_dec; `audits.sae` folds the decoder's norms into them afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Floats = np.ndarray  # float32 or float64
Encoder = Callable[[Floats], Floats]


def relu(P: Floats) -> Floats:
    """max(P, 0)."""
    return np.maximum(P, 0)


@dataclass(frozen=True, eq=False)
class JumpReLU:
    """P where P > threshold (m,) and P > 0, else 0. BatchTopK and Matryoshka SAEs are saved in this form."""

    threshold: Floats

    def __call__(self, P: Floats) -> Floats:
        return np.where(self.threshold < P, np.maximum(P, 0), 0)


@dataclass(frozen=True, eq=False)
class TopK:
    """The k largest of max(P * scale, 0) in each row, the others 0; of equal ones the first.

    scale (m,) or None: SAELens chooses by P times the norm of the decoder's row where `rescale_acts_by_decoder_norm`.
    """

    k: int
    scale: Floats | None = None

    def __call__(self, P: Floats) -> Floats:
        A = np.maximum(P if self.scale is None else P * self.scale, 0)
        if self.k >= A.shape[1]:
            return A
        # the k-th largest of each row; ties at it are settled by position
        border = np.partition(A, -self.k, axis=1)[:, -self.k, None]
        above, at = border < A, A == border
        room = self.k - above.sum(axis=1, keepdims=True)
        return np.where(above | (at & (np.cumsum(at, axis=1) <= room)), A, 0)


@dataclass(frozen=True, eq=False)
class Gated:
    """max(P exp(r) + b_mag, 0) where P + b_gate > 0: the gate and the magnitude share their weights.

    P must be pre-activations without a bias; r, b_gate, b_mag (m,).
    """

    r: Floats
    b_gate: Floats
    b_mag: Floats

    def __call__(self, P: Floats) -> Floats:
        return np.where(P + self.b_gate > 0, np.maximum(P * np.exp(self.r) + self.b_mag, 0), 0)
