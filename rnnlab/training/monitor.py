"""The loss that chooses the best weights, and what else hangs on it.

All of it follows from the losses of the epochs so far. The history has them, and is in every checkpoint: so a
training that is resumed is told of them again, and stands where it stood, also with another patience.
"""

import math

from rnnlab.config.schema import Experiment
from rnnlab.training.patience import Patience


class Monitor:
    """Watches the validation loss, or the training loss where nothing is held out.

    Args:
        experiment: the configuration.
        validates: whether something is held out.
    """

    def __init__(self, experiment: Experiment, *, validates: bool) -> None:
        training = experiment.training
        self._validates, self._every = validates, experiment.evaluation.every if validates else 1
        self._epochs, self._settings = training.epochs, training.early_stopping
        self._stopping = Patience(**dict(training.early_stopping)) if training.early_stopping else None

    @property
    def every(self) -> int:
        """Epochs between two measurements that something hangs on; 0 where nothing does."""
        return self._every if self._stopping else 0

    @property
    def stops(self) -> bool:
        """Whether training is to end."""
        return self._stopping is not None and self._stopping.is_over

    def add(self, epoch: int, loss: float | None, validation_loss: float | None) -> None:
        """Take note of an epoch, from 1, and its losses; None stands for one that is no number."""
        if epoch % self._every:
            return
        monitored = validation_loss if self._validates else loss
        if self._stopping:
            self._stopping.add(epoch, math.nan if monitored is None else monitored)

    def why_stopped(self, epoch: int, *, kept: int) -> str:
        """Why training ends, as a sentence; empty where nothing ends it before its last epoch.

        Args:
            epoch: how many epochs have been finished.
            kept: the epoch whose weights are kept.
        """
        if not (self._stopping and self._settings and self.stops) or epoch >= self._epochs:
            return ""
        waited, last = self._stopping.waited, self._stopping.epoch
        margin = f" by more than {self._settings.min_delta:g}" if self._settings.min_delta else ""
        fallen = (
            f"fallen{margin} below {self._stopping.best:.4g}, that of epoch {last},"
            if last
            else "been finite"
        )
        return (
            f"stopped early, after epoch {epoch} of {self._epochs}:"
            f" the {'validation' if self._validates else 'training'} loss has not {fallen} in {waited}"
            f" {'validation' if self._validates else 'epoch'}{'s' * (waited > 1)};"
            f" the weights of epoch {kept} are kept"
        )
