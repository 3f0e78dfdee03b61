"""How figures look, and how they become files: the one place for colours, type, sizes and bytes.

Sizes are print sizes: a column of 85 mm or a page of 175 mm, with type of 7 points or more at that size; on a slide,
16:9, pictures are drawn smaller and shown larger (`on_slides`). Colours are
Okabe and Ito's and an olive, told apart with any one kind of cone missing; marks differ in shape or line as well.
Predictions are lines and measurements are markers. Nothing here uses pyplot or any other global state.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, PAGE = 85, 175  # widths in mm
SLIDE = 338.7  # width in mm of a slide, 13.33 inches
SMALL, TEXT = 7.0, 7.5  # sizes of type in points
DPI = 200
FILM_DPI, FRAME_MS = 110, 160  # of animations

WHITE, BLACK, GREY, PALE = "#ffffff", "#222222", "#6f6f6f", "#d9d9d9"
BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
OLIVE = "#66651a"  # of what belongs to orange and green together
# the same colours as type: dark enough to be read on white, a contrast of 4.5 or more
INK = {VERMILION: "#b84f00", GREEN: "#007552", ORANGE: "#8a5f00", SKY: "#1f78a8", PURPLE: "#a34f7d"}
# and on the dark page
DARK = {WHITE: "#1b1e22", BLACK: "#e8e8e5", GREY: "#90959a", PALE: "#41464c", BLUE: "#3fa0dc", VERMILION: "#ee7d33",
        GREEN: "#22c495", SKY: "#7cc8f2", PURPLE: "#eaa9cf", OLIVE: "#c9c66a", INK[VERMILION]: "#f2894a",
        INK[GREEN]: "#35cfa2", INK[ORANGE]: "#eab440", INK[SKY]: "#7cc8f2", INK[PURPLE]: "#eaa9cf"}
# told apart by every eye (tests/support/colour.py)
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, OLIVE, BLACK, GREY)
SERIES = (BLUE, VERMILION, GREEN)  # the order in which families of curves take colours
SHAPES = ("o", "s", "D")  # and their markers

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": TEXT, "mathtext.fontset": "dejavusans",
    "axes.titlesize": TEXT, "axes.labelsize": TEXT, "xtick.labelsize": SMALL, "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL, "axes.titlelocation": "left", "axes.titlepad": 5, "axes.labelpad": 2.5,
    "text.color": BLACK, "axes.labelcolor": BLACK, "axes.edgecolor": GREY, "xtick.color": GREY, "ytick.color": GREY,
    "xtick.labelcolor": BLACK, "ytick.labelcolor": BLACK,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2.5,
    "ytick.major.size": 2.5, "xtick.minor.size": 1.5, "ytick.minor.size": 1.5, "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4, "axes.spines.top": False, "axes.spines.right": False,
    "lines.linewidth": 1.2, "lines.markersize": 3.6, "lines.markeredgewidth": 0.9,
    "figure.facecolor": "white", "savefig.facecolor": "white", "figure.dpi": DPI, "savefig.dpi": DPI,
    "figure.constrained_layout.h_pad": 0.04, "figure.constrained_layout.w_pad": 0.04,
    "svg.hashsalt": "testbed", "svg.fonttype": "path", "pdf.fonttype": 42,
}


def styled(draw: Callable[[Any], Figure]) -> Callable[[Any], Figure]:
    """Draw in this style whatever the user's matplotlibrc says; the decorator of every `draw`."""

    @functools.wraps(draw)
    def drawn(numbers: Any) -> Figure:
        from matplotlib import style

        with style.context(["default", RC]):
            figure = draw(numbers)
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                _plain_powers(axis)
        return figure

    return drawn


def low(number: int) -> str:
    """A number as a subscript. Mathtext would shrink it below the least size of type; this is the typeface's own."""
    return str(number).translate(str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋"))


def high(number: int) -> str:
    """A number as a superscript, likewise."""
    return str(number).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def _plain_powers(axis: Any) -> None:
    """Label the powers of ten of a logarithmic axis in full-size type."""
    from matplotlib.ticker import FuncFormatter, LogFormatterMathtext

    def power(value: float, _: Any = None) -> str:
        exponent = round(np.log10(value)) if value > 0 else 0
        whole = value > 0 and np.isclose(value, 10.0**exponent, rtol=1e-9)
        return f"10{high(exponent)}" if whole else ""

    if isinstance(axis.get_major_formatter(), LogFormatterMathtext):
        axis.set_major_formatter(FuncFormatter(power))


_slide_width: ContextVar[float | None] = ContextVar("slide_width", default=None)


@contextmanager
def on_slides(width: float) -> Iterator[None]:
    """What is drawn inside has the shape of a slide, 16:9, and this width in mm, from which it is enlarged to SLIDE:
    the smaller the width, the larger type, lines and marks become on the slide."""
    token = _slide_width.set(width)
    try:
        yield
    finally:
        _slide_width.reset(token)


def canvas(width: float, height: float, **options: Any) -> Figure:
    """An empty figure of a print size in mm, or of a slide's shape; laid out so that labels do not collide."""
    from matplotlib.figure import Figure

    if (slide := _slide_width.get()) is not None:
        width, height = slide, slide * 9 / 16
    return Figure(figsize=(width / 25.4, height / 25.4), **({"layout": "constrained"} | options))


def encode(figure: Figure, dpi: float = DPI) -> dict[str, bytes]:
    """The figure's files by suffix, ".svg", ".pdf" and ".png": the same figure gives the same bytes, without a date."""
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    files = {}
    with style.context(["default", RC]), _glyphs_alone():
        # the layout's last digits depend on what was drawn before (font caches): settle it once, and round it
        settle(figure)
        for suffix, backend, metadata in (
            (".svg", FigureCanvasSVG, {"Date": None, "Creator": None, "Format": None, "Type": None}),
            (".pdf", FigureCanvasPdf, {"CreationDate": None, "Creator": None, "Producer": None}),
            (".png", FigureCanvasAgg, {"Software": None}),
        ):
            stream = io.BytesIO()
            backend(figure).print_figure(stream, format=suffix[1:], dpi=dpi, metadata=metadata)
            files[suffix] = stream.getvalue()
    return files


@contextmanager
def _glyphs_alone() -> Iterator[None]:
    """Fonts go into a PDF without their tables for joining letters, which no viewer asks for where each glyph has its
    place; reading and cutting those took longer than drawing. matplotlib offers no choice of tables, fontTools has one
    list for all."""
    from fontTools.subset import Options

    before = Options._drop_tables_default
    Options._drop_tables_default = [*before, "GSUB", "GPOS", "GDEF", "kern"]
    try:
        yield
    finally:
        Options._drop_tables_default = before


def film(figure: Figure, show: Callable[[int], Sequence[Any]], frames: int) -> bytes:
    """A GIF of the figure for k < frames; the last frame stays. The same film, the same bytes.

    show(k) puts the artists that move in their places as of frame k and returns them, the same ones at every frame;
    all others are drawn once. All frames share the colours of the last, which has everything in it.
    """
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    taken = []
    with style.context(["default", RC]):
        settle(figure)
        figure.set_dpi(FILM_DPI)
        canvas = FigureCanvasAgg(figure)
        moving = show(frames - 1)
        for artist in moving:
            artist.set_visible(False)
        canvas.draw()
        still = canvas.copy_from_bbox(figure.bbox)
        for artist in moving:
            artist.set_visible(True)
        for k in range(frames):
            canvas.restore_region(still)
            for artist in sorted(show(k), key=lambda one: one.get_zorder()):
                artist.draw(canvas.get_renderer())
            taken.append(np.array(canvas.buffer_rgba())[..., :3])
    colours = Image.fromarray(taken[-1]).quantize(192, dither=Image.Dither.NONE).getpalette() or []
    palette = np.array(colours).reshape(-1, 3)
    nearest, known = np.zeros(1 << 24, np.uint8), np.zeros(1 << 24, bool)  # of every colour, once it has been met
    flat = []
    for frame in taken:
        codes = frame @ np.array([1 << 16, 1 << 8, 1])
        new = np.unique(codes[~known[codes]])
        held = np.column_stack([new >> 16, new >> 8 & 255, new & 255])
        nearest[new] = ((held[:, None, :] - palette) ** 2).sum(axis=2).argmin(axis=1)
        known[new] = True
        image = Image.fromarray(nearest[codes])
        image.putpalette(colours)
        flat.append(image)
    stream = io.BytesIO()
    flat[0].save(stream, format="GIF", save_all=True, append_images=flat[1:], loop=0, optimize=False,
                 duration=[FRAME_MS] * (frames - 1) + [25 * FRAME_MS])
    return stream.getvalue()


def settle(figure: Figure) -> None:
    """Fix the places of all axes where the layout puts them, once and without drawing."""
    engine = figure.get_layout_engine()
    if engine is None:
        return
    engine.execute(figure)
    figure.set_layout_engine(None)  # with any engine, even one that does nothing, matplotlib draws all before it saves
    for axes in figure.axes:
        locator = axes.get_axes_locator()  # a colour bar has one
        if locator is not None:
            axes.apply_aspect(locator(axes, None))  # type: ignore[arg-type]  # it draws nothing
        left, bottom, width, height = (round(edge, 6) for edge in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def panel(axes: Axes, letter: str, title: str) -> Any:
    """Head a panel with its letter and what it shows; returns the text."""
    return axes.set_title(rf"$\bf{{{letter}}}$  {title}")


def measured(axes: Axes, x: Any, y: Any, colour: str, shape: str = "o", **options: Any) -> None:
    """Measurements: open markers, so that the prediction under them stays visible."""
    axes.plot(x, y, linestyle="none", marker=shape, markerfacecolor="white", markeredgecolor=colour,
              **({"zorder": 3} | options))


def hold(figure: Figure) -> Figure:
    """Widen axes whose limits are set, so that every measurement is inside them; for data other than the gallery's."""
    for axes in figure.axes:
        for axis in "xy":
            low, high = sorted(getattr(axes, f"get_{axis}lim")())
            log = getattr(axes, f"get_{axis}scale")() == "log"
            marks = np.concatenate([[low, high]] + [
                np.asarray(getattr(line, f"get_{axis}data")(), dtype=float).ravel() for line in axes.get_lines()
                if line.get_linestyle() == "None" and line.get_transform() == axes.transData])
            marks = marks[np.isfinite(marks) & ((marks > 0) | (not log))]
            if marks.min() < low or marks.max() > high:
                ends = np.log(marks) if log else marks
                room = 0.04 * (ends.max() - ends.min())
                wide = [ends.min() - room * (marks.min() < low), ends.max() + room * (marks.max() > high)]
                ends = np.exp(wide) if log else np.array(wide)
                inverted = getattr(axes, f"{axis}axis_inverted")()
                getattr(axes, f"set_{axis}lim")(*(ends[::-1] if inverted else ends))
    return figure


def label(axes: Axes, x: float, y: float, text: str, colour: str = BLACK, **options: Any) -> None:
    """A direct label at (x, y) in the coordinates of the data, in the ink of the colour of what it names."""
    defaults: dict[str, Any] = {"color": INK.get(colour, colour), "fontsize": SMALL, "xytext": (0, 0),
                                "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(text, (x, y), **(defaults | options))


def arrow(axes: Axes, start: Any, end: Any, colour: str, width: float = 1.0, **options: Any) -> None:
    """An arrow between two points of the data, touching both."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>,head_width=0.18,head_length=0.36", "color": colour,
                                              "linewidth": width, "shrinkA": 0, "shrinkB": 0,
                                              "mutation_scale": 10}, annotation_clip=False, **options)


def square(axes: Axes, half: float, centre: Sequence[float] = (0.0, 0.0)) -> None:
    """A plane with equal units on both axes, and no frame."""
    axes.set_aspect("equal")
    axes.set_xlim(centre[0] - half, centre[0] + half)
    axes.set_ylim(centre[1] - half, centre[1] + half)
    axes.axis("off")


def adaptive(svg: bytes) -> bytes:
    """The drawing with a style sheet that redraws its colours for a dark page; a light page shows it as it is.

    A drawing that fills areas with colours of its own stays light on every page: what is written on them would be lost.
    """
    known = {light.lower() for light in DARK} | {ORANGE.lower()}
    if set(re.findall(r"fill: (#[0-9a-f]{6})", svg.decode())) - known:
        return svg
    rules = "".join(f'[style*="{paint}: {light.lower()}"]{{{paint}:{dark}!important}}'
                    for light, dark in DARK.items() for paint in ("fill", "stroke"))
    sheet = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    head, tag, rest = svg.partition(b"<defs>")
    return head + sheet.encode() + tag + rest
