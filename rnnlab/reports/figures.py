"""Pictures by matplotlib, which is loaded when one is drawn: without a display, the same bytes each time."""

import io
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rnnlab.errors import one_line
from rnnlab.music.extras import load_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".svg", ".png", ".pdf")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which those see apart who do not see red and green apart; yellow is too pale on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""In print these tell lines apart; as there are 7 colours and 8 of these, 56 lines are all different."""

DECADES = 10.0
"""Figures that span more than this factor are drawn on a logarithmic scale."""

_STYLE: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "svg.fonttype": "none",
    "svg.hashsalt": "rnnlab",
}
_METADATA: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None, "Creator": "rnnlab"},
    ".png": {"Software": "rnnlab"},
    ".pdf": {"CreationDate": None, "Creator": "rnnlab", "Producer": None},
}


def check_matplotlib() -> None:
    """Refuse to go on where pictures cannot be drawn.

    Raises:
        DataError: matplotlib is not installed; the message says how to install it.
    """
    load_extra("matplotlib.figure")


def rendered(draw: Callable[["Figure"], None], suffix: str, *, width: float, height: float) -> bytes:
    """The bytes of a picture.

    Args:
        draw: draws into an empty figure.
        suffix: `.svg`, `.png` or `.pdf`.
        width: inches.
        height: inches.

    Raises:
        DataError: matplotlib is not installed.
    """
    check_matplotlib()
    import matplotlib  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    into = io.BytesIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a script that the font lacks is drawn as boxes
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        figure.savefig(into, format=suffix.removeprefix("."), metadata=_METADATA[suffix])
    return into.getvalue()


def spans_decades(values: Iterable[float | None]) -> bool:
    """Whether what is above 0 of some figures wants a logarithmic scale."""
    positive = [value for value in values if value is not None and value > 0]
    return bool(positive) and max(positive) > DECADES * min(positive)


def make_logarithmic(axes: Any, direction: str) -> None:
    """Give the x or the y axis a logarithmic scale, with plain numbers at decades, as many as fit."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator  # noqa: PLC0415

    axes.set(**{f"{direction}scale": "log"})
    axis = getattr(axes, f"{direction}axis")
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_major_locator(LogLocator(numticks=4 if direction == "x" else 8))
    axis.set_minor_locator(NullLocator())


def name_texts(texts: Iterable[Any], names: Iterable[str]) -> None:
    """Set texts to names as they are, whatever matplotlib would read in them, such as `_` or `$`."""
    for text, name in zip(texts, names, strict=True):
        text.set_parse_math(False)
        text.set_text(one_line(name))
