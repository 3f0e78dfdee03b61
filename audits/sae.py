"""A trained SAE, as arrays: the dictionary in this project's convention, and its own encoder.

Every library has its own orientation, its own place for the decoder's norms and its own idea of what is subtracted
from the input. A reader (audits.readers) undoes them and lists what it did in `conventions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from audits.encoders import Encoder, Floats, relu
from testbed import checks
from testbed.checks import Array


@dataclass(frozen=True, eq=False)
class SAE:
    """A dictionary with the encoder that was trained beside it.

    Attributes
    ----------
    format, architecture : the library that saved it and what it calls the encoder, such as "sae_lens", "topk".
    D : (m, d) float64 atoms of unit norm. b : (d,) the decoder's bias, zero where it has none.
    W : (d, m) encoder weights in the precision they were saved in; c : (m,) encoder bias; subtracted : (d,) what is
        taken from x before W, such as b.
    activation : what becomes of x - subtracted times W plus c (audits.encoders).
    fold : (m,) activation times fold is the code on the atom of unit norm: the norm of the decoder's row.
    dead : (m,) bool, rows of norm zero: they decode to nothing. Their atoms are placeholders along the first axis.
    lam : the penalty its configuration implies, in the units of its input; None where it implies none.
    lam_source : in words, where lam comes from, or why there is none.
    conventions : in words, everything that was undone or assumed in reading it.
    """

    format: str
    architecture: str
    D: Array
    b: Array
    W: Floats
    c: Floats
    subtracted: Floats
    activation: Encoder
    fold: Array
    dead: np.ndarray
    lam: float | None = None
    lam_source: str = "its configuration names no penalty"
    conventions: tuple[str, ...] = field(default_factory=tuple)

    @property
    def n_atoms(self) -> int:
        """m, dead ones included."""
        return len(self.D)

    @property
    def d(self) -> int:
        """Dimension of the activations it reads."""
        return self.D.shape[1]

    def encode(self, X: np.ndarray) -> csr_array:
        """Its own codes (n, m) of the rows of X (n, d), on atoms of unit norm; zero on rows of norm zero.

        Pre-activations are computed in the precision of the weights, as the library does; a row block at a time is
        asked for, so memory is that of (n, m).
        """
        P = (X.astype(self.W.dtype) - self.subtracted) @ self.W
        A = self.activation(P + self.c)
        rows, columns = np.nonzero(A)
        values = A[rows, columns].astype(np.float64) * self.fold[columns]
        keep = values != 0
        counts = np.bincount(rows[keep], minlength=len(X))
        pointers = np.concatenate([[0], np.cumsum(counts)])
        return csr_array((values[keep], columns[keep], pointers), shape=(len(X), self.n_atoms))

    def decode(self, Z: csr_array) -> Array:
        """(n, d) reconstructions b + Z D."""
        return np.asarray(Z @ self.D) + self.b


def fold(where: str, W_dec: np.ndarray) -> tuple[Array, Array, np.ndarray]:
    """Atoms of unit norm D (m, d), the norms they had (m,), and which rows are zero, of a decoder W_dec (m, d)."""
    W_dec = checks.matrix(where, "W_dec", W_dec)
    norms = np.linalg.norm(W_dec, axis=1)
    dead = norms == 0
    D = W_dec / np.where(dead, 1, norms)[:, None]
    D[dead] = np.eye(1, W_dec.shape[1])
    return checks.unit_rows(where, "D", D), norms, dead


def bare(D: Array, b: Array, lam: float | None = None) -> SAE:
    """A dictionary without an encoder, atoms D (m, d) of unit norm and bias b (d,): audited at exact codes."""
    m, d = D.shape
    return SAE("plain", "none", D, b, np.zeros((d, 0)), np.zeros(0), np.zeros(d), relu, np.ones(m), np.zeros(m, bool),
               lam, "its own" if lam else "it names no penalty", ("no encoder: exact codes alone are audited",))
