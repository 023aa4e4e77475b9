"""From logits to a token id."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import ModelFileError

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

DRAWN_AT_ONCE = 256


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen.

    Attributes:
        temperature: the logits are divided by it; 0 takes the most probable token.
        top_k: only the K most probable tokens can be drawn (Fan et al., 2018); None: all.
        top_p: only the fewest most probable tokens whose probabilities reach P (nucleus sampling, Holtzman
            et al., 2020); None: all. After top_k, and on what that has left.
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None

    @property
    def draws(self) -> bool:
        """Whether the token is drawn, and not decided by the logits alone."""
        return self.temperature > 0 and self.top_k != 1


def choose(logits: NDArray[np.floating[Any]], sampling: Sampling, uniforms: Floats) -> Ids:
    """A token id for each lane, (N,): where its uniform number falls among the summed probabilities, by id.

    Args:
        logits: (N, V); of equal ones, the lower id counts as the more probable.
        sampling: how.
        uniforms: (N,) numbers from 0 to less than 1, one for each lane; they alone decide what is drawn.

    Raises:
        ModelFileError: logits to draw from are not numbers.
    """
    if sampling.temperature == 0:
        greedy: Ids = logits.argmax(axis=-1)
        return greedy
    drawn: Ids
    weights = _weights(logits, sampling)
    if len(weights) == 1:
        summed = np.add.accumulate(weights[0])
        if not summed[-1] > 0:
            raise _no_numbers()
        drawn = summed.searchsorted(uniforms * summed[-1], side="right")
    else:
        summed = weights.cumsum(axis=-1)
        if not (summed[:, -1] > 0).all():
            raise _no_numbers()
        drawn = (summed <= uniforms[:, None] * summed[:, -1:]).sum(axis=-1)
    return drawn


def log_probabilities(logits: NDArray[np.floating[Any]], ids: Ids) -> Floats:
    """Log-probability in nats of an id in each lane, (N,), under the model itself (temperature 1, no cut)."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    chosen: Floats = wide[np.arange(len(wide)), ids] - np.log(np.exp(wide).sum(axis=-1))
    return chosen


def uniform_streams(random_seed: int, lanes: int) -> Iterator[Floats]:
    """Without end, a uniform number for each of N lanes, (N,); lane i's depend on the seed and i alone."""
    streams = [np.random.default_rng([random_seed, lane]) for lane in range(lanes)]
    while True:
        yield from np.stack([stream.random(DRAWN_AT_ONCE) for stream in streams], axis=1)


def _no_numbers() -> ModelFileError:
    return ModelFileError(
        "the model's logits are not numbers: its weights are too large, or its training diverged;"
        " train again with a smaller training.optimizer.learning_rate"
    )


def _weights(logits: NDArray[np.floating[Any]], sampling: Sampling) -> Floats:
    """What each token's probability is proportional to, (N, V); 0 for what cannot be drawn."""
    weights = logits.astype(np.float64)
    weights -= weights[0, weights.argmax()] if len(weights) == 1 else weights.max(axis=-1, keepdims=True)
    if sampling.temperature != 1:
        with np.errstate(over="ignore"):  # by next to no temperature: −inf, and the weight is 0
            weights /= sampling.temperature
    np.exp(weights, out=weights)
    if sampling.top_k is None and sampling.top_p is None:
        return weights
    order = np.argsort(-logits, axis=-1, kind="stable")
    ordered = np.take_along_axis(weights, order, axis=-1)
    if sampling.top_k is not None:
        ordered[:, sampling.top_k :] = 0
    if sampling.top_p is not None:
        shares = ordered / ordered.sum(axis=-1, keepdims=True)
        ordered[shares.cumsum(axis=-1) - shares >= sampling.top_p] = 0
    np.put_along_axis(weights, order, ordered, axis=-1)
    return weights
