"""Free running: after the seed the model hears only itself, and is held against how the data goes on.

Free running from many seeds: windows of a part, continued greedily and held against how it goes on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.side_by_side import LANES_AT_ONCE
from rnnlab.engines.stepper import Stepper
from rnnlab.errors import count_of
from rnnlab.generation.decoding import Decoding, continue_greedily, decode


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


@dataclass(frozen=True)
class SeedRuns:
    """Greedy continuations of N seeds, compared with the data after each.

    Attributes:
        seed_length: tokens of each seed, a window.
        length: tokens that were generated after each and compared.
        correct: (N,) how many of those are right.
        first_divergences: (N,) which generated token is the first wrong one, counted from 1; None if none is.
    """

    seed_length: int
    length: int
    correct: tuple[int, ...]
    first_divergences: tuple[int | None, ...]

    @property
    def seeds(self) -> int:
        """N."""
        return len(self.correct)

    @property
    def accuracy(self) -> float:
        """Share of all generated tokens that are right."""
        return sum(self.correct) / (self.seeds * self.length)

    @property
    def exact(self) -> int:
        """How many continuations are right to the last token."""
        return self.first_divergences.count(None)

    @property
    def median_first_divergence(self) -> float | None:
        """Where half of the continuations have gone wrong; None where fewer than half ever do."""
        places = [np.inf if place is None else place for place in self.first_divergences]
        median = float(np.median(places))
        return median if np.isfinite(median) else None


def run_from_seeds(
    model: Stepper, corpus: Corpus, part: Part, experiment: Experiment, *, seeds: int
) -> SeedRuns | str:
    """The free runs from windows of a part, or why there are none.

    Args:
        model: the model.
        corpus: the data.
        part: windows of it are the seeds; as many tokens follow each in its sequence as are generated.
        experiment: the configuration; where no sequence has `generation.length` tokens to compare with, fewer
            are generated.
        seeds: N, or as many as there are; spread evenly.
    """
    window = experiment.dataset.window
    starts = part.window_starts
    ends = np.minimum(corpus.ends[np.searchsorted(corpus.starts, starts, side="right") - 1], part.end)
    room = ends - starts - window
    if not (room > 0).any():
        least = f"{count_of(window, 'token')} and one more"
        return f"no free running from seeds: the {part.name} part has no window of {least}"
    length = min(experiment.generation.length, int(room.max()))
    starts = starts[room >= length]
    chosen = starts[np.linspace(0, len(starts) - 1, min(seeds, len(starts))).round().astype(np.int64)]
    right = _right(model, corpus, chosen, Decoding(experiment.regime, window, length))
    firsts = tuple(None if row.all() else int(row.argmin()) + 1 for row in right)
    return SeedRuns(window, length, tuple(right.sum(axis=1).tolist()), firsts)


def _right(model: Stepper, corpus: Corpus, starts: NDArray[Any], how: Decoding) -> NDArray[np.bool_]:
    """Whether each generated token is that of the data, (N, length)."""
    pieces = []
    for begin in range(0, len(starts), LANES_AT_ONCE):
        places = starts[begin : begin + LANES_AT_ONCE, None] + np.arange(how.window + how.length)
        known = corpus.ids[places].astype(np.int64)
        pieces.append(continue_greedily(model, known[:, : how.window], how) == known[:, how.window :])
    return np.concatenate(pieces)
