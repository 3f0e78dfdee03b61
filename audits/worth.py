"""What a dead atom could gain (M3): placed along the longest residuals, where |r| > lam."""

from __future__ import annotations

import numpy as np

from testbed.checks import Array

HELD = 4096  # longest residuals that are kept
TRIED = 8  # atoms placed one after the other


class Tail:
    """The longest residuals of those added, and how many exceed lam."""

    def __init__(self, lam: float) -> None:
        self.lam, self.n, self.above = lam, 0, 0
        self.R = np.empty((0, 0))

    def add(self, R: Array) -> None:
        """Add residuals (k, d)."""
        length = np.linalg.norm(R, axis=1)
        self.n += len(R)
        self.above += int((length > self.lam).sum())
        long = R[length > self.lam]
        held = long if not self.R.size else np.concatenate([self.R, long])
        if len(held) > HELD:
            order = np.argsort(-np.linalg.norm(held, axis=1), kind="stable")[:HELD]
            held = held[np.sort(order)]
        self.R = held

    def gains(self) -> list[float]:
        """At least what each of up to TRIED new atoms lowers F by, placed one after another along the longest residual.

        An atom u lowers it by E[(<r, u> - lam)_+^2] / 2 with all other codes kept: a lower bound, and exact to first
        order. Residuals shorter than lam gain from no atom.
        """
        R = self.R.copy()
        found: list[float] = []
        while len(R) and len(found) < TRIED:
            length = np.linalg.norm(R, axis=1)
            i = int(length.argmax())
            if length[i] <= self.lam:
                break
            u = R[i] / length[i]
            for _ in range(20):  # the leading direction of what it codes (S1 for one atom)
                pull = np.maximum(R @ u - self.lam, 0) @ R
                size = np.linalg.norm(pull)
                if size == 0:
                    break
                u = pull / size
            z = np.maximum(R @ u - self.lam, 0)
            found.append(float((z * z).sum() / 2 / self.n))
            R = R - z[:, None] * u
        return found
