"""The training loop: from a configuration and its data to the best weights."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import make_batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.splits import Splits
from rnnlab.engines.steps import StepRecords
from rnnlab.engines.tensorflow_start import quiet_stderr
from rnnlab.errors import TrainingError
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel, Weights
from rnnlab.training.building import borrow_program
from rnnlab.training.callbacks import CallbackCalls
from rnnlab.training.chunks import ChunkLength, ChunkPlanner, EpochSums, Segment, whole_epoch
from rnnlab.training.interruption import Interruption

SAVE_SECONDS = 10.0
"""How often, at most, the best weights are saved while training goes on."""


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


@dataclass(frozen=True)
class Best:
    """The epoch whose weights are kept: of lowest validation loss, or training loss if nothing is held out.

    Attributes:
        weights: at the end of that epoch.
        epoch: from 1; 0 where no epoch has ended.
        loss: in nats per token; NaN where no epoch has ended.
        monitored: `validation` or `train`.
    """

    weights: Weights
    epoch: int
    loss: float
    monitored: str


class Trainer:
    """A network, its data and its optimizer, ready to train.

    Args:
        experiment: the configuration.
        corpus: its data.
        splits: what of the data is trained on, and what is held out.

    Attributes:
        compile_seconds: what the first chunk took, which compiles the program and is one step long.

    Raises:
        DataError: a part of the data is too short.
        ConfigError: the network does not fit the vocabulary.
    """

    def __init__(self, experiment: Experiment, corpus: Corpus, splits: Splits) -> None:
        self.experiment, self.corpus = experiment, corpus
        self.architecture = architecture_of(experiment, len(corpus.vocabulary))
        self.batches = make_batches(splits.parts["train"], corpus, experiment)
        self.steps = self.batches.steps * experiment.training.epochs
        held_out = splits.parts.get("validation")
        self._validation = (
            whole_epoch(make_batches(held_out, corpus, experiment, shuffle=False)) if held_out else None
        )
        with quiet_stderr():
            built = borrow_program(self, experiment, corpus, self.batches, track_best=held_out is None)
        self.network, self._optimizer, self._program = built.network, built.optimizer, built.program
        self.compile_seconds = 0.0
        self._best_validation: Best | None = None

    def best(self) -> Best:
        """The best weights so far."""
        if self._best_validation:
            return self._best_validation
        if self._validation is not None or self._program.best_epoch < 0:
            return Best(self._program.weights(), 0, math.nan, "train")
        program = self._program
        return Best(program.best_weights(), program.best_epoch + 1, program.best_loss, "train")

    def best_model(self) -> TrainedModel:
        """The best weights so far, with all that using them needs."""
        tokens = self.corpus.vocabulary.tokens
        return TrainedModel(self.experiment, tokens, self.best().weights, self.corpus.sha256)

    def train(
        self,
        callbacks: Sequence[Any],
        *,
        each_epoch: bool,
        report: Callable[[Progress], None],
        save: Callable[[], None],
        interruption: Interruption,
    ) -> None:
        """Train until every epoch is done, a callback stops it, or a signal has come.

        Args:
            callbacks: Keras callbacks; they see the true loss of each batch, after the chunk that it is in.
            each_epoch: whether no chunk may pass an epoch's end, so that callbacks see that epoch's weights.
            report: called after each chunk but the first, whose time is mostly compilation.
            save: called now and then while training goes on, not at its end.
            interruption: looked at after each chunk.

        Raises:
            TrainingError: the loss is no longer a number.
        """
        calls = CallbackCalls(callbacks, self.network, self._optimizer)
        calls.list.on_train_begin()
        loop = _Loop(self, calls, each_epoch=each_epoch)
        begun = saved = time.monotonic()
        loop.advance()
        self.compile_seconds = time.monotonic() - begun
        while not (loop.planner.is_done or interruption.signal_number or self.network.stop_training):
            report(loop.advance())
            if time.monotonic() - saved > SAVE_SECONDS:
                save()
                saved = time.monotonic()
        calls.list.on_train_end()

    def run_chunk(self, planner: ChunkPlanner, most_steps: int, stop_after: int, step: int) -> Any:
        """Take the next steps: their records, and which epochs they belong to."""
        chunk, segments = planner.take(most_steps, stop_after=stop_after)
        with quiet_stderr():
            return self._program.train(chunk, first_step=step), segments

    def validate(self, epoch: int) -> dict[str, float]:
        """Validation loss and accuracy of the weights as they are, if due; remembers the best."""
        if self._validation is None or (epoch + 1) % self.experiment.evaluation.every:
            return {}
        sums = EpochSums()
        with quiet_stderr():
            sums.add(self._program.measure(self._validation))
        loss, accuracy = sums.means()
        if self._best_validation is None or loss < self._best_validation.loss:
            self._best_validation = Best(self._program.weights(), epoch + 1, loss, "validation")
        return {"val_loss": loss, "val_accuracy": accuracy}

    @property
    def validates(self) -> bool:
        """Whether a part of the data is held out for validation."""
        return self._validation is not None

    @property
    def room(self) -> int:
        """How many steps a chunk can have."""
        return self._program.room


class _Loop:
    """The state of one call of `Trainer.train`."""

    def __init__(self, trainer: Trainer, calls: CallbackCalls, *, each_epoch: bool) -> None:
        self.trainer, self.calls = trainer, calls
        self.planner = ChunkPlanner(trainer.batches, epochs=trainer.experiment.training.epochs)
        self.length = ChunkLength(trainer.room)
        self.stop_after = 1 if each_epoch else trainer.experiment.evaluation.every if trainer.validates else 0
        self.step = 0
        self.validation_loss: float | None = None
        self.sums = EpochSums()

    def advance(self) -> Progress:
        """Run one chunk and fire the callbacks that it owes."""
        begun = time.perf_counter()
        records, segments = self.trainer.run_chunk(
            self.planner, self.length.steps, self.stop_after, self.step
        )
        seconds = time.perf_counter() - begun
        self.length.learn(len(records.losses), seconds)
        for segment in segments:
            self._fire(records, segment)
        return self._progress(records, segments[-1], seconds)

    def _fire(self, records: StepRecords, segment: Segment) -> None:
        """The callbacks of the steps of one epoch, and of its end."""
        batch = self.step % self.trainer.batches.steps
        if batch == 0:
            self.calls.list.on_epoch_begin(segment.epoch)
            self.sums = EpochSums()
        _check_finite(records, segment, self.step)
        steps = slice(segment.begin, segment.end)
        accuracies = records.correct[steps] / records.counted[steps]
        self.calls.steps(batch, records.losses[steps], accuracies)
        self.sums.add(records, steps)
        self.step += segment.end - segment.begin
        if segment.ends_epoch:
            loss, accuracy = self.sums.means()
            held_out = self.trainer.validate(segment.epoch)
            self.validation_loss = held_out.get("val_loss", self.validation_loss)
            self.calls.list.on_epoch_end(segment.epoch, {"loss": loss, "accuracy": accuracy, **held_out})

    def _progress(self, records: StepRecords, last: Segment, seconds: float) -> Progress:
        sums = EpochSums()
        sums.add(records, slice(last.begin, last.end))
        loss, accuracy = sums.means()
        rate = len(records.losses) / seconds
        left = (self.trainer.steps - self.step) / rate
        return Progress(
            last.epoch + 1, self.step, self.trainer.steps, loss, accuracy, self.validation_loss, rate, left
        )


def _check_finite(records: StepRecords, segment: Segment, step: int) -> None:
    """Refuse to go on from a loss that is not a number."""
    losses = records.losses[segment.begin : segment.end]
    wrong = np.flatnonzero(~np.isfinite(losses))
    if len(wrong):
        raise TrainingError(
            f"the loss became {losses[wrong[0]]} at step {step + wrong[0] + 1} (epoch {segment.epoch + 1});"
            " try a lower training.optimizer.learning_rate, or global_clipnorm: 1.0 beside it"
        )
