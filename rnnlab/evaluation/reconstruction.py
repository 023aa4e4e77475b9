"""A text put together again from one-step predictions, as the lecture on the ship sentence does it."""

import numpy as np

from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.side_by_side import LANES_AT_ONCE
from rnnlab.engines.stepper import Stepper

MOST_WINDOWS = 100_000
"""Past this many windows the text would be longer than anyone reads."""


def reconstruct(model: Stepper, corpus: Corpus, part: Part, window: int) -> str | None:
    """The T predictions of the first window, then the last of each later one: T + W − 1 tokens as text.

    None where the windows do not follow one another token by token, or are very many.
    """
    starts = part.window_starts
    if not 0 < len(starts) <= MOST_WINDOWS or (np.diff(starts) != 1).any():
        return None
    predicted: list[int] = []
    for begin in range(0, len(starts), LANES_AT_ONCE):
        lanes = starts[begin : begin + LANES_AT_ONCE]
        inputs = corpus.ids[lanes[:, None] + np.arange(window)]
        logits, _ = model.forward(inputs, None, model.zero_state(len(lanes)))
        best = logits.argmax(axis=-1)
        predicted += best[0].tolist() if begin == 0 else [int(best[0, -1])]
        predicted += best[1:, -1].tolist()
    return corpus.vocabulary.join(predicted)
