"""The autoregressive loop: each chosen token is fed back to the model, in the regime of its training.

stream             the seed is fed once, then each chosen token; the state is carried from step to step
windows            each step feeds the last `window` tokens, from a zero state
stateful_windows   each step feeds the last `window` tokens; the state is carried from step to step
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Regime
from rnnlab.engines import Logits, Stepper
from rnnlab.generation.sampling import Sampling, choose, log_probabilities, uniform_streams

Ids = NDArray[np.integer[Any]]

SCORED_AT_ONCE = 64
"""Log-probabilities are computed as soon as this many tokens wait for them: one call for many saves time."""


@dataclass(frozen=True)
class Sample:
    """The tokens that one lane generated after the seed.

    Attributes:
        ids: ids of the generated tokens, without the stop token.
        log_probability: log-probability of all these tokens together, in nats, at temperature 1 without top-k
            and top-p.
        log_probabilities: log-probability of each of these tokens, in nats.
    """

    ids: tuple[int, ...]
    log_probability: float
    log_probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Decoding:
    """The settings of generation.

    Attributes:
        regime: the regime that the model was trained in.
        window: time steps T of its windows.
        length: number of tokens to generate, 1 or more; a sample that reaches the stop token is shorter.
        sampling: how each token is chosen.
        samples: number of samples N; they are lanes of one batch.
        random_seed: seed of the random draws. A sample does not depend on the number of samples.
        stop: id of the token that ends a sample; None if no token ends it.
    """

    regime: Regime
    window: int
    length: int
    sampling: Sampling = field(default_factory=Sampling)
    samples: int = 1
    random_seed: int = 0
    stop: int | None = None


def decode(model: Stepper, seed: Ids, how: Decoding) -> list[Sample]:
    """Return N samples that are generated after a seed of at least one token, (S,).

    Raises:
        ModelFileError: a token cannot be drawn, because logits are not numbers; see `choose`.
    """
    written, scores = [], _Scores()
    lengths = np.full(how.samples, how.length)
    for step, (ids, logits) in enumerate(tokens(model, seed, how)):
        written.append(ids)
        scores.add(logits, ids)
        if how.stop is not None:
            lengths[ids == how.stop] = np.minimum(lengths[ids == how.stop], step)
            if lengths.max() <= step:
                break
    lanes = zip(lengths, np.stack(written, axis=1), scores.by_lane(), strict=True)
    return [
        Sample(tuple(ids[:end].tolist()), float(score[:end].sum()), tuple(score[:end].tolist()))
        for end, ids, score in lanes
    ]


def continue_greedily(model: Stepper, seeds: Ids, how: Decoding) -> Ids:
    """Return the greedy continuation of each of N seeds, (N, length).

    Args:
        model: the model.
        seeds: (N, S) token ids of seeds of equal length S ≥ 1.
        how: the regime, window and length; the other settings are not used.
    """
    source = _SOURCES[how.regime](model, seeds, how.window)
    logits = source.start()
    written = np.empty((len(seeds), how.length), dtype=np.int64)
    for step in range(how.length):
        if step:
            logits = source.feed(written[:, step - 1])
        written[:, step] = logits.argmax(axis=-1)
    return written


def tokens(model: Stepper, seed: Ids, how: Decoding) -> Iterator[tuple[Ids, Logits]]:
    """Yield for each of `how.length` steps the token chosen in each lane, (N,), and the logits, (N, V).

    A stop token does not end this iterator. The next step may overwrite the logits.

    Raises:
        ModelFileError: a token cannot be drawn, because logits are not numbers; see `choose`.
    """
    source = _SOURCES[how.regime](model, np.tile(seed, (how.samples, 1)), how.window)
    logits = source.start()
    for step, uniforms in enumerate(uniform_streams(how.random_seed, how.samples), start=1):
        ids = choose(logits, how.sampling, uniforms)
        yield ids, logits
        if step == how.length:
            return
        logits = source.feed(ids)


class _Scores:
    """Log-probabilities of the chosen tokens, computed for many steps together."""

    def __init__(self) -> None:
        self._logits, self._ids = list[Logits](), list[Ids]()
        self._done: list[NDArray[np.float64]] = []

    def add(self, logits: Logits, ids: Ids) -> None:
        """Add a step: its logits (N, V) and the chosen tokens (N,)."""
        self._logits.append(logits.copy())
        self._ids.append(ids)
        if len(self._ids) * len(ids) >= SCORED_AT_ONCE:
            self._score()

    def by_lane(self) -> NDArray[np.float64]:
        """Return the log-probability of each chosen token in nats, (N, steps)."""
        if self._ids:
            self._score()
        return np.concatenate(self._done).T

    def _score(self) -> None:
        scores = log_probabilities(np.concatenate(self._logits), np.concatenate(self._ids))
        self._done.append(scores.reshape(len(self._ids), -1))
        self._logits.clear()
        self._ids.clear()


class _Source(Protocol):
    """Source of the logits of the next token, (N, V): `start` reads the seeds, `feed` one token a lane."""

    def __init__(self, model: Stepper, seed: Ids, window: int, /) -> None: ...
    def start(self) -> Logits: ...
    def feed(self, ids: Ids, /) -> Logits: ...


class _Stream:
    """Regime `stream`: the state is carried, and after the seed the tokens are fed one by one."""

    def __init__(self, model: Stepper, seed: Ids, window: int) -> None:
        del window
        logits, state = model.forward(seed, None, model.zero_state(len(seed)), last_only=True)
        self.logits, self.feed = logits[:, -1], model.stream(state).feed

    def start(self) -> Logits:
        return self.logits


class _Windows:
    """Regime `windows`: each step reads the last `window` tokens, or all if fewer, from a zero state."""

    def __init__(self, model: Stepper, seed: Ids, window: int) -> None:
        self.model, self.window = model, window
        self.recent = seed[:, -window:]

    def start(self) -> Logits:
        zero = self.model.zero_state(len(self.recent))
        return self.model.forward(self.recent, None, zero, last_only=True)[0][:, -1]

    def feed(self, ids: Ids) -> Logits:
        self.recent = np.append(self.recent, ids[:, None], axis=1)[:, -self.window :]
        return self.start()


class _StatefulWindows:
    """Regime `stateful_windows`: each step reads the last `window` tokens from the state of the step before.

    A seed longer than a window is read in windows, each of which begins one token after the window before it.
    """

    def __init__(self, model: Stepper, seed: Ids, window: int) -> None:
        self.model, self.window, self.seed = model, window, seed
        self.recent = seed[:, :window]
        self.state = model.zero_state(len(seed))

    def start(self) -> Logits:
        logits = self._read()
        for place in range(self.window, self.seed.shape[1]):
            logits = self.feed(self.seed[:, place])
        return logits

    def feed(self, ids: Ids) -> Logits:
        self.recent = np.append(self.recent, ids[:, None], axis=1)[:, -self.window :]
        return self._read()

    def _read(self) -> Logits:
        logits, self.state = self.model.forward(self.recent, None, self.state, last_only=True)
        return logits[:, -1]


_SOURCES: dict[Regime, type[_Source]] = {
    "stream": _Stream,
    "windows": _Windows,
    "stateful_windows": _StatefulWindows,
}
