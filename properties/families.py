"""The families of statements, in the order in which theory is told, and what introduces each."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """title : of its section. text : what its statements share, in Markdown."""

    title: str
    text: str = ""


HEAD = """\
Everything here is derived from the optimisation problem itself; the numbering is this project's. The ideas belong to
W. Dorrell, *How Optimality Structures Sparse Dictionaries* (arXiv 2606.02385), and to R. Gribonval and K. Schnass,
*Dictionary Identification* (2010). Every statement is a file in `properties/`, whose docstring is the text below, and
`testbed theory S5` prints one with the evidence for it, computed on the spot. Statements about one optimum have a
residual that is 0 where the statement holds, and a case in which it is tight.

## The problem

Data are rows x in R^d with weights; E is the weighted mean. A dictionary D has m atoms d_j of unit norm as rows.
Codes z(x) >= 0, a bias b (zero unless fitted), residual r = x - b - zD.

    F(D, Z, b) = E[ 1/2 |r|^2 + lam * sum_j z_j ],     phi(D, b) = min over codes of F,     lam > 0

G = D D' holds the decoder cosines. mu_j = E[z_j]; an atom is live if mu_j > 0 and dead otherwise. s_j = <r, d_j> /
lam is the score. "j on" at x means z_j(x) > 0. E_j[f] = E[z_j f] / mu_j is the mean of f weighted by j's own
activity, and P_j its probability. Signed codes, with penalty lam * sum |z_j|, are the classical control; where their
statement differs, it is said. Norm at most 1 and norm 1 have the same optima: a live atom shorter than 1 could be
lengthened, its codes shortened, and the penalty saved. h_lam is Huber's function: lam t - lam^2/2 beyond lam, t^2/2
within.
"""

FAMILIES = {
    "C": Family("exact codes, for any dictionary"),
    "S": Family("stationary atoms", """\
Codes that minimise F need not be differentiated (envelope theorem), so phi's derivative with respect to d_j is -E[z_j
r]. On the sphere only its part tangent to d_j has to vanish; its part along d_j is lam mu_j, by C1. What follows is
about live atoms."""),
    "B": Family("with a fitted bias", "The derivative with respect to b is -E[r]."),
    "M": Family("local minima"),
    "G": Family("global minima"),
    "V": Family("the large-dictionary convex problem", """\
Allow any number of atoms and let norms go. No bias. Write a for the square roots of the weights, Y and V for data and
codes with rows multiplied by a_i, K = Y Y' and C = lam^2 a a' + tau^2 I. Then E[z_j] = <a, v_j>. With a price tau >= 0
on the energy of activity, the problem is

    P(lam, tau) = min over D, V >= 0 of  1/2 |Y - VD|^2 + sum_j |d_j| sqrt(lam^2 <a, v_j>^2 + tau^2 |v_j|^2).

An atom times c and its code over c change nothing, so each term may be replaced by the least of 1/2 |d_j|^2 + 1/2
v_j' C v_j over c (arithmetic and geometric mean). The minimum over D is then ridge regression. What is left sees the
codes only through Q = V V':

    P(lam, tau) = min over Q completely positive of  f(Q) = 1/2 tr(K (I + Q)^-1) + 1/2 <C, Q>.

(I + Q)^-1 is convex in Q, and the matrices V V' with V >= 0 form a convex cone once their number of columns is free
(n(n+1)/2 suffice): a convex problem without bad minima. Its slope is M = 1/2 (C - (I + Q)^-1 K (I + Q)^-1), so Q is
optimal if and only if M is copositive (v'Mv >= 0 for v >= 0) and <M, Q> = 0."""),
    "N": Family("any separable price", """\
What codes cost is a function g of each code, g(0) = 0, not decreasing: lam z (L1), lam z + tau z^2/2 (Energy), lam eps
log(1 + z/eps) (Log), lam z - z^2/(2 gamma) up to gamma lam and flat from there (MCP, for all that saturate), lam0 for
whatever is on (L0: JumpReLU, BatchTopK), nothing but at most k on (TopK). z >= 0.

    F = E[ 1/2 |x - b - zD|^2 + sum_j g(z_j) ],     nu_j = E[z_j g'(z_j)]

Scores are measured in the penalty's unit: lam, sqrt(2 lam0), or the root mean square of the data. The objective depends
on an atom through the residual alone, so that what S says of lam mu_j holds with nu_j. Which of the other statements
hold under which price stands with each."""),
    "T": Family("toy worlds with exact answers", "`world.predict(lam)` returns these, or refuses outside their range."),
    "A": Family("a dictionary that someone else trained", """\
z^e are the codes of an SAE's own encoder, and phi(D, b) is F at the exact codes of the same dictionary and bias.
`audits` measures all of this on activations (docs/audit.md)."""),
}


def rank(id: str) -> tuple[int, str, int, str]:
    """Where a statement comes: its family's place in FAMILIES, others after them by letter; then its number."""
    letter, number = id[:1], id[1:]
    place = list(FAMILIES).index(letter) if letter in FAMILIES else len(FAMILIES)
    return place, letter, int(number) if number.isdecimal() else 0, id
