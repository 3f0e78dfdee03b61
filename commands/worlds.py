"""`testbed worlds`: the worlds, and what can be set of each."""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(arguments: argparse.Namespace) -> int:
    """Two lines a world."""
    from generators import WORLDS

    for name, entry in WORLDS.items():
        parameters = ", ".join(f"{key}={value}" for key, value in entry.parameters.items())
        print(f"{name:<19} {entry.summary}\n{'':<19} {parameters or 'no parameters'}")
    return 0
