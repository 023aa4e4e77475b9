"""When a training is saved, so that saving costs next to nothing."""

import time

from rnnlab.config.checkpoint import Checkpoints

LARGEST_SHARE = 0.01
"""Of the time, at most so much goes into saves that come by the clock."""


class SaveClock:
    """Says when the next save is due.

    Args:
        settings: the section `training.checkpoint`.
        epochs: how many epochs had been finished when the training went on.
    """

    def __init__(self, settings: Checkpoints, *, epochs: int) -> None:
        self._settings = settings
        self._saved_at, self._cost, self._epochs = time.monotonic(), 0.0, epochs

    def is_due(self, epochs: int) -> bool:
        """Whether to save, with so many epochs finished."""
        if self._settings.every_epochs is not None:
            return epochs - self._epochs >= self._settings.every_epochs
        wanted = max(self._settings.every_seconds or 0.0, self._cost / LARGEST_SHARE)
        return time.monotonic() - self._saved_at >= wanted

    def saved(self, seconds: float, epochs: int) -> None:
        """Take note of a save: what it took, and how many epochs had been finished."""
        self._saved_at, self._cost, self._epochs = time.monotonic(), seconds, epochs
