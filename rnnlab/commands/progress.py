"""How training progress looks: one live line on a terminal, about ten lines anywhere else."""

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from types import TracebackType

    from rnnlab.training.trainer import Progress

REDRAW_SECONDS = 0.1
PIPED_LINES = 10


class ProgressReport:
    """Shows progress on stderr; a context manager, so that a live line always ends with a line break.

    Args:
        epochs: of the whole training.
        quiet: show nothing.
    """

    def __init__(self, epochs: int, *, quiet: bool) -> None:
        self._epochs, self._quiet, self._live = epochs, quiet, sys.stderr.isatty()
        self._drawn_at, self._tenth, self._width = 0.0, 0, 0

    def __enter__(self) -> "ProgressReport":
        if self._live and not self._quiet:
            self._draw("compiling …")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if self._width:
            click.echo(err=True)

    def show(self, progress: "Progress") -> None:
        """Draw where training stands, if it is time to."""
        if self._quiet:
            return
        if self._live:
            self._redraw(progress)
        elif (tenth := PIPED_LINES * progress.step // progress.steps) > self._tenth:
            self._tenth = tenth
            click.echo(self._line(progress), err=True)

    def _redraw(self, progress: "Progress") -> None:
        now = time.monotonic()
        if now - self._drawn_at < REDRAW_SECONDS and progress.step < progress.steps:
            return
        self._drawn_at = now
        self._draw(self._line(progress))

    def _draw(self, line: str) -> None:
        """Put a line in place of the last one."""
        line = line[: _columns() - 1]
        click.echo("\r" + line.ljust(self._width), err=True, nl=False)
        self._width = len(line)

    def _line(self, progress: "Progress") -> str:
        held_out = "" if progress.validation_loss is None else f"  validation {progress.validation_loss:.4g}"
        return (
            f"epoch {progress.epoch}/{self._epochs}  {100 * progress.step // progress.steps:3d} %"
            f"  loss {progress.loss:.4g}{held_out}  accuracy {progress.accuracy:.3f}"
            f"  {progress.steps_per_second:,.0f} steps/s  {_clock(progress.seconds_left)} left"
        )


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
