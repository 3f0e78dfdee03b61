"""One figure at parameters other than the gallery's: `testbed figures tilt --set lams=0.05,0.1,0.3`.

What is made lies beside the gallery under a name that holds the parameters, tilt_lams=0.05,0.1,0.3.svg and so on, is
held to no baseline, and never taken for the gallery's. Its numbers are used again only if the same code computed them
at the same parameters.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from figures import reports, style
from figures.base import Figure
from figures.gallery import page, registry, store
from figures.gallery.drawing import draw
from figures.pages import blocks, shell

Say = Callable[[str], None]
POSITIVE = {"lam", "lams"}  # above 0, whatever the figure
COUNTS = {"atoms": 1, "samples": 2, "restarts": 1, "seed": 0, "worlds": 1, "starts": 1, "levels": 1}  # the least


class Made(NamedTuple):
    """The page of a figure at other parameters, and whether measurement agrees with prediction there."""

    page: Path
    agrees: bool


def parameters(name: str) -> str:
    """The parameters of a figure with the gallery's values, as `--set` takes them."""
    given = {} if name not in registry.ORDER else registry.figure(name).parameters
    return ", ".join(f"{key}={_text(value)}" for key, value in given.items())


def write_at(out: Path, name: str, words: Sequence[str], live: Say, fresh: bool = False) -> Made:
    """Make the figure `name` at the parameters of `words` ("lam=0.3"), in the folder `out`.

    Raises InputError, naming the parameters that exist, for one that does not or a value out of place, before anything
    is computed.
    """
    from generators import parse_parameters
    from testbed import InputError, files

    registry.known([name])
    if name not in registry.ORDER:
        raise InputError(f"figures: {name} is an interactive page: its sliders are its parameters")
    item = registry.figure(name)
    changed = checked(item, parse_parameters(words))
    if out.exists() and not out.is_dir():
        raise InputError(f"figures: --out must be a folder; {out} is a file")
    out.mkdir(parents=True, exist_ok=True)
    told = [f"{key}={_text(value)}" for key, value in changed.items()]
    stem = "_".join([name, *told])
    code = store.keys([name])[name]
    key = hashlib.sha256("\n".join([code, *told]).encode()).hexdigest()
    path = out / f"{stem}.npz"
    if fresh or store.load(path, key) is None:
        live(f"computing {name} at {', '.join(told)}")
        store.save(path, item.compute(**changed), key)
    numbers = store.load(path, key, required=True)
    assert numbers is not None
    live(f"drawing {name}")
    drawn = draw(out, replace(item, draw=lambda n: style.hold(item.draw(n))), numbers, stem)
    caption = (f"Made at {', '.join(told)}; title and caption speak of the gallery's parameters, and need not hold "
               f"here. {item.caption}")
    facts = blocks.facts([
        ("Prediction against measurement", f"{escape(item.agreement)}: {page.agreement(numbers)}"),
        ("Take it away", page.links(name, stem, drawn)),
        ("Make it again", f"<code>testbed figures {name} {' '.join(f'--set {escape(word)}' for word in told)}</code>")])
    more = f'<dl class="statements">{"".join(page.statements(item, linked=False))}</dl>\n{facts}'
    section = blocks.exhibit(name, item.title, drawn.svg, item.alt, caption, drawn.panels, more, drawn.film)
    heading = f"{name} at {', '.join(told)}"
    body = f'<div class="page"><main><h1>{escape(heading)}</h1>\n{section}</main></div>'
    made = out / f"{stem}.html"
    files.write_atomically(made, shell.document(heading, body).encode())
    agrees = float(numbers["deviation"]) <= float(numbers["tolerance"]) and reports.trained_hold(numbers)
    return Made(made, bool(agrees))


def checked(item: Figure, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given parameters as `compute` takes them, in its order. InputError for one that is not there or not fit."""
    from testbed.errors import InputError

    there = item.parameters
    if not there:
        raise InputError(f"figures: {item.name} has no parameters")
    for key in given:
        if key not in there:
            raise InputError(f"figures: {item.name} has no parameter {key!r}; it has "
                             f"{', '.join(f'{name}={_text(value)}' for name, value in there.items())}")
    return {key: _like(f"figures: {item.name}: {key}", key, given[key], value) for key, value in there.items()
            if key in given}


def _like(where: str, key: str, value: Any, default: Any) -> Any:
    """The value as a thing of the kind that the default is."""
    from testbed.errors import InputError

    if isinstance(default, tuple):
        entries = value if isinstance(value, list) else [value]
        if len(entries) != len(default):  # the picture has a colour and a place for each
            raise InputError(f"{where} must be {len(default)} numbers such as {_text(default)}; got {_text(value)}")
        return tuple(_like(where, key, entry, like) for entry, like in zip(entries, default, strict=True))
    whole = isinstance(default, int)
    kind = "a whole number" if whole else "a number"
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not math.isfinite(value):
        raise InputError(f"{where} must be {kind} such as {_text(default)}; got {_text(value)}")
    if key in POSITIVE and value <= 0:
        raise InputError(f"{where} must be above 0; got {_text(value)}")
    if key in COUNTS and value < COUNTS[key]:
        raise InputError(f"{where} must be at least {COUNTS[key]}; got {_text(value)}")
    return value if whole else float(value)


def _text(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, (tuple, list)):
        return ",".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
