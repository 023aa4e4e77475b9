"""The training loop: from a configuration and its data to the best weights.

What training needs before its first step: the network with drawn weights, its optimizer, the program.

Compiling a program takes seconds. The last one whose owner is gone is kept, and serves whoever comes with a
configuration that differs only in what surrounds the steps: the next fold of a cross-validation, say.
"""

import json
import math
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import Batches, make_batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.splits import Splits
from rnnlab.engines.steps import Chunk, StepRecords
from rnnlab.engines.tensorflow.data import TokenData
from rnnlab.engines.tensorflow.forward import ForwardPass
from rnnlab.engines.tensorflow.program import TrainingProgram
from rnnlab.engines.tensorflow.start import cpu_cores
from rnnlab.models.architecture import architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel, Weights
from rnnlab.models.network import build_network, named_weights
from rnnlab.training.callbacks import CallbackCalls
from rnnlab.training.checkpoints import Checkpoint
from rnnlab.training.facts import BestEpoch
from rnnlab.training.interruption import Interruption
from rnnlab.training.loop import Progress, TrainingLoop
from rnnlab.training.schedules import begin_schedule, is_scheduled, lower_rate, optimizer_of, rate_of
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


SURROUNDING = ("epochs", "early_stopping", "checkpoint", "samples", "tensorboard")
"""Settings of the section `training` that no step depends on."""


@dataclass(frozen=True)
class Built:
    """A network and what trains it.

    Attributes:
        network: the `keras.Model`.
        optimizer: the Keras optimizer.
        program: what trains the one with the other.
        initial: each variable of the network and the optimizer, with its value before the first step.
    """

    network: Any
    optimizer: Any
    program: TrainingProgram
    initial: list[tuple[Any, Any]]

    def reset(self, total_steps: int) -> None:
        """Be as if newly built, for a training of so many steps."""
        for variable, value in self.initial:
            variable.assign(value)
        begin_schedule(self.optimizer, total_steps)
        self.program.reset()


_idle: dict[str, Built] = {}


def borrow_program(
    owner: object, experiment: Experiment, corpus: Corpus, batches: Batches, *, track_best: bool
) -> Built:
    """A network with freshly drawn weights and what trains it, the owner's for as long as it lives."""
    settings = experiment.model_dump(mode="json")
    for name in SURROUNDING:
        del settings["training"][name]
    key = json.dumps([settings, corpus.sha256, corpus.vocabulary.tokens, batches.lanes, track_best])
    built = _idle.pop(key, None) or _build(experiment, corpus, batches, track_best=track_best)
    built.reset(batches.steps * experiment.training.epochs)
    weakref.finalize(owner, _give_back, key, built).atexit = False
    return built


def _give_back(key: str, built: Built) -> None:
    """Keep a program for the next who needs it; only one, since it holds its corpus."""
    _idle.clear()
    _idle[key] = built


def _build(experiment: Experiment, corpus: Corpus, batches: Batches, *, track_best: bool) -> Built:
    dataset, training = experiment.dataset, experiment.training
    architecture = architecture_of(experiment, len(corpus.vocabulary))
    table = encoding_table(dataset.encoding, corpus.vocabulary.tokens)
    last_only = dataset.target == "next"
    network = build_network(
        architecture, table, window=dataset.window, last_only=last_only, random_seed=training.random_seed
    )
    optimizer = optimizer_of(training, total_steps=1)
    program = TrainingProgram(
        ForwardPass(architecture, table, last_only=last_only),
        named_weights(network),
        optimizer,
        TokenData(
            corpus.ids,
            _sequence_starts(corpus),
            dataset.window,
            last_only,
            starts_count=corpus.has_boundaries,
        ),
        lanes=batches.lanes,
        dropout_seed=training.random_seed,
        label_smoothing=training.label_smoothing,
        track_best=track_best,
        skips=training.on_non_finite == "skip_step",
        chains_lanes=experiment.regime == "stateful_windows",
        cores=cpu_cores(),
    )
    variables = [*network.trainable_variables, *optimizer.variables]
    return Built(network, optimizer, program, [(variable, variable.numpy()) for variable in variables])


def _sequence_starts(corpus: Corpus) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """Whether each token is the first of its sequence, (S,); None where only the corpus' first token is."""
    if len(corpus.starts) <= 1:
        return None
    is_start = np.zeros(len(corpus.ids), bool)
    is_start[corpus.starts] = True
    return is_start
