"""The parts that the training loop uses: network, optimizer, compiled program, and validation set."""

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.data import Chunk, StepRecords
from rnnlab.engines.tensorflow.update import Snapshot
from rnnlab.models.model_file import TrainedModel, TrainedTask
from rnnlab.training.best_epoch import Best, BestEpochChoice
from rnnlab.training.distribution.parcels import Parcel
from rnnlab.training.distribution.workers import ALONE, Workers
from rnnlab.training.interruption import Interruption
from rnnlab.training.problem import TrainingProblem, borrow_program


class Trainer:
    """A network, its data and its optimizer, ready to train.

    Args:
        problem: what is trained.
        workers: the workers that train it.

    Attributes:
        network: the `keras.Model`.
        optimizer: the Keras optimizer.
        program: the compiled program that takes the steps.
        steps: number of steps of the whole training.
        compile_seconds: duration of the first chunk, which has one step and compiles the program, unless an
            earlier trainer has compiled it.
        chosen: the best epoch so far.
    """

    def __init__(self, problem: TrainingProblem, workers: Workers = ALONE) -> None:
        self.workers = workers
        self.problem, self.experiment, self.batches = problem, problem.experiment, problem.batches
        self.steps = self.batches.steps * problem.experiment.training.epochs
        self._built = borrow_program(self, problem, workers.share)
        built = self._built
        self.network, self.optimizer, self.program = built.network, built.optimizer, built.program
        self.compile_seconds = 0.0
        self.chosen = BestEpochChoice(self.program, validates=self.validates)

    @property
    def validates(self) -> bool:
        """Whether there is a validation set."""
        return self.problem.validates

    def compile(self, chunk: Chunk, first_step: int, interruption: Interruption) -> StepRecords | None:
        """Compile the program, and train on the first chunk; return its figures, or None on a signal.

        Several workers do not leave the first chunk: they heed the signal after it.
        """

        def compile_and_train() -> StepRecords:
            self.program.compile()
            return self.program.train(chunk, first_step=first_step)

        begun = time.perf_counter()
        if self._is_alone:
            records = interruption.run(compile_and_train)
        else:
            chunk = self._chained(chunk)
            records = self.workers.run(compile_and_train)
        self.compile_seconds = time.perf_counter() - begun
        return records

    def run_chunk(self, chunk: Chunk, first_step: int) -> StepRecords:
        """Train on the steps of a chunk; return their figures.

        Args:
            chunk: the steps.
            first_step: number of the chunk's first step since training began, from 0.
        """
        if self._is_alone:
            return self.program.train(chunk, first_step=first_step)
        chained = self._chained(chunk)
        return self.workers.run(lambda: self.program.train(chained, first_step=first_step))

    def validate(self, epoch: int) -> dict[str, float]:
        """Measure the validation set if this is due; keep the weights if its loss is the lowest so far.

        Args:
            epoch: the epoch that has ended, from 0.

        Returns:
            `val_loss` in nats per token and `val_accuracy`; empty if nothing was measured.
        """
        if not self.validates or (epoch + 1) % self.experiment.evaluation.every:
            return {}
        loss, accuracy = self._measured()
        self.chosen.add(epoch + 1, loss)
        return {"val_loss": loss, "val_accuracy": accuracy}

    def best(self) -> Best:
        """Return the best epoch so far; if there is none, the current weights with epoch 0."""
        return self.chosen.best()

    def load(self, epoch: int) -> None:
        """Put the data of an epoch, from 0, on the device, if each epoch has data of its own."""
        self.problem.load(self._built, epoch)

    def best_model(self) -> TrainedModel | TrainedTask:
        """Return the model with the weights of the best epoch so far."""
        best = self.best()
        return replace(self.problem.model(best.weights), epoch=best.epoch)

    def current_model(self) -> TrainedModel | TrainedTask:
        """Return the model with a copy of the current weights."""
        return self.problem.model(self.program.weights())

    def snapshot(self) -> Snapshot:
        """Return a snapshot of the program, with the state of the lanes of all workers; the chief needs it.

        All workers must call this at the same place of the training.
        """
        own = self.program.snapshot()
        if self._is_alone:
            return own
        lanes = self.program.own_lanes
        states = {name: array[:, lanes] for name, array in own.items() if name.startswith("state/")}
        every = self.workers.gathered("state", Parcel("", {"lanes": [lanes.start, lanes.stop]}, states))
        for parcel in every[1:]:
            for name, array in parcel.arrays.items():
                own[name][:, slice(*parcel.facts["lanes"])] = array
        return own

    @property
    def _is_alone(self) -> bool:
        """Whether there is one worker."""
        return self.workers.share.count == 1

    def _measured(self) -> tuple[float, float]:
        """Return loss and accuracy of the validation set, which the chief measures for all workers."""

        def measure() -> Parcel:
            return Parcel(
                "", dict(zip(("loss", "accuracy"), self.problem.measure(self.program), strict=True))
            )

        figures = self.workers.shared("validation", measure).facts
        return figures["loss"], figures["accuracy"]

    def _chained(self, chunk: Chunk) -> Chunk:
        """If an epoch of windows with a carried state begins, chain the lanes across the workers.

        Return the chunk that is left to do: within it, no epoch begins.
        """
        if not (self.program.chains_lanes and chunk.fresh[0]):
            return chunk
        arrays = {str(number): part for number, part in enumerate(self.program.last_lane)}
        every = self.workers.gathered("last lanes", Parcel("", {}, arrays))
        joined = self.workers.shared("chained", lambda: _lanes_before(every))
        rank = self.workers.share.rank
        self.program.chain_lanes([joined.arrays[name][rank] for name in arrays])
        return replace(chunk, fresh=np.zeros_like(chunk.fresh))


def _lanes_before(every: list[Parcel]) -> Parcel:
    """Return for each worker the last lane of the one before, (workers, H, 1) a part; the first has zeros."""

    def moved(name: str) -> NDArray[np.float32]:
        lanes = [parcel.arrays[name] for parcel in every]
        return np.stack([np.zeros_like(lanes[0]), *lanes[:-1]])

    return Parcel("", {}, {name: moved(name) for name in every[0].arrays})
