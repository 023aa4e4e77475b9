"""How a token id becomes the numbers that a network reads: one row of a table for each token."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.dataset import BOUNDARIES
from rnnlab.music.notation import pitch_and_duration


def encoding_table(encoding: str, tokens: Sequence[str]) -> NDArray[np.float32] | None:
    """The fixed table of an encoding, (V, D), or None where the table is learnt (`embedding`).

    Args:
        encoding: `one_hot` (D = V), `scalar` (D = 1: id / largest id), `pitch_duration` (D = 2), `embedding`.
        tokens: the V tokens of the vocabulary, by id.
    """
    if encoding == "embedding":
        return None
    if encoding == "one_hot":
        return np.eye(len(tokens), dtype=np.float32)
    if encoding == "scalar":
        ids = np.arange(len(tokens), dtype=np.float32)[:, None]
        return ids / np.float32(max(len(tokens) - 1, 1))
    return _pitch_and_duration_table(tokens)


def _pitch_and_duration_table(tokens: Sequence[str]) -> NDArray[np.float32]:
    """Pitch, 0 (the vocabulary's lowest) to 1 (its highest), −1 for a rest; duration, 1 for the longest.

    The pitch of a chord is its highest note's; a boundary is a rest that takes no time.
    """
    pairs = ((None, 0.0) if token in BOUNDARIES.values() else pitch_and_duration(token) for token in tokens)
    pitches, quarters = zip(*pairs, strict=True)
    heard = [pitch for pitch in pitches if pitch is not None] or [0.0]
    lowest, span = min(heard), max(max(heard) - min(heard), 1.0)
    scaled = [-1.0 if pitch is None else (pitch - lowest) / span for pitch in pitches]
    return np.column_stack([scaled, np.asarray(quarters) / (max(quarters) or 1.0)]).astype(np.float32)
