"""`testbed figures`: figures, interactive pages and the page that shows them."""

from __future__ import annotations

import argparse

from commands.progress import Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which, where, and whether anew."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these figures; see --list")
    parser.add_argument("--list", action="store_true", help="list the figures and exit")
    parser.add_argument("--out", default="out", metavar="DIR", help="where to write (default: out)")
    parser.add_argument("--fresh", action="store_true",
                        help="compute again what this code has computed already, as its .npz files say")


def run(arguments: argparse.Namespace) -> int:
    """Make what is named, or everything; 1 where a statement fails at a trained optimum."""
    from pathlib import Path

    from figures import gallery, interactive
    from testbed import checks

    if arguments.list:
        for name, title in (gallery.titles() | interactive.titles()).items():
            print(f"{name:<24} {title}")
        return 0
    gallery.known(arguments.names, (*gallery.ORDER, *interactive.PAGES))
    pages = [name for name in arguments.names if name in interactive.PAGES]
    names = [name for name in arguments.names if name not in pages]
    out, all_hold, made = Path(arguments.out), True, []
    checks.installed("figures", "figures", "matplotlib", *["bokeh"] * bool(pages or not names))
    with Progress() as progress:
        if pages or not names:
            made = [f"{path}: interactive page"
                    for path in interactive.write(out, pages, progress.say, arguments.fresh)]
        if names or not pages:
            written = gallery.write(out, names, progress.say, arguments.fresh)
            count, all_hold = len(written.computed) + len(written.reused), written.holds
            again = f", {len(written.reused)} of them from numbers that this code computed before"
            made.append(f"{written.page}: {count} figure{'s' * (count != 1)}{again if written.reused else ''}")
    print(*made, sep="\n")
    return 0 if all_hold else 1
