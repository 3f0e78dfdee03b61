"""Making the gallery: figures and interactive pages, in parallel, the page written early and again as they arrive.

Numbers are computed, saved, and read back before anything is drawn, so that what a figure shows is what its .npz holds.
Numbers there already are used again if this very code computed them (store.py), and never otherwise. Files are replaced
only when complete, and the same code gives the same bytes: nothing written holds a time or a path.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from figures import interactive, reports
from figures.gallery import baselines, page, page_theory, registry, store, work, workers

Say = Callable[[str, int, int], None]  # a line, and the seconds of work that are done, and in all, about
NO_KERNELS = ("benchmarks",)  # figures that nothing has to be compiled for: the first on a machine that has not run yet
OWN_KERNELS = ("classical",)  # that need none but a few of their own: beside the compilation
# what calls fit_many
MANY = ("absorption", "density", "one_sparse", "phases", "published", "recovery", "symmetry_breaking", "tilt",
        "interactive_two_features", "interactive_density", "interactive_width")
DRAWING = 2  # seconds that drawing takes, about


class Written(NamedTuple):
    """What `write` did: the page, whether all statements hold, what was computed now and what before, the interactive
    pages, and name -> traceback of what could not be made."""

    page: Path
    holds: bool
    computed: list[str]
    reused: list[str]
    interactive: list[Path]
    failed: Mapping[str, str]


def silent(_line: str, _done: int, _total: int) -> None:
    """Say nothing."""


def write(out: Path, names: Sequence[str] = (), done: Say = silent, live: Say = silent, fresh: bool = False,
          at_once: int | None = None) -> Written:
    """Write figures, interactive pages and the page of them all into the folder `out`.

    With names, only these are made; other figures are redrawn where `out` holds numbers that this code computed, and
    listed on the page as not made where it does not. `fresh` computes again what could be reused. `done` is told of
    everything that is finished, `live` what is going on, a few times a second, both with how far the work is in seconds
    that the baselines know. at_once: processes (default: one a core). A figure that cannot be made is named in `failed`
    and on the page, and the others are finished; `holds` is False if a statement fails at a trained optimum. Raises
    InputError for an unknown name or a missing package, before anything is computed, and if `out` is not a folder.
    """
    registry.known(names)
    asked = list(names) or list(registry.NAMES)
    if any(name in interactive.PAGES for name in asked):
        interactive.require_bokeh()
    if out.exists() and not out.is_dir():
        from testbed.errors import InputError

        raise InputError(f"figures: --out must be a folder; {out} is a file")
    out.mkdir(parents=True, exist_ok=True)
    gallery = _Gallery(out, asked, fresh, done, live)
    stages = gallery.stages()
    widest = max(sum(task.name not in work.KERNELS for task in stage) for stage in stages)
    count = min(at_once or workers.cores(), max(widest, 1))
    if count == 1:
        stages = [[task for task in stage if task.name not in work.KERNELS] for stage in stages]
    gallery.rewrite()
    with closing(workers.run(work.do, stages, count, gallery.look)) as finished:
        for one in finished:
            gallery.arrived(one)
    gallery.awaited.clear()
    gallery.rewrite()
    pages = [out / f"{name}.html" for name in asked if name in interactive.PAGES and name not in gallery.failed]
    order = [name for name in registry.NAMES if name in asked and name not in gallery.failed]
    return Written(out / "index.html", all(reports.trained_hold(s.numbers) for s in gallery.shown.values()),
                   [name for name in order if gallery.tasks[name].compute],
                   [name for name in order if not gallery.tasks[name].compute], pages,
                   {name: trace for name, (_, trace) in gallery.failed.items()})


class _Gallery:
    """What is known while the gallery is made."""

    def __init__(self, out: Path, asked: Sequence[str], fresh: bool, done: Say, live: Say) -> None:
        self.out, self.done, self.live = out, done, live
        self.shown: dict[str, page.Shown] = {}
        self.failed: dict[str, tuple[str, str]] = {}  # name -> reason, traceback
        self.tasks: dict[str, work.Task] = {}
        keys = store.keys(map(registry.module, registry.NAMES))
        for name in registry.NAMES:
            key = keys[registry.module(name)]
            there = store.load(out / f"{name}.npz", key) is not None
            if name in asked or (there and name in registry.ORDER):
                self.tasks[name] = work.Task(name, out, key, name in asked and (fresh or not there))
        self.asked = [name for name in self.tasks if name in asked]
        self.awaited = {name for name in self.tasks if name in registry.ORDER}
        self.left = dict.fromkeys(self.tasks)  # in order; what is neither done nor failed
        self.total = sum(map(seconds, self.tasks.values()))

    def stages(self) -> list[list[work.Task]]:
        """What needs no kernels, beside their compilation; then the rest, what takes longest first.

        Kernels of many problems take as long to compile as those of training, and longer without these: they are
        compiled next, beside the figures that do not need them.
        """
        quick = [task for task in self.tasks.values() if not task.compute or task.name in NO_KERNELS]
        own = [task for task in self.tasks.values() if task.compute and task.name in OWN_KERNELS]
        slow = sorted((task for task in self.tasks.values() if task not in quick + own),
                      key=lambda t: (t.name in MANY, -seconds(t)))
        quick.sort(key=lambda task: (task.name not in self.asked, not task.compute))  # what was asked for comes first
        training, plane, many = (work.Task(name, self.out) for name in work.KERNELS)
        compilation = [training, plane] if len(slow) > 0 else []
        if any(task.name in MANY for task in slow):
            slow.insert(0, many)
        return [quick[:1] + compilation + own + quick[1:], slow]

    def arrived(self, one: workers.Finished) -> None:
        """Show what was made, or why it was not."""
        name = one.task.name
        if name in work.KERNELS:
            return
        del self.left[name]
        self.awaited.discard(name)
        if one.error:
            self.failed[name] = one.error, one.trace
            self.done(f"{name}: failed: {one.error}", self.behind(), self.total)
        else:
            if name in registry.ORDER:
                numbers = store.load(self.out / f"{name}.npz", one.task.key, required=True)
                assert numbers is not None
                self.shown[name] = page.show(registry.figure(name), numbers, one.value)
            if name in self.asked:
                made = len([other for other in self.asked if other not in self.left and other not in self.failed])
                how = "computed and drawn" if one.task.compute else "drawn from numbers that this code computed before"
                self.done(f"{name}: {how}, {made} of {len(self.asked)}", self.behind(), self.total)
        self.rewrite()

    def rewrite(self) -> None:
        """Write the page with what there is."""
        from testbed import files

        reasons = {name: why for name, (why, _) in self.failed.items()}
        text = page.build(self.shown, self.out, frozenset(self.awaited), reasons)
        files.write_atomically(self.out / "index.html", text.encode())
        if not self.left or not self.shown:  # at first and at last: its words do not change on the way
            theory = page_theory.build({name: one.numbers for name, one in self.shown.items()})
            files.write_atomically(self.out / page_theory.FILE, theory.encode())

    def behind(self) -> int:
        """Seconds of work that are done, about."""
        return self.total - sum(seconds(self.tasks[name]) for name in self.left)

    def look(self, running: list[workers.Running]) -> None:
        """Say what is going on."""
        now = time.monotonic()
        under_way = sum(min(now - run.since, 0.9 * seconds(run.task)) for run in running)
        words = ", ".join(run.said or run.task.name for run in running)
        if words:
            self.live(words, self.behind() + int(under_way), self.total)


def seconds(task: work.Task) -> int:
    """The processor time that a task takes, about."""
    known = interactive.PAGES.get(task.name) or baselines.seconds(task.name) or DRAWING
    return DRAWING + (known if task.compute else 0)
