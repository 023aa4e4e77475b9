"""Engines run a network: `tensorflow/` trains it, `numpy/` runs it, `javascript/` runs it in a browser.

This module defines the interface of a trained model: a `Stepper` reads token ids, beginning with a state, and
returns logits and the next state.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer[Any]]
Logits = NDArray[np.float32]
State = tuple[tuple[NDArray[np.float32], ...], ...]
"""For each recurrent layer, each part of its state, (N, H); empty for a model without state."""


class Stepper(Protocol):
    """A trained model that gets its state as an argument, and returns the next state; it stores no state."""

    def zero_state(self, lanes: int) -> State:
        """Return the state of N lanes before their first token."""

    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = False
    ) -> tuple[Logits, State]:
        """Return logits of each of T time steps (N, T, V), or of the last (N, 1, V), and the last state.

        Args:
            ids: token ids, (N, T).
            resets: (N, T), whether a lane's state is zeroed before the step; None if no state is zeroed.
            state: the state before the first step.
            last_only: whether to return only the logits of the last step, as an MLP always does.
        """

    def stream(self, state: State) -> "Stream":
        """Return lanes that are fed one token after another, beginning with a state."""


class Stream(Protocol):
    """N lanes of a model, with their state."""

    @property
    def state(self) -> State:
        """A copy of the state after the last token, with which `Stepper.stream` goes on from here."""

    def feed(self, ids: Ids) -> Logits:
        """Return logits (N, V) after one more token of each lane, (N,); the next call overwrites them."""

    def select(self, lanes: NDArray[np.int64]) -> None:
        """Let each lane go on as a copy of another: lane i as the lane `lanes[i]`, (N,)."""


class Ragged(Protocol):
    """K sequences of ids, one after another.

    Attributes:
        ids: (S,) ids.
        offsets: (K + 1,): sequence k has the ids from offsets[k] up to offsets[k + 1] − 1.
    """

    @property
    def ids(self) -> NDArray[np.integer[Any]]: ...
    @property
    def offsets(self) -> NDArray[np.int64]: ...


class Spellings(Protocol):
    """The distinct words of the inputs: the token id of each, (W,), and its characters."""

    @property
    def ids(self) -> NDArray[np.integer[Any]]: ...
    @property
    def spelled(self) -> Ragged: ...
