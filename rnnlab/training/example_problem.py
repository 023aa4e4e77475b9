"""The problem of predicting the targets of examples: labels, tags, or sequences."""

import json
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.contradictions import MOST_ACTIVATIONS
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.buckets import BucketBatches, Shape, bucket_of, bucket_shapes, cut_into_batches
from rnnlab.datasets.examples import Examples
from rnnlab.engines.tensorflow.collective import Share
from rnnlab.engines.tensorflow.data import MeasuredSteps
from rnnlab.engines.tensorflow.examples import ExampleData
from rnnlab.engines.tensorflow.objective import ExampleObjective
from rnnlab.engines.tensorflow.program import TrainingProgram
from rnnlab.engines.tensorflow.start import cpu_cores
from rnnlab.engines.tensorflow.task_forward import TaskForward
from rnnlab.errors import ConfigError, count_of
from rnnlab.models.model_file import TrainedTask, Weights
from rnnlab.models.task_architecture import CHARACTER_SIZE, Vocabularies, task_architecture_of
from rnnlab.models.task_network import build_task_network, named_task_weights
from rnnlab.training.chunks import EpochSums
from rnnlab.training.optimizers import optimizer_of
from rnnlab.training.problem import Built, mirrors_of, settings_of_steps

MEASURED_LANES = 128
"""Most examples that are measured at once: the figures do not depend on `training.batch_size`."""

MEASURED_BUCKETS = 2
"""Largest number of buckets of the validation set: they too take seconds to compile."""

LEAST_SAVED = 1.5e10
"""Fewest floating-point operations of an epoch that a further bucket must save: so that ten epochs save about
the ten seconds in which two cores compile it."""

Lengths = tuple[NDArray[np.int64], NDArray[np.int64]]


class ExampleProblem:
    """The targets of examples.

    Args:
        experiment: the configuration.
        examples: the examples, with the parts train and, if there is one, validation.
        of_epoch: returns the training examples of an epoch, from 0, if each epoch has its own; None if all
            epochs read the part train.
        largest: most tokens of an input and of a target that `of_epoch` returns; None without it.

    Attributes:
        experiment: the configuration.
        examples: the examples.
        sizes: numbers of tokens.
        architecture: the layers of the network.
        batches: the batches that training reads.

    Raises:
        ConfigError: the network has too many weights, or a batch is too large for memory.
    """

    def __init__(
        self,
        experiment: TaskExperiment,
        examples: Examples,
        of_epoch: Callable[[int], Examples] | None = None,
        largest: tuple[int, int] | None = None,
    ) -> None:
        self.experiment, self.examples = experiment, examples
        characters = len(examples.words.spelled.tokens) if examples.words else 0
        self.sizes = Vocabularies(len(examples.inputs.tokens), len(examples.targets.tokens), characters)
        self.architecture = task_architecture_of(experiment, self.sizes)
        self._fresh = FreshExamples(of_epoch, largest or (1, 0)) if of_epoch else None
        self._train = examples.parts["train"]
        self._held_out = examples.parts.get("validation", np.empty(0, np.int64))
        self.batches = BucketBatches(
            self._lengths_of_epoch,
            None if of_epoch else self._train,
            self._shapes(largest),
            lanes=experiment.training.batch_size,
            random_seed=experiment.training.random_seed,
        )
        self._check_memory()
        inputs, targets = self._lengths(examples)
        # without a validation set there is nothing to measure
        held_out = (inputs[self._held_out], targets[self._held_out])
        self._measured = self.batches.shapes
        if self.validates:
            least = 3 * self._least_saved()  # a third of the operations: without the gradients
            self._measured = bucket_shapes(*held_out, most=MEASURED_BUCKETS, least_saved=least)

    @property
    def data_sha256(self) -> str:
        """Digest of the data."""
        return self.examples.sha256

    @property
    def validates(self) -> bool:
        """Whether there is a validation set."""
        return len(self._held_out) > 0

    @property
    def has_fresh_data(self) -> bool:
        """Whether each epoch reads examples of its own."""
        return self._fresh is not None

    def key(self) -> str:
        """Return all settings on which the compiled program depends, as text."""
        examples, importance = self.examples, self._importance()
        vocabularies = [examples.inputs.tokens, examples.targets.tokens]
        if examples.words:
            vocabularies.append(examples.words.spelled.tokens)
        settings = {
            "settings": settings_of_steps(self.experiment),
            "data": examples.sha256,
            "tokens": [each.tokens for each in vocabularies],
            "shapes": [self.batches.shapes, self._measured],
            "steps": self._mean_steps(),
            "importance": None if importance is None else importance.tolist(),
            "validates": self.validates,
        }
        return json.dumps(settings)

    def build(self, share: Share) -> Built:
        """Return the network with initial weights, its optimizer, and the compiled program of a worker."""
        training, task = self.experiment.training, self.experiment.task
        network = build_task_network(self.architecture, random_seed=training.random_seed)
        optimizer, forward = optimizer_of(training, total_steps=1), TaskForward(self.architecture)
        held = ExampleData(self.examples, task, label_row=self.sizes.targets)
        importance = self._importance()
        copies: list[ExampleData] = []

        def objectives() -> list[ExampleObjective]:
            copies.append(self._read_in_training() if self._fresh or copies else held)
            return [ExampleObjective(forward, copies[-1], shape, importance) for shape in self.batches.shapes]

        program = TrainingProgram(
            objectives(),
            named_task_weights(network),
            optimizer,
            measured=[ExampleObjective(forward, held, shape) for shape in self._measured],
            lanes=self.batches.lanes,
            tokens=self.batches.lanes * self._mean_steps(),
            dropout_seed=training.random_seed,
            label_smoothing=training.label_smoothing,
            track_best=not self.validates,
            skips=training.on_non_finite == "skip_step",
            cores=cpu_cores(),
            share=share,
            mirrors=mirrors_of(training, objectives),
        )
        variables = [*network.trainable_variables, *optimizer.variables]
        initial = [(variable, variable.numpy()) for variable in variables]
        return Built(network, optimizer, program, initial, copies if self._fresh else ())

    def load(self, built: Built, epoch: int) -> None:
        """Put the examples of an epoch on the device, if each epoch has its own and they are not there yet.

        `built.data` notes the epoch: a program that is used again may have the examples of another one.
        """
        for data in built.data:
            if self._fresh and data.epoch != epoch:
                data.replace(self._fresh.of(epoch), epoch)

    def measure(self, program: TrainingProgram) -> tuple[float, float]:
        """Return (cross-entropy in nats per target, accuracy) of the validation set; NaN without one."""
        numbers, sums = self._held_out, EpochSums()
        inputs, targets = self._lengths(self.examples)
        buckets = bucket_of(inputs[numbers], targets[numbers], self._measured)
        for bucket, shape in enumerate(self._measured):
            own = numbers[buckets == bucket]
            if len(own):
                lanes = min(MEASURED_LANES, max(MOST_ACTIVATIONS // self._values(shape), 1))
                steps = MeasuredSteps((cut_into_batches(own, lanes),), anew=True, objective=bucket)
                sums.add(program.measure(steps)[0])
        return sums.means()

    def model(self, weights: Weights) -> TrainedTask:
        """Return the model with these weights."""
        words = self.examples.words
        return TrainedTask(
            self.experiment,
            self.examples.inputs.tokens.tokens,
            self.examples.targets.tokens.tokens,
            words.spelled.tokens.tokens if words else (),
            weights,
            self.examples.sha256,
        )

    def _read_in_training(self) -> ExampleData:
        """Return the examples that training reads, on this device: all, or those of the first epoch."""
        task, label_row = self.experiment.task, self.sizes.targets
        if not self._fresh:
            return ExampleData(self.examples, task, label_row=label_row)
        first = self._fresh.of(0)
        capacity = self._fresh.capacity(len(first))
        return ExampleData(first, task, label_row=label_row, capacity=capacity)

    def _lengths(self, examples: Examples) -> Lengths:
        """Return the number of tokens of the input and of the decoder's target of each example, (K,) each."""
        inputs, targets = examples.inputs.lengths, examples.targets.lengths
        if self.architecture.decoder is None:
            targets = np.zeros_like(targets)
        return inputs, targets

    def _lengths_of_epoch(self, epoch: int) -> Lengths:
        """Return the lengths of the training examples of an epoch, (K,) each."""
        if self._fresh:
            return self._lengths(self._fresh.of(epoch))
        inputs, targets = self._lengths(self.examples)
        return inputs[self._train], targets[self._train]

    def _shapes(self, largest: tuple[int, int] | None) -> tuple[Shape, ...]:
        """Return the shapes of the buckets, which hold every training example of every epoch."""
        shapes = bucket_shapes(*self._lengths_of_epoch(0), least_saved=self._least_saved())
        if largest is None:
            return shapes
        inputs, targets = shapes[-1]
        if self.architecture.decoder:
            targets = max(targets, largest[1])
        return (*shapes[:-1], (max(inputs, largest[0]), targets))

    def _least_saved(self) -> float:
        """Return the fewest time steps that a further bucket must save; it does not depend on the epochs.

        A time step takes about six operations for each weight that is multiplied: two of them forwards, and
        four for the gradients.
        """
        spelled = self.architecture.characters
        times = {layer.name: self._longest_word for layer in (spelled[1].in_order if spelled else ())}
        multiplied = sum(
            layer.parameters * times.get(layer.name, 1)
            for layer in self.architecture.layers
            if "embeddings" not in layer.weights
        )
        return LEAST_SAVED / (6 * multiplied)

    def _mean_steps(self) -> int:
        """Return the mean number of time steps of an example in its bucket."""
        buckets = bucket_of(*self._lengths_of_epoch(0), self.batches.shapes)
        steps = np.array([sum(shape) for shape in self.batches.shapes])
        return max(round(float(steps[buckets].mean())), 1)

    def _importance(self) -> NDArray[np.float32] | None:
        """Return the factor of each label in the loss, (L,); None without `training.class_weights`.

        A label that no training example has gets the factor of a label that one example has; no step uses it.
        """
        if self.experiment.training.class_weights == "none":
            return None
        labels = self.examples.targets.ids[self.examples.targets.offsets[:-1][self._train]]
        counts = np.bincount(labels, minlength=self.sizes.targets)
        factors = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return factors.astype(np.float32)

    def _values(self, shape: Shape) -> int:
        """Return how many values the largest array of a step has for each example: one layer's outputs.

        Args:
            shape: most tokens of an input, and of a target.
        """
        architecture, (inputs, targets) = self.architecture, shape
        # a one-hot vector is only written out if inputs are dropped
        drops = max(architecture.dropout.inputs, architecture.decoder_dropout.inputs) > 0
        widest = max(layer.units for layer in architecture.layers if layer.weights or drops)
        values = [max(inputs, targets + 1) * widest]
        if architecture.attention:
            values.append(inputs * (targets + 1))
        if self.examples.words:  # every word is read character by character
            values.append(inputs * self._longest_word * CHARACTER_SIZE)
        return max(values)

    @property
    def _longest_word(self) -> int:
        """Number of characters of the longest word; 1 if the model does not read characters."""
        words = self.examples.words
        return int(words.spelled.lengths.max(initial=1)) if words else 1

    def _check_memory(self) -> None:
        """Refuse a batch with too many outputs of a layer, logits, or weights of the attention."""
        lanes, (inputs, targets) = self.batches.lanes, self.batches.shapes[-1]
        values = self._values((inputs, targets))
        if lanes * values > MOST_ACTIVATIONS:
            most = MOST_ACTIVATIONS // values
            remedy = f"set it to {most:,} or less" if most else "leave the longest examples out"
            raise ConfigError(
                f"training.batch_size: with examples of up to {count_of(max(inputs, targets), 'token')}, a"
                f" batch has {lanes * values:,} outputs of a layer, expected at most {MOST_ACTIVATIONS:,};"
                f" {remedy}"
            )


class FreshExamples:
    """The training examples of each epoch; those of the latest epoch are kept.

    Args:
        of_epoch: returns the training examples of an epoch, from 0.
        largest: most tokens of an input and of a target.
    """

    def __init__(self, of_epoch: Callable[[int], Examples], largest: tuple[int, int]) -> None:
        self._of_epoch, self._largest = of_epoch, largest
        self._epoch, self._latest = 0, of_epoch(0)

    def of(self, epoch: int) -> Examples:
        """Return the training examples of an epoch, from 0."""
        if self._epoch != epoch:
            self._epoch, self._latest = epoch, self._of_epoch(epoch)
        return self._latest

    def capacity(self, count: int) -> tuple[int, int, int]:
        """Return numbers of examples, input tokens and target tokens that no epoch exceeds.

        Args:
            count: number of examples of an epoch.
        """
        inputs, targets = self._largest
        return count, count * inputs, count * max(targets, 1)
