"""The accuracy that no model can pass which sees one window at a time."""

from dataclasses import dataclass

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.windows import accuracy_ceiling, windows_array

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
