"""The gallery: every figure as SVG, PDF and PNG, its numbers as .npz and CSV, and one page that tells the story.

story       chapters in order, and the figures of each
registry    what there is, by name
store       which saved numbers are still good
drawing     from numbers to files
workers     processes that share the work
making      all of it: `write`
settings    one figure at other parameters: `write_at`
slide       figures at the size of a slide: `slides`
baselines   what the numbers were when someone last looked
page        the page; page_theory the theory beside it, page_reports its last part
"""

from figures.gallery.making import Written, write
from figures.gallery.registry import NAMES, ORDER, figure, known, titles
from figures.gallery.settings import parameters, write_at
from figures.gallery.slide import written as slides
from figures.gallery.work import keep, kept

__all__ = ["NAMES", "ORDER", "Written", "figure", "keep", "kept", "known", "parameters", "slides", "titles", "write",
           "write_at"]
