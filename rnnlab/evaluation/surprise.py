"""Surprise: −ln of the probability that a model gave each target of a part."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part, part_of_windows
from rnnlab.engines import Stepper
from rnnlab.engines.numpy import numpy_model
from rnnlab.evaluation.scoring import Scores, score
from rnnlab.evaluation.selection import select
from rnnlab.files import Report, unreported
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class Surprise:
    """The surprise of one token.

    Attributes:
        index: position of the token in the corpus, from 1; boundary tokens are counted too. A split of random
            sequences puts the sequences into another order than in the files.
        token: the token.
        nats: −ln of its probability.
        rank: its rank by probability, from 1.
        expected: the most probable token.
    """

    index: int
    token: str
    nats: float
    rank: int
    expected: str

    @property
    def probability(self) -> float:
        """Probability that the model gave the token, 0 to 1."""
        return math.exp(-self.nats)


@dataclass(frozen=True)
class Surprises:
    """The surprise of each target of a part, with the longest context that the model can have.

    Attributes:
        split: the part: train, validation, test or data (a file that the user named).
        tokens: the surprise of each target, in the order of the corpus.
        notes: remarks for the user, a sentence each.
        left_out: number of elements of the music files that are not in the data, by kind.
    """

    split: str
    tokens: tuple[Surprise, ...]
    notes: tuple[str, ...]
    left_out: Mapping[str, int]


def surprises(
    trained: TrainedModel,
    *,
    split: str | None = None,
    data: Path | None = None,
    may_open: bool = True,
    report: Report = unreported,
) -> Surprises:
    """Return the surprise of each target of a part, or of a file; the arguments are those of `select`."""
    selection = select(trained, split=split, data=data, may_open=may_open, report=report)
    corpus, part = selection.corpus, selection.part
    tokens = corpus.vocabulary.tokens
    scores = _each_once(numpy_model(trained), corpus, part, selection.experiment)
    columns = (scores.places, scores.targets, scores.costs, scores.ranks, scores.expected)
    found = tuple(
        Surprise(place + 1, tokens[target], cost, rank, tokens[expected])
        for place, target, cost, rank, expected in zip(*(column.tolist() for column in columns), strict=True)
    )
    return Surprises(part.name, found, selection.notes, corpus.left_out)


def _each_once(model: Stepper, corpus: Corpus, part: Part, experiment: Experiment) -> Scores:
    """Return the scores of each target once, in the order of the corpus.

    If several windows have a target, its scores are those of the window with the most tokens before it.
    """
    target = experiment.dataset.target

    def scored(part: Part, target: Literal["next", "shifted"]) -> list[Scores]:
        return list(score(model, corpus, reading_order(part, corpus, experiment), target=target))

    if experiment.regime == "stream" or target == "next":
        return _merged(scored(part, target))
    # The last target of each window, and all targets of a window that does not begin one token after the
    # window before it.
    starts = part.window_starts
    firsts = part_of_windows(corpus, part.name, starts[np.diff(starts, prepend=-2) != 1])
    return _merged(scored(part, "next") + scored(firsts, "shifted"))


def _merged(parts: list[Scores]) -> Scores:
    """Return the scores joined in the order of their places; of several scores at one place, the first."""
    places = np.concatenate([part.places for part in parts])
    _, kept = np.unique(places, return_index=True)
    return Scores(
        places[kept],
        np.concatenate([part.steps for part in parts])[kept],
        np.concatenate([part.targets for part in parts])[kept],
        np.concatenate([part.costs for part in parts])[kept],
        np.concatenate([part.ranks for part in parts])[kept],
        np.concatenate([part.expected for part in parts])[kept],
    )
