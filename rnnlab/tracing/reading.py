"""Which tokens a network reads, in which order, and where from a zero state: as its training did."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.errors import count_of

Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class TraceInput:
    """T time steps over S tokens.

    Attributes:
        places: (T,) which token each step reads, from 0.
        starts: (T,) whether the state is zero before the step.
        counted: (T,) whether training counts what the step predicts.
        begins: (T,) whether the step is the first of a window, or of all.
        note: what the user should know, a sentence; empty if nothing.
    """

    places: NDArray[np.int64]
    starts: Flags
    counted: Flags
    begins: Flags
    note: str = ""

    def __len__(self) -> int:
        """T."""
        return len(self.places)


def reading_of(tokens: int, experiment: Experiment, *, runs_on: bool) -> TraceInput:
    """How S tokens are read.

    stream             one after another, and the state runs on
    windows            in windows one after another, each from a zero state
    stateful windows   window after window, each one token further, and the state runs on

    Args:
        tokens: S.
        experiment: of the model.
        runs_on: read them as a stream, whatever the model was trained with.
    """
    window, all_count = experiment.dataset.window, experiment.dataset.target == "shifted"
    places = np.arange(tokens)
    if experiment.regime == "stream" or runs_on or tokens <= window:
        counted, first = all_count | (places >= window - 1), places == 0
        return TraceInput(places, first, counted, first, _on_length(tokens, experiment, runs_on))
    if experiment.regime == "windows":
        first, counted = places % window == 0, all_count | (places % window == window - 1)
        note = (
            f"cut into windows of {count_of(window, 'token')}, each from a zero state, as in training;"
            " the option run-on does not"
        )
        return TraceInput(places, first, counted, first, note)
    places = (np.arange(tokens - window + 1)[:, None] + np.arange(window)).ravel()
    steps = np.arange(len(places))
    counted = all_count | (steps % window == window - 1)
    note = (
        f"read as in training: window after window of {count_of(window, 'token')}, each one token further,"
        " the state runs on; the option run-on reads each token once"
    )
    return TraceInput(places, steps == 0, counted, steps % window == 0, note)


def with_boundaries(reading: TraceInput, ids: NDArray[np.integer[Any]], boundary: int | None) -> Flags:
    """Whether each lane starts from a zero state before a step, (N, T): at boundaries among `ids` too."""
    starts = np.broadcast_to(reading.starts, ids.shape)
    return starts if boundary is None else starts | (ids == boundary)


def _on_length(tokens: int, experiment: Experiment, runs_on: bool) -> str:
    """What is to be said of a text that a window does not hold, or not fill."""
    window = experiment.dataset.window
    if experiment.regime == "stream":
        return ""
    if runs_on and tokens > window:
        read = count_of(tokens, "token")
        return f"the state runs on over {read}; the windows of the configuration have {window}"
    if tokens < window and experiment.dataset.target == "next":
        return (
            f"{tokens} of the {window} tokens of a window: training counts only the last step of a whole one"
        )
    return ""
