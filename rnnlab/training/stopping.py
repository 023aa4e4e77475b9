"""Decisions that depend on the losses: early stopping, plateau schedule, the stop if a loss is not finite.

`Monitor` decides by the validation loss, or by the training loss without a validation set. Its state follows
from the losses of the epochs so far. A resumed training adds these losses again, from the history in the
checkpoint.
`Divergence` watches the loss of every step.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.optimizer import PlateauSchedule
from rnnlab.config.reading import AnyExperiment
from rnnlab.engines.tensorflow.data import StepRecords
from rnnlab.errors import TrainingError
from rnnlab.training.chunks import Segment


class Monitor:
    """Decides on early stopping and on the learning rate of a plateau schedule.

    Args:
        experiment: the configuration.
        validates: whether there is a validation set.
    """

    def __init__(self, experiment: AnyExperiment, *, validates: bool) -> None:
        training = experiment.training
        stopping, schedule = training.early_stopping, training.schedule
        self._validates, self._every = validates, experiment.evaluation.every if validates else 1
        self._name, self._noun = ("validation", "validation") if validates else ("training", "epoch")
        self._epochs, self._rate = training.epochs, training.optimizer.learning_rate
        self._stopping = Patience(stopping.patience, stopping.min_delta) if stopping else None
        self._plateau = Plateau(schedule) if isinstance(schedule, PlateauSchedule) else None

    @property
    def every(self) -> int:
        """Number of epochs between two losses that the monitor needs; 0 if the monitor decides nothing."""
        return self._every if self._stopping or self._plateau else 0

    @property
    def stops(self) -> bool:
        """Whether early stopping ends the training now."""
        return self._stopping is not None and self._stopping.is_over

    @property
    def rate_left(self) -> float | None:
        """Factor of the learning rate, 0 to 1; None if the schedule is not `plateau`."""
        return self._plateau.left if self._plateau else None

    def add(self, epoch: int, loss: float | None, validation_loss: float | None) -> str:
        """Add the losses of an epoch; decide on stopping and on the learning rate.

        With a validation set, an epoch after which no validation is due is ignored.

        Args:
            epoch: number of the epoch, from 1.
            loss: training loss, nats per token; NaN or None if it is not a number.
            validation_loss: validation loss, nats per token; NaN or None if it is not a number, None if it
                was not measured.

        Returns:
            A sentence on the learning rate if it is lowered; else an empty text.
        """
        if epoch % self._every:
            return ""
        found = validation_loss if self._validates else loss
        monitored = math.nan if found is None else found
        if self._stopping:
            self._stopping.add(epoch, monitored)
        if not self._plateau:
            return ""
        before = self._plateau.left * self._rate
        complaint = self._plateau.add(epoch, monitored, noun=self._noun)
        after = self._plateau.left * self._rate
        change = f"learning rate {before:.3g} → {after:.3g} after epoch {epoch}"
        return complaint and f"{change}: the {self._name} loss {complaint}"

    def why_stopped(self, epoch: int, *, kept: int) -> str:
        """Return why early stopping ended the training, as a sentence; else an empty text.

        Args:
            epoch: number of finished epochs.
            kept: the epoch whose weights are kept.
        """
        if not (self._stopping and self._stopping.is_over) or epoch >= self._epochs:
            return ""
        return (
            f"stopped early, after epoch {epoch} of {self._epochs}: the {self._name} loss"
            f" {self._stopping.complaint(self._noun)}; the weights of epoch {kept} are kept"
        )


class Patience:
    """Counts the measurements of a loss since the loss last fell.

    Args:
        patience: number of measurements in a row without a fall after which the wait is over.
        min_delta: a loss has fallen if it is lower than `best` by more than this, nats per token.

    Attributes:
        best: the loss when it last fell, nats per token; infinite before the first finite loss.
        epoch: the epoch of that loss, from 1; 0 before the first.
        waited: number of measurements since then, or since `begin_anew`.
    """

    def __init__(self, patience: int, min_delta: float) -> None:
        self._patience, self._min_delta = patience, min_delta
        self.best, self.epoch, self.waited = math.inf, 0, 0

    @property
    def is_over(self) -> bool:
        """Whether the loss has not fallen for `patience` measurements."""
        return self.waited >= self._patience

    def add(self, epoch: int, loss: float) -> None:
        """Add the loss of an epoch, counted from 1; a loss that is NaN has not fallen."""
        if loss < self.best - self._min_delta:
            self.best, self.epoch, self.waited = loss, epoch, 0
        else:
            self.waited += 1

    def complaint(self, noun: str) -> str:
        """Return the words to put after "the loss", as in "has not fallen below 1.2 … in the last 3 epochs".

        Args:
            noun: name of a measurement, `epoch` or `validation`.
        """
        last = f"last {self.waited} {noun}s" if self.waited > 1 else f"last {noun}"
        if not self.epoch:
            return f"has not been finite in the {last}"
        margin = f" by more than {self._min_delta:g}" if self._min_delta else ""
        return f"has not fallen{margin} below {self.best:.4g}, that of epoch {self.epoch}, in the {last}"

    def begin_anew(self) -> None:
        """Set the count to 0; the best loss so far stays."""
        self.waited = 0


class Plateau:
    """The plateau schedule: after `patience` losses without a fall, the learning rate falls, down to `final`.

    Args:
        settings: the section `training.schedule`.

    Attributes:
        left: factor of the learning rate, 0 to 1.
    """

    def __init__(self, settings: PlateauSchedule) -> None:
        self._factor, self._final = settings.factor, settings.final
        self._waiting = Patience(settings.patience, settings.min_delta)
        self.left, self._cuts = 1.0, 0

    def add(self, epoch: int, loss: float, *, noun: str) -> str:
        """Add the loss of an epoch; return a `Patience.complaint` if the learning rate is lowered, else "".

        Args:
            epoch: number of the epoch, from 1.
            loss: loss of the epoch, nats per token, or NaN.
            noun: name of a measurement, `epoch` or `validation`.
        """
        self._waiting.add(epoch, loss)
        if not self._waiting.is_over or self.left <= self._final:
            return ""
        complaint = self._waiting.complaint(noun)
        self._cuts += 1
        self.left = max(self._factor**self._cuts, self._final)
        self._waiting.begin_anew()
        return complaint


MOST_SKIPPED = 100
"""Number of skipped steps in a row after which training stops: the next steps would be skipped too."""

_REMEDY = "try a lower training.optimizer.learning_rate, or global_clipnorm: 1.0 beside it"


class Divergence:
    """Stops the training when a loss is not finite, or when too many steps in a row were skipped.

    Args:
        skips: whether the program skips steps that are not finite (`training.on_non_finite: skip_step`).

    Attributes:
        skipped: number of skipped steps.
    """

    def __init__(self, *, skips: bool) -> None:
        self._skips, self.skipped, self._in_a_row = skips, 0, 0

    @property
    def so_far(self) -> tuple[int, int]:
        """Number of skipped steps, and how many of the last steps in a row were skipped."""
        return self.skipped, self._in_a_row

    @so_far.setter
    def so_far(self, counts: tuple[int, int]) -> None:
        self.skipped, self._in_a_row = counts

    def check(self, records: StepRecords, segment: Segment, *, step: int) -> None:
        """Count the skipped steps of a segment, and check the losses of the segment.

        Args:
            records: the records of a chunk.
            segment: the steps of one epoch in the chunk.
            step: number of steps before the segment.

        Raises:
            TrainingError: a loss is not finite and its step was not skipped; or the last `MOST_SKIPPED` steps
                or more, up to the end of the segment, were all skipped.
        """
        taken = np.flatnonzero(records.taken[segment.begin : segment.end])
        count = segment.end - segment.begin
        self.skipped += count - len(taken)
        self._in_a_row = count - 1 - int(taken[-1]) if len(taken) else self._in_a_row + count
        losses = records.losses[segment.begin : segment.end]
        if self._in_a_row >= MOST_SKIPPED:
            last = step + count
            raise TrainingError(
                f"the last {self._in_a_row} steps were skipped, to step {last} (epoch {segment.epoch + 1}):"
                f" their losses, or the weights after them, are not finite (the last loss: {losses[-1]});"
                f" {_REMEDY}"
            )
        wrong = np.flatnonzero(~np.isfinite(losses))
        if len(wrong) and not self._skips:
            first = step + wrong[0] + 1
            raise TrainingError(
                f"the loss became {losses[wrong[0]]} at step {first} (epoch {segment.epoch + 1});"
                f" {_REMEDY}; or training.on_non_finite: skip_step"
            )


def check_finite(arrays: Mapping[str, NDArray[Any]], *, step: int) -> None:
    """Check that the weights and the state of the optimizer are finite, before they are saved.

    Args:
        arrays: the arrays of the program's snapshot, by name.
        step: number of steps taken.

    Raises:
        TrainingError: an array is not finite; the first one is named.
    """
    for name, array in arrays.items():
        if name.startswith(("weights/", "optimizer/")) and not np.isfinite(array).all():
            raise TrainingError(
                f"{name} is no longer finite after step {step}, though every loss until then was; {_REMEDY}"
            )
