"""The live lines of many trainings: one line on stderr for each that runs now, drawn again and again.

    run 3 of 6  lstm, seed 1           epoch 120/400  loss 0.534
    run 4 of 6  stateful_lstm, seed 1  epoch 40/400   loss 1.21   1:42 left of all

Nothing is drawn if stderr is no terminal, or one whose cursor cannot move.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from types import TracebackType
from typing import TYPE_CHECKING

from rnnlab.terminal.live_block import LiveBlock
from rnnlab.terminal.progress import REDRAW_SECONDS, clock
from rnnlab.terminal.tables import Column, fitted_rows
from rnnlab.terminal.text import echo, is_terminal, visible

if TYPE_CHECKING:
    from rnnlab.runs.progress import News, Progress

MOST_LINES = 8
"""Most lines; more trainings that run are counted in the last line."""

LEAST_WORDS = 10
"""Width to which the words on a training are cut before a figure is left out."""


STEADY_SECONDS = 1.0
"""Time from the first progress of a training to the first whose time left is believed: it begins slowly."""


@dataclass(frozen=True)
class TrainingLabel:
    """What is known of a training before it begins.

    Attributes:
        name: how it is called, such as `fold 1 of 3`.
        words: a few words on it, such as its configuration and random seed; may be empty.
        alike: trainings for which this text is equal take about equally long.
    """

    name: str
    words: str = ""
    alike: str = ""


@dataclass
class _Running:
    """A training that runs; the times are those of `time.monotonic`."""

    begun: float
    words: str
    progress: "Progress | None" = None
    first: float = 0.0
    heard: float = 0.0

    def left(self, now: float) -> float | None:
        """Return the seconds that the training still takes by its own progress; None if unsteady yet."""
        if self.progress is None or self.heard - self.first < STEADY_SECONDS:
            return None
        return self.progress.seconds_left - (now - self.heard)


class TrainingsReport:
    """Live lines of many trainings. At the end of its `with` block they are cleared.

    Args:
        named: returns what is known of the training of a number, from 0.
        total: number of trainings; None if it is open.
        at_once: number of trainings that run at a time.
        seconds: time after which no training begins or goes on; None without a limit.
    """

    def __init__(
        self,
        named: Callable[[int], TrainingLabel],
        *,
        total: int | None,
        at_once: int,
        seconds: float | None = None,
    ) -> None:
        self._named, self._total, self._at_once = named, total, at_once
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._running: dict[int, _Running] = {}
        self._done: set[int] = set()
        self._took = defaultdict[str, list[float]](list)
        self._block, self._drawn_at = LiveBlock(), 0.0
        self._live = is_terminal(sys.stderr) and self._block.moves

    def __enter__(self) -> "TrainingsReport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._block.wipe()

    def hear(self, number: int, news: "News") -> None:
        """Show what is new of a training: that it begins, its progress, or that it has ended.

        News that come after the end are ignored.
        """
        if number in self._done:
            return
        now = time.monotonic()
        if news is None:
            self._end(number, now)
        elif isinstance(news, str):
            self._running[number] = _Running(now, news or self._named(number).words)
            self._drawn_at = 0.0
        elif running := self._running.get(number):
            running.first = running.first if running.progress else now
            running.progress, running.heard = news, now
        self._redraw()

    def tell(self, sentence: str) -> None:
        """Print a sentence on a line of its own, above the live lines."""
        self._block.wipe()
        echo(sentence, err=True)
        self._drawn_at = 0.0
        self._redraw()

    def seconds_left(self) -> float | None:
        """Return the time until all trainings have ended; None if it cannot be told yet.

        A training that has not begun takes as long as those like it, or else as long as the mean of all
        others. What other commands train is not known before they end it.
        """
        now = time.monotonic()
        limit = None if self._deadline is None else max(self._deadline - now, 0.0)
        if self._total is None:
            return limit
        expected = self._expected(now)
        if not expected:
            return None
        mean, lefts, waiting = fmean(expected.values()), list[float](), 0.0
        for number in range(self._total):
            whole = expected.get(self._named(number).alike, mean)
            if running := self._running.get(number):
                own = running.left(now)
                lefts.append(max(whole - (now - running.begun) if own is None else own, 0.0))
            elif number not in self._done:
                waiting += whole
        left = max([*lefts, (sum(lefts) + waiting) / self._at_once])
        return left if limit is None else min(left, limit)

    def _end(self, number: int, now: float) -> None:
        self._done.add(number)
        if running := self._running.pop(number, None):
            self._took[self._named(number).alike].append(now - running.begun)
        if not self._running:
            self._block.wipe()

    def _expected(self, now: float) -> dict[str, float]:
        """Return the time that a whole training takes, in seconds, by its text `Training.alike`."""
        found = {alike: fmean(times) for alike, times in self._took.items()}
        for number, running in self._running.items():
            if (left := running.left(now)) is not None:
                found.setdefault(self._named(number).alike, now - running.begun + left)
        return found

    def _redraw(self) -> None:
        now = time.monotonic()
        if not self._live or now - self._drawn_at < REDRAW_SECONDS:
            return
        self._drawn_at = now
        if self._running:
            self._block.draw(self._lines(self._block.columns, min(MOST_LINES, self._block.rows)))

    def _lines(self, columns: int, most: int) -> list[str]:
        """Return a line for each training that runs, at most `most` lines of at most `columns` columns."""
        running = sorted(self._running.items())
        rows = [_cells(self._named(number).name, each) for number, each in running]
        if len(rows) > most:
            rows[most - 1 :] = [(f"and {len(rows) - most + 1} more", "", "", "", "")]
        left = self.seconds_left()
        lefts = [""] * (len(rows) - 1) + ["" if left is None else f"{clock(left)} left of all"]
        return fitted_rows(_COLUMNS, [(*row, last) for row, last in zip(rows, lefts, strict=True)], columns)


_COLUMNS = (
    Column("training", left=True),
    Column("words", left=True, rank=1, least=LEAST_WORDS),
    Column("epoch", left=True, rank=1),
    Column("loss", left=True, rank=3),
    Column("validation", left=True, rank=4),
    Column("time left", left=True, rank=2),
)
"""The columns of the live lines, which have no header."""


def _cells(name: str, running: _Running) -> tuple[str, ...]:
    """Return the name of a training, the words on it, its epoch, its loss and its validation loss."""
    shown = visible(name), visible(running.words)
    if not (progress := running.progress):
        return (*shown, "starting …", "", "")
    held_out = progress.validation_loss
    return (
        *shown,
        f"epoch {progress.epoch:,}/{progress.epochs:,}",
        f"loss {progress.loss:.4g}",
        "" if held_out is None else f"validation {held_out:.4g}",
    )
