"""Command-line words to values: numbers, booleans, lists, words, calls such as uniform(1,2). Nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from testbed.errors import InputError

LONGEST = 10_000  # characters; far beyond anything typed
DEEPEST = 2  # a matrix is a list of lists

_NAME = re.compile(r"[A-Za-z_]\w*")
_WORD = re.compile(r"[A-Za-z_][\w-]*(\(.*\))?")
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*")


def parse_parameters(words: Sequence[str]) -> dict[str, Any]:
    """The parameters of a world from words 'name=value'.

    Values become True/False/None, whole numbers, numbers, lists ('1,2' or '[1,2]', nested once for matrices), or stay
    words ('random', 'uniform(1,2)'). Raises ValueError for anything else, naming the word.
    """
    parameters: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name):
            raise InputError(f"parameters: expected name=value; got {word!r}")
        if name in parameters:
            raise InputError(f"parameters: {name} is given twice")
        try:
            parameters[name] = parse_value(text)
        except ValueError as error:
            raise InputError(f"parameters: {name}: {error}") from None
    return parameters


def parse_value(text: str, depth: int = 0) -> Any:
    """One value: see parse_parameters."""
    if len(text) > LONGEST:
        raise InputError(f"a value may have at most {LONGEST} characters; got {len(text)}")
    parts = split(text)
    if len(parts) > 1:
        if depth >= DEEPEST:
            raise InputError(f"lists may be nested {DEEPEST} deep at most")
        return [parse_value(part, depth + 1) for part in parts]
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        if depth >= DEEPEST:
            raise InputError(f"lists may be nested {DEEPEST} deep at most")
        return [parse_value(part, depth + 1) for part in split(text[1:-1])] if text[1:-1].strip() else []
    if text.lower() in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    if not _WORD.fullmatch(text):
        raise InputError(f"expected a number, true, false, a list or a word; got {text!r}")
    return text


def parse_call(text: str) -> tuple[str, list[Any], dict[str, Any]]:
    """'uniform(1, high=2)' to ('uniform', [1], {'high': 2}); a bare word has no arguments."""
    match = _CALL.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise InputError(f"expected a law such as uniform(1,2); got {text[:80]!r}")
    name, inside = match.groups()
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for part in split(inside) if inside and inside.strip() else []:
        key, equals, value = part.partition("=")
        if not equals:
            positional.append(parse_value(part))
        elif _NAME.fullmatch(key.strip()) and key.strip() not in named:
            named[key.strip()] = parse_value(value)
        else:
            raise InputError(f"expected argument=value; got {part.strip()!r}")
    return name, positional, named


def split(text: str) -> list[str]:
    """Pieces between the commas that stand outside all brackets."""
    pieces, depth, start = [], [], 0
    for i, character in enumerate(text):
        if character in "([":
            depth.append(character)
        elif character in ")]":
            if not depth or depth.pop() + character not in ("()", "[]"):
                raise InputError(f"brackets do not match in {text!r}")
        elif character == "," and not depth:
            pieces.append(text[start:i])
            start = i + 1
    if depth:
        raise InputError(f"brackets do not match in {text!r}")
    return [*pieces, text[start:]]
