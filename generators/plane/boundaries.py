"""Where the optimum of two features changes regime along a line of worlds, and where a local minimum ceases to exist.

A line is a function of one parameter: t -> (world, lam). At a boundary the global minimum changes its regime, and it
either jumps to another local minimum of equal F, or slides through the border with no break. A spinodal is where a
local minimum ends: beyond it descent from there leads elsewhere, so training that followed it must jump (hysteresis).
It ends softly, its least curvature falling to 0 as it meets a saddle (a fold; between mirror images a pitchfork); or
where a support changes and the curvature on the other side is not positive.

    boundary(lambda lam: (two_features(0.4, 0.2, 0.1), lam), 0.1, 0.6).parameter
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from generators.plane.phases import (
    REGIMES,
    ROUNDING,
    SAME,
    Family,
    Minimum,
    apart,
    distance,
    landscape,
    prepare,
    settle,
)
from generators.world import World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

Line = Callable[[float], tuple[World, float]]

EXACT = 1e-9  # relative to the range, to which parameters are found
NEAR = 0.1  # radians within which a minimum is the continuation of one at a neighbouring parameter
SMOOTH = 0.01  # radians from the linear continuation, within which a followed minimum is the same one
JUMP = 1e-3  # radians between the optima on both sides of a boundary, EXACT apart, from which it is a jump
FOLLOWED = 64  # pieces of the range, at least, over which a minimum is followed
SOFT = 0.02  # least relative curvature below which the end of a minimum is put down to it
PAST = 1e-6  # relative to the range, beyond which a minimum that was lost is looked for once more
TURNS = 2000  # most steps of `trace`


@dataclass(frozen=True)
class Boundary:
    """parameter: where the regime of the global minimum changes. below, above: the optima on both sides, next to it.
    jump: whether the atoms jump there (else they slide)."""

    parameter: float
    below: Minimum
    above: Minimum
    jump: bool


@dataclass(frozen=True)
class Spinodal:
    """parameter: the last one at which the minimum exists. last: the minimum there. soft: whether its least curvature
    falls to 0, where it meets a saddle (else a change of support ends it)."""

    parameter: float
    last: Minimum
    soft: bool


class Turn(NamedTuple):
    """A stationary pair of angles on a traced curve: its parameter, angles (2,), F and least relative curvature."""

    parameter: float
    angles: Array
    objective: float
    least: float


def boundary(line: Line, low: float, high: float, regime: str | None = None) -> Boundary:
    """Where the regime of the global minimum changes between two parameters at which it differs; to 1e-9 of the range.

    regime: where the optimum begins or ceases to have this one, whatever the others; default: any change. By bisection,
    and once the optima of both ends exist at both, as the root of their difference in F. If there are several changes
    in between, one is found. Raises ValueError if there is no change between the ends, and for an unknown regime.
    """
    where = "boundary"
    low, high = _range(where, low, high)
    if regime is not None:
        checks.choice(where, "regime", regime, REGIMES)

    def kind(minimum: Minimum) -> str | bool:
        return minimum.regime if regime is None else minimum.regime == regime

    below, above = landscape(*line(low)).best, landscape(*line(high)).best
    end = high
    if kind(below) == kind(above):
        raise InputError(f"{where}: the regimes at both ends must differ; the optimum is {below.regime} at {low:g} and "
                         f"{above.regime} at {high:g}")
    span = high - low
    while high - low > EXACT * span:
        root = _crossing(line, low, high, below, above)
        if root is not None:
            return root
        middle = (low + high) / 2
        best = _between(line, low, middle, high, below, above) or landscape(*line(middle)).best
        if kind(best) == kind(below):
            low, below = middle, best
        else:
            high, above = middle, best
    # at a slide the optimum itself goes over into the other regime (above may be its mirror image), if only a little
    # further on: rounding leaves a dying atom something
    over = follow(prepare(where, *line(min(high + PAST * span, end))), below)
    slides = over is not None and distance(over, below) <= JUMP and kind(over) == kind(above)
    return Boundary((low + high) / 2, below, above, not slides)


def _between(line: Line, low: float, middle: float, high: float, below: Minimum, above: Minimum) -> Minimum | None:
    """The optimum in the middle of two parameters between which it moves with them, as a line: a slide, once close."""
    if distance(below, above) > SMOOTH:
        return None
    share = (middle - low) / (high - low)
    guess = (1 - share) * np.array(below.angles) + share * np.array(above.angles)
    found = follow(prepare("boundary", *line(middle)), below, guess, distance(below, above) / 2 + SAME)
    over = follow(prepare("boundary", *line(high)), below)
    return found if found is not None and over is not None and distance(over, above) <= SAME else None


def _crossing(line: Line, low: float, high: float, below: Minimum, above: Minimum) -> Boundary | None:
    """The boundary, if the optima of both ends can be followed to the other end and F changes sides between them."""
    if distance(below, above) < JUMP:
        return None
    near = min(NEAR, distance(below, above) / 3)  # so that neither is taken for the other

    def pair(t: float) -> tuple[Minimum, Minimum] | None:
        family = prepare("boundary", *line(t))
        found = [follow(family, m, near=near) for m in (below, above)]
        return None if None in found else (found[0], found[1])  # type: ignore[return-value]

    def gap(t: float) -> float:
        ends = pair(t)
        if ends is None:
            raise ArithmeticError
        return ends[0].objective - ends[1].objective

    try:
        tie = ROUNDING * max(below.objective, above.objective)  # between mirror images, F never differs by more
        if not gap(low) < -tie < tie < gap(high):
            return None
        t = float(brentq(gap, low, high, xtol=EXACT * (high - low), rtol=4 * np.finfo(float).eps))
        ends = pair(t)
        best = landscape(*line(t)).best
    except ArithmeticError:
        return None
    if ends is None or best.objective < min(ends[0].objective, ends[1].objective) - 1e-12 * abs(best.objective):
        return None  # a third minimum is better here
    return Boundary(t, ends[0], ends[1], True)


def follow(family: Family, minimum: Minimum, guess: Array | None = None, near: float = NEAR) -> Minimum | None:
    """The same minimum at a neighbouring parameter: where descent from it, or from a better guess (2,), ends if that is
    near; None if it is not."""
    start = np.array(minimum.angles) if guess is None else guess
    found = settle(family, start)
    return found if found is not None and apart(found.angles, start) < near else None


def spinodal(line: Line, start: float, stop: float, minimum: Minimum | None = None) -> Spinodal | None:
    """Where the minimum at `start` (default: the global one) ceases to exist on the way to `stop`; None if it does not.

    The minimum is followed in steps, and where it is lost by bisection to 1e-9 of the range. Raises ValueError if the
    given one is no minimum at start.
    """
    where = "spinodal"
    start, stop = (checks.number(where, name, t) for name, t in (("start", start), ("stop", stop)))
    if start == stop:
        raise InputError(f"{where}: start and stop must differ; both are {start:g}")
    family = prepare(where, *line(start))
    last = landscape(*line(start)).best if minimum is None else follow(family, minimum, near=SMOOTH)
    if last is None:
        raise InputError(f"{where}: minimum must be a local minimum at start = {start:g}; there is none near "
                         f"{np.degrees(minimum.angles).round(3).tolist() if minimum else []} degrees")
    t, span, slope = start, stop - start, np.zeros(2)

    def step(ahead: float, last: Minimum) -> Minimum | None:
        guess = np.array(last.angles) + slope * (ahead - t)
        return follow(prepare(where, *line(ahead)), last, guess, SMOOTH)

    while t != stop:
        ahead = stop if abs(stop - t) <= abs(span) / FOLLOWED else t + span / FOLLOWED
        found = step(ahead, last)
        while found is None and abs(ahead - t) > EXACT * abs(span):
            middle = (t + ahead) / 2
            there = step(middle, last)
            if there is None:
                ahead = middle
            else:
                slope = (np.array(there.angles) - last.angles) / (middle - t)
                t, last = middle, there
        if found is None:  # it may only be that Newton's method fails at one parameter, where a support changes
            ahead = stop if abs(stop - t) <= PAST * abs(span) else t + PAST * span
            slope = np.zeros(2)
            found = step(ahead, last)
            if found is None:
                return Spinodal(t, last, last.least < SOFT)
        else:
            slope = (np.array(found.angles) - last.angles) / (ahead - t)
        t, last = ahead, found
    return None


def _range(where: str, low: float, high: float) -> tuple[float, float]:
    low = checks.number(where, "low", low)
    return low, checks.number(where, "high", high, low, open_low=True)


def trace(line: Line, start: float, minimum: Minimum, low: float, high: float, step: float = 0.01) -> list[Turn]:
    """Stationary pairs along a line by pseudo-arclength continuation, around folds and along saddles, until the
    parameter leaves [low, high]; from a minimum at `start`, towards larger parameters.

    Unknowns are the angles and the parameter in units of the range; steps have length `step` in that space, halved
    where Newton's method does not return to the curve. Where a support changes the curve may have a corner, which is
    passed; the trace ends where it cannot go on. Raises ValueError if there is no such minimum at start,
    or an atom of it is dead.
    """
    where = "trace"
    low, high = _range(where, low, high)
    start = checks.number(where, "start", start, low, high)
    span = high - low

    def residual(y: Array) -> tuple[Array, Array, float]:
        family = prepare(where, *line(float(low + span * y[2])))
        here = family.at(y[:2])
        return here.gradient / family.lam, here.hessian / family.lam, here.objective

    def jacobian(y: Array, H: Array) -> Array:
        h = 1e-6
        ahead, back = (residual(y + np.array([0, 0, sign * h]))[0] for sign in (1, -1))
        return np.column_stack([H, (ahead - back) / (2 * h)])

    def null(J: Array, along: Array) -> Array:
        v = np.linalg.svd(J)[2][-1]
        return v if v @ along >= 0 else -v

    first = follow(prepare(where, *line(start)), minimum)
    if first is None or np.isnan(first.angles).any():
        raise InputError(f"{where}: minimum must be a local minimum of two live atoms at start = {start:g}")
    y = np.array([*first.angles, (start - low) / span])
    _, H, F = residual(y)
    tangent = null(jacobian(y, H), np.array([0, 0, 1.0]))
    turns = [_turn(low + span * y[2], y[:2], F, line)]
    length, cornered = step, False
    while len(turns) < TURNS:
        trial = _correct(residual, jacobian, y + length * tangent, tangent)
        if trial is None or abs(trial[1] - trial[0]) < 1e-4:
            length /= 2
            if length > step / 1024:
                continue
            # a change of support turns the curve by an angle: take the direction that it has on the other side
            ahead = null(jacobian(y + 2 * length * tangent, residual(y + 2 * length * tangent)[1]), tangent)
            ways = [] if cornered else [way for way in (ahead, -ahead) if -0.999 < way @ tangent < 0.999]
            trials = [(way, _correct(residual, jacobian, y + 4 * length * way, way)) for way in ways]
            past = [(way, end) for way, end in trials if end is not None]
            if not past:
                break
            (tangent, trial), cornered = past[0], True
        else:
            cornered = False
        y = trial
        _, H, F = residual(y)
        tangent = null(jacobian(y, H), tangent)
        if not 0 <= y[2] <= 1:
            break
        turns.append(_turn(low + span * y[2], y[:2], F, line))
        length = min(step, 2 * length)
    return turns


def _correct(residual: Callable[[Array], tuple[Array, Array, float]], jacobian: Callable[[Array, Array], Array],
             guess: Array, tangent: Array) -> Array | None:
    """Newton's method in the plane through a guess across the tangent; None if it does not converge near the guess."""
    y = guess.copy()
    for _ in range(12):
        g, H, _ = residual(y)
        if np.abs(g).max() < 1e-11:
            return y
        matrix = np.vstack([jacobian(y, H), tangent])
        y = y - np.linalg.solve(matrix, np.append(g, tangent @ (y - guess)))
        if np.abs(y - guess).max() > 0.05 or not 0 < y[2] < 1.5:
            return None
    return None


def _turn(t: float, angles: Array, F: float, line: Line) -> Turn:
    family = prepare("trace", *line(float(t)))
    here = family.at(angles)
    root = np.sqrt(np.maximum(here.scale, 1e-300))
    return Turn(float(t), angles.copy(), F, float(np.linalg.eigvalsh(here.hessian / np.outer(root, root))[0]))
