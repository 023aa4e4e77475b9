"""Waiting for a loss to fall."""

import math


class Patience:
    """Counts the measurements of a loss since it last fell.

    Args:
        patience: how many of them in a row are borne.
        min_delta: a loss has fallen if it is lower by more than this, nats per token.

    Attributes:
        best: the loss when it last fell, nats per token; infinite before any that is a number.
        epoch: the epoch of that loss, from 1; 0 before it.
        waited: how many measurements there have been since, or since the counting began anew.
    """

    def __init__(self, patience: int, min_delta: float) -> None:
        self._patience, self._min_delta = patience, min_delta
        self.best, self.epoch, self.waited = math.inf, 0, 0

    @property
    def is_over(self) -> bool:
        """Whether the loss has not fallen for too long."""
        return self.waited >= self._patience

    def add(self, epoch: int, loss: float) -> None:
        """Take note of the loss of an epoch, from 1; one that is no number has not fallen."""
        if loss < self.best - self._min_delta:
            self.best, self.epoch, self.waited = loss, epoch, 0
        else:
            self.waited += 1

    def complaint(self, noun: str) -> str:
        """What the loss has not done, in words that follow its name.

        Args:
            noun: what a measurement is called.
        """
        last = f"last {self.waited} {noun}s" if self.waited > 1 else f"last {noun}"
        if not self.epoch:
            return f"has not been finite in the {last}"
        margin = f" by more than {self._min_delta:g}" if self._min_delta else ""
        return f"has not fallen{margin} below {self.best:.4g}, that of epoch {self.epoch}, in the {last}"

    def begin_anew(self) -> None:
        """Count from here, for a loss lower than the best so far."""
        self.waited = 0
