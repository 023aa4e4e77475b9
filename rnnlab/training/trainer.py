"""The parts that the training loop uses: network, optimizer, compiled program, and validation set."""

import time

from rnnlab.engines.tensorflow.data import Chunk, StepRecords
from rnnlab.models.model_file import TrainedModel, TrainedTask
from rnnlab.training.best_epoch import Best, BestEpochChoice
from rnnlab.training.interruption import Interruption
from rnnlab.training.problem import TrainingProblem, borrow_program


class Trainer:
    """A network, its data and its optimizer, ready to train.

    Args:
        problem: what is trained.

    Attributes:
        network: the `keras.Model`.
        optimizer: the Keras optimizer.
        program: the compiled program that takes the steps.
        steps: number of steps of the whole training.
        compile_seconds: duration of the first chunk, which has one step and compiles the program, unless an
            earlier trainer has compiled it.
        chosen: the best epoch so far.
    """

    def __init__(self, problem: TrainingProblem) -> None:
        self.problem, self.experiment, self.batches = problem, problem.experiment, problem.batches
        self.steps = self.batches.steps * problem.experiment.training.epochs
        self._built = borrow_program(self, problem)
        built = self._built
        self.network, self.optimizer, self.program = built.network, built.optimizer, built.program
        self.compile_seconds = 0.0
        self.chosen = BestEpochChoice(self.program, validates=self.validates)

    @property
    def validates(self) -> bool:
        """Whether there is a validation set."""
        return self.problem.validates

    def compile(self, chunk: Chunk, first_step: int, interruption: Interruption) -> StepRecords | None:
        """Compile the program, and train on the first chunk; return its figures, or None on a signal."""

        def compile_and_train() -> StepRecords:
            self.program.compile()
            return self.program.train(chunk, first_step=first_step)

        begun = time.perf_counter()
        records = interruption.run(compile_and_train)
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
        if not self.validates or (epoch + 1) % self.experiment.evaluation.every:
            return {}
        loss, accuracy = self.problem.measure(self.program)
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
        return self.problem.model(self.best().weights)

    def current_model(self) -> TrainedModel | TrainedTask:
        """Return the model with a copy of the current weights."""
        return self.problem.model(self.program.weights())
