"""Which worker of pytest-xdist runs what: files are never divided, and one worker has all that looks at the gallery.

What a file's tests share, they share within a process: examples that were trained, a browser, a folder of figures.
(Marks for groups would do, but xdist 3.8 writes them where pytest 9.1 and later no longer looks.)
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

GALLERY = "tests/figures/"


class Rooms(LoadScopeScheduling):
    """The largest share first, so that the gallery is begun at once."""

    def _split_scope(self, nodeid: str) -> str:
        return GALLERY if nodeid.startswith(GALLERY) else nodeid.partition("::")[0]
