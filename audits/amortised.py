"""An SAE of our own, trained as others train theirs: a one-layer encoder, a unit-norm decoder, Adam.

So that every world can be asked whether a failure is the objective's or the encoder's: the same data, the same penalty,
and codes that one affine map and a nonlinearity must produce instead of the best ones.

    P = (x - b) W + c,   a = activation(P),   loss = 1/2 |x - b - a D|^2 + lam sum a     (ReLU)
    TopK keeps the k largest and has no penalty; JumpReLU pays lam for each latent that is on, its thresholds
    learning through a window of stated width.

Gradients are written out in numpy; sums run on one BLAS thread, so a seed fixes every bit on one processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audits.encoders import Encoder, JumpReLU, TopK, relu
from audits.sae import SAE
from testbed import checks
from testbed.checks import Array
from testbed.descent.phi import normalised
from testbed.errors import InputError
from testbed.threads import limited

KINDS = ("relu", "topk", "jumprelu")
SCHEDULES = ("constant", "warmup", "anneal")
BETA = (0.9, 0.999)
WINDOW = 0.1  # of JumpReLU's learning of thresholds, in units of the data
ANNEAL = 100.0  # an annealed penalty begins at so many times its end, or at what silences every latent if that is less


@dataclass(frozen=True, eq=False)
class Trained:
    """An SAE and how it came about: steps (k,) at which `saes` were kept, the last of them the result."""

    sae: SAE
    steps: list[int] = field(default_factory=list)
    saes: list[SAE] = field(default_factory=list)


def train(X: Any, n_atoms: int, lam: float = 0.0, *, kind: str = "relu", k: int = 0, steps: int = 2000,
          batch: int = 512, rate: float = 3e-3, schedule: str = "constant", seed: int = 0, start: Any = None,
          keep: Sequence[int] = (), decoder: bool = True,
          bias: Any = None) -> Trained:
    """Train an SAE by Adam.

    Parameters
    ----------
    X : (n, d) activations. n_atoms : m. lam : penalty of ReLU (per unit of activity) and JumpReLU (per latent on).
    kind : 'relu', 'topk' (with k) or 'jumprelu'. steps, batch, rate : of Adam; the rate falls to 0 over the last fifth.
    schedule : of lam: 'constant', 'warmup' (from 0 over the first fifth), or 'anneal' (downwards to lam over the first
        four fifths, by equal factors). start : (m, d) unit rows for the decoder (and the encoder's transpose), or None
        for random ones. keep : steps at which a copy is kept. decoder : False trains the encoder alone, for the atoms
        `start` and the bias. bias : (d,) where the bias starts; None for the mean.

    Raises InputError naming the argument.
    """
    where = "train"
    X = checks.matrix(where, "X", X)
    m = checks.integer(where, "n_atoms", n_atoms, 1)
    steps, batch = checks.integer(where, "steps", steps, 1), checks.integer(where, "batch", batch, 1)
    lam = checks.number(where, "lam", lam, 0)
    for name, value, known in (("kind", kind, KINDS), ("schedule", schedule, SCHEDULES)):
        if value not in known:
            raise InputError(f"{where}: {name} must be one of {', '.join(known)}; got {value!r}")
    if kind == "topk":
        k = checks.integer(where, "k", k, 1, m)
    rng = np.random.default_rng(checks.integer(where, "seed", seed, 0))
    if start is None:
        if not decoder:
            raise InputError(f"{where}: an encoder alone is trained for the atoms of start")
        D = normalised(rng.standard_normal((m, X.shape[1])))
    else:
        D = checks.unit_rows(where, "start", start, X.shape[1])
    b = X.mean(axis=0) if bias is None else checks.vector(where, "bias", bias, X.shape[1])
    state = _State(X, D, b, kind, k, lam)
    kept = []
    with limited(batch * m * X.shape[1]):
        for step in range(1, steps + 1):
            part = rng.integers(0, len(X), min(batch, len(X)))
            pace = rate * min(1.0, 5 * (steps - step + 1) / steps)
            state.step(X.take(part, axis=0), _penalty(lam, schedule, step / steps, state.silent), pace, step, decoder)
            if step in keep or step == steps:
                kept.append((step, state.sae()))
    return Trained(kept[-1][1], [step for step, _ in kept], [sae for _, sae in kept])


def _penalty(lam: float, schedule: str, time: float, silent: float) -> float:
    if schedule == "warmup":
        return lam * min(1.0, 5 * time)
    if schedule == "anneal":
        factor = max(1.0, min(ANNEAL, 0.5 * silent / lam)) if lam > 0 else 1.0
        return lam * factor ** max(0.0, 1 - time / 0.8)
    return lam


class _State:
    """Parameters, Adam's moments, and one step.

    Parameters, slopes and moments are one row of numbers each, the decoder's and b's last; `p` and `g` are views by
    name. Small matrices: what a step costs is the number of numpy's calls.
    """

    def __init__(self, X: Array, D: Array, b: Array, kind: str, k: int, lam: float) -> None:
        m, d = D.shape
        self.kind, self.k, self.lam = kind, k, lam
        self.silent = float(np.quantile(np.linalg.norm(X - X.mean(axis=0), axis=1), 0.9))
        start = {"W": D.T, "c": np.zeros(m)}
        if kind == "jumprelu":
            start["level"] = np.full(m, np.log(0.1 * max(self.silent, 1e-3)))
        self.encoding = sum(value.size for value in start.values())  # numbers that are the encoder's
        start |= {"D": D, "b": b}
        self.flat, self.slope, self.first, self.second = np.zeros((4, self.encoding + m * d + d))
        self.p, self.g = _views(self.flat, start), _views(self.slope, start)
        for name, value in start.items():
            self.p[name][...] = value

    def step(self, X: Array, lam: float, rate: float, number: int, decoder: bool) -> None:
        """One step of Adam on a batch."""
        self.gradient(X, lam)
        moved = slice(None if decoder else self.encoding)
        g, first, second = self.slope[moved], self.first[moved], self.second[moved]
        first *= BETA[0]  # sums, not means: their scales are in the rate
        first += g
        second *= BETA[1]
        second += g * g
        scale = np.sqrt((1 - BETA[1] ** number) / (1 - BETA[1]))
        size = np.sqrt(second)
        size += 1e-8 * scale
        change = np.divide(first, size, out=size)
        change *= rate * (1 - BETA[0]) / (1 - BETA[0] ** number) * scale
        self.flat[moved] -= change
        if decoder:
            D = self.p["D"]
            D /= np.sqrt(np.einsum("jk,jk->j", D, D))[:, None]

    def gradient(self, X: Array, lam: float) -> dict[str, Array]:
        """Of the mean loss of a batch; the decoder's is tangent to the unit spheres. Overwritten by the next one."""
        W, c, D, b = (self.p[name] for name in "WcDb")
        Y = X - b
        P = Y @ W
        P += c
        A = self.encoder()(P)
        R = Y - A @ D
        each = np.full(len(X), -1 / len(X))  # a row of it times a matrix: the mean, with its sign
        down = R @ D.T  # how the loss falls as activities rise
        if self.kind == "relu":
            down -= lam
        elif self.kind == "jumprelu":
            level = np.exp(self.p["level"])
            window = (np.abs(P - level) < WINDOW / 2) / WINDOW
            np.multiply(each @ ((lam - level * down) * window), level, out=self.g["level"])
        down *= A > 0
        np.matmul(each, down, out=self.g["c"])
        g_W, g_D = np.matmul(Y.T, down, out=self.g["W"]), np.matmul(A.T, R, out=self.g["D"])
        g_W *= each[0]
        g_D *= each[0]
        g_D -= np.einsum("jk,jk->j", g_D, D)[:, None] * D
        np.subtract(each @ R, W @ self.g["c"], out=self.g["b"])
        return self.g

    def encoder(self) -> Encoder:
        """The nonlinearity as it stands."""
        if self.kind == "topk":
            return TopK(self.k)
        return relu if self.kind == "relu" else JumpReLU(np.exp(self.p["level"]))

    def sae(self) -> SAE:
        """A copy as an SAE."""
        p = {name: value.copy() for name, value in self.p.items()}
        m = len(p["D"])
        name = {"relu": "standard"}.get(self.kind, self.kind)
        lam = self.lam if self.kind == "relu" and self.lam > 0 else None
        return SAE("testbed", name, p["D"], p["b"], p["W"], p["c"], p["b"], self.encoder(), np.ones(m),
                   np.zeros(m, bool), lam, "the penalty it was trained with" if lam else "no L1 penalty was paid",
                   ("trained here: unit decoder rows, b subtracted from the input",))


def _views(flat: Array, like: dict[str, Array]) -> dict[str, Array]:
    """The numbers of a row by name, in the shapes of `like`."""
    ends = np.cumsum([value.size for value in like.values()])
    return {name: flat[end - value.size:end].reshape(value.shape)
            for (name, value), end in zip(like.items(), ends, strict=True)}
