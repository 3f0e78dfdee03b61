"""Scalar laws: how strongly a feature fires when it fires, and signed location-scale laws for signed directions.

A law is data, not code: the name of a numpy Generator method with its arguments, or a finite list of values. So laws
are compared by eye, pickled, and written on a command line: "uniform(1,2)".
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from generators.arguments import call, distribution, pick
from generators.words import parse_call
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError
from testbed.problem import LARGEST


@dataclass(frozen=True, eq=False, repr=False)
class Scalar:
    """The law of one real number.

    Attributes: mean, mean_square (E[s^2]); low, the infimum of its support; for finite laws values (v,) and
    probabilities (v,) > 0. For continuous ones `method` and `arguments` name the Generator's method behind `draw`.
    """

    text: str
    mean: float
    mean_square: float
    low: float
    values: Array | None = None
    probabilities: Array | None = None
    method: str = ""
    arguments: tuple[float, ...] = ()
    fold: bool = False

    @property
    def finite(self) -> bool:
        """Whether the law has finite support."""
        return self.values is not None

    @property
    def size(self) -> int:
        """Number of support points; 0 for a continuous law."""
        return 0 if self.values is None else self.values.size

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """n independent draws, (n,)."""
        if self.values is not None and self.probabilities is not None:
            return self.values[pick(rng, self.probabilities, n)] if self.size > 1 else np.full(n, self.values[0])
        x: Array = getattr(rng, self.method)(*self.arguments, size=n)
        if self.fold:
            return np.abs(x)
        return x + self.low if self.method == "exponential" else x

    def __repr__(self) -> str:
        return self.text


def constant(a: float = 1.0) -> Scalar:
    """Always a."""
    a = _sized("constant", "a", a)
    return _finite(call("constant", a=a), [a], [1.0])


def discrete(values: Any = (1.0, 2.0), probabilities: Any = None) -> Scalar:
    """Finitely many distinct values with given probabilities (equal if not given)."""
    where = "discrete"
    v = checks.vector(where, "values", values, np.size(values)) if np.size(values) else np.empty(0)
    if v.size == 0 or np.unique(v).size < v.size:
        raise InputError(f"{where}: values must be distinct, and at least one; got {list(np.ravel(values))}")
    for value in (v.min(), v.max()):
        _sized(where, "values", value)
    p = distribution(where, "probabilities", probabilities, v.size)
    return _finite(call(where, values=v, probabilities=p), v[p > 0], p[p > 0])


def bernoulli(p: float = 0.5, a: float = 1.0) -> Scalar:
    """On/off: a with probability p, otherwise 0."""
    p = checks.number("bernoulli", "p", p, 0, 1, open_low=True)
    a = _sized("bernoulli", "a", a)
    text = call("bernoulli", p=p, a=a)
    return _finite(text, [0.0, a], [1 - p, p]) if p < 1 else _finite(text, [a], [1.0])


def sign(a: float = 1.0, p: float = 0.5) -> Scalar:
    """A sign flip: +a with probability p, otherwise -a."""
    a = _sized("sign", "a", a, 0, open_low=True)
    p = checks.number("sign", "p", p, 0, 1, open_low=True, open_high=True)
    return _finite(call("sign", a=a, p=p), [-a, a], [1 - p, p])


def uniform(low: float = 1.0, high: float = 2.0) -> Scalar:
    """Uniform on [low, high)."""
    low = _sized("uniform", "low", low)
    high = _sized("uniform", "high", high, low, open_low=True)
    mean_square = (low * low + low * high + high * high) / 3
    return Scalar(call("uniform", low=low, high=high), (low + high) / 2, mean_square, low,
                  method="uniform", arguments=(low, high))


def exponential(scale: float = 1.0, low: float = 0.0) -> Scalar:
    """low plus an exponential variable of mean `scale`."""
    scale = _sized("exponential", "scale", scale, 0, open_low=True)
    low = _sized("exponential", "low", low)
    mean = low + scale
    return Scalar(call("exponential", scale=scale, low=low), mean, mean**2 + scale**2, low,
                  method="exponential", arguments=(scale,))


def folded_normal(mean: float = 1.0, sigma: float = 0.5) -> Scalar:
    """|N(mean, sigma^2)|; mean and sigma are those of the normal variable before folding."""
    mean = _sized("folded_normal", "mean", mean)
    sigma = _sized("folded_normal", "sigma", sigma, 0, open_low=True)
    z = mean / sigma
    first = sigma * (math.sqrt(2 / math.pi) * math.exp(-z * z / 2) + z * math.erf(z / math.sqrt(2)))
    return Scalar(call("folded_normal", mean=mean, sigma=sigma), first, mean**2 + sigma**2, 0.0,
                  method="normal", arguments=(mean, sigma), fold=True)


def gaussian(loc: float = 0.0, scale: float = 1.0) -> Scalar:
    """Normal with mean loc and standard deviation scale; signed."""
    loc, scale = _location_scale("gaussian", loc, scale)
    return Scalar(call("gaussian", loc=loc, scale=scale), loc, loc**2 + scale**2, -math.inf,
                  method="normal", arguments=(loc, scale))


def laplace(loc: float = 0.0, scale: float = 1.0) -> Scalar:
    """Laplace with mean loc and mean absolute deviation scale; signed."""
    loc, scale = _location_scale("laplace", loc, scale)
    return Scalar(call("laplace", loc=loc, scale=scale), loc, loc**2 + 2 * scale**2, -math.inf,
                  method="laplace", arguments=(loc, scale))


LAWS: dict[str, Callable[..., Scalar]] = {law.__name__: law for law in (
    constant, discrete, uniform, exponential, folded_normal, bernoulli, sign, gaussian, laplace)}


def scalar(where: str, name: str, value: Any, signed: bool = False) -> Scalar:
    """A law from a Scalar, a number (constant) or words such as "uniform(1,2)"; positive unless `signed`."""
    if isinstance(value, str):
        try:
            law = _named(value)
        except (ValueError, TypeError) as error:
            raise InputError(f"{where}: {name}: {error}") from None
    elif isinstance(value, Scalar):
        law = value
    else:
        law = constant(_sized(where, name, value))
    if not signed and (law.low <= 0 if law.finite else law.low < 0):
        raise InputError(f"{where}: {name} must be a law of positive numbers; {law} reaches down to {law.low:g}")
    return law


def _named(text: str) -> Scalar:
    try:
        number = float(text)
    except ValueError:
        number = None
    if number is not None:
        return constant(number)
    name, positional, named = parse_call(text)
    if name not in LAWS:
        near = difflib.get_close_matches(name, LAWS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"unknown law {name!r}; the laws are {', '.join(LAWS)}{hint}")
    try:
        inspect.signature(LAWS[name]).bind(*positional, **named)
    except TypeError as error:
        raise InputError(f"{name}{inspect.signature(LAWS[name])}: {error}") from None
    return LAWS[name](*positional, **named)


def _finite(text: str, values: Any, probabilities: Any) -> Scalar:
    v, p = checks.frozen(np.array(values, dtype=float)), checks.frozen(np.array(probabilities, dtype=float))
    return Scalar(text, float(v @ p), float(v**2 @ p), float(v.min()), v, p)


def _location_scale(where: str, loc: float, scale: float) -> tuple[float, float]:
    return _sized(where, "loc", loc), _sized(where, "scale", scale, 0, open_low=True)


def _sized(where: str, name: str, value: Any, low: float = -math.inf, *, open_low: bool = False) -> float:
    """A number above `low` of which data can be made: E[s^2] must be one too."""
    x = checks.number(where, name, value, low, open_low=open_low)
    if abs(x) > LARGEST:
        raise InputError(f"{where}: {name} is out of scale, {x:.3g}: its squares leave the range of float64 (stay "
                         f"within {LARGEST:g})", where=where, argument=name, got=x)
    return x
