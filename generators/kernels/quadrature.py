"""Gauss-Legendre nodes of one scalar law, cut at given places; see `generators.quadrature`, which validates.

A law comes as (kind, a, b, edges, chances): which of the densities below with its two arguments, and the ascending cuts
between which the density is smooth; of a finite law its values and their probabilities.
"""

from __future__ import annotations

import math

import numpy as np

from testbed.kernels.jit import jit

KINDS = ("finite", "uniform", "exponential", "laplace", "normal", "folded")
FINITE, UNIFORM, EXPONENTIAL, LAPLACE, NORMAL, FOLDED = range(len(KINDS))


@jit()
def density(kind, a, b, x):
    """The density at x inside the support: uniform on [a, b]; else of location a and scale b."""
    if kind == UNIFORM:
        return 1 / (b - a)
    t = (x - a) / b
    if kind == EXPONENTIAL:
        return math.exp(-t) / b
    if kind == LAPLACE:
        return math.exp(-abs(t)) / (2 * b)
    bell = math.exp(-t * t / 2)
    if kind == FOLDED:
        t = (x + a) / b
        bell += math.exp(-t * t / 2)
    return bell / (b * math.sqrt(2 * math.pi))


@jit()
def room(law, kinks, order):
    """How many nodes there may be."""
    kind, _, _, edges, _ = law
    return len(edges) if kind == FINITE else order * (len(edges) - 1 + kinks)


@jit()
def lay(law, kinks, rule, weight, x, w):
    """Nodes x and weights w, of sum 1, cut at kinks too; returns how many. rule, weight: Gauss-Legendre on [-1, 1].

    Kinks outside the support, or not finite, do no harm.
    """
    kind, a, b, edges, chances = law
    if kind == FINITE:
        for i in range(len(edges)):
            x[i], w[i] = edges[i], chances[i]
        return len(edges)
    low, high = edges[0], edges[-1]
    cuts = np.empty(len(edges) + len(kinks))
    for i in range(len(cuts)):
        cut = edges[i] if i < len(edges) else kinks[i - len(edges)]
        cut = min(max(cut, low), high) if math.isfinite(cut) else low
        place = i
        while place > 0 and cuts[place - 1] > cut:  # there are few, and the first are in order
            cuts[place] = cuts[place - 1]
            place -= 1
        cuts[place] = cut
    n, total = 0, 0.0
    for i in range(len(cuts) - 1):
        half, middle = (cuts[i + 1] - cuts[i]) / 2, (cuts[i + 1] + cuts[i]) / 2
        if half > 0:
            for k in range(len(rule)):
                x[n] = middle + half * rule[k]
                w[n] = half * weight[k] * density(kind, a, b, x[n])
                total += w[n]
                n += 1
    for i in range(n):
        w[i] /= total
    return n
