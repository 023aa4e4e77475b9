"""The training loop: from a configuration and its data to the best weights."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import make_batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.splits import Splits
from rnnlab.engines.steps import Chunk, StepRecords
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel, Weights
from rnnlab.training.building import borrow_program
from rnnlab.training.callbacks import CallbackCalls
from rnnlab.training.checkpoints import Checkpoint
from rnnlab.training.facts import BestEpoch
from rnnlab.training.interruption import Interruption
from rnnlab.training.loop import Progress, TrainingLoop
from rnnlab.training.schedules import is_scheduled, lower_rate, rate_of
from rnnlab.training.validation import Validation


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
        program: its compiled steps.
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
        self._validation = Validation(held_out, corpus, experiment) if held_out else None
        built = borrow_program(self, experiment, corpus, self.batches, track_best=held_out is None)
        self.network, self._optimizer, self.program = built.network, built.optimizer, built.program
        self.compile_seconds = 0.0
        self._best_validation: Best | None = None

    def best(self) -> Best:
        """The best weights so far."""
        if self._best_validation:
            return self._best_validation
        if self._validation is not None or self.program.best_epoch < 0:
            return Best(self.program.weights(), 0, math.nan, "train")
        program = self.program
        return Best(program.best_weights(), program.best_epoch + 1, program.best_loss, "train")

    def best_model(self) -> TrainedModel:
        """The best weights so far, with all that using them needs."""
        return self._model(self.best().weights)

    def current_model(self) -> TrainedModel:
        """The same with a copy of the weights as they are."""
        return self._model(self.program.weights())

    def train(
        self,
        callbacks: Sequence[Any],
        *,
        each_epoch: bool,
        interruption: Interruption,
        report: Callable[[Progress], None] = lambda _: None,
        save: Callable[[TrainingLoop], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
        start: Checkpoint | None = None,
    ) -> TrainingLoop:
        """Train until no step is left, a callback stops it, or a signal has come; where it then stands.

        Args:
            callbacks: Keras callbacks; they see the true loss of each batch, after the chunk that it is in.
            each_epoch: whether no chunk may pass an epoch's end, so that callbacks see that epoch's weights.
            interruption: looked at after each chunk.
            report: called after each chunk but the first, whose time is mostly compilation.
            save: called after each chunk.
            tell: is told in a sentence when the learning rate falls.
            start: where to go on from; None begins anew.

        Raises:
            TrainingError: the loss is no longer a number, or the checkpoint is of another training.
        """
        calls = CallbackCalls(callbacks, self.network, self._optimizer)
        calls.train_begins()
        loop = TrainingLoop(self, calls, each_epoch=each_epoch, tell=tell)
        if start:
            loop.restore(start)
        if not loop.is_done:
            loop.begin(interruption)
        while not (loop.is_done or interruption.signal_number):
            report(loop.advance())
            save(loop)
        calls.train_ends()
        return loop

    def compile(self, chunk: Chunk, first_step: int, interruption: Interruption) -> StepRecords | None:
        """Take the first steps, which compiles the program; None if a signal comes meanwhile."""
        begun = time.perf_counter()
        records = interruption.run(lambda: self.program.train(chunk, first_step=first_step))
        self.compile_seconds = time.perf_counter() - begun
        return records

    def run_chunk(self, chunk: Chunk, first_step: int) -> StepRecords:
        """Take steps, the first of which has a number."""
        return self.program.train(chunk, first_step=first_step)

    def validate(self, epoch: int) -> dict[str, float]:
        """Validation loss and accuracy of the weights as they are, if due; remembers the best."""
        if self._validation is None or (epoch + 1) % self.experiment.evaluation.every:
            return {}
        loss, accuracy = self._validation.measure(self.program)
        if loss < (self._best_validation.loss if self._best_validation else math.inf):
            self._best_validation = Best(self.program.weights(), epoch + 1, loss, "validation")
        return {"val_loss": loss, "val_accuracy": accuracy}

    def lower_rate(self, left: float) -> None:
        """Have a plateau schedule leave a share of the learning rate, 0 to 1, from the next step on."""
        lower_rate(self._optimizer, left)

    def rate_of(self, step: int) -> float:
        """The learning rate of an optimizer step, counted from 0, as the optimizer is now."""
        return rate_of(self._optimizer, step)

    @property
    def is_scheduled(self) -> bool:
        """Whether the learning rate changes without a callback."""
        return is_scheduled(self._optimizer)

    @property
    def validates(self) -> bool:
        """Whether a part of the data is held out for validation."""
        return self._validation is not None

    def validation_weights(self) -> Weights:
        """The weights of the epoch with the lowest validation loss so far; none before the first."""
        return self._best_validation.weights if self._best_validation else {}

    def validation_facts(self) -> BestEpoch | None:
        """Number and loss of that epoch."""
        best = self._best_validation
        return BestEpoch(epoch=best.epoch, loss=best.loss) if best else None

    def restore_validation(self, weights: Weights, facts: BestEpoch | None) -> None:
        """Take an epoch for the one with the lowest validation loss so far."""
        self._best_validation = Best(weights, facts.epoch, facts.loss, "validation") if facts else None

    def _model(self, weights: Weights) -> TrainedModel:
        tokens = self.corpus.vocabulary.tokens
        return TrainedModel(self.experiment, tokens, weights, self.corpus.sha256)
