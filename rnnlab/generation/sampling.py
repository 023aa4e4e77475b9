"""From logits to a token id."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def choose(logits: NDArray[np.floating[Any]], sampling: Sampling, uniforms: Floats) -> Ids:
    """A token id for each lane, (N,); of equal logits the lower id comes first.

    Args:
        logits: (N, V).
        sampling: how.
        uniforms: (N,) numbers from 0 to less than 1, one for each lane; they alone decide what is drawn.
    """
    if sampling.temperature == 0:
        greedy: Ids = logits.argmax(axis=-1)
        return greedy
    order, weights = _candidates(logits.astype(np.float64), sampling)
    cumulated = weights.cumsum(axis=-1)
    drawn = (cumulated <= uniforms[:, None] * cumulated[:, -1:]).sum(axis=-1)
    chosen: Ids = order[np.arange(len(order)), drawn]
    return chosen


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


def _candidates(logits: Floats, sampling: Sampling) -> tuple[Ids, Floats]:
    """Ids from the most to the least probable, (N, V), and their weights; 0 for what cannot be drawn."""
    order = np.argsort(-logits, axis=-1, kind="stable")
    ordered = logits[np.arange(len(logits))[:, None], order]
    with np.errstate(over="ignore"):  # by next to no temperature: −inf, and the weight is 0
        weights = np.exp((ordered - ordered[:, :1]) / sampling.temperature)
    if sampling.top_k is not None:
        weights[:, sampling.top_k :] = 0
    if sampling.top_p is not None:
        shares = weights / weights.sum(axis=-1, keepdims=True)
        weights[shares.cumsum(axis=-1) - shares >= sampling.top_p] = 0
    return order, weights
