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
    """A slider: name, label, first value, step, number of values, position at the start, decimals shown."""

    name: str
    label: str
    first: float
    step: float
    count: int
    start: int
    digits: int = 2

    @property
    def values(self) -> np.ndarray:
        """(count,) the values, each the float that its decimals name."""
        return np.round(self.first + self.step * np.arange(self.count), self.digits)


@dataclass(frozen=True)
class Interactive:
    """One interactive page.

    name : what `testbed figures NAME` calls it, and the stem of its files.
    title : the finding, in one sentence. statements : ids of the statements it shows (docs/theory.md).
    controls : the sliders; frames are in C order, the last control running fastest.
    presets : button text -> a position for every slider.
    compute : progress -> numbers, all frames and `deviation`, `tolerance` (agreement with theory) among them.
    build : numbers -> the bytes of one HTML file; computes nothing.
    """

    name: str
    title: str
    statements: tuple[str, ...]
    controls: tuple[Control, ...]
    presets: Mapping[str, tuple[int, ...]]
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
