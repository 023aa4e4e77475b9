"""The autoregressive loop: each chosen token is fed back to the model, in the regime of its training."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Regime
from rnnlab.engines import Logits, Stepper
from rnnlab.errors import UsageError
from rnnlab.generation.repetition import Penalty, RepeatedRuns
from rnnlab.generation.sampling import Sampling, choose, log_probabilities, uniform_streams
from rnnlab.generation.sources import source_of

Ids = NDArray[np.integer[Any]]

SCORED_AT_ONCE = 64
"""Log-probabilities are computed as soon as this many tokens wait for them: one call for many saves time."""


class Rule(Protocol):
    """A rule on the next token that depends on the last tokens, such as `CopyLimit`.

    Attributes:
        context: number of last tokens that it reads.
    """

    @property
    def context(self) -> int: ...
    def allowed(self, recent: Ids, /) -> NDArray[np.bool_]:
        """Return whether each token may come next, (N, V), after the last tokens of each lane, (N, S)."""

    def forbidden(self, recent: Ids, /) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the lane and the token of each token that may not come next, both (F,)."""


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
        dry: the penalty on repetition; None for none.
        rules: rules on the next token, such as `CopyLimit`; the tokens that they forbid are not chosen.
    """

    regime: Regime
    window: int
    length: int
    sampling: Sampling = field(default_factory=Sampling)
    samples: int = 1
    random_seed: int = 0
    stop: int | None = None
    dry: Penalty | None = None
    rules: tuple[Rule, ...] = ()


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
    source = source_of(model, seeds, regime=how.regime, window=how.window)
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
    source = source_of(model, np.tile(seed, (how.samples, 1)), regime=how.regime, window=how.window)
    logits = source.start()
    lanes = np.tile(seed, (how.samples, 1))
    repetition = RepeatedRuns.of(how.dry, lanes)
    recent = _Recent(how.rules, lanes) if how.rules else None
    for step, uniforms in enumerate(uniform_streams(how.random_seed, how.samples), start=1):
        scored = logits if repetition is None else repetition.lowered(logits)
        ids = choose(scored if recent is None else recent.masked(scored), how.sampling, uniforms)
        yield ids, logits
        if step == how.length:
            return
        if repetition is not None:
            repetition.add(ids)
        if recent is not None:
            recent.add(ids)
        logits = source.feed(ids)


class _Recent:
    """The last tokens of N lanes, and the rules on the next one.

    Args:
        rules: the rules, one or more.
        ids: the first tokens, (N, S).
    """

    def __init__(self, rules: tuple[Rule, ...], ids: Ids) -> None:
        self._rules, self._most = rules, max(rule.context for rule in rules)
        self._ids = np.asarray(ids, np.int64)[:, -self._most :]

    def add(self, ids: Ids) -> None:
        """Add one token to each lane, (N,)."""
        self._ids = np.concatenate([self._ids[:, 1 - self._most :], ids[:, None]], axis=1)[:, -self._most :]

    def masked(self, logits: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return the logits, (N, V), with −∞ for the tokens that a rule forbids.

        Raises:
            UsageError: the rules forbid every token.
        """
        masked = logits
        for rule in self._rules:
            lanes, tokens = rule.forbidden(self._ids[:, -rule.context :])
            if len(lanes):
                masked = masked.copy() if masked is logits else masked
                masked[lanes, tokens] = -np.inf
        if masked is not logits and np.isneginf(masked.max(axis=1)).any():
            raise UsageError("every next token would make a longer copy; give a larger max_copy")
        return masked


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
