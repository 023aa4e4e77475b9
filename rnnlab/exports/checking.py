"""Whether what was written computes what rnnlab computes: both are given the same random tokens and state."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.numpy_engine import numpy_model
from rnnlab.errors import OutputError
from rnnlab.exports.standard import Floats, Network
from rnnlab.models.model_file import TrainedModel

LARGEST_DIFFERENCE = 1e-5
"""Of the largest logit, or of 1 where that is smaller."""

_LANES, _MOST_STEPS = 3, 32


@dataclass(frozen=True, eq=False)
class Probe:
    """Random input, and what rnnlab's NumPy engine makes of it.

    Attributes:
        ids: token ids, int32 (N, T).
        state: each part of the state before the first step, (N, H); none where it does not go in.
        outputs: logits, (N, V) or (N, T, V), and each part of the state after the last step, (N, H).
    """

    ids: NDArray[np.int32]
    state: tuple[Floats, ...]
    outputs: tuple[Floats, ...]


def probe_of(trained: TrainedModel, network: Network, *, state: bool) -> Probe:
    """Three lanes of random tokens, as long as a window but at most 32 where any length will do."""
    rng, engine = np.random.default_rng(0), numpy_model(trained)
    steps = min(network.window, _MOST_STEPS) if network.recurrent else network.window
    ids = rng.integers(network.vocab_size, size=(_LANES, steps)).astype(np.int32)
    before = engine.zero_state(_LANES)
    if state:
        before = tuple(
            tuple(rng.uniform(-1, 1, part.shape).astype(np.float32) for part in layer) for layer in before
        )
    logits, after = engine.forward(ids, None, before, last_only=network.last_only)
    logits = logits[:, -1] if network.last_only else logits
    parts = tuple(part for layer in after for part in layer) if state else ()
    return Probe(ids, tuple(part for layer in before for part in layer) if state else (), (logits, *parts))


def difference(probe: Probe, outputs: Sequence[NDArray[np.float32]], *, target: str) -> float:
    """The largest difference of any output from rnnlab's, as a share of the largest logit, or of 1.

    Args:
        probe: what was given, and what was expected.
        outputs: what came out, in the probe's order.
        target: what the message calls the file.

    Raises:
        OutputError: another shape, or a difference above 1e-5; what was written is not to be used.
    """
    scale = max(1.0, float(np.abs(probe.outputs[0]).max()))
    largest = 0.0
    for expected, received in zip(probe.outputs, outputs, strict=True):
        if expected.shape != received.shape:
            raise OutputError(
                f"{target}: gives {received.shape} where rnnlab gives {expected.shape}; not written"
            )
        largest = float(np.maximum(largest, np.abs(expected - received).max() / scale))  # NaN stays NaN
    if not largest <= LARGEST_DIFFERENCE:
        raise OutputError(
            f"{target}: differs from rnnlab on random tokens by {largest:.1e} of the largest logit, expected"
            f" at most {LARGEST_DIFFERENCE:g}; not written"
        )
    return largest
