"""Penalties from strings: "mcp(lam=0.1, gamma=4)", as the command line and saved optima have them."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from testbed.errors import InputError, InputTypeError
from testbed.penalties.base import Penalty
from testbed.penalties.energy import Energy
from testbed.penalties.l0 import L0
from testbed.penalties.l1 import L1
from testbed.penalties.log import Log
from testbed.penalties.mcp import MCP
from testbed.penalties.topk import TopK

PENALTIES: dict[str, type[Penalty]] = {kind.name: kind for kind in (L1, Energy, Log, MCP, L0, TopK)}
WORDS = {"True": True, "False": False}


def parse(text: str) -> Penalty:
    """The penalty that a string names: parse(str(penalty)) == penalty.

    Raises InputError naming the string, and what the penalty with this name takes.
    """
    found = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text)
    if found is None or found[1].lower() not in PENALTIES:
        known = ", ".join(form(kind) for kind in PENALTIES.values())
        raise InputError(f"penalty: {text!r} is none of {known}", where="penalty", expected=known, got=text)
    kind = PENALTIES[found[1].lower()]
    given: dict[str, Any] = {}
    for part in filter(None, map(str.strip, found[2].split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name in given or name not in parameters(kind):
            raise InputError(f"penalty: {text!r} must be of the form {form(kind)}", where="penalty",
                             expected=form(kind), got=text)
        given[name] = _value(name, value, text)
    missing = [name for name, needed in parameters(kind).items() if needed and name not in given]
    if missing:
        raise InputError(f"penalty: {text!r} lacks {', '.join(missing)}; it must be of the form {form(kind)}",
                         where="penalty", expected=form(kind), got=text)
    return kind(**given)


def as_penalty(where: str, value: Any) -> Penalty:
    """A penalty, or what a string names; InputError for anything else."""
    if isinstance(value, str):
        return parse(value)
    if not isinstance(value, Penalty):
        raise InputTypeError(f"{where}: penalty must be a penalty of testbed.penalties or a string that names one; got "
                             f"{type(value).__name__}", where=where, argument="penalty", got=value)
    return value


def parameters(kind: type[Penalty]) -> dict[str, bool]:
    """The parameters of a kind of penalty, and whether each must be given."""
    fields = (field for field in dataclasses.fields(kind) if field.compare)  # type: ignore[arg-type]
    return {field.name: field.default is dataclasses.MISSING for field in fields}


def form(kind: type[Penalty]) -> str:
    """How a kind of penalty is written, its required parameters named."""
    return f"{kind.name}({', '.join(f'{name}=...' for name, needed in parameters(kind).items() if needed)})"


def _value(name: str, value: str, text: str) -> Any:
    if value in WORDS:
        return WORDS[value]
    for read in (int, float):
        try:
            return read(value)
        except ValueError:
            continue
    raise InputError(f"penalty: {name} must be a number in {text!r}; got {value!r}", where="penalty", argument=name,
                     got=value)
