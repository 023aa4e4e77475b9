"""The description of an experiment without training: data, parts, windows or lanes, targets and layers.

`describe` returns the description that `rnnlab describe` shows. `plan` returns the first lines of this
description, which `rnnlab train` prints too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment, MlpModel
from rnnlab.datasets.batches import Batches, make_batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.parts import Part
from rnnlab.datasets.splits import Splits
from rnnlab.errors import count_of
from rnnlab.files import Report, unreported
from rnnlab.models.architecture import Architecture, architecture_of

if TYPE_CHECKING:
    from rnnlab.datasets.parts import Ceiling

FIRST_WINDOWS = 10
FIRST_LANES, FIRST_CUTS = 10, 3
Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class TargetShare:
    """How often a token is the last target of a training window, or a target of a stream.

    Attributes:
        token: the token.
        count: number of these targets.
        share: fraction of all such targets, 0 to 1.
    """

    token: str
    count: int
    share: float


@dataclass(frozen=True)
class Lane:
    """The part of a stream that one lane reads in an epoch.

    Attributes:
        tokens: number of tokens that the lane reads.
        cuts: the tokens of the first 3 pieces of the lane, or of all pieces (`describe(full=True)`); a piece
            has at most T tokens.
    """

    tokens: int
    cuts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Description:
    """The description of an experiment.

    Attributes:
        experiment: the configuration, fitted to the data.
        corpus: the data.
        splits: the parts of the data.
        batches: the batches of training, with the copies of `dataset.augment`.
        windows: the first windows of the training part, (≤ 10, T + 1), or all, without the copies; empty for
            a stream.
        windows_shape: shape of all windows, (W, T + 1), without the copies; W is 0 for a stream.
        lanes: the first 10 lanes of a stream, or all, with the copies, but without lanes that read no token;
            empty for windows.
        ceiling: highest accuracy on the training part that a model of single windows can reach, without the
            copies; see `window_ceiling`.
        targets: frequencies of the last targets of windows, without the copies, or of all targets of a
            stream, with the copies; the most frequent token first.
        architecture: the layers.
    """

    experiment: Experiment
    corpus: Corpus
    splits: Splits
    batches: Batches
    windows: NDArray[np.unsignedinteger]
    windows_shape: tuple[int, int]
    lanes: tuple[Lane, ...]
    ceiling: "Ceiling | None"
    targets: tuple[TargetShare, ...]
    architecture: Architecture

    def window_texts(self) -> list[str]:
        """Return the first windows as texts: `if you wan → f you want` or `g8 e8 e4 f8 → d8`."""
        target = 1 if self.experiment.dataset.target == "shifted" else -1
        join = self.corpus.vocabulary.join
        return [f"{join(row[:-1])} → {join(row[target:])}" for row in self.windows]


def describe(experiment: Experiment, *, full: bool = False, report: Report = unreported) -> Description:
    """Return the description of an experiment.

    Args:
        experiment: the configuration.
        full: whether the description has all windows, or all lanes with all pieces; else the first ones.
        report: is called with the progress of reading the data.

    Raises:
        DataError: the data cannot be read, or is too short.
        ConfigError: the network does not fit the vocabulary, or is too large for memory.
    """
    from rnnlab.datasets.parts import window_ceiling  # noqa: PLC0415 (`train` shows no ceiling)

    data = load_data(experiment, report=report)
    experiment, corpus, splits = data.experiment, data.corpus, data.splits
    part, window = splits.parts["train"], experiment.dataset.window
    read = data.as_trained_on()
    batches = make_batches(read.splits.parts["train"], read.corpus, experiment)
    is_stream = experiment.regime == "stream"
    most_windows = part.window_count if full else FIRST_WINDOWS
    most_lanes, most_cuts = (batches.lanes, batches.steps) if full else (FIRST_LANES, FIRST_CUTS)
    counts = _stream_targets(read.corpus, batches) if is_stream else _last_targets(corpus, part, window)
    return Description(
        experiment=experiment,
        corpus=corpus,
        splits=splits,
        batches=batches,
        windows=_first_windows(corpus, part, window, most=0 if is_stream else most_windows),
        windows_shape=(0 if is_stream else part.window_count, window + 1),
        lanes=_first_lanes(read.corpus, batches, most_lanes, most_cuts) if is_stream else (),
        ceiling=window_ceiling(corpus, part, experiment),
        targets=_shares(counts, corpus),
        architecture=architecture_of(experiment, len(corpus.vocabulary)),
    )


def plan(
    experiment: Experiment, corpus: Corpus, splits: Splits, batches: Batches, architecture: Architecture
) -> Rows:
    """Return rows of (name, text): data, vocabulary, parts, batches, model and training.

    Each note of the split is a row with an empty name, after `parts`.
    """
    return [
        ("data", _data(experiment, corpus)),
        ("vocabulary", f"{count_of(len(corpus.vocabulary), 'token')}: {corpus.vocabulary.summary}"),
        ("parts", ", ".join(_parts(experiment, splits))),
        *(("", note) for note in splits.notes),
        ("batches", _batches(experiment, batches)),
        ("model", _model(experiment, architecture)),
        ("training", _training(experiment, splits, batches)),
    ]


def _first_windows(corpus: Corpus, part: Part, window: int, *, most: int) -> NDArray[np.unsignedinteger]:
    """Return the first windows of a part, (≤ `most`, T + 1)."""
    starts = [start for begin, end in part.runs[:most] for start in range(begin, min(end, begin + most))]
    first = np.array(starts[:most], np.int64)  # (≤ most,)
    windows: NDArray[np.unsignedinteger] = corpus.ids[first[:, None] + np.arange(window + 1)]
    return windows


def _first_lanes(corpus: Corpus, batches: Batches, most: int, most_cuts: int) -> tuple[Lane, ...]:
    """Return the first `most` lanes of a stream, `most_cuts` pieces of each; no lane that reads no token."""
    starts, counts = (array[:, :most].T for array in batches.epoch(0))  # (≤ most, B)
    decode = corpus.vocabulary.decode
    return tuple(
        Lane(
            int(read.sum()),
            tuple(
                tuple(decode(corpus.ids[begin : begin + count]))
                for begin, count in zip(begins[:most_cuts], read[:most_cuts], strict=True)
                if count
            ),
        )
        for begins, read in zip(starts, counts, strict=True)
        if read.any()
    )


def _last_targets(corpus: Corpus, part: Part, window: int) -> NDArray[np.int64]:
    """Return how often each token is the last target of a window, (V,)."""
    counts = np.zeros(len(corpus.vocabulary), np.int64)
    for begin, end in part.runs:
        counts += np.bincount(corpus.ids[begin + window : end + window], minlength=len(counts))
    return counts


def _stream_targets(corpus: Corpus, batches: Batches) -> NDArray[np.int64]:
    """Return how often each token is a target in an epoch of a stream, (V,)."""
    starts, read = (array.T.reshape(-1) for array in batches.epoch(0))  # one piece after the other, (N · B,)
    begins, ends = starts[read > 0], (starts + read)[read > 0]  # pieces that are not empty, (P,)
    is_first = np.append(True, begins[1:] != ends[:-1])  # whether a gap is before a piece, (P,)
    counts = np.zeros(len(corpus.vocabulary), np.int64)  # (V,)
    for begin, end in zip(begins[is_first], ends[np.append(is_first[1:], True)], strict=True):
        targets = corpus.ids[begin + 1 : end + 1]
        counts += np.bincount(targets, minlength=len(counts))
        if not corpus.has_boundaries:  # the first token of a sequence is no target
            firsts = corpus.starts[(corpus.starts > begin) & (corpus.starts <= end)]
            counts -= np.bincount(corpus.ids[firsts], minlength=len(counts))
    return counts


def _shares(counts: NDArray[np.int64], corpus: Corpus) -> tuple[TargetShare, ...]:
    """Return the frequencies of the tokens that are a target at least once, the most frequent first."""
    order = np.argsort(-counts, kind="stable")
    total = max(int(counts.sum()), 1)
    tokens = corpus.vocabulary.tokens
    return tuple(TargetShare(tokens[i], int(counts[i]), int(counts[i]) / total) for i in order if counts[i])


def _data(experiment: Experiment, corpus: Corpus) -> str:
    noun = "note" if experiment.dataset.kind == "notes" else "character"
    first, *others = corpus.names
    more = f" and {count_of(len(others), 'more file')}" if others else ""
    return f"{count_of(len(corpus.ids), noun)}{_sequences(experiment, corpus)} from {first}{more}"


def _sequences(experiment: Experiment, corpus: Corpus) -> str:
    """Return a text on the number and the lengths of the sequences; empty if the corpus has no boundaries."""
    if not corpus.has_boundaries:
        return ""
    lengths = np.sort(corpus.ends - corpus.starts) - 2
    unit = count_of(len(lengths), experiment.dataset.unit)
    return f" in {unit} of {lengths[0]:,} to {lengths[-1]:,}, median {lengths[len(lengths) // 2]:,},"


def _parts(experiment: Experiment, splits: Splits) -> Iterator[str]:
    for part in splits.parts.values():
        if experiment.regime == "stream":
            yield f"{part.name} {count_of(part.end - part.begin, 'token')}"
        else:
            yield f"{part.name} {count_of(part.window_count, 'window')}"


def _batches(experiment: Experiment, batches: Batches) -> str:
    window = experiment.dataset.window
    if experiment.regime == "stream":
        lanes = count_of(batches.lanes, "lane")
        shape = f"{lanes} of a stream, cut every {count_of(window, 'step')}; the state runs on"
    elif batches.carries_state and batches.lanes > 1:
        block = f"{count_of(batches.steps, 'window')}{' or one fewer' if batches.leftover else ''}"
        shape = (
            f"{batches.lanes} lanes, each with a block of {block}, read one window of"
            f" {count_of(window, 'step')} at a time; the state runs on"
        )
    else:
        order = "shuffled" if experiment.training.shuffle else "in order"
        state = "the state runs on" if batches.carries_state else "each from a zero state"
        shape = f"{count_of(batches.lanes, 'window')} of {count_of(window, 'step')}, {order}, {state}"
    leftover = f"; {batches.leftover}" if batches.leftover else ""
    return f"{shape}; {batches.steps:,} an epoch{leftover}"


def _model(experiment: Experiment, architecture: Architecture) -> str:
    model = experiment.model
    names = ("peephole", "coupled_gates", "layer_norm", "residual", "tie_weights")
    variants = [name for name in names if getattr(model, name, False)]
    if not getattr(model, "reset_after", True):
        variants.append("reset before the product")
    if isinstance(model, MlpModel):
        variants.append(model.activation)
    kind = model.kind + (f" ({', '.join(variants)})" if variants else "")
    layers = " → ".join(str(layer.units) for layer in architecture.layers)
    return (
        f"{kind} {layers} on {experiment.dataset.encoding}; {count_of(architecture.parameters, 'parameter')}"
    )


def _training(experiment: Experiment, splits: Splits, batches: Batches) -> str:
    training = experiment.training
    optimizer, steps = training.optimizer, training.epochs * batches.steps
    schedule = "" if training.schedule.kind == "constant" else f", {training.schedule.kind} schedule"
    most = "at most " if _may_stop_early(experiment, splits) else ""
    return (
        f"{most}{count_of(training.epochs, 'epoch')}, {count_of(steps, 'step')} of {optimizer.name},"
        f" learning rate {optimizer.learning_rate:g}{schedule}, random seed {training.random_seed}"
    )


def _may_stop_early(experiment: Experiment, splits: Splits) -> bool:
    """Return whether early stopping can end the training before its last epoch."""
    stopping, epochs = experiment.training.early_stopping, experiment.training.epochs
    every = experiment.evaluation.every if "validation" in splits.parts else 1
    return stopping is not None and stopping.patience * every < epochs
