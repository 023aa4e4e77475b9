"""What a training trains: the interface of a problem, and the programs that problems are compiled to.

`TokenProblem` predicts the next token of a corpus; `ExampleProblem` predicts the targets of examples.

Compiling a program takes seconds. When the owner of a program is deleted, the program is kept, and the next
owner uses it again if its problem has the same key. So the folds of a cross-validation without a carried
state share one program.
"""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.training import Training
from rnnlab.engines.tensorflow.collective import Share
from rnnlab.engines.tensorflow.mirrors import Mirror, mirrored
from rnnlab.engines.tensorflow.objective import Objective
from rnnlab.engines.tensorflow.program import TrainingProgram
from rnnlab.models.model_file import TrainedModel, TrainedTask, Weights
from rnnlab.training.chunks import EpochBatches
from rnnlab.training.optimizers import begin_schedule


class TrainingProblem(Protocol):
    """The data, the network, and what each training step computes."""

    @property
    def experiment(self) -> Experiment | TaskExperiment:
        """The configuration."""

    @property
    def data_sha256(self) -> str:
        """Digest of the data."""

    @property
    def batches(self) -> EpochBatches:
        """The batches that training reads."""

    @property
    def validates(self) -> bool:
        """Whether there is a validation set."""

    @property
    def has_fresh_data(self) -> bool:
        """Whether each epoch reads data of its own, so that no chunk may have steps of two epochs."""

    def key(self) -> str:
        """Return all settings on which the compiled program depends, as text."""

    def build(self, share: Share) -> "Built":
        """Return the network with initial weights, its optimizer, and the compiled program of a worker."""

    def load(self, built: "Built", epoch: int) -> None:
        """Put the data of an epoch, from 0, on the device, if each epoch has data of its own."""

    def measure(self, program: TrainingProgram) -> tuple[float, float]:
        """Return (cross-entropy in nats per target, accuracy) of the validation set."""

    def model(self, weights: Weights) -> TrainedModel | TrainedTask:
        """Return the model with these weights."""


SURROUNDING = ("epochs", "early_stopping", "checkpoint", "samples", "snapshots", "tensorboard")
"""Settings of the section `training` that no step depends on."""


def settings_of_steps(experiment: Experiment | TaskExperiment) -> dict[str, Any]:
    """Return the settings of an experiment without those that no step depends on."""
    settings = experiment.model_dump(mode="json")
    for name in SURROUNDING:
        del settings["training"][name]
    settings["dataset"].pop("keep", None)  # what the run folder keeps
    return settings


def mirrors_of(training: Training, make: Callable[[], Sequence[Objective]]) -> list[Mirror]:
    """Return the other devices that compute, if `training.distribute` asks for several.

    Args:
        training: the section `training`.
        make: returns the objectives, with the data on the device on which it is called.
    """
    settings = training.distribute
    return mirrored(make) if settings and settings.strategy == "mirrored" else []


@dataclass(frozen=True)
class Built:
    """A network with its optimizer and its compiled program.

    Attributes:
        network: the `keras.Model`.
        optimizer: the Keras optimizer.
        program: trains the network with the optimizer.
        initial: each variable of the network and the optimizer, with its value before the first step.
        data: the examples on each device, if each epoch has its own; else empty.
    """

    network: Any
    optimizer: Any
    program: TrainingProgram
    initial: list[tuple[Any, Any]]
    data: Sequence[Any] = ()

    def reset(self, total_steps: int) -> None:
        """Set variables and program to their values before the first step; set the length of the schedule."""
        for variable, value in self.initial:
            variable.assign(value)
        begin_schedule(self.optimizer, total_steps)
        self.program.reset()


_idle: dict[str, Built] = {}
"""The program that no owner uses, if there is one, by the settings that its steps depend on."""


def borrow_program(owner: object, problem: TrainingProblem, share: Share) -> Built:
    """Return a network with initial weights, its optimizer and its program; free them with the owner.

    A program of several workers is never used again: all of them would have to keep the same one.
    """
    key = problem.key()
    is_whole = share.count == 1
    built = (_idle.pop(key, None) if is_whole else None) or problem.build(share)
    built.reset(problem.batches.steps * problem.experiment.training.epochs)
    if is_whole:
        weakref.finalize(owner, _give_back, key, built).atexit = False
    return built


def _give_back(key: str, built: Built) -> None:
    """Keep a program for the next owner, and delete the one before: each holds its corpus in memory."""
    _idle.clear()
    _idle[key] = built
