"""Cutting a run into chunks of steps, and putting the figures of its epochs together again."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnlab.datasets.batches import Batches
from rnnlab.engines.steps import Chunk, StepRecords

CHUNK_SECONDS = 0.25
"""How long a chunk should last: short enough to interrupt, long enough to hide what happens between two."""

FASTEST_GROWTH = 8


@dataclass(frozen=True)
class Segment:
    """The steps of a chunk that belong to one epoch.

    Attributes:
        epoch: number of the epoch, from 0.
        begin: first of the steps, as an index into the chunk.
        end: one past the last.
        ends_epoch: whether the epoch's last step is among them.
    """

    epoch: int
    begin: int
    end: int
    ends_epoch: bool


class ChunkPlanner:
    """The steps of a run, cut as the caller asks.

    Args:
        batches: what an epoch consists of.
        epochs: how many epochs there are.
    """

    def __init__(self, batches: Batches, *, epochs: int) -> None:
        self._batches, self._epochs = batches, epochs
        self._epoch, self._place = 0, 0

    @property
    def position(self) -> tuple[int, int]:
        """The epoch, from 0, and the step in it that come next."""
        return self._epoch, self._place

    @position.setter
    def position(self, position: tuple[int, int]) -> None:
        self._epoch, self._place = position

    @property
    def is_done(self) -> bool:
        """Whether every step has been given out."""
        return self._epoch >= self._epochs

    def take(self, most_steps: int, *, stop_after: int) -> tuple[Chunk, list[Segment]]:
        """The next steps.

        Args:
            most_steps: how many at most.
            stop_after: the chunk ends with an epoch whose number, counted from 1, this divides; 0: with none.
        """
        segments: list[Segment] = []
        parts = []
        taken = 0
        while taken < most_steps and not self.is_done:
            segment, part = self._segment(taken, most_steps)
            segments.append(segment)
            parts.append(part)
            taken = segment.end
            if segment.ends_epoch and stop_after and (segment.epoch + 1) % stop_after == 0:
                break
        return _joined(parts), segments

    def _segment(self, taken: int, most_steps: int) -> tuple[Segment, Chunk]:
        """The steps of the current epoch that still fit."""
        steps = self._batches.steps
        end = min(steps, self._place + most_steps - taken)
        places = np.arange(self._place, end)
        starts, counts = self._batches.epoch(self._epoch, self._place, end)
        fresh = (places == 0) if self._batches.carries_state else np.ones(len(places), bool)
        part = Chunk(starts, counts, fresh, places == steps - 1)
        segment = Segment(self._epoch, taken, taken + len(places), end == steps)
        self._advance(end)
        return segment, part

    def _advance(self, place: int) -> None:
        self._place = place
        if place < self._batches.steps:
            return
        self._epoch, self._place = self._epoch + 1, 0


class ChunkLength:
    """How many steps the next chunk should have, from how long those before it took."""

    def __init__(self, room: int) -> None:
        self._room, self._steps = room, 1

    @property
    def steps(self) -> int:
        """Steps for the next chunk."""
        return self._steps

    def learn(self, steps: int, seconds: float) -> None:
        """Take the time of a chunk into account; the growth is bounded, since a first call also compiles."""
        wanted = int(steps * CHUNK_SECONDS / max(seconds, 1e-6))
        self._steps = max(1, min(wanted, self._steps * FASTEST_GROWTH, self._room))


class EpochSums:
    """The figures of an epoch, summed over its steps."""

    def __init__(self, loss: float = 0.0, correct: float = 0.0, counted: float = 0.0) -> None:
        self._loss, self._correct, self._counted = loss, correct, counted

    @property
    def so_far(self) -> tuple[float, float, float]:
        """What has been summed up: an equal object is made of it."""
        return self._loss, self._correct, self._counted

    def add(self, records: StepRecords, segment: slice = slice(None)) -> None:
        """Count the records of some steps in, but for those that were skipped."""
        counted = records.counted[segment].astype(np.float64)
        self._loss += float(np.where(records.taken, records.losses, 0)[segment] @ counted)
        self._correct += float(records.correct[segment].sum())
        self._counted += float(counted.sum())

    def means(self) -> tuple[float, float]:
        """(cross-entropy in nats per token, accuracy), over every target that counted; NaN where none did."""
        if not self._counted:
            return math.nan, math.nan
        return self._loss / self._counted, self._correct / self._counted


def _joined(parts: list[Chunk]) -> Chunk:
    def columns() -> Iterator[np.ndarray]:
        for name in ("starts", "counts", "fresh", "ends_epoch"):
            yield np.concatenate([getattr(part, name) for part in parts])

    return Chunk(*columns())
