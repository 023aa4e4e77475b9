"""What an experiment consists of, before any training: data, windows, splits and model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import Batches, make_batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.splits import Part, Splits
from rnnlab.evaluation.ceiling import Ceiling, window_ceiling
from rnnlab.models.architecture import Architecture, architecture_of

FIRST_WINDOWS = 10


@dataclass(frozen=True)
class TargetShare:
    """How often a token is the last target of a training window."""

    token: str
    windows: int
    share: float


@dataclass(frozen=True)
class Description:
    """Everything that `rnnlab describe` shows.

    Attributes:
        corpus: the data.
        splits: its parts.
        batches: how training reads it, with the copies of `dataset.augment`.
        windows: the first windows of the training part, (≤ 10, T + 1).
        windows_shape: of all of them, (W, T + 1).
        ceiling: None where a state is carried, since what came before the window is then known too.
        targets: class balance of the last targets, most frequent first.
        architecture: the layers.
    """

    experiment: Experiment
    corpus: Corpus
    splits: Splits
    batches: Batches
    windows: NDArray[np.unsignedinteger]
    windows_shape: tuple[int, int]
    ceiling: Ceiling | None
    targets: tuple[TargetShare, ...]
    architecture: Architecture

    def window_texts(self) -> list[str]:
        """The first windows as the lectures print them: `if you wan → f you want`, `g8 e8 e4 f8 → d8`."""
        target = 1 if self.experiment.dataset.target == "shifted" else -1
        join = self.corpus.vocabulary.join
        return [f"{join(row[:-1])} → {join(row[target:])}" for row in self.windows]


def describe(experiment: Experiment, *, report: Report = unreported) -> Description:
    """The description of an experiment.

    Args:
        experiment: the configuration.
        report: is told how far the reading of the data is.

    Raises:
        DataError: the data cannot be read, or is too short.
        ConfigError: the network does not fit the vocabulary.
    """
    data = load_data(experiment, report=report)
    experiment, corpus, splits = data.experiment, data.corpus, data.splits
    part, window = splits.parts["train"], experiment.dataset.window
    read = data.as_trained_on()
    return Description(
        experiment=experiment,
        corpus=corpus,
        splits=splits,
        batches=make_batches(read.splits.parts["train"], read.corpus, experiment),
        windows=_first_windows(corpus, part, window),
        windows_shape=(part.window_count, window + 1),
        ceiling=window_ceiling(corpus, part, experiment),
        targets=_target_shares(corpus, part, window),
        architecture=architecture_of(experiment, len(corpus.vocabulary)),
    )


def _first_windows(corpus: Corpus, part: Part, window: int) -> NDArray[np.unsignedinteger]:
    """The first windows of a part, (≤ 10, T + 1)."""
    runs = part.runs[:FIRST_WINDOWS]
    starts = [start for begin, end in runs for start in range(begin, min(end, begin + FIRST_WINDOWS))]
    first = np.array(starts[:FIRST_WINDOWS], np.int64)
    windows: NDArray[np.unsignedinteger] = corpus.ids[first[:, None] + np.arange(window + 1)]
    return windows


def _target_shares(corpus: Corpus, part: Part, window: int) -> tuple[TargetShare, ...]:
    counts = np.zeros(len(corpus.vocabulary), np.int64)
    for begin, end in part.runs:
        counts += np.bincount(corpus.ids[begin + window : end + window], minlength=len(counts))
    order = np.argsort(-counts, kind="stable")
    total = max(int(counts.sum()), 1)
    tokens = corpus.vocabulary.tokens
    return tuple(TargetShare(tokens[i], int(counts[i]), int(counts[i]) / total) for i in order if counts[i])
