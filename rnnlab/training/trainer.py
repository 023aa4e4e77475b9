"""The parts that the training loop uses: network, optimizer, compiled program, and validation set.

Compiling a program takes seconds. When a `Trainer` is deleted, its program is kept, and the next `Trainer`
uses the program again if it has the same corpus and the same settings that a step depends on. So the folds of
a cross-validation without a carried state share one program.
"""

import json
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from rnnlab.config.optimizer import learning_rate
from rnnlab.config.schema import Experiment, FittedExperiment, Training
from rnnlab.datasets.batches import Batches, make_batches, reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.splits import Splits
from rnnlab.engines.tensorflow.data import Chunk, MeasuredSteps, StepRecords, TokenData
from rnnlab.engines.tensorflow.forward import ForwardPass
from rnnlab.engines.tensorflow.program import TrainingProgram
from rnnlab.engines.tensorflow.start import cpu_cores
from rnnlab.models.architecture import architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel, Weights
from rnnlab.models.network import build_network, named_weights
from rnnlab.training.best_epoch import Best, BestEpochChoice
from rnnlab.training.chunks import EpochSums
from rnnlab.training.interruption import Interruption

if TYPE_CHECKING:
    from rnnlab.datasets.side_by_side import LanePiece, Parts


class Trainer:
    """A network, its data and its optimizer, ready to train.

    Args:
        experiment: the configuration.
        corpus: the data.
        splits: the parts of the data: train, and validation if there is one.

    Attributes:
        experiment: the configuration.
        corpus: the data.
        architecture: the layers of the network.
        batches: the batches of an epoch.
        steps: number of steps of the whole training.
        network: the `keras.Model`.
        optimizer: the Keras optimizer.
        program: the compiled program that takes the steps.
        compile_seconds: duration of the first chunk, which has one step, and compiles the program unless an
            earlier trainer did; 0 before.
        chosen: keeps the best epoch so far.

    Raises:
        DataError: a part of the data is too short.
        ConfigError: `architecture_of` refuses the network.
    """

    def __init__(self, experiment: FittedExperiment, corpus: Corpus, splits: Splits) -> None:
        self.experiment, self.corpus = experiment, corpus
        self.architecture = architecture_of(experiment, len(corpus.vocabulary))
        self.batches = make_batches(splits.parts["train"], corpus, experiment)
        self.steps = self.batches.steps * experiment.training.epochs
        held_out = splits.parts.get("validation")
        self._validation = Validation(held_out, corpus, experiment) if held_out else None
        built = borrow_program(self, experiment, corpus, self.batches, track_best=held_out is None)
        self.network, self.optimizer, self.program = built.network, built.optimizer, built.program
        self.compile_seconds = 0.0
        self.chosen = BestEpochChoice(self.program, validates=self.validates)

    @property
    def validates(self) -> bool:
        """Whether there is a validation set."""
        return self._validation is not None

    def compile(self, chunk: Chunk, first_step: int, interruption: Interruption) -> StepRecords | None:
        """Train on the first chunk, which compiles the program; return its figures, or None on a signal."""
        begun = time.perf_counter()
        records = interruption.run(lambda: self.program.train(chunk, first_step=first_step))
        self.compile_seconds = time.perf_counter() - begun
        return records

    def run_chunk(self, chunk: Chunk, first_step: int) -> StepRecords:
        """Train on the steps of a chunk; return their figures.

        Args:
            chunk: the steps.
            first_step: number of the chunk's first step since training began, from 0.
        """
        return self.program.train(chunk, first_step=first_step)

    def validate(self, epoch: int) -> dict[str, float]:
        """Measure the validation set if this is due; keep the weights if its loss is the lowest so far.

        Args:
            epoch: the epoch that has ended, from 0.

        Returns:
            `val_loss` in nats per token and `val_accuracy`; empty if nothing was measured.
        """
        if self._validation is None or (epoch + 1) % self.experiment.evaluation.every:
            return {}
        loss, accuracy = self._validation.measure(self.program)
        self.chosen.add(epoch + 1, loss)
        return {"val_loss": loss, "val_accuracy": accuracy}

    def best(self) -> Best:
        """Return the best epoch so far; if there is none, the current weights with epoch 0."""
        return self.chosen.best()

    def best_model(self) -> TrainedModel:
        """Return the model with the weights of the best epoch so far."""
        return self._model(self.best().weights)

    def current_model(self) -> TrainedModel:
        """Return the model with a copy of the current weights."""
        return self._model(self.program.weights())

    def _model(self, weights: Weights) -> TrainedModel:
        tokens = self.corpus.vocabulary.tokens
        return TrainedModel(self.experiment, tokens, weights, self.corpus.sha256)


class Validation:
    """Measures a part of the data with the compiled program; `evaluate` measures the same with NumPy.

    The figures depend only on the weights, not on earlier measurements or on `training.batch_size`.

    Args:
        part: the part to measure.
        corpus: the data.
        experiment: the configuration.

    Raises:
        DataError: the part has no target.
    """

    def __init__(self, part: Part, corpus: Corpus, experiment: Experiment) -> None:
        self._order = reading_order(part, corpus, experiment)

    def measure(self, program: TrainingProgram) -> tuple[float, float]:
        """Return (cross-entropy in nats per token, accuracy) over every target of the part."""
        from rnnlab.datasets.side_by_side import read_side_by_side  # noqa: PLC0415 (only for a validation set)

        def read(piece: "LanePiece", before: "Parts | None") -> tuple[StepRecords, "Parts"]:
            steps = MeasuredSteps(piece.starts, piece.counts, anew=piece.anew)
            return program.measure(steps, before)

        pieces, _ = read_side_by_side(self._order, read)
        sums = EpochSums()
        for records in pieces:
            sums.add(records)
        return sums.means()


SURROUNDING = ("epochs", "early_stopping", "checkpoint", "samples", "tensorboard")
"""Settings of the section `training` that the compiled program does not contain."""


@dataclass(frozen=True)
class Built:
    """A network with its optimizer and its compiled program.

    Attributes:
        network: the `keras.Model`.
        optimizer: the Keras optimizer.
        program: trains the network with the optimizer.
        initial: each variable of the network and the optimizer, with its value before the first step.
    """

    network: Any
    optimizer: Any
    program: TrainingProgram
    initial: list[tuple[Any, Any]]

    def reset(self, total_steps: int) -> None:
        """Set variables and program to their values before the first step; set the length of the schedule."""
        for variable, value in self.initial:
            variable.assign(value)
        begin_schedule(self.optimizer, total_steps)
        self.program.reset()


_idle: dict[str, Built] = {}
"""The program that no owner uses, if there is one, by the settings that its steps depend on."""


def borrow_program(
    owner: object, experiment: Experiment, corpus: Corpus, batches: Batches, *, track_best: bool
) -> Built:
    """Return a network with initial weights, its optimizer and its program.

    When the owner is deleted, they are kept for the next owner.
    """
    settings = experiment.model_dump(mode="json")
    for name in SURROUNDING:
        del settings["training"][name]
    key = json.dumps([settings, corpus.sha256, corpus.vocabulary.tokens, batches.lanes, track_best])
    built = _idle.pop(key, None) or _build(experiment, corpus, batches, track_best=track_best)
    built.reset(batches.steps * experiment.training.epochs)
    weakref.finalize(owner, _give_back, key, built).atexit = False
    return built


def _give_back(key: str, built: Built) -> None:
    """Keep a program for the next owner, and delete the one before: each holds its corpus in memory."""
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
    """Whether each token is the first of its sequence, (S,); None if the corpus is one sequence."""
    if len(corpus.starts) <= 1:
        return None
    is_start = np.zeros(len(corpus.ids), bool)
    is_start[corpus.starts] = True
    return is_start


CLASSES = {
    name.lower(): getattr(keras.optimizers, name)
    for name in ("Adadelta", "Adagrad", "Adam", "Adamax", "AdamW", "Lion", "Nadam", "RMSprop", "SGD")
}


def begin_schedule(optimizer: Any, total_steps: int) -> None:
    """Start the schedule of an optimizer, if there is one, for a training of `total_steps` steps."""
    schedule = optimizer._learning_rate
    if isinstance(schedule, Schedule):
        schedule.set_total(total_steps)
        schedule.leave(1.0)


def lower_rate(optimizer: Any, left: float) -> None:
    """Set the factor of an optimizer's plateau schedule to `left`, 0 to 1, from the next step on."""
    optimizer._learning_rate.leave(left)


def is_scheduled(optimizer: Any) -> bool:
    """Whether the learning rate of an optimizer follows a schedule; a plateau schedule is one too."""
    return isinstance(optimizer._learning_rate, Schedule)


def rate_of(optimizer: Any, step: int) -> float:
    """Return the learning rate of a step, counted from 0, with the current state of the optimizer."""
    rate = optimizer._learning_rate
    return rate.at(step) if isinstance(rate, Schedule) else float(rate.value.numpy())


def optimizer_of(training: Training, *, total_steps: int) -> Any:
    """Return the Keras optimizer that a section `training` describes.

    Args:
        training: the section.
        total_steps: number of optimizer steps of the whole training, for the schedule.
    """
    settings = training.optimizer.model_dump(exclude={"name"}, exclude_none=True)
    if training.schedule.kind != "constant" or training.schedule.warmup:
        settings["learning_rate"] = Schedule(
            settings["learning_rate"], training.schedule.model_dump(), total_steps=total_steps
        )
    return CLASSES[training.optimizer.name](**settings)


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of `rnnlab.config.optimizer` in the form that Keras' optimizers call.

    Attributes:
        total: number of optimizer steps of the whole training; a variable, so that a compiled program can be
            used again.
        left: factor of a plateau schedule, 0 to 1; a variable, which is set between two steps.
    """

    def __init__(self, learning_rate: float, settings: dict[str, Any], *, total_steps: int) -> None:
        self.learning_rate, self.settings = learning_rate, settings
        self.total = keras.Variable(float(total_steps), trainable=False, dtype="float32", name="total_steps")
        self.left = keras.Variable(1.0, trainable=False, dtype="float32", name="left")
        self._total, self._left = float(total_steps), 1.0  # copies, since reading a variable takes 50 µs

    def set_total(self, total_steps: int) -> None:
        """Set the number of steps of the whole training."""
        self.total.assign(total_steps)
        self._total = float(total_steps)

    def leave(self, left: float) -> None:
        """Set the factor of the plateau schedule, 0 to 1, from the next step on."""
        self.left.assign(left)
        self._left = left

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step, counted from 0, as a tensor."""
        done, total = keras.ops.cast(step, "float32"), keras.ops.convert_to_tensor(self.total)
        left = keras.ops.convert_to_tensor(self.left) if self.settings["kind"] == "plateau" else 1.0
        return learning_rate(
            keras.ops, done, peak=self.learning_rate, schedule=self.settings, total=total, left=left
        )

    def at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0, computed with NumPy."""
        peak, total, left = self.learning_rate, self._total, self._left
        return float(
            learning_rate(np, float(step), peak=peak, schedule=self.settings, total=total, left=left)
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        return {
            "learning_rate": self.learning_rate,
            "settings": self.settings,
            "total_steps": int(self._total),
        }
