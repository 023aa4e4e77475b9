"""What is done about numbers that are no longer finite: training stops, or goes on without the step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.steps import StepRecords
from rnnlab.errors import TrainingError
from rnnlab.training.chunks import Segment

MOST_SKIPPED = 100
"""After so many skipped steps in a row training stops: none of those to come would be taken either."""

_REMEDY = "try a lower training.optimizer.learning_rate, or global_clipnorm: 1.0 beside it"


class Divergence:
    """Watches the losses, and the weights that are saved.

    Args:
        skips: whether the program skips steps that are not finite, as `on_non_finite: skip_step` has it.

    Attributes:
        skipped: how many steps have been skipped.
    """

    def __init__(self, *, skips: bool) -> None:
        self._skips, self.skipped, self._in_a_row = skips, 0, 0

    @property
    def so_far(self) -> tuple[int, int]:
        """What has been counted."""
        return self.skipped, self._in_a_row

    @so_far.setter
    def so_far(self, counts: tuple[int, int]) -> None:
        self.skipped, self._in_a_row = counts

    def check(self, records: StepRecords, segment: Segment, *, step: int) -> None:
        """Count the steps that were skipped.

        Args:
            records: of a chunk.
            segment: the steps of one epoch in it.
            step: how many steps were taken before them.

        Raises:
            TrainingError: a loss is not finite and its step was not skipped, or too many were.
        """
        taken = np.flatnonzero(records.taken[segment.begin : segment.end])
        count = segment.end - segment.begin
        self.skipped += count - len(taken)
        self._in_a_row = count - 1 - int(taken[-1]) if len(taken) else self._in_a_row + count
        losses = records.losses[segment.begin : segment.end]
        if self._in_a_row >= MOST_SKIPPED:
            last = step + count
            raise TrainingError(
                f"the last {self._in_a_row} steps were skipped, to step {last} (epoch {segment.epoch + 1}):"
                f" their losses, or the weights after them, are not finite (the last loss: {losses[-1]});"
                f" {_REMEDY}"
            )
        wrong = np.flatnonzero(~np.isfinite(losses))
        if len(wrong) and not self._skips:
            first = step + wrong[0] + 1
            raise TrainingError(
                f"the loss became {losses[wrong[0]]} at step {first} (epoch {segment.epoch + 1});"
                f" {_REMEDY}; or training.on_non_finite: skip_step"
            )


def check_finite(arrays: Mapping[str, NDArray[Any]], *, step: int) -> None:
    """Refuse to save weights, or an optimizer, that are not finite.

    Args:
        arrays: by name.
        step: how many steps have been taken.

    Raises:
        TrainingError: the first that are not.
    """
    for name, array in arrays.items():
        if name.startswith(("weights/", "optimizer/")) and not np.isfinite(array).all():
            raise TrainingError(
                f"{name} is no longer finite after step {step}, though every loss until then was; {_REMEDY}"
            )
