"""What an interactive page is: its controls, a frame for every setting of them, and a document that looks frames up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from figures.base import Numbers

Say = Callable[[str], None]
STATUS = ("unconverged", "stationary", "local_min", "global")  # frames hold positions in this list


@dataclass(frozen=True)
class Control:
    """A slider: name, label, its values in order (finer where more happens), the one at the start, decimals shown."""

    name: str
    label: str
    grid: tuple[float, ...]
    first: float
    digits: int = 2

    @property
    def values(self) -> np.ndarray:
        """(count,) the values, each the float that its decimals name."""
        return np.round(self.grid, self.digits)

    @property
    def count(self) -> int:
        """Number of values."""
        return len(self.grid)

    @property
    def start(self) -> int:
        """Position at the start."""
        return self.place(self.first)

    def place(self, value: float) -> int:
        """The position of a value. ValueError where there is none."""
        return self.values.tolist().index(round(value, self.digits))


def evenly(first: float, last: float, step: float) -> tuple[float, ...]:
    """Values from first to last, both included."""
    return tuple((first + step * np.arange(round((last - first) / step) + 1)).tolist())


@dataclass(frozen=True)
class Interactive:
    """One interactive page.

    name : what `testbed figures NAME` calls it, and the stem of its files.
    title : the finding, in one sentence. statements : ids of the statements it shows (docs/theory.md).
    controls : the sliders; frames are in C order, the last control running fastest.
    presets : button text -> a value for every slider.
    compute : progress -> numbers, all frames and `deviation`, `tolerance` (agreement with theory) among them.
    build : numbers -> the bytes of one HTML file; computes nothing.
    """

    name: str
    title: str
    statements: tuple[str, ...]
    controls: tuple[Control, ...]
    presets: Mapping[str, tuple[float, ...]]
    compute: Callable[[Say], Numbers]
    build: Callable[[Numbers], bytes]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of every control."""
        return tuple(control.count for control in self.controls)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return math.prod(self.shape)

    def positions(self) -> dict[str, tuple[int, ...]]:
        """Button text -> a position for every slider."""
        return {text: tuple(control.place(value) for control, value in zip(self.controls, values, strict=True))
                for text, values in self.presets.items()}

    def parameters(self) -> dict[str, np.ndarray]:
        """control name -> (frames,) its value in every frame."""
        grids = np.meshgrid(*(control.values for control in self.controls), indexing="ij")
        return {control.name: grid.ravel() for control, grid in zip(self.controls, grids, strict=True)}


def columns(numbers: Numbers, names: Mapping[str, str]) -> dict[str, Any]:
    """Per-frame arrays as flat columns for the browser: 'D' of shape (frames, 2, 2) gives 'D_0_0' ... 'D_1_1'.

    names : array name -> column stem.
    """
    found: dict[str, Any] = {}
    for name, stem in names.items():
        array = np.asarray(numbers[name])
        flat = array.reshape(len(array), -1)
        for place, index in enumerate(np.ndindex(array.shape[1:])):
            found["_".join([stem, *map(str, index)])] = np.ascontiguousarray(flat[:, place])
    return found
