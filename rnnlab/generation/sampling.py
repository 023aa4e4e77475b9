"""Sampling of token ids from logits: the most probable, or drawn with temperature, min-p, top-k and top-p."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import ModelFileError

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

DRAWN_AT_ONCE = 256
"""Number of uniform numbers that the random generator of each lane draws in one call."""


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen.

    Attributes:
        temperature: divisor of the logits; at 0 the most probable token is chosen (greedy).
        top_k: K; only the K most probable tokens can be drawn (Fan et al., 2018); None: all tokens.
        top_p: P; only the nucleus can be drawn, the fewest most probable tokens whose probabilities sum to P
            or more (Holtzman et al., 2020); None: all tokens. After `top_k`, the nucleus is chosen from the K
            tokens.
        min_p: P; only tokens can be drawn whose probability is at least P times the largest one (Nguyen et
            al., 2025); None: all tokens.
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None

    @property
    def draws(self) -> bool:
        """Whether the token is drawn at random: the temperature is above 0, and `top_k` is not 1."""
        return self.temperature > 0 and self.top_k != 1


def choose(logits: NDArray[np.floating[Any]], sampling: Sampling, uniforms: Floats) -> Ids:
    """Return a token id for each lane, (N,): the most probable, or drawn by the cumulative distribution.

    Args:
        logits: (N, V). Of equal logits, the lower id counts as the more probable.
        sampling: temperature, top-k and top-p.
        uniforms: (N,) one number in [0, 1) for each lane. The token is the first id whose cumulative
            probability is above this number.

    Raises:
        ModelFileError: the temperature is above 0, and a logit is NaN or +∞.
    """
    if sampling.temperature == 0:
        greedy: Ids = logits.argmax(axis=-1)
        return greedy
    drawn: Ids
    weights = _weights(logits, sampling)  # (N, V)
    if len(weights) == 1:  # one lane: a binary search is faster than a comparison with all V
        summed = np.add.accumulate(weights[0])  # (V,)
        if not summed[-1] > 0:
            raise _no_numbers()
        drawn = summed.searchsorted(uniforms * summed[-1], side="right")
    else:
        summed = weights.cumsum(axis=-1)  # (N, V)
        if not (summed[:, -1] > 0).all():
            raise _no_numbers()
        drawn = (summed <= uniforms[:, None] * summed[:, -1:]).sum(axis=-1)
    return drawn


def probabilities(logits: NDArray[np.floating[Any]], sampling: Sampling) -> Floats:
    """Return the probability with which each token is drawn, (N, V); the temperature must be above 0.

    Raises:
        ModelFileError: a logit is NaN or +∞.
    """
    weights = _weights(logits, sampling)  # (N, V)
    total = weights.sum(axis=-1, keepdims=True)
    if not (total > 0).all():
        raise _no_numbers()
    weights /= total
    return weights


def log_probabilities(logits: NDArray[np.floating[Any]], ids: Ids) -> Floats:
    """Return the log-probability (nats) of one id in each lane, (N,), without temperature, top-k or top-p."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    chosen: Floats = wide[np.arange(len(wide)), ids] - np.log(np.exp(wide).sum(axis=-1))
    return chosen


def every_log_probability(logits: NDArray[np.floating[Any]]) -> Floats:
    """Return the log-probability (nats) of each token, (N, V), without temperature, top-k or top-p.

    Raises:
        ModelFileError: a logit is NaN or +∞.
    """
    wide = logits.astype(np.float64)
    if not (wide.max(axis=-1) < np.inf).all():  # NaN is not below +∞ either
        raise _no_numbers()
    wide -= wide.max(axis=-1, keepdims=True)
    wide -= np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return wide


def uniform_streams(random_seed: int, lanes: int) -> Iterator[Floats]:
    """Yield, without end, a uniform number in [0, 1) for each of N lanes, (N,).

    The numbers of lane i depend on `random_seed` and i, not on N.
    """
    streams = [np.random.default_rng([random_seed, lane]) for lane in range(lanes)]
    while True:
        yield from np.stack([stream.random(DRAWN_AT_ONCE) for stream in streams], axis=1)


def _no_numbers() -> ModelFileError:
    return ModelFileError(
        "the model's logits are not numbers: its weights are too large, or its training diverged;"
        " train again with a smaller training.optimizer.learning_rate"
    )


def _weights(logits: NDArray[np.floating[Any]], sampling: Sampling) -> Floats:
    """Return weights proportional to the probabilities of the tokens, (N, V).

    A token that min-p, top-k or top-p excludes has the weight 0.
    """
    weights = logits.astype(np.float64)
    weights -= weights[0, weights.argmax()] if len(weights) == 1 else weights.max(axis=-1, keepdims=True)
    if sampling.temperature != 1:
        with np.errstate(over="ignore"):  # a tiny temperature gives −inf, and the weight 0
            weights /= sampling.temperature
    np.exp(weights, out=weights)
    if sampling.min_p is not None:
        weights[weights < sampling.min_p] = 0  # the largest weight is 1
    if sampling.top_k is None and sampling.top_p is None:
        return weights
    order = np.argsort(-logits, axis=-1, kind="stable")  # (N, V) ids, the most probable first
    ordered = np.take_along_axis(weights, order, axis=-1)  # (N, V)
    if sampling.top_k is not None:
        ordered[:, sampling.top_k :] = 0
    if sampling.top_p is not None:
        shares = ordered / ordered.sum(axis=-1, keepdims=True)
        # Exclude a token if the probabilities of the tokens before it sum to top_p or more.
        ordered[shares.cumsum(axis=-1) - shares >= sampling.top_p] = 0
    np.put_along_axis(weights, order, ordered, axis=-1)
    return weights
