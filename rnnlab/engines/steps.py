"""What goes into a training program and what comes out: steps that follow one another, and their figures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Chunk:
    """Training steps that follow one another.

    Attributes:
        starts: first token of each lane at each step, (B, N).
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
    """Steps that are measured and not trained on.

    Attributes:
        starts: first token of each lane at each step, (B, N).
        counts: how many targets of each lane count at each step, (B, N).
        anew: whether each step starts from a zero state.
    """

    starts: NDArray[np.integer[Any]]
    counts: NDArray[np.integer[Any]]
    anew: bool


@dataclass(frozen=True)
class StepRecords:
    """What steps measured on their own batches, before each update; (B,) each.

    Attributes:
        losses: mean cross-entropy, nats per token.
        correct: targets that were the most probable token.
        counted: targets that counted; 0 where the step was skipped.
    """

    losses: NDArray[np.float32]
    correct: NDArray[np.float32]
    counted: NDArray[np.float32]

    @property
    def taken(self) -> NDArray[np.bool_]:
        """Whether the step was taken, and not skipped, (B,)."""
        return self.counted > 0

    @property
    def accuracies(self) -> NDArray[np.float32]:
        """The share of correct targets, (B,); NaN where the step was skipped."""
        nowhere = np.full_like(self.correct, np.nan)
        return np.divide(self.correct, self.counted, out=nowhere, where=self.taken)
