"""The progress of a training, as it is passed to whoever watches, also from one process to another.

This module does not load TensorFlow: a process that starts trainings in other processes does not need it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

SELDOM_SECONDS = 0.2
"""Shortest time between two reports that are passed from one process to another."""


@dataclass(frozen=True)
class Progress:
    """The progress of a training after a chunk.

    Attributes:
        epoch: the epoch of the last step, from 1.
        epochs: number of epochs of the whole training.
        step: number of steps taken.
        steps: number of steps of the whole training.
        loss: mean over the steps of that epoch in the chunk, nats per token; NaN if all were skipped.
        accuracy: fraction of correct targets in the same steps, 0 to 1; NaN if all were skipped.
        validation_loss: the last measured validation loss; None before the first.
        steps_per_second: speed in the chunk.
        seconds_left: time for the remaining steps at this speed.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    validation_loss: float | None
    steps_per_second: float
    seconds_left: float

    def __str__(self) -> str:
        held_out = "" if self.validation_loss is None else f", validation {self.validation_loss:.4g}"
        return (
            f"epoch {self.epoch}, step {self.step:,} of {self.steps:,}: loss {self.loss:.4g}{held_out},"
            f" accuracy {self.accuracy:.3f}, {self.seconds_left:.0f} s left"
        )


News = Progress | str | None
"""What is new of one of many trainings: it begins, and a few words on it; its progress; None: it has ended.

The words are empty if its number tells which training it is.
"""

Watcher = Callable[[int, News], None]
"""A function that receives the number of a training, from 0, and what is new of it."""


def seldom(report: Callable[[News], None]) -> Callable[[Progress], None]:
    """Return a function that passes progress on to `report`, at most every `SELDOM_SECONDS` seconds."""
    last = float("-inf")

    def pass_on(progress: Progress) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= SELDOM_SECONDS:
            last = now
            report(progress)

    return pass_on
