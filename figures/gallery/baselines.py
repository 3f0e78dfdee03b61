"""What the numbers of each figure were when someone last looked: committed, so that a change cannot pass unseen.

    python -m figures.gallery.accept tilt ...    # compute these figures (all, without names), write their baselines

baselines/NAME.json holds, for every array of numbers, its shape, extremes and mean, and `weave`, a weighted sum that
notices when entries trade places; with the tolerance to which they must be found again, as a share of the largest
entry. Arrays of rounding errors are held to a bound, `deviation` to the figure's own tolerance, and words to
themselves. Tolerances can be edited, and writing a baseline again keeps them: a figure that searches for minima may
find a better one elsewhere. `seconds` is the processor time that the figure took, rounded coarsely so that it rarely
changes.

Ours and not pytest-regressions: a tolerance belongs to an entry and survives regeneration, a summary of 600 bytes is
reviewed in a diff where whole arrays are not, and the times that the gallery plans with lie here too.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from figures.base import Numbers
from figures.gallery import store

FOLDER = Path(__file__).parent / "baselines"
TOLERANCE = 1e-6  # of new entries, as a share of the largest entry of their array
ROUNDING = 1e-7  # arrays without a larger entry are rounding errors
TIMES = (1, 2, 5, 10, 20, 30, 60, 120, 300)  # seconds
PLACES = {"report_worst"}  # words that say where a rounding error is largest


def summary(numbers: Numbers) -> dict[str, dict[str, Any]]:
    """name -> what a baseline holds of each array."""
    entries = {name: _entry(np.asarray(value)) for name, value in numbers.items()
               if name not in PLACES and name != store.MEMBER}
    allowed = float(numbers["tolerance"])
    return entries | {"deviation": {"shape": [], "finite": 1, "below": allowed},
                      "tolerance": {"shape": [], "finite": 1, "mean": allowed}}


def _entry(array: np.ndarray) -> dict[str, Any]:
    entry: dict[str, Any] = {"shape": list(array.shape)}
    if array.dtype.kind == "U":
        return entry | {"words": array.tolist()}
    flat = array.astype(float).ravel()
    finite = flat[np.isfinite(flat)]
    entry["finite"] = len(finite)
    largest = float(np.abs(finite).max(initial=0.0))
    if array.dtype.kind == "f" and 0 < largest <= ROUNDING:
        return entry | {"below": float(f"1e{int(np.ceil(np.log10(largest) + 1.5))}")}
    if len(finite):
        weave = float((np.where(np.isfinite(flat), flat, 0) * np.cos(np.arange(len(flat)) + 0.5)).mean())
        entry |= {"least": finite.min(), "greatest": finite.max(), "mean": finite.mean(), "weave": weave}
        entry |= {key: float(f"{entry[key]:.12g}") for key in ("least", "greatest", "mean", "weave")}
    return entry


def differences(numbers: Numbers, baseline: Mapping[str, Any]) -> list[str]:
    """What moved, one line a number; empty if nothing did beyond its tolerance."""
    now, then = summary(numbers), baseline["numbers"]
    lines = [f"{name}: {'new' if name in now else 'gone'}" for name in sorted(set(now) ^ set(then))]
    for name in sorted(set(now) & set(then)):
        found, held = now[name], then[name]
        if "below" in held:
            lines += _beyond(name, np.asarray(numbers[name]), held)
            continue
        slack = held.get("tolerance", 0.0) * max(abs(held.get(end, 0.0)) for end in ("least", "greatest"))
        for key, value in held.items():
            if key == "tolerance":
                continue
            same = (abs(found.get(key, np.inf) - value) <= slack if isinstance(value, float) else
                    found.get(key) == value)
            if not same:
                lines.append(f"{name} ({key}): {found.get(key)}, was {value}, tolerance {slack:.1g}")
    return lines


def _beyond(name: str, array: np.ndarray, held: Mapping[str, Any]) -> list[str]:
    """A line if rounding errors exceed their bound, or there are other ones."""
    finite = array[np.isfinite(array)] if array.dtype.kind in "fiub" else array[:0]
    if list(array.shape) != held["shape"] or len(finite) != held["finite"]:
        return [f"{name}: {len(finite)} numbers in {list(array.shape)}, were {held['finite']} in {held['shape']}"]
    largest = float(np.abs(finite).max(initial=0.0))
    return [] if largest <= held["below"] else [f"{name}: {largest:.3g}, and at most {held['below']:g} is allowed"]


def read(name: str) -> dict[str, Any] | None:
    """The baseline of a figure, or None."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else None


@functools.cache
def seconds(name: str) -> int | None:
    """The time a figure takes, as its baseline has it."""
    found = read(name)
    return None if found is None else int(found["seconds"])


def write(name: str, numbers: Numbers, took: float) -> None:
    """Write the baseline of a figure, keeping the tolerances it had, and the time unless it is far off."""
    before = read(name) or {"numbers": {}, "seconds": 0}
    entries = summary(numbers)
    for key, entry in entries.items():
        if "mean" in entry:
            entry["tolerance"] = before["numbers"].get(key, {}).get("tolerance", TOLERANCE)
    about = before["seconds"]
    if not 0.4 * about <= took <= 2.5 * about:
        about = next((t for t in TIMES if took <= 1.3 * t), TIMES[-1])
    lines = ",\n".join(f'  {json.dumps(key)}: {json.dumps(entry, ensure_ascii=False)}'
                       for key, entry in sorted(entries.items()))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(f'{{"seconds": {about}, "numbers": {{\n{lines}\n}}}}\n')
