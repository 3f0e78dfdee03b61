"""The animation: every frame is drawn from the numbers alone, and the picture in the README is its last."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.style import context
from PIL import Image, ImageSequence

from figures import style, training

README_PICTURE = Path(__file__).parents[2] / "docs" / "training.png"


@pytest.fixture(scope="module")
def numbers() -> dict:
    return {key: np.asarray(value) for key, value in training.compute().items()}


def test_training_descends_to_the_predicted_optimum(numbers: dict) -> None:
    assert numbers["deviation"] <= numbers["tolerance"]
    assert (np.diff(numbers["F"]) <= 1e-15).all() and numbers["F"][0] - numbers["F"][-1] > 0.03
    assert numbers["stationarity"][0] > 0.5 and numbers["stationarity"][-1] < 1e-13
    assert numbers["kkt"].max() < 1e-13
    both = numbers["on"].all(axis=2)
    assert both[0, 1:].all() and 0 < both[-1].sum() < both[0].sum() - 3  # the parent's atom falls silent


@pytest.mark.slow
def test_each_frame_shows_its_step_and_nothing_later(numbers: dict) -> None:
    def drawn(numbers: dict, k: int) -> bytes:
        figure = training.draw(numbers)
        with context(["default", style.RC]):
            training.frame(figure, numbers, k)
        return style.encode(figure)[".png"]

    changed = numbers | {key: numbers[key].copy() for key in ("F", "D", "stationarity", "kkt", "on")}
    for key in ("F", "D", "stationarity", "kkt"):
        changed[key][6:] *= 0.5
    changed["on"][6:] = ~changed["on"][6:]
    assert drawn(numbers, 5) == drawn(changed, 5) != drawn(numbers, 6)
    assert drawn(numbers, 6) != drawn(changed, 6)


@pytest.mark.slow
def test_the_film_is_small_reproducible_and_ends_with_the_figure(whole_gallery, numbers: dict) -> None:
    content = (whole_gallery[0] / "training.gif").read_bytes()
    figure = training.draw(numbers)
    assert content == style.film(figure, lambda k: training.frame(figure, numbers, k), int(numbers["frames"]))
    assert len(content) < 1_500_000
    film = Image.open(io.BytesIO(content))
    frames = [np.asarray(frame.convert("RGB"), float) for frame in ImageSequence.Iterator(film)]
    assert len(frames) == numbers["frames"] and (frames[0][0, 0] == 255).all()
    assert all((one != other).any() for one, other in itertools.pairwise(frames))
    last = Image.open(whole_gallery[0] / "training.png").convert("RGB").resize(film.size, Image.Resampling.BOX)
    away = [np.abs(frame - np.asarray(last, float)).mean() for frame in frames]
    assert np.argmin(away) == len(away) - 1 and away[-1] < away[0] / 2  # the rest is how edges are smoothed


@pytest.mark.slow
def test_the_picture_of_the_readme_is_the_figure(whole_gallery) -> None:
    made, kept = whole_gallery[0] / "training.png", README_PICTURE
    assert kept.stat().st_size < 300_000
    if made.read_bytes() != kept.read_bytes():  # another matplotlib draws other edges, and only edges
        one, other = (np.asarray(Image.open(path).convert("L"), float) for path in (made, kept))
        assert one.shape == other.shape and np.abs(one - other).mean() < 1, f"cp out/training.png {kept}"
