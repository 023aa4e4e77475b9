"""The accuracy that no model can pass which sees one window at a time.

A text put together again from one-step predictions, as the lecture on the ship sentence does it.
"""

from dataclasses import dataclass

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part, accuracy_ceiling, windows_array
from rnnlab.datasets.side_by_side import LANES_AT_ONCE
from rnnlab.engines.stepper import Stepper

MOST_TOKENS = 50_000_000
"""The ceiling sorts all windows; past this many tokens in them it is left out."""


@dataclass(frozen=True)
class Ceiling:
    """The most targets that such a model can get right, because equal windows have different targets."""

    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """As a share."""
        return self.correct / self.total


def window_ceiling(corpus: Corpus, part: Part, experiment: Experiment) -> Ceiling | None:
    """The ceiling of a part, or None where a state is carried or the windows are too many to sort."""
    window = experiment.dataset.window
    if experiment.regime != "windows" or part.window_count * (window + 1) > MOST_TOKENS:
        return None
    return Ceiling(*accuracy_ceiling(windows_array(corpus, part, window), target=experiment.dataset.target))


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
