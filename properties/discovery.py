"""The statements there are: every module of this package that declares one, found by looking.

A module declares `PROPERTY = Property(...)`, or `STATEMENT = Statement(...)` for one that is not about a single
optimum. Its docstring is the statement's text. Nothing else lists it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import properties
from properties.base import Property, Statement
from properties.families import rank

NAMES = ("PROPERTY", "STATEMENT")


@dataclass(frozen=True)
class Entry:
    """A statement and the module that declares it."""

    statement: Statement
    module: str

    @property
    def file(self) -> str:
        """The file that declares it, from the repository's root."""
        return self.module.replace(".", "/") + ".py"

    @property
    def text(self) -> str:
        """What it says and why: the module's docstring."""
        return inspect.getdoc(importlib.import_module(self.module)) or ""


def found(modules: Iterable[str] | None = None) -> Mapping[str, Entry]:
    """id -> Entry, in the order of docs/theory.md, of these modules or of all in the package.

    ValueError if two modules declare one id, or a module declares what is no statement.
    """
    if modules is None:
        modules = [f"properties.{info.name}" for info in pkgutil.iter_modules(properties.__path__)
                   if not info.name.startswith("_")]
    entries: dict[str, Entry] = {}
    for module in modules:
        declared = vars(importlib.import_module(module))
        for name in NAMES:
            if name not in declared:
                continue
            statement = declared[name]
            if not isinstance(statement, Property if name == "PROPERTY" else Statement):
                raise ValueError(f"{module}: {name} must be of type {name.capitalize()}; "
                                 f"got {type(statement).__name__}")
            if statement.id in entries:
                raise ValueError(f"{module}: {name} has the id {statement.id}, and so has "
                                 f"{entries[statement.id].module}: ids must differ")
            entries[statement.id] = Entry(statement, module)
    return {id: entries[id] for id in sorted(entries, key=rank)}
