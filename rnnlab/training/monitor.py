"""The loss that chooses the best weights, and what else hangs on it: when training ends, the learning rate.

All of it follows from the losses of the epochs so far. The history has them, and is in every checkpoint: so a
training that is resumed is told of them again, and stands where it stood, also with another patience.

Waiting for a loss to fall.

The learning rate that falls when the loss no longer does.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.optimizer import PlateauSchedule
from rnnlab.config.schema import Experiment
from rnnlab.engines.steps import StepRecords
from rnnlab.errors import TrainingError
from rnnlab.training.chunks import Segment


class Monitor:
    """Watches the validation loss, or the training loss where nothing is held out.

    Args:
        experiment: the configuration.
        validates: whether something is held out.
    """

    def __init__(self, experiment: Experiment, *, validates: bool) -> None:
        training = experiment.training
        stopping, schedule = training.early_stopping, training.schedule
        self._validates, self._every = validates, experiment.evaluation.every if validates else 1
        self._name, self._noun = ("validation", "validation") if validates else ("training", "epoch")
        self._epochs, self._rate = training.epochs, training.optimizer.learning_rate
        self._stopping = Patience(stopping.patience, stopping.min_delta) if stopping else None
        self._plateau = Plateau(schedule) if isinstance(schedule, PlateauSchedule) else None

    @property
    def every(self) -> int:
        """Epochs between two measurements that something hangs on; 0 where nothing does."""
        return self._every if self._stopping or self._plateau else 0

    @property
    def stops(self) -> bool:
        """Whether training is to end."""
        return self._stopping is not None and self._stopping.is_over

    @property
    def rate_left(self) -> float | None:
        """The share of the learning rate that is left, 0 to 1; None where it does not hang on the loss."""
        return self._plateau.left if self._plateau else None

    def add(self, epoch: int, loss: float | None, validation_loss: float | None) -> str:
        """Take note of an epoch.

        Args:
            epoch: its number, from 1.
            loss: of its training; None stands for one that is no number.
            validation_loss: likewise, or not measured.

        Returns:
            A sentence on the learning rate, if it falls.
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
        """Why training ends, as a sentence; empty where nothing ends it before its last epoch.

        Args:
            epoch: how many epochs have been finished.
            kept: the epoch whose weights are kept.
        """
        if not (self._stopping and self._stopping.is_over) or epoch >= self._epochs:
            return ""
        return (
            f"stopped early, after epoch {epoch} of {self._epochs}: the {self._name} loss"
            f" {self._stopping.complaint(self._noun)}; the weights of epoch {kept} are kept"
        )


class Patience:
    """Counts the measurements of a loss since it last fell.

    Args:
        patience: how many of them in a row are borne.
        min_delta: a loss has fallen if it is lower by more than this, nats per token.

    Attributes:
        best: the loss when it last fell, nats per token; infinite before any that is a number.
        epoch: the epoch of that loss, from 1; 0 before it.
        waited: how many measurements there have been since, or since the counting began anew.
    """

    def __init__(self, patience: int, min_delta: float) -> None:
        self._patience, self._min_delta = patience, min_delta
        self.best, self.epoch, self.waited = math.inf, 0, 0

    @property
    def is_over(self) -> bool:
        """Whether the loss has not fallen for too long."""
        return self.waited >= self._patience

    def add(self, epoch: int, loss: float) -> None:
        """Take note of the loss of an epoch, from 1; one that is no number has not fallen."""
        if loss < self.best - self._min_delta:
            self.best, self.epoch, self.waited = loss, epoch, 0
        else:
            self.waited += 1

    def complaint(self, noun: str) -> str:
        """What the loss has not done, in words that follow its name.

        Args:
            noun: what a measurement is called.
        """
        last = f"last {self.waited} {noun}s" if self.waited > 1 else f"last {noun}"
        if not self.epoch:
            return f"has not been finite in the {last}"
        margin = f" by more than {self._min_delta:g}" if self._min_delta else ""
        return f"has not fallen{margin} below {self.best:.4g}, that of epoch {self.epoch}, in the {last}"

    def begin_anew(self) -> None:
        """Count from here, for a loss lower than the best so far."""
        self.waited = 0


class Plateau:
    """What a plateau schedule leaves of the learning rate.

    Args:
        settings: the section `training.schedule`.

    Attributes:
        left: the share of the rate that is left, 0 to 1.
    """

    def __init__(self, settings: PlateauSchedule) -> None:
        self._factor, self._final = settings.factor, settings.final
        self._waiting = Patience(settings.patience, settings.min_delta)
        self.left, self._cuts = 1.0, 0

    def add(self, epoch: int, loss: float, *, noun: str) -> str:
        """What the loss has not done, if the rate falls for that; else nothing.

        Args:
            epoch: that was measured, from 1.
            loss: of it, nats per token.
            noun: what a measurement is called.
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
"""After so many skipped steps in a row training stops: none of those to come would be taken either."""

_REMEDY = "try a lower training.optimizer.learning_rate, or global_clipnorm: 1.0 beside it"


class Divergence:
    """Watches the losses, and the weights that are saved.

    Args:
        skips: whether the program skips steps that are not finite, as `on_non_finite: skip_step` has it.

    Attributes:
        skipped: how many steps have been skipped.
    """

    def __init__(self, *, skips: bool) -> None:
        self._skips, self.skipped, self._in_a_row = skips, 0, 0

    @property
    def so_far(self) -> tuple[int, int]:
        """What has been counted."""
        return self.skipped, self._in_a_row

    @so_far.setter
    def so_far(self, counts: tuple[int, int]) -> None:
        self.skipped, self._in_a_row = counts

    def check(self, records: StepRecords, segment: Segment, *, step: int) -> None:
        """Count the steps that were skipped.

        Args:
            records: of a chunk.
            segment: the steps of one epoch in it.
            step: how many steps were taken before them.

        Raises:
            TrainingError: a loss is not finite and its step was not skipped, or too many were.
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
    """Refuse to save weights, or an optimizer, that are not finite.

    Args:
        arrays: by name.
        step: how many steps have been taken.

    Raises:
        TrainingError: the first that are not.
    """
    for name, array in arrays.items():
        if name.startswith(("weights/", "optimizer/")) and not np.isfinite(array).all():
            raise TrainingError(
                f"{name} is no longer finite after step {step}, though every loss until then was; {_REMEDY}"
            )
