"""How surprised a model is by each token of a sequence."""

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
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.engines.numpy import numpy_model
from rnnlab.engines.stepper import Stepper
from rnnlab.evaluation.scoring import Scores, score
from rnnlab.evaluation.selection import select
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class Surprise:
    """What a model thought of one token before it came.

    Attributes:
        index: which token of the data, as it is read, from 1; boundaries count.
        token: that came.
        nats: −ln of its probability.
        rank: 1 if it was the most probable.
        expected: the most probable token.
    """

    index: int
    token: str
    nats: float
    rank: int
    expected: str

    @property
    def probability(self) -> float:
        """That the model gave the token, 0 to 1."""
        return math.exp(-self.nats)


@dataclass(frozen=True)
class Surprises:
    """The tokens of a part, in order, each after as many tokens before it as the model can have heard.

    Attributes:
        split: the part: train, validation, test or data (a file of the user's).
        tokens: those that are targets.
        notes: what the user should know, a sentence each.
        left_out: how much of the files' music is not in the data, by kind.
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
    """Each token of a part of a model's data, or of a file; see `select`."""
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
    """The scores of each target once, in the order of the corpus.

    A target that several windows share is scored where most of the window is before it.
    """
    target = experiment.dataset.target

    def scored(part: Part, target: Literal["next", "shifted"]) -> list[Scores]:
        return list(score(model, corpus, reading_order(part, corpus, experiment), target=target))

    if experiment.regime == "stream" or target == "next":
        return _merged(scored(part, target))
    starts = part.window_starts
    firsts = part_of_windows(corpus, part.name, starts[np.diff(starts, prepend=-2) != 1])
    return _merged(scored(part, "next") + scored(firsts, "shifted"))


def _merged(parts: list[Scores]) -> Scores:
    """All of them by place; of several of one place the first."""
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
