"""Which lam an SAE is audited at: given, from its configuration, from the data, or none that it ever paid.

Under L1 the implied price <E_j[r], d_j> is lam for every atom (A2), at the codes that training used: the encoder's. So
the data tell lam without a configuration, and contradict one that was written for scaled activations. Where the price
is 0 (TopK, JumpReLU) there is no lam; the one at which exact codes use as many atoms as the encoder is offered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.moments import Moments
from audits.sae import SAE
from testbed import encode
from testbed.checks import Array
from testbed.errors import InputError

FREE = 0.02  # implied price, as a share of the mean |r|, below which nothing was paid
ORDINARY = 0.1  # a configuration's lam this far from the data's, relatively, is contradicted


@dataclass(frozen=True)
class Price:
    """The implied price over live atoms at the encoder's codes: quantiles weighted by activity, and their error."""

    median: float
    q05: float
    q95: float
    standard_error: float
    free: bool

    @classmethod
    def of(cls, sums: Moments) -> Price:
        """From sums at the encoder's codes."""
        live = sums.live
        if not live.any():
            return cls(float("nan"), float("nan"), float("nan"), float("nan"), True)
        p, weight = sums.price[live], sums.effective[live]
        median, low, high = weighted_quantiles(p, weight, (0.5, 0.05, 0.95))
        error = float(np.median(sums.price_error[live]))
        scale = np.sqrt(sums.error / max(sums.n, 1))
        return cls(median, low, high, error, bool(median <= max(FREE * scale, 2 * error)))


@dataclass(frozen=True)
class Penalty:
    """lam, and where it comes from in words; `doubt` is what the data say against it, or empty."""

    lam: float
    source: str
    doubt: str = ""


def settle(sae: SAE, given: float | None, price: Price, sample: Array, used: float) -> Penalty:
    """The lam to audit at.

    sample (k, d) : rows on which a lam is matched where none was paid, to `used` codes per sample.
    Raises ValueError where the encoder is silent and no lam is given.
    """
    if given is not None:
        return Penalty(given, "given", _doubt(given, price))
    if not np.isfinite(price.median):
        raise InputError(f"audit: no latent of this {sae.format} SAE fires on these activations, so they imply no lam; "
                         "give --lam, or look for the right layer and scale")
    if price.free:
        lam = matching(sae, sample, used)
        return Penalty(lam, f"not paid in training (implied price {price.median:.2g}): the one at which exact codes "
                            f"use {used:.3g} atoms a sample, as the encoder does")
    if sae.lam is not None and not _doubt(sae.lam, price):
        return Penalty(sae.lam, f"{sae.lam_source}; the data imply {price.median:.4g}")
    source = f"estimated from the data, between {price.q05:.4g} and {price.q95:.4g} over atoms"
    if sae.lam is None:
        return Penalty(price.median, source)
    return Penalty(price.median, source, f"{sae.lam_source} would be lam = {sae.lam:.4g}: activations were scaled in "
                                         "training, or training had not converged")


def _doubt(lam: float, price: Price) -> str:
    if price.free or not np.isfinite(price.median):
        return "" if not price.free else f"the encoder's codes imply a price of {price.median:.2g}, not lam"
    far = abs(price.median / lam - 1) > max(ORDINARY, 3 * price.standard_error / lam)
    return f"the data imply lam = {price.median:.4g}" if far else ""


def matching(sae: SAE, sample: Array, used: float) -> float:
    """The lam at which exact codes of the sample use `used` atoms each on average, by bisection of log lam."""
    X = sample - sae.b
    high = float((X @ sae.D.T).max())
    low = 1e-4 * high
    for _ in range(24):
        lam = float(np.sqrt(low * high))
        if encode(sample, sae.D, lam, sae.b).nnz / len(sample) > used:
            low = lam
        else:
            high = lam
    return float(f"{np.sqrt(low * high):.4g}")


def weighted_quantiles(values: Array, weights: Array, shares: tuple[float, ...]) -> list[float]:
    """Values below which these shares of the weights lie."""
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    places = np.searchsorted(cumulated, np.array(shares) * cumulated[-1])
    return [float(values[order][min(place, len(values) - 1)]) for place in places]
