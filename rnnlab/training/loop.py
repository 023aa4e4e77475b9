"""The training loop: plan a chunk of steps, run it, fire callbacks, validate, save; from any step on.

`TrainingLoop.run` has these events in order: the callbacks of the steps come first; where an epoch ends, the
validation, and then the callbacks of the epoch. The other methods are its parts, or handle checkpoints.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from rnnlab.engines.tensorflow.data import StepRecords
from rnnlab.errors import TrainingError
from rnnlab.runs.progress import Progress
from rnnlab.training.best_epoch import Best
from rnnlab.training.callbacks import CallbackCalls
from rnnlab.training.checkpoints import Checkpoint
from rnnlab.training.chunks import ChunkLength, ChunkPlanner, EpochSums, Segment
from rnnlab.training.distribution.workers import Decision, agreed
from rnnlab.training.facts import BestEpoch, Facts, fixed_settings
from rnnlab.training.history import LossHistory
from rnnlab.training.interruption import Interruption
from rnnlab.training.optimizers import is_scheduled, lower_rate, rate_of
from rnnlab.training.snapshots import snapshot_epochs
from rnnlab.training.stopping import Divergence, Monitor, check_finite
from rnnlab.training.trainer import Trainer


class TrainingLoop:
    """A training and its state: the next step, the sums of the epoch, and the state of the callbacks.

    Args:
        trainer: the network, its data and its optimizer.
        callbacks: Keras callbacks; they receive the loss of each batch after the chunk of this batch.
        each_epoch: whether no chunk has steps of two epochs, so that callbacks see the weights of each epoch.
        interruption: notes signals; the loop reads it after each chunk.
        report: called after each chunk but the first, whose time is mostly compilation.
        save: called after `report`.
        keep: called with the number of each epoch whose weights `training.snapshots` keeps, at the end of
            the epoch, before `save`.
        tell: receives a sentence when the learning rate is lowered.

    Attributes:
        was_left: whether a signal came during the first chunk; its thread may still change the weights.
    """

    def __init__(
        self,
        trainer: Trainer,
        callbacks: Sequence[Any] = (),
        *,
        each_epoch: bool = False,
        interruption: Interruption | None = None,
        report: Callable[[Progress], None] = lambda _: None,
        save: Callable[["TrainingLoop"], None] = lambda _: None,
        keep: Callable[[int], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._trainer, self._each_epoch = trainer, each_epoch
        self._interruption = interruption or Interruption()
        self._report, self._save, self._keep, self._tell = report, save, keep, tell
        self._calls = CallbackCalls(callbacks, trainer.network, trainer.optimizer)
        self._history = next((each for each in callbacks if isinstance(each, LossHistory)), None)
        training = trainer.experiment.training
        self._epochs = training.epochs
        self._snapshots = frozenset(snapshot_epochs(training.epochs, training.snapshots))
        self._planner = ChunkPlanner(trainer.batches, epochs=training.epochs, stop_at=self._snapshots)
        self._length = ChunkLength(trainer.program.room)
        self._monitor = Monitor(trainer.experiment, validates=trainer.validates)
        self._divergence = Divergence(skips=training.on_non_finite == "skip_step")
        validations = trainer.experiment.evaluation.every if trainer.validates else 0
        saves = training.checkpoint.every_epochs or 0
        samples = training.samples.every_epochs if training.samples else 0
        chains = trainer.program.chains_lanes and trainer.workers.share.count > 1
        each_epoch = each_epoch or trainer.problem.has_fresh_data or chains
        self._stop_after = 1 if each_epoch else math.gcd(validations, saves, self._monitor.every, samples)
        self._step, self._sums = 0, EpochSums()
        self._validation_loss: float | None = None
        self._rate: float | None = None
        self.was_left = False

    def run(self, start: Checkpoint | None = None) -> None:
        """Train until no step is left, a callback or early stopping ends the training, or a signal has come.

        Args:
            start: the checkpoint to continue from; None starts with the first step.

        Raises:
            TrainingError: a loss is not finite, too many steps in a row were skipped, a callback raised an
                exception, or the checkpoint does not fit.
        """
        self._calls.train_begins()
        if start:
            self.restore(start)
        is_compiled, is_alone = False, self._trainer.workers.share.count == 1
        while not self.is_done:
            # plan a chunk: the first has one step, later ones as many as take about a quarter of a second
            epoch, place = position = self._planner.position
            if self._each_epoch and place == 0:
                self._calls.epoch_begins(epoch)
            begun = time.perf_counter()
            self._trainer.load(epoch)
            chunk, segments = self._planner.take(self._length.steps, stop_after=self._stop_after)

            # run it; the first chunk compiles the program; on a signal meanwhile, its step does not count
            if is_compiled:
                records: StepRecords | None = self._trainer.run_chunk(chunk, self._step)
            else:
                records = self._trainer.compile(chunk, self._step, self._interruption)
            if records is None:
                self._planner.position, self.was_left = position, True
                break
            seconds = time.perf_counter() - begun

            # fire the callbacks, and validate where an epoch ends
            for segment in segments:
                self._end_steps(records, segment)
                if segment.ends_epoch:
                    self._end_epoch(segment.epoch, self._trainer.validate(segment.epoch))

            # save; a snapshot is written before a checkpoint of a later step
            if is_compiled:
                self._tell_progress(records, segments[-1], seconds)
            is_interrupted = self._agree()
            self._keep_snapshot()
            if is_compiled:
                self._save(self)
            is_compiled = True
            if is_interrupted or (is_alone and self._interruption.signal_number):
                break
        self._calls.train_ends()

    @property
    def is_stopped(self) -> bool:
        """Whether a callback has stopped the training."""
        return bool(self._trainer.network.stop_training)

    @property
    def is_done(self) -> bool:
        """Whether every step has been taken, or training is stopped.

        A callback that asks for a stop within an epoch stops the training at the end of the epoch, since the
        number of steps in a chunk depends on the clock.
        """
        ends_epoch = not (self._each_epoch and self._planner.position[1])
        return self._planner.is_done or self._monitor.stops or (self.is_stopped and ends_epoch)

    @property
    def why_stopped(self) -> str:
        """Why early stopping or a callback ended the training, as a sentence; else an empty text."""
        if self.is_stopped and not self._planner.is_done:
            return f"a callback stopped the training after epoch {self.epochs} of {self._epochs}"
        return self._monitor.why_stopped(self.epochs, kept=self._trainer.best().epoch)

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return self._planner.position[0]

    @property
    def step(self) -> int:
        """Number of steps taken."""
        return self._step

    @property
    def skipped(self) -> int:
        """Number of skipped steps."""
        return self._divergence.skipped

    def checkpoint(self) -> Checkpoint:
        """Return everything that the next steps depend on.

        It has no random state: shuffles and dropout depend only on the random seed and the epoch or step.

        Raises:
            TrainingError: a weight, or a number of the optimizer's state, is not finite.
        """
        best, (callbacks, remembered) = self._trainer.chosen.by_validation, self._calls.snapshot()
        program = self._trainer.snapshot()
        check_finite(program, step=self._step)
        parts = {
            "program": program,
            "best_validation": best.weights if best else {},
            "callbacks": callbacks,
        }
        arrays = {f"{part}/{name}": array for part, own in parts.items() for name, array in own.items()}
        facts = Facts(
            step=self._step,
            position=self._planner.position,
            sums=self._sums.so_far,
            skipped=self._divergence.so_far,
            validation_loss=self._validation_loss,
            best_validation=BestEpoch(epoch=best.epoch, loss=best.loss) if best else None,
            callbacks=remembered,
            data_sha256=self._trainer.problem.data_sha256,
            settings=fixed_settings(self._trainer.experiment),
            stopped_of=self._epochs if self.is_stopped else 0,
        )
        return Checkpoint(arrays, facts)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Set the state to that of a checkpoint; if no step is left to take, keep its epoch as the last one.

        Raises:
            TrainingError: the checkpoint does not fit this configuration.
        """
        facts = checkpoint.facts
        try:
            self._trainer.program.restore(checkpoint.part("program"))
            self._calls.restore(checkpoint.part("callbacks"), facts.callbacks)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise TrainingError(
                f"the checkpoint of step {facts.step} does not fit the configuration of its run; restore"
                " config.yaml of the run from a copy, or start a new training"
            ) from error
        weights, best = checkpoint.part("best_validation"), facts.best_validation
        kept = Best(weights, best.epoch, best.loss, "validation") if best else None
        self._trainer.chosen.by_validation = kept
        self._planner.position = facts.position
        self._step, self._validation_loss = facts.step, facts.validation_loss
        self._sums = EpochSums(*facts.sums)
        self._divergence.so_far = facts.skipped
        self._trainer.network.stop_training = facts.stopped_of == self._epochs
        for record in self._history.epochs if self._history else ():
            self._monitor.add(record.epoch, record.loss, record.validation_loss)
        self._set_rate()
        if self.is_done:
            self._keep_snapshot()

    def _agree(self) -> bool:
        """Agree with the other workers on how training goes on; return whether a signal ends it.

        A signal that comes later, during the save, ends the training of several workers after the next chunk.
        """
        own = Decision(self._interruption.signal_number, self.is_stopped, self._length.steps)
        decision = agreed(self._trainer.workers, own)
        if decision != own:
            self._interruption.signal_number = decision.signal_number
            self._trainer.network.stop_training = decision.stops
            self._length.steps = decision.steps
        return decision.signal_number > 0

    def _keep_snapshot(self) -> None:
        """Call `keep` if an epoch has just ended that `training.snapshots` keeps, or that is the last."""
        epoch, place = self._planner.position
        if self._snapshots and not place and (epoch in self._snapshots or self.is_done):
            self._keep(epoch)

    def _end_steps(self, records: StepRecords, segment: Segment) -> None:
        """Count the steps of a segment, and fire the callbacks for them.

        Raises:
            TrainingError: a loss is not finite, too many steps in a row were skipped, or a callback raised an
                exception.
        """
        batch = self._step % self._trainer.batches.steps
        if batch == 0:
            self._sums = EpochSums()
        self._divergence.check(records, segment, step=self._step)
        steps = slice(segment.begin, segment.end)
        self._calls.steps(batch, records.losses[steps], records.accuracies[steps])
        self._sums.add(records, steps)
        self._step += segment.end - segment.begin

    def _end_epoch(self, epoch: int, held_out: dict[str, float]) -> None:
        """Fire the callbacks at the end of an epoch; a plateau schedule may lower the learning rate.

        Args:
            epoch: number of the epoch, from 0.
            held_out: loss and accuracy of the validation set, if it was measured.
        """
        loss, accuracy = self._sums.means()
        self._validation_loss = held_out.get("val_loss", self._validation_loss)
        figures = {"loss": loss, "accuracy": accuracy, **held_out}
        self._calls.epoch_ends(epoch, figures, rate=self._last_rate())
        lowered = self._monitor.add(epoch + 1, loss, held_out.get("val_loss"))
        if lowered and not self.is_done:
            self._set_rate()
            self._tell(lowered)

    def _last_rate(self) -> float:
        """Return the learning rate of the last step that was not skipped."""
        optimizer = self._trainer.optimizer
        if self._rate is None or self._each_epoch or is_scheduled(optimizer):
            self._rate = rate_of(optimizer, max(self._step - self._divergence.skipped - 1, 0))
        return self._rate

    def _set_rate(self) -> None:
        """If the schedule is `plateau`, set the learning rate that follows from the losses so far."""
        if self._monitor.rate_left is not None:
            lower_rate(self._trainer.optimizer, self._monitor.rate_left)

    def _tell_progress(self, records: StepRecords, last: Segment, seconds: float) -> None:
        """Choose the length of the next chunk, and report the progress; see `_progress`."""
        self._length.learn(len(records.losses), seconds)
        self._report(self._progress(records, last, seconds))

    def _progress(self, records: StepRecords, last: Segment, seconds: float) -> Progress:
        """Return the progress after a chunk.

        Args:
            records: the records of the chunk.
            last: the last segment of the chunk.
            seconds: duration of the chunk.
        """
        sums = EpochSums()
        sums.add(records, slice(last.begin, last.end))
        loss, accuracy = sums.means()
        rate, steps = len(records.losses) / seconds, self._trainer.steps
        return Progress(
            epoch=last.epoch + 1,
            epochs=self._epochs,
            step=self._step,
            steps=steps,
            loss=loss,
            accuracy=accuracy,
            validation_loss=self._validation_loss,
            steps_per_second=rate,
            seconds_left=(steps - self._step) / rate,
        )
