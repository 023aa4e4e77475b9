"""Sources of logits: a model that reads N lanes of tokens one after another, in the regime of its training.

stream             the seed is fed once, then each chosen token; the state is carried from step to step
windows            each step feeds the last `window` tokens, from a zero state
stateful_windows   each step feeds the last `window` tokens; the state is carried from step to step
"""

import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Regime
from rnnlab.engines import Ids, Logits, Stepper

Lanes = NDArray[np.int64]


class LogitSource(Protocol):
    """Source of the logits of the next token, (N, V): `start` reads the seeds, `feed` one token a lane."""

    def __init__(self, model: Stepper, seed: Ids, window: int, /) -> None: ...

    def start(self) -> Logits:
        """Return the logits after the seeds."""

    def feed(self, ids: Ids, /) -> Logits:
        """Return the logits after one more token of each lane, (N,); the next call may overwrite them."""

    def select(self, lanes: Lanes, /) -> None:
        """Let each lane go on as a copy of another: lane i as the lane `lanes[i]`, (N,)."""

    def twin(self) -> "LogitSource":
        """Return a source that has read the same tokens, and goes on by itself."""


def source_of(model: Stepper, seeds: Ids, *, regime: Regime, window: int) -> LogitSource:
    """Return the source of a regime.

    Args:
        model: the model.
        seeds: (N, S) token ids of seeds of equal length S ≥ 1.
        regime: the regime that the model was trained in.
        window: time steps T of its windows.
    """
    source: LogitSource = _SOURCES[regime](model, seeds, window)
    return source


class _Stream:
    """Regime `stream`: the state is carried, and after the seed the tokens are fed one by one."""

    def __init__(self, model: Stepper, seed: Ids, window: int) -> None:
        del window
        self._model = model
        logits, state = model.forward(seed, None, model.zero_state(len(seed)), last_only=True)
        self._logits, self._stream = logits[:, -1], model.stream(state)
        self.feed = self._stream.feed

    def start(self) -> Logits:
        return self._logits

    def select(self, lanes: Lanes) -> None:
        self._stream.select(lanes)

    def twin(self) -> LogitSource:
        twin = copy.copy(self)
        twin._stream = self._model.stream(self._stream.state)
        twin.feed = twin._stream.feed
        return twin


class _Windows:
    """Regime `windows`: each step reads the last `window` tokens, or all if fewer, from a zero state."""

    def __init__(self, model: Stepper, seed: Ids, window: int) -> None:
        self._model, self._window = model, window
        self._recent = seed[:, -window:]

    def start(self) -> Logits:
        zero = self._model.zero_state(len(self._recent))
        return self._model.forward(self._recent, None, zero, last_only=True)[0][:, -1]

    def feed(self, ids: Ids) -> Logits:
        self._recent = np.append(self._recent, ids[:, None], axis=1)[:, -self._window :]
        return self.start()

    def select(self, lanes: Lanes) -> None:
        self._recent = self._recent[lanes]

    def twin(self) -> LogitSource:
        return copy.copy(self)


class _StatefulWindows:
    """Regime `stateful_windows`: each step reads the last `window` tokens from the state of the step before.

    A seed longer than a window is read in windows, each of which begins one token after the window before it.
    """

    def __init__(self, model: Stepper, seed: Ids, window: int) -> None:
        self._model, self._window, self._seed = model, window, seed
        self._recent = seed[:, :window]
        self._state = model.zero_state(len(seed))

    def start(self) -> Logits:
        logits = self._read()
        for place in range(self._window, self._seed.shape[1]):
            logits = self.feed(self._seed[:, place])
        return logits

    def feed(self, ids: Ids) -> Logits:
        self._recent = np.append(self._recent, ids[:, None], axis=1)[:, -self._window :]
        return self._read()

    def select(self, lanes: Lanes) -> None:
        self._recent = self._recent[lanes]
        self._state = tuple(tuple(part[lanes] for part in parts) for parts in self._state)

    def twin(self) -> LogitSource:
        return copy.copy(self)

    def _read(self) -> Logits:
        logits, self._state = self._model.forward(self._recent, None, self._state, last_only=True)
        return logits[:, -1]


_SOURCES: dict[Regime, type[Any]] = {
    "stream": _Stream,
    "windows": _Windows,
    "stateful_windows": _StatefulWindows,
}
