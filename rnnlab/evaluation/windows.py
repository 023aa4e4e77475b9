"""Highest accuracy possible for a model that sees one window at a time, and the text of its predictions."""

from dataclasses import dataclass

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part, accuracy_ceiling, windows_array
from rnnlab.datasets.side_by_side import LANES_AT_ONCE
from rnnlab.engines import Stepper

MOST_TOKENS = 50_000_000
"""Largest number of tokens of all windows, which the ceiling sorts; with more tokens there is no ceiling."""


@dataclass(frozen=True)
class Ceiling:
    """Highest accuracy possible for a model that sees single windows: equal inputs may have several targets.

    Attributes:
        correct: largest number of targets that can be predicted.
        total: number of targets.
    """

    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """Highest possible accuracy, 0 to 1."""
        return self.correct / self.total


def window_ceiling(corpus: Corpus, part: Part, experiment: Experiment) -> Ceiling | None:
    """Return the ceiling of a part; None if the regime is not `windows`, or for too many windows to sort."""
    window = experiment.dataset.window
    if experiment.regime != "windows" or part.window_count * (window + 1) > MOST_TOKENS:
        return None
    return Ceiling(*accuracy_ceiling(windows_array(corpus, part, window), target=experiment.dataset.target))


MOST_WINDOWS = 100_000
"""Largest number of windows from which a text is reconstructed."""


def reconstruct(model: Stepper, corpus: Corpus, part: Part, window: int) -> str | None:
    """Return the text of T + W − 1 tokens that is joined from the predictions of W windows of T tokens.

    The text has all T predictions of the first window, then the last prediction of each later window. None if
    the part has no window or more than `MOST_WINDOWS`, or if a window does not begin one token after the
    window before it.
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
