"""The steps that a training program takes or measures, and the figures that it returns for them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Chunk:
    """Training steps that follow one another.

    Attributes:
        starts: place of each lane's first token in the corpus at each of B steps, (B, N).
        counts: how many targets of each lane count at each step, (B, N).
        fresh: whether the state is zeroed before the step, (B,).
        ends_epoch: whether the step is the last of its epoch, (B,).
    """

    starts: NDArray[np.integer[Any]]
    counts: NDArray[np.integer[Any]]
    fresh: NDArray[np.bool_]
    ends_epoch: NDArray[np.bool_]


@dataclass(frozen=True)
class MeasuredSteps:
    """Steps that are measured, without training on them.

    Attributes:
        starts: place of each lane's first token in the corpus at each of B steps, (B, N).
        counts: how many targets of each lane count at each step, (B, N).
        anew: whether each step starts from a zero state.
    """

    starts: NDArray[np.integer[Any]]
    counts: NDArray[np.integer[Any]]
    anew: bool


@dataclass(frozen=True)
class StepRecords:
    """The figures of B steps, each measured on its own batch before the update; (B,) each.

    Attributes:
        losses: mean cross-entropy, nats per token.
        correct: number of targets that were the most probable token.
        counted: number of targets that counted; 0 if the step was skipped.
    """

    losses: NDArray[np.float32]
    correct: NDArray[np.float32]
    counted: NDArray[np.float32]

    @property
    def taken(self) -> NDArray[np.bool_]:
        """Whether each step was taken, not skipped, (B,)."""
        return self.counted > 0

    @property
    def accuracies(self) -> NDArray[np.float32]:
        """The share of correct targets of each step, (B,); NaN if the step was skipped."""
        skipped = np.full_like(self.correct, np.nan)
        return np.divide(self.correct, self.counted, out=skipped, where=self.taken)
