"""How a trace reads a text: the token of each time step, and where the state is zeroed, as in training."""

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
    """T time steps that read a text of S tokens.

    Attributes:
        places: (T,) the place in the text of the token that each step reads, from 0.
        starts: (T,) whether the state is zero before the step.
        counted: (T,) whether training counts the step's prediction.
        begins: (T,) whether the step is the first of a window or of the text.
        note: a sentence for the user on how the text is read; empty if there is nothing to note.
    """

    places: NDArray[np.int64]
    starts: Flags
    counted: Flags
    begins: Flags
    note: str = ""

    def __len__(self) -> int:
        """Return the number of time steps T."""
        return len(self.places)


def reading_of(tokens: int, experiment: Experiment, *, runs_on: bool) -> TraceInput:
    """Return the time steps in which a model reads S tokens; the state is zeroed or carried as in training.

    stream             one token after another; the state is carried (also for a text of at most one window)
    windows            in windows without overlap, each from a zero state; the last window may be shorter
    stateful windows   window after window, each one token further; the state is carried

    Args:
        tokens: number of tokens S.
        experiment: the model's experiment.
        runs_on: whether to read the tokens as a stream, also in the other regimes.
    """
    window, all_count = experiment.dataset.window, experiment.dataset.target == "shifted"
    places = np.arange(tokens)  # (S,)
    if experiment.regime == "stream" or runs_on or tokens <= window:
        counted, first = all_count | (places >= window - 1), places == 0
        return TraceInput(places, first, counted, first, _on_length(tokens, experiment, runs_on))
    if experiment.regime == "windows":
        first, counted = places % window == 0, all_count | (places % window == window - 1)
        note = (
            f"cut into windows of {count_of(window, 'token')}, each from a zero state, as in training;"
            " the option run-on carries the state"
        )
        return TraceInput(places, first, counted, first, note)
    # Window w reads the places w … w + window − 1: (windows, window), then one window after another.
    places = (np.arange(tokens - window + 1)[:, None] + np.arange(window)).ravel()  # (T,)
    steps = np.arange(len(places))
    counted = all_count | (steps % window == window - 1)
    note = (
        f"read as in training: window after window of {count_of(window, 'token')}, each one token further,"
        " the state runs on; the option run-on reads each token once"
    )
    return TraceInput(places, steps == 0, counted, steps % window == 0, note)


def with_boundaries(reading: TraceInput, ids: NDArray[np.integer[Any]], boundary: int | None) -> Flags:
    """Return whether the state is zero before each step, (N, T): at `reading.starts` and at boundary tokens.

    Args:
        reading: the time steps.
        ids: token ids, (N, T).
        boundary: id of the boundary token; None if the vocabulary has none.
    """
    starts = np.broadcast_to(reading.starts, ids.shape)
    return starts if boundary is None else starts | (ids == boundary)


def _on_length(tokens: int, experiment: Experiment, runs_on: bool) -> str:
    """Return the note on a text that is not one window of the training; empty if there is nothing to note.

    There is a note if the state is carried over more than a window, or if the text is shorter than a window
    and training counts only the last target of a window. For a stream there is no note.
    """
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
