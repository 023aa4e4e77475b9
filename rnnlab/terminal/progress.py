"""Progress: one live line on a terminal; else ten lines at most for a training, and none for reading."""

import math
import sys
import time
from typing import TYPE_CHECKING

from rnnlab.terminal.text import cut, echo, is_terminal, padded, terminal_columns, visible, width_of, write

if TYPE_CHECKING:
    from types import TracebackType

    from rnnlab.runs.progress import Progress

PATIENCE_SECONDS = 1.0
REDRAW_SECONDS = 0.1
PIPED_LINES = 10


class ProgressReport:
    """Progress of a training on stderr. At the end of its `with` block the live line ends.

    Args:
        quiet: whether nothing is shown.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._live = quiet, is_terminal(sys.stderr)
        self._drawn_at, self._tenth, self._line = 0.0, 0, _LiveLine()

    def __enter__(self) -> "ProgressReport":
        if self._live and not self._quiet:
            self._line.draw("compiling …")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._line.end()

    def show(self, progress: "Progress") -> None:
        """Show the progress: on a terminal every 0.1 s at most and at the end; else at most ten times."""
        if self._quiet:
            return
        if self._live:
            self._redraw(progress)
        elif (tenth := PIPED_LINES * progress.step // progress.steps) > self._tenth:
            self._tenth = tenth
            echo("  ".join(text for text, _ in self._figures(progress)), err=True)

    def tell(self, sentence: str) -> None:
        """Print a sentence on a line of its own, unless the report is quiet."""
        if not self._quiet:
            self._line.wipe()
            echo(sentence, err=True)

    def _redraw(self, progress: "Progress") -> None:
        now = time.monotonic()
        if now - self._drawn_at < REDRAW_SECONDS and progress.step < progress.steps:
            return
        self._drawn_at = now
        self._line.draw(_fitted(self._figures(progress), _room()))

    def _figures(self, progress: "Progress") -> list[tuple[str, int]]:
        """Return each figure with its rank; a narrow terminal leaves out the highest rank first."""
        held_out = progress.validation_loss
        return [
            (f"epoch {progress.epoch}/{progress.epochs}", 0),
            (f"{100 * progress.step // progress.steps:3d} %", 3),
            (f"loss {progress.loss:.4g}", 1),
            *([] if held_out is None else [(f"validation {held_out:.4g}", 4)]),
            (f"accuracy {progress.accuracy:.3f}", 5),
            (f"{progress.steps_per_second:,.0f} steps/s", 6),
            (f"{clock(progress.seconds_left)} left", 2),
        ]


class ReadingReport:
    """Progress of reading a dataset, shown on a terminal if reading takes longer than a second.

    At the end of its `with` block the live line is cleared.

    Args:
        quiet: whether nothing is shown.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._live = is_terminal(sys.stderr) and not quiet
        self._line, self._next_at = _LiveLine(), 0.0

    def __enter__(self) -> "ReadingReport":
        self._next_at = time.monotonic() + PATIENCE_SECONDS
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._line.wipe()

    def show(self, task: str, share: float) -> None:
        """Show a task and the fraction of it that is done, 0 to 1, or NaN if unknown; at most every 0.1 s."""
        if self._live and (now := time.monotonic()) >= self._next_at:
            self._next_at = now + REDRAW_SECONDS
            self._line.draw(f"{task} …" if math.isnan(share) else f"{task}: {100 * share:.0f} %")


class _LiveLine:
    """The last line of the terminal, which is drawn again and again."""

    def __init__(self) -> None:
        self._width = 0

    def draw(self, line: str) -> None:
        """Replace the line; the terminal may have become narrower since the last call."""
        line = cut(visible(line), _room())
        write("\r" + padded(line, min(self._width, _room())), err=True)
        self._width = width_of(line)

    def end(self) -> None:
        """End the line with a line break, unless it is empty."""
        if self._width:
            write("\n", err=True)

    def wipe(self) -> None:
        """Clear the line, unless it is empty."""
        if self._width:
            self.draw("")
            write("\r", err=True)


def _fitted(figures: list[tuple[str, int]], columns: int) -> str:
    """Return the figures for which there is room, as one line; the figure of rank 0 in any case."""
    for most in sorted((rank for _, rank in figures), reverse=True):
        line = "  ".join(text for text, rank in figures if rank <= most)
        if width_of(line) <= columns:
            break
    return line


def _room() -> int:
    """Return the columns of the live line: the width of the terminal, or 100 if it is unknown, less 1.

    The last column stays free, since some terminals break the line there.
    """
    return (terminal_columns(err=True) or 100) - 1


def clock(seconds: float) -> str:
    """Return a duration as `h:mm:ss` or `m:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
