"""Several lines at the end of a terminal that are drawn again and again."""

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress

from rnnlab.terminal.text import terminal_columns, width_of, write

PLAIN_COLUMNS, PLAIN_ROWS = 80, 24
"""Size of a terminal that does not tell its own."""


class LiveBlock:
    """Lines on stderr that replace each other; if the cursor cannot move, they stand one below another.

    Attributes:
        moves: whether the cursor can move.
    """

    def __init__(self) -> None:
        self._widths = list[int]()
        self.moves = os.name == "nt" or os.environ.get("TERM", "") not in {"", "dumb"}

    @property
    def columns(self) -> int:
        """Columns of a line: one less than the terminal has, since some terminals break a full line."""
        return max((terminal_columns(err=True) or PLAIN_COLUMNS) - 1, 1)

    @property
    def rows(self) -> int:
        """Most lines of the block."""
        with suppress(OSError, ValueError, AttributeError):
            return max((os.get_terminal_size(sys.stderr.fileno()).lines or PLAIN_ROWS) - 1, 1)
        return shutil.get_terminal_size((PLAIN_COLUMNS, PLAIN_ROWS)).lines - 1

    def draw(self, lines: Sequence[str]) -> None:
        """Replace the lines; only the last ones are shown if the terminal has fewer rows."""
        lines = lines[-self.rows :]
        if not self.moves:
            write("".join(f"{line}\n" for line in lines), err=True)
            return
        write(self._to_the_top() + "\n".join(f"{line}\x1b[K" for line in lines) + "\x1b[J", err=True)
        self._widths = [width_of(line) for line in lines]

    def wipe(self) -> None:
        """Clear the lines."""
        if self.moves and self._widths:
            write(f"{self._to_the_top()}\x1b[J", err=True)
        self._widths = []

    def end(self) -> None:
        """Leave the lines as they are, and go on below them."""
        if self._widths:
            write("\n", err=True)
        self._widths = []

    def _to_the_top(self) -> str:
        """Return what moves the cursor to the first line. A terminal that became narrower broke lines."""
        columns = self.columns + 1
        rows = sum(max(-(-width // columns), 1) for width in self._widths)
        return f"\r\x1b[{rows - 1}A" if rows > 1 else "\r"


def last_lines(text: str, columns: int, most: int) -> list[str]:
    """Return the last lines of a text, at most `most`, in each at most `columns`.

    A line is broken after its last space, or inside a word that is too wide. No character is left out.
    """
    room = columns * most
    begin = max(len(text) // room - 1, 0) * room  # it moves seldom, so that lines are broken as before
    lines = [line for paragraph in text[begin:].split("\n") for line in _broken(paragraph, columns)]
    return lines[-most:]


def _broken(text: str, columns: int) -> list[str]:
    """Return the lines of a text without line breaks."""
    lines, line, width = list[str](), "", 0
    for character in text:
        own = width_of(character)
        if width + own > columns and line:
            cut = line.rfind(" ") + 1 or len(line)
            lines.append(line[:cut])
            line = line[cut:]
            width = width_of(line)
        line, width = line + character, width + own
    return [*lines, line]
