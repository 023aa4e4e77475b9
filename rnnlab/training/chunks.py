"""Chunks: the steps of a training are cut into chunks, and their figures are summed up for each epoch."""

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.data import Chunk, StepRecords

CHUNK_SECONDS = 0.25
"""Wanted duration of a chunk: short enough for Ctrl-C, and long compared with the work between chunks."""

FASTEST_GROWTH = 8
"""Largest ratio of the steps of a chunk to the steps of the chunk before it."""


Figures = NDArray[np.integer[Any]]


class EpochBatches(Protocol):
    """The batches of every epoch: of tokens (`datasets.batches`), or of examples (`datasets.buckets`)."""

    @property
    def steps(self) -> int:
        """Number of batches of an epoch."""

    @property
    def carries_state(self) -> bool:
        """Whether the state is carried from batch to batch, and zeroed when an epoch begins."""

    def epoch(self, number: int, begin: int, end: int) -> tuple[Figures, ...]:
        """Return what each lane reads in a range of batches, as `Chunk.figures`."""

    def objectives(self, number: int, begin: int, end: int) -> Figures | None:
        """Return the number of the objective of each batch, (B,); None if there is only one."""


@dataclass(frozen=True)
class Segment:
    """The steps of a chunk that belong to one epoch.

    Attributes:
        epoch: number of the epoch, from 0.
        begin: index of the first of the steps in the chunk.
        end: index after the last of the steps.
        ends_epoch: whether the last step of the epoch is among the steps.
    """

    epoch: int
    begin: int
    end: int
    ends_epoch: bool


class ChunkPlanner:
    """Gives out the steps of a training in order, chunk by chunk.

    Args:
        batches: the batches of an epoch.
        epochs: number of epochs of the training.
        stop_at: numbers of epochs, from 1: a chunk ends at the end of each of them.
    """

    def __init__(self, batches: EpochBatches, *, epochs: int, stop_at: Container[int] = ()) -> None:
        self._batches, self._epochs, self._stop_at = batches, epochs, stop_at
        self._epoch, self._place = 0, 0

    @property
    def position(self) -> tuple[int, int]:
        """The next step: its epoch, and its number in the epoch, both from 0."""
        return self._epoch, self._place

    @position.setter
    def position(self, position: tuple[int, int]) -> None:
        self._epoch, self._place = position

    @property
    def is_done(self) -> bool:
        """Whether `take` has returned every step."""
        return self._epoch >= self._epochs

    def take(self, most_steps: int, *, stop_after: int) -> tuple[Chunk, list[Segment]]:
        """Take the next steps, and move the position past them; return them and their segments, one an epoch.

        Args:
            most_steps: largest number of steps.
            stop_after: N: the chunk ends at the end of every N-th epoch; 0: it may go over any end.
        """
        segments: list[Segment] = []
        parts = []
        taken = 0
        while taken < most_steps and not self.is_done:
            segment, part = self._segment(taken, most_steps)
            segments.append(segment)
            parts.append(part)
            taken = segment.end
            ended = segment.epoch + 1  # the number of the epoch, from 1
            is_due = ended in self._stop_at or (stop_after and ended % stop_after == 0)
            if segment.ends_epoch and is_due:
                break
        return _joined(parts), segments

    def _segment(self, taken: int, most_steps: int) -> tuple[Segment, Chunk]:
        """Take the steps of the current epoch that still fit into the chunk; move the position past them.

        Return their segment, and the steps.
        """
        steps = self._batches.steps
        end = min(steps, self._place + most_steps - taken)
        places = np.arange(self._place, end)
        figures = self._batches.epoch(self._epoch, self._place, end)
        objectives = self._batches.objectives(self._epoch, self._place, end)
        fresh = (places == 0) if self._batches.carries_state else np.ones(len(places), bool)
        part = Chunk(figures, fresh, places == steps - 1, objectives)
        segment = Segment(self._epoch, taken, taken + len(places), end == steps)
        self._advance(end)
        return segment, part

    def _advance(self, place: int) -> None:
        """Set the next step to a place in the current epoch, or to the start of the next epoch."""
        self._place = place
        if place < self._batches.steps:
            return
        self._epoch, self._place = self._epoch + 1, 0


class ChunkLength:
    """Number of steps of the next chunk, from the duration of the chunks before it.

    Args:
        room: largest number of steps that the program takes in one call.
    """

    def __init__(self, room: int) -> None:
        self._room, self._steps = room, 1

    @property
    def steps(self) -> int:
        """Number of steps of the next chunk."""
        return self._steps

    @steps.setter
    def steps(self, steps: int) -> None:
        self._steps = steps

    def learn(self, steps: int, seconds: float) -> None:
        """Set the steps of the next chunk from those of a chunk and its seconds; the growth is bounded."""
        wanted = int(steps * CHUNK_SECONDS / max(seconds, 1e-6))
        self._steps = max(1, min(wanted, self._steps * FASTEST_GROWTH, self._room))


class EpochSums:
    """The figures of an epoch, summed over its steps.

    Args:
        loss: sum over the targets that counted, in nats.
        correct: number of correct targets.
        counted: number of targets that counted.
    """

    def __init__(self, loss: float = 0.0, correct: float = 0.0, counted: float = 0.0) -> None:
        self._loss, self._correct, self._counted = loss, correct, counted

    @property
    def so_far(self) -> tuple[float, float, float]:
        """The three sums: `EpochSums(*so_far)` is an equal object."""
        return self._loss, self._correct, self._counted

    def add(self, records: StepRecords, segment: slice = slice(None)) -> None:
        """Add the records of a segment of steps, without the skipped steps."""
        counted = records.counted[segment].astype(np.float64)
        self._loss += float(np.where(records.taken, records.losses, 0)[segment] @ counted)
        self._correct += float(records.correct[segment].sum())
        self._counted += float(counted.sum())

    def means(self) -> tuple[float, float]:
        """Return (cross-entropy in nats per token, accuracy) over the counted targets; NaN without any."""
        if not self._counted:
            return math.nan, math.nan
        return self._loss / self._counted, self._correct / self._counted


def _joined(parts: list[Chunk]) -> Chunk:
    """Return one chunk with the steps of all parts."""
    figures = tuple(map(np.concatenate, zip(*(part.figures for part in parts), strict=True)))
    fresh = np.concatenate([part.fresh for part in parts])
    ends_epoch = np.concatenate([part.ends_epoch for part in parts])
    objectives = [part.objectives for part in parts if part.objectives is not None]
    return Chunk(figures, fresh, ends_epoch, np.concatenate(objectives) if objectives else None)
