"""The loop itself: chunk after chunk, with the calls that callbacks are owed, from any step on.

What is done about numbers that are no longer finite: training stops, or goes on without the step.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.steps import StepRecords
from rnnlab.errors import TrainingError
from rnnlab.training.callbacks import CallbackCalls
from rnnlab.training.checkpoints import Checkpoint
from rnnlab.training.chunks import ChunkLength, ChunkPlanner, EpochSums, Segment
from rnnlab.training.facts import Facts, fixed_settings
from rnnlab.training.interruption import Interruption
from rnnlab.training.monitor import Monitor

if TYPE_CHECKING:
    from rnnlab.training.trainer import Trainer


@dataclass(frozen=True)
class Progress:
    """Where training stands after a chunk.

    Attributes:
        epoch: the epoch that the last step belongs to, from 1.
        step: steps taken.
        steps: steps of the whole training.
        loss: mean over the epoch's steps in the chunk, in nats per token.
        accuracy: likewise, a share.
        validation_loss: the last one measured, or None.
        steps_per_second: over the last chunk.
        seconds_left: an estimate.
    """

    epoch: int
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


class TrainingLoop:
    """Where a training stands, and how it goes on.

    Args:
        trainer: what is trained.
        calls: the callbacks.
        each_epoch: whether no chunk may pass an epoch's end.
        tell: is told in a sentence when the learning rate falls.

    Attributes:
        was_left: whether a signal came before the first step; its thread may still change the weights.
    """

    def __init__(
        self, trainer: "Trainer", calls: CallbackCalls, *, each_epoch: bool, tell: Callable[[str], None]
    ) -> None:
        self._trainer, self._calls, self._tell = trainer, calls, tell
        self._planner = ChunkPlanner(trainer.batches, epochs=trainer.experiment.training.epochs)
        self._epochs = trainer.experiment.training.epochs
        self._length = ChunkLength(trainer.program.room)
        self._monitor = Monitor(trainer.experiment, validates=trainer.validates)
        validations = trainer.experiment.evaluation.every if trainer.validates else 0
        saves = trainer.experiment.training.checkpoint.every_epochs or 0
        samples = trainer.experiment.training.samples
        often = (validations, saves, self._monitor.every, samples.every_epochs if samples else 0)
        self._each_epoch = each_epoch
        self._stop_after = 1 if each_epoch else math.gcd(*often)
        self._step = 0
        self._validation_loss: float | None = None
        self._rate: float | None = None
        self._sums = EpochSums()
        self._divergence = Divergence(skips=trainer.experiment.training.on_non_finite == "skip_step")
        self.was_left = False

    @property
    def is_stopped(self) -> bool:
        """Whether a callback has stopped the training."""
        return bool(self._trainer.network.stop_training)

    @property
    def is_done(self) -> bool:
        """Whether every step has been taken, or no more is to be.

        A callback stops the training at the end of an epoch, also where it asked for that within one: how
        many steps a chunk has depends on the clock.
        """
        ends_epoch = not (self._each_epoch and self._planner.position[1])
        return self._planner.is_done or self._monitor.stops or (self.is_stopped and ends_epoch)

    @property
    def why_stopped(self) -> str:
        """Why no more steps are to be taken, as a sentence; empty where every step has been."""
        if self.is_stopped and not self._planner.is_done:
            return f"a callback stopped the training after epoch {self.epochs} of {self._epochs}"
        return self._monitor.why_stopped(self.epochs, kept=self._trainer.best().epoch)

    @property
    def epochs(self) -> int:
        """How many epochs have been finished."""
        return self._planner.position[0]

    @property
    def skipped(self) -> int:
        """How many steps were skipped."""
        return self._divergence.skipped

    def begin(self, interruption: Interruption) -> None:
        """Take the first step, which compiles the program; a signal meanwhile leaves it untaken."""
        position = self._planner.position
        self._begin_epoch()
        chunk, segments = self._planner.take(1, stop_after=0)
        records = self._trainer.compile(chunk, self._step, interruption)
        if records is None:
            self._planner.position, self.was_left = position, True
        else:
            self._fire(records, segments[0])

    def advance(self) -> Progress:
        """Run one chunk and fire the callbacks that it owes.

        Raises:
            TrainingError: a loss is not finite, or too many steps were skipped for that.
        """
        self._begin_epoch()
        begun = time.perf_counter()
        chunk, segments = self._planner.take(self._length.steps, stop_after=self._stop_after)
        records = self._trainer.run_chunk(chunk, self._step)
        seconds = time.perf_counter() - begun
        self._length.learn(len(records.losses), seconds)
        for segment in segments:
            self._fire(records, segment)
        return self._progress(records, segments[-1], seconds)

    def checkpoint(self) -> Checkpoint:
        """All that the steps to come depend on; their numbers decide shuffles and dropout.

        Raises:
            TrainingError: the weights are not finite.
        """
        callbacks, remembered = self._calls.snapshot()
        program = self._trainer.program.snapshot()
        check_finite(program, step=self._step)
        parts = {
            "program": program,
            "best_validation": self._trainer.validation_weights(),
            "callbacks": callbacks,
        }
        arrays = {f"{part}/{name}": array for part, own in parts.items() for name, array in own.items()}
        facts = Facts(
            step=self._step,
            position=self._planner.position,
            sums=self._sums.so_far,
            skipped=self._divergence.so_far,
            validation_loss=self._validation_loss,
            best_validation=self._trainer.validation_facts(),
            callbacks=remembered,
            data_sha256=self._trainer.corpus.sha256,
            settings=fixed_settings(self._trainer.experiment),
            stopped_of=self._epochs if self.is_stopped else 0,
        )
        return Checkpoint(arrays, facts)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            TrainingError: it is not one of this configuration.
        """
        facts = checkpoint.facts
        try:
            self._trainer.program.restore(checkpoint.part("program"))
            self._calls.restore(checkpoint.part("callbacks"), facts.callbacks)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise TrainingError(
                f"the checkpoint of step {facts.step} does not fit the configuration of its run; restore"
                " its config.yaml from a copy, or train anew"
            ) from error
        self._trainer.restore_validation(checkpoint.part("best_validation"), facts.best_validation)
        self._planner.position = facts.position
        self._step, self._validation_loss = facts.step, facts.validation_loss
        self._sums = EpochSums(*facts.sums)
        self._divergence.so_far = facts.skipped
        self._trainer.network.stop_training = facts.stopped_of == self._epochs
        for record in self._calls.epochs():
            self._monitor.add(record.epoch, record.loss, record.validation_loss)
        self._set_rate()

    def _begin_epoch(self) -> None:
        """Tell the callbacks if an epoch begins with the next step, for which what they set then holds."""
        epoch, place = self._planner.position
        if self._each_epoch and place == 0:
            self._calls.epoch_begins(epoch)

    def _fire(self, records: StepRecords, segment: Segment) -> None:
        """The callbacks of the steps of one epoch, and of its end."""
        batch = self._step % self._trainer.batches.steps
        if batch == 0:
            self._sums = EpochSums()
        self._divergence.check(records, segment, step=self._step)
        steps = slice(segment.begin, segment.end)
        self._calls.steps(batch, records.losses[steps], records.accuracies[steps])
        self._sums.add(records, steps)
        self._step += segment.end - segment.begin
        if segment.ends_epoch:
            loss, accuracy = self._sums.means()
            held_out = self._trainer.validate(segment.epoch)
            self._validation_loss = held_out.get("val_loss", self._validation_loss)
            figures = {"loss": loss, "accuracy": accuracy, **held_out}
            self._calls.epoch_ends(segment.epoch, figures, rate=self._last_rate())
            lowered = self._monitor.add(segment.epoch + 1, loss, held_out.get("val_loss"))
            if lowered and not self.is_done:
                self._set_rate()
                self._tell(lowered)

    def _last_rate(self) -> float:
        """The learning rate of the last step that was taken; the optimizer does not count skipped ones."""
        if self._rate is None or self._each_epoch or self._trainer.is_scheduled:
            self._rate = self._trainer.rate_of(max(self._step - self._divergence.skipped - 1, 0))
        return self._rate

    def _set_rate(self) -> None:
        """Lower the learning rate to what the losses so far have left of it."""
        if self._monitor.rate_left is not None:
            self._trainer.lower_rate(self._monitor.rate_left)

    def _progress(self, records: StepRecords, last: Segment, seconds: float) -> Progress:
        sums = EpochSums()
        sums.add(records, slice(last.begin, last.end))
        loss, accuracy = sums.means()
        rate, steps = len(records.losses) / seconds, self._trainer.steps
        return Progress(
            epoch=last.epoch + 1,
            step=self._step,
            steps=steps,
            loss=loss,
            accuracy=accuracy,
            validation_loss=self._validation_loss,
            steps_per_second=rate,
            seconds_left=(steps - self._step) / rate,
        )


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
