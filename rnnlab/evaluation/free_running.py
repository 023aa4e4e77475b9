"""Free running: after the seed a model reads only its own output, which is compared with the data.

A free run starts from the seed of the configuration. Other runs start from windows of a part, one from each.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.side_by_side import LANES_AT_ONCE
from rnnlab.engines import Stepper
from rnnlab.errors import count_of
from rnnlab.evaluation.collapse import Circumstances, Collapse, collapse_of
from rnnlab.generation.decoding import Decoding, continue_greedily, decode


@dataclass(frozen=True)
class FreeRunning:
    """The greedy continuation of a seed, compared with the data after an occurrence of the seed.

    The occurrence is the first that a token follows in the same sequence.

    Attributes:
        seed: the seed as text; it begins with the boundary token if the vocabulary has one.
        length: number of tokens that were generated and compared.
        correct: number of generated tokens that equal the token of the data at their position.
        first_divergence: position of the first wrong token, from 1 for the first generated token; None if all
            tokens are right.
        sequence: the generated tokens.
        truth: the tokens of the data at the same positions.
        collapse: where the run is stuck; None if it is not, or if the data repeats itself as much.
    """

    seed: str
    length: int
    correct: int
    first_divergence: int | None
    sequence: tuple[str, ...]
    truth: tuple[str, ...]
    collapse: Collapse | None = None

    @property
    def accuracy(self) -> float:
        """Fraction of the generated tokens that are right, 0 to 1."""
        return self.correct / self.length

    @property
    def exact(self) -> bool:
        """Whether every token is right."""
        return self.first_divergence is None

    @property
    def wrong(self) -> tuple[int, ...]:
        """Positions of the wrong tokens, from 0 for the first generated token."""
        pairs = zip(self.sequence, self.truth, strict=True)
        return tuple(place for place, (token, true) in enumerate(pairs) if token != true)


def run_freely(model: Stepper, corpus: Corpus, experiment: Experiment) -> FreeRunning | str:
    """Return the free run from `generation.seed`, or a sentence that says why it is not possible.

    The run has `generation.length` tokens, or fewer if the sequence of the data ends before.

    Raises:
        VocabularyError: the seed has a token that is not in the vocabulary.
    """
    generation, vocabulary = experiment.generation, corpus.vocabulary
    if generation.seed is None:
        return "no free running: the configuration has no generation.seed"
    seed = vocabulary.begun(vocabulary.parse(generation.seed, name="generation.seed")).astype(np.int64)
    if not len(seed):
        return "no free running: generation.seed has no token"
    truth = _continuation(corpus, seed)[: generation.length]
    if not len(truth):
        found = f"the seed {generation.seed!r} with a token after it"
        return f"no free running: no sequence of the data has {found}"
    how = Decoding(experiment.regime, experiment.dataset.window, len(truth))
    (sample,) = decode(model, seed, how)
    right, sequence = np.array(sample.ids) == truth, tuple(vocabulary.decode(sample.ids))
    costs = [-score for score in sample.log_probabilities]
    known = Circumstances.of(experiment, draws=False, temperature=0)
    return FreeRunning(
        seed=vocabulary.join(seed.tolist()),
        length=len(truth),
        correct=int(right.sum()),
        first_divergence=None if right.all() else int(np.argmin(right)) + 1,
        sequence=sequence,
        truth=tuple(vocabulary.decode(truth)),
        collapse=None if right.all() else collapse_of(sequence, costs, known, corpus),
    )


def _continuation(corpus: Corpus, seed: NDArray[np.int64]) -> NDArray[Any]:
    """Return the token ids from the first occurrence of a seed to the end of its sequence, without the seed.

    An occurrence with no token after it in its sequence does not count. The array is empty if none counts.
    """
    places = np.arange(max(len(corpus.ids) - len(seed), 0))  # where the seed may begin
    for offset, token_id in enumerate(seed):
        places = places[corpus.ids[places + offset] == token_id]
    ends = corpus.ends[np.searchsorted(corpus.starts, places, side="right") - 1]  # of each place's sequence
    inside = places + len(seed) < ends  # a token follows the seed in the same sequence
    if not inside.any():
        return np.empty(0, corpus.ids.dtype)
    first = int(np.argmax(inside))
    return corpus.ids[places[first] + len(seed) : ends[first]]


@dataclass(frozen=True)
class SeedRuns:
    """The greedy continuations of N seeds, each compared with the data after its seed.

    Attributes:
        seed_length: number of tokens of each seed, the length T of a window.
        length: number of tokens that were generated after each seed and compared.
        correct: (N,) number of right tokens of each continuation.
        first_divergences: (N,) position of the first wrong token, from 1; None if all tokens are right.
    """

    seed_length: int
    length: int
    correct: tuple[int, ...]
    first_divergences: tuple[int | None, ...]

    @property
    def seeds(self) -> int:
        """Number of seeds N."""
        return len(self.correct)

    @property
    def accuracy(self) -> float:
        """Fraction of all generated tokens that are right, 0 to 1."""
        return sum(self.correct) / (self.seeds * self.length)

    @property
    def exact(self) -> int:
        """Number of continuations without a wrong token."""
        return self.first_divergences.count(None)

    @property
    def median_first_divergence(self) -> float | None:
        """Median position of the first wrong token; None if half of the continuations or more have none."""
        places = [np.inf if place is None else place for place in self.first_divergences]
        median = float(np.median(places))
        return median if np.isfinite(median) else None


def run_from_seeds(
    model: Stepper, corpus: Corpus, part: Part, experiment: Experiment, *, seeds: int
) -> SeedRuns | str:
    """Return the free runs from N windows of a part, or a sentence that says why they are not possible.

    Args:
        model: the model.
        corpus: the data.
        part: the part whose windows are the seeds. A window is used if enough tokens follow it before the end
            of its sequence and of the part. A part of random windows ends with the data.
        experiment: the configuration. If no window has `generation.length` tokens after it, fewer tokens are
            generated: as many as follow the window with the most tokens after it.
        seeds: the largest N; the windows are spread evenly over the usable windows of the part.
    """
    window = experiment.dataset.window
    starts = part.window_starts
    ends = np.minimum(corpus.ends[np.searchsorted(corpus.starts, starts, side="right") - 1], part.end)
    room = ends - starts - window  # tokens after each window in its sequence
    if not (room > 0).any():
        least = f"{count_of(window + 1, 'token')}: a window and the token after it"
        return f"no free running from seeds: no sequence of the {part.name} part has {least}"
    length = min(experiment.generation.length, int(room.max()))
    starts = starts[room >= length]
    chosen = starts[np.linspace(0, len(starts) - 1, min(seeds, len(starts))).round().astype(np.int64)]
    right = _right(model, corpus, chosen, Decoding(experiment.regime, window, length))
    firsts = tuple(None if row.all() else int(row.argmin()) + 1 for row in right)
    return SeedRuns(window, length, tuple(right.sum(axis=1).tolist()), firsts)


def _right(model: Stepper, corpus: Corpus, starts: NDArray[Any], how: Decoding) -> NDArray[np.bool_]:
    """Return whether each generated token equals the token of the data, (N, length).

    Args:
        model: the model.
        corpus: the data.
        starts: (N,) index of the first token of each seed.
        how: the regime, window and length.
    """
    pieces = []
    for begin in range(0, len(starts), LANES_AT_ONCE):
        places = starts[begin : begin + LANES_AT_ONCE, None] + np.arange(how.window + how.length)
        known = corpus.ids[places].astype(np.int64)
        pieces.append(continue_greedily(model, known[:, : how.window], how) == known[:, how.window :])
    return np.concatenate(pieces)
