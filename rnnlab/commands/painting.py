"""Numbers as colours of a terminal, or as signs and digits where there are none."""

import os
import sys
from collections.abc import Callable
from typing import Literal

from rnnlab.commands.terminal import is_terminal
from rnnlab.commands.width import padded, width_of

Colour = tuple[int, int, int]
Depth = Literal["none", "256", "24-bit"]

_CUBE = (0, 95, 135, 175, 215, 255)
"""The levels of a channel in the colours 16 to 231 of xterm."""


def colour_depth() -> Depth:
    """How many colours stdout shows: none unless it is a terminal that has them, or `NO_COLOR` is set.

    https://no-color.org: any value but an empty one counts.
    """
    term = os.environ.get("TERM", "")
    if os.environ.get("NO_COLOR") or not is_terminal(sys.stdout) or term in ("", "dumb"):
        return "none"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "24-bit"
    return "256"


def painter(depth: Depth) -> Callable[[str, Colour, Colour], str]:
    """What gives a text its ink and its ground, (text, ink, ground)."""
    if depth == "none":
        return lambda text, *_: text
    code = _true_colour if depth == "24-bit" else _nearest_of_256
    return lambda text, ink, ground: f"\x1b[38;{code(ink)};48;{code(ground)}m{text}\x1b[0m"


def signed_tenths(value: float, scale: float) -> str:
    """A value in tenths of the scale, as a sign and a digit: `+7`, `-2`, ` 0`."""
    tenths = min(round(10 * abs(value) / scale), 9)
    return f"{'+' if value > 0 else '-'}{tenths}" if tenths else " 0"


def centred(text: str, columns: int) -> str:
    """The text in the middle of so many columns; what is wider stays as it is."""
    return padded(" " * ((columns - width_of(text)) // 2) + text, columns)


def _true_colour(colour: Colour) -> str:
    return "2;" + ";".join(map(str, colour))


def _nearest_of_256(colour: Colour) -> str:
    """The nearest colour of the cube of 6 × 6 × 6."""
    red, green, blue = (min(range(6), key=lambda level: abs(_CUBE[level] - channel)) for channel in colour)
    return f"5;{16 + 36 * red + 6 * green + blue}"
