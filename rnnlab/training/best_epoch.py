"""The best epoch of a training, whose weights are kept.

It is the epoch of the lowest validation loss. Without a validation set it is the epoch of the lowest score:
the larger of its own training loss and that of the next epoch. The compiled program then keeps the weights,
in `BestWeights` of `engines/tensorflow/update.py`. The number of the epoch is written into the model file:
lists, reports and notebooks name this epoch. `best_epoch` of `runs/history.py` applies the same rule to the
history of a run whose model file does not name its epoch.
"""

import math
from dataclasses import dataclass

from rnnlab.engines.tensorflow.program import TrainingProgram
from rnnlab.models.model_file import Weights


@dataclass(frozen=True)
class Best:
    """The best epoch, by the validation loss, or by the training losses without a validation set.

    Attributes:
        weights: the weights at the end of that epoch; the current weights if there is no best epoch.
        epoch: number of the epoch, from 1; 0 if there is no best epoch.
        loss: loss of the epoch, nats per token; NaN if there is no best epoch.
        monitored: `validation` or `train`; `train` if there is no best epoch.
    """

    weights: Weights
    epoch: int
    loss: float
    monitored: str


class BestEpochChoice:
    """Chooses the best epoch.

    Args:
        program: the compiled program, which has the current weights.
        validates: whether there is a validation set.

    Attributes:
        by_validation: the epoch of lowest validation loss so far; None before the first finite loss.
    """

    def __init__(self, program: TrainingProgram, *, validates: bool) -> None:
        self._program, self._validates = program, validates
        self.by_validation: Best | None = None

    def add(self, epoch: int, validation_loss: float) -> None:
        """Keep the current weights if the validation loss is the lowest so far.

        Args:
            epoch: number of the epoch that has ended, from 1.
            validation_loss: nats per token.
        """
        if validation_loss < (self.by_validation.loss if self.by_validation else math.inf):
            self.by_validation = Best(self._program.weights(), epoch, validation_loss, "validation")

    def best(self) -> Best:
        """Return the best epoch so far; if there is none, the current weights with epoch 0."""
        if self.by_validation:
            return self.by_validation
        program = self._program
        if self._validates or program.best_epoch < 0:
            return Best(program.weights(), 0, math.nan, "train")
        return Best(program.best_weights(), program.best_epoch + 1, program.best_loss, "train")
