"""Measures of models that see one window at a time: their accuracy ceiling, and the text they reconstruct."""

from dataclasses import dataclass

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part, accuracy_ceiling, windows_array
from rnnlab.datasets.side_by_side import LANES_AT_ONCE
from rnnlab.engines import Stepper

MOST_TOKENS = 50_000_000
"""The ceiling sorts all windows. If they hold more tokens than this, there is no ceiling."""


@dataclass(frozen=True)
class Ceiling:
    """The most targets that a model of single windows can predict, since equal windows may differ in target.

    Attributes:
        correct: the most targets that can be right.
        total: number of targets.
    """

    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """The highest possible accuracy, 0 to 1."""
        return self.correct / self.total


def window_ceiling(corpus: Corpus, part: Part, experiment: Experiment) -> Ceiling | None:
    """Return the ceiling of a part; None if state is carried, or the windows are too many to sort."""
    window = experiment.dataset.window
    if experiment.regime != "windows" or part.window_count * (window + 1) > MOST_TOKENS:
        return None
    return Ceiling(*accuracy_ceiling(windows_array(corpus, part, window), target=experiment.dataset.target))


MOST_WINDOWS = 100_000
"""With more windows than this, no text is reconstructed: nobody would read one so long."""


def reconstruct(model: Stepper, corpus: Corpus, part: Part, window: int) -> str | None:
    """Join the one-step predictions of W windows of T tokens to a text of T + W − 1 tokens.

    As in the lecture on the ship sentence: all T predictions of the first window, then the last one of each
    later window. None if the windows do not follow one another token by token, or are more than
    `MOST_WINDOWS`.
    """
    starts = part.window_starts
    if not 0 < len(starts) <= MOST_WINDOWS or (np.diff(starts) != 1).any():
        return None
    predicted: list[int] = []
    for begin in range(0, len(starts), LANES_AT_ONCE):
        lanes = starts[begin : begin + LANES_AT_ONCE]
        inputs = corpus.ids[lanes[:, None] + np.arange(window)]  # (N, T)
        logits, _ = model.forward(inputs, None, model.zero_state(len(lanes)))  # (N, T, V)
        best = logits.argmax(axis=-1)  # (N, T)
        predicted += best[0].tolist() if begin == 0 else [int(best[0, -1])]
        predicted += best[1:, -1].tolist()
    return corpus.vocabulary.join(predicted)
