"""Free running: after the seed the model hears only itself, and is held against how the data goes on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.engines.stepper import Stepper
from rnnlab.generation.decoding import Decoding, decode


@dataclass(frozen=True)
class FreeRunning:
    """A greedy continuation of the seed, compared with the data after the seed's first occurrence in it.

    Attributes:
        seed: as text.
        length: tokens that were generated and compared.
        correct: of these, how many are those of the data.
        first_divergence: which generated token is the first wrong one, counted from 1; None if none is.
        sequence: the generated tokens.
        truth: the tokens of the data in their places.
    """

    seed: str
    length: int
    correct: int
    first_divergence: int | None
    sequence: tuple[str, ...]
    truth: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """Share of the generated tokens that are right."""
        return self.correct / self.length

    @property
    def exact(self) -> bool:
        """Whether every token is right."""
        return self.first_divergence is None

    @property
    def wrong(self) -> tuple[int, ...]:
        """Which of the generated tokens are wrong, from 0."""
        pairs = zip(self.sequence, self.truth, strict=True)
        return tuple(place for place, (token, true) in enumerate(pairs) if token != true)


def run_freely(model: Stepper, corpus: Corpus, experiment: Experiment) -> FreeRunning | str:
    """The free run from the configuration's seed, or why there is none.

    Raises:
        VocabularyError: the seed has a token that the model does not know.
    """
    generation, vocabulary = experiment.generation, corpus.vocabulary
    if generation.seed is None:
        return "no free running: the configuration has no generation.seed"
    seed = vocabulary.begun(vocabulary.parse(generation.seed, name="generation.seed")).astype(np.int64)
    if not len(seed):
        return "no free running: generation.seed has no token"
    truth = _continuation(corpus, seed)[: generation.length]
    if not len(truth):
        return f"no free running: the seed {generation.seed!r} does not occur in the data, or ends it"
    how = Decoding(experiment.regime, experiment.dataset.window, len(truth))
    (sample,) = decode(model, seed, how)
    right = np.array(sample.ids) == truth
    return FreeRunning(
        seed=vocabulary.join(seed.tolist()),
        length=len(truth),
        correct=int(right.sum()),
        first_divergence=None if right.all() else int(np.argmin(right)) + 1,
        sequence=tuple(vocabulary.decode(sample.ids)),
        truth=tuple(vocabulary.decode(truth)),
    )


def _continuation(corpus: Corpus, seed: NDArray[np.int64]) -> NDArray[Any]:
    """What follows the first occurrence of the seed inside one sequence; empty if there is none."""
    places = np.arange(max(len(corpus.ids) - len(seed), 0))
    for offset, token_id in enumerate(seed):
        places = places[corpus.ids[places + offset] == token_id]
    ends = corpus.ends[np.searchsorted(corpus.starts, places, side="right") - 1]
    inside = places + len(seed) < ends
    if not inside.any():
        return np.empty(0, corpus.ids.dtype)
    first = int(np.argmax(inside))
    return corpus.ids[places[first] + len(seed) : ends[first]]
