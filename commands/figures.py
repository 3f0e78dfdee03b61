"""`testbed figures`: figures, interactive pages and the page that shows them."""

from __future__ import annotations

import argparse

from commands import outcome
from commands.progress import Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which, where, and whether anew."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these figures; see --list")
    parser.add_argument("--list", action="store_true", help="list the figures with their parameters, and exit")
    parser.add_argument("--out", default="out", metavar="DIR", help="where to write (default: out)")
    parser.add_argument("--fresh", action="store_true",
                        help="compute again what this code has computed already, as its .npz files say")
    parser.add_argument("--slides", action="store_true",
                        help="also each figure at the size of a slide, 16:9, larger type: NAME_slide.svg, .pdf, .png")
    parser.add_argument("--set", action="append", default=[], metavar="K=V",
                        help="make one figure at another parameter, beside the gallery's; --list names them")


def run(arguments: argparse.Namespace) -> int:
    """Make what is named, or everything; 1 where a statement fails at a trained optimum or a figure could not be made.
    """
    from pathlib import Path

    from figures import gallery
    from testbed import InputError, checks

    if arguments.list:
        for name, title in gallery.titles().items():
            parameters = gallery.parameters(name)
            print(f"{name:<24} {title}" + (f"\n{'':<24} --set {parameters}" if parameters else ""))
        return 0
    out, names = Path(arguments.out), arguments.names
    gallery.known(names)
    pages = not names or any(name not in gallery.ORDER for name in names)
    checks.installed("figures", "figures", "matplotlib", *["bokeh"] * pages)
    if arguments.set and len(names) != 1:
        raise InputError("figures: --set needs the NAME of one figure")
    if arguments.slides and (arguments.set or any(name not in gallery.ORDER for name in names)):
        raise InputError("figures: --slides is for figures at the gallery's parameters: not for --set, nor for "
                         "interactive pages, which save what they show themselves")
    with Progress() as progress:
        if arguments.set:
            made = gallery.write_at(out, names[0], arguments.set, progress.say, arguments.fresh)
        else:
            written = gallery.write(out, names, progress.finished, progress.say, arguments.fresh)
            figures = [name for name in (*written.computed, *written.reused) if name in gallery.ORDER]
            slides = []
            for slide in gallery.slides(out, figures if arguments.slides else ()):
                slides.append(slide)
                progress.finished(f"{slide.stem}: drawn, {len(slides)} of {len(figures)}", len(slides), len(figures))
    if arguments.set:
        print(f"{made.page}: measurement {'agrees with' if made.agrees else 'DEVIATES from'} prediction")
        return 0 if made.agrees else 1
    for path in written.interactive:
        print(f"{path}: interactive page")
    for path in slides:
        print(f"{path}: slide")
    again = sum(name in written.reused for name in figures)
    print(f"{written.page}: {len(figures)} figure{'s' * (len(figures) != 1)}"
          + (f", {again} of them from numbers that this code computed before" if again else ""))
    for name, trace in written.failed.items():
        outcome.complain(f"testbed: figure {name} could not be made\n{trace}".rstrip())
    return 0 if written.holds and not written.failed else 1
