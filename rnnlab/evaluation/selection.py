"""Selection of the data to measure: a part of the model's own data, or a file that the user names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rnnlab.config.reading import AnyExperiment
from rnnlab.config.schema import Experiment, FilesSplit, NoSplit, NotesDataset, TextDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.parts import Part, whole
from rnnlab.datasets.source import files_of
from rnnlab.datasets.splits import split_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import Argument, DataError, DownloadError, UsageError
from rnnlab.files import Report, unreported
from rnnlab.models.model_file import TrainedModel

HAS_CHANGED = "the data has changed since this model was trained on it; the figures are of the new data"
"""A note on data that is not that of the training."""

Content = TypeVar("Content")
"""What a part is: a range of tokens, or the numbers of examples."""


@dataclass(frozen=True, eq=False)
class Selection:
    """A part of a corpus, selected to be measured.

    Attributes:
        experiment: the configuration; its section `dataset` names the data that is measured.
        corpus: the data, as ids of the model's vocabulary.
        part: the part of the corpus to measure.
        train: the part of the corpus that the model was trained on. None if a file is measured as a whole,
            unless it was selected as the train part.
        notes: remarks for the user, a sentence each.
    """

    experiment: Experiment
    corpus: Corpus
    part: Part
    train: Part | None
    notes: tuple[str, ...]


class NoSuchPart(UsageError):
    """The file is not the requested part of the model's data. The commands and the API add the remedy."""


class NoData(DataError):
    """The model's own data cannot be found or downloaded. The commands and the API add the remedy."""


def select(
    trained: TrainedModel,
    *,
    split: str | None = None,
    data: Path | None = None,
    may_open: bool = True,
    report: Report = unreported,
) -> Selection:
    """Select a part of a model's data, or a file.

    Args:
        trained: the model.
        split: the part. None: the whole file if `data` is given; else `evaluation.split`, else validation if
            the data has this part, else train.
        data: a file to measure instead, of the same kind as the model's data. With `split` it must have the
            content of the data that the model was trained on; then this part of it is measured. If each part
            has files of its own, it must be the file of this part, or have the same content. If it has the
            content of the train part, the part of the model's own data is measured.
        may_open: whether the files that the configuration names may be opened if `data` is given.
        report: called with the progress of reading.

    Raises:
        NoData: the model's own data cannot be found or downloaded.
        DataError: `data` cannot be found, or the data cannot be read or is too short.
        VocabularyError: the data has a token that is not in the vocabulary.
        NoSuchPart: `data` is not the requested part of the model's data.
        UsageError: the data has no such part.
    """
    experiment = trained.experiment
    if not data:
        return _own_part(trained, experiment, split, report)
    if split and not isinstance(experiment.dataset.split, FilesSplit):
        return _own_part(trained, _on_file(experiment, data), split, report, file=data)
    alone = _on_file(experiment, data, whole=True)
    corpus = _corpus(trained, alone, report)
    if split and not _is_recorded(split, data, corpus, trained, may_open=may_open, report=report):
        if may_open and _is_recorded("train", data, corpus, trained, may_open=True, report=report):
            return _own_part(trained, experiment, split, report)
        raise NoSuchPart(_no_such_file(split, data, experiment))
    part = whole(corpus, window=experiment.dataset.window, name=split or "data")
    return Selection(alone, corpus, part, part if split == "train" else None, corpus.notes)


def training_data(
    trained: TrainedModel, selection: Selection, *, may_open: bool, report: Report = unreported
) -> tuple[Corpus, Part] | str | None:
    """Return the data that n-gram baselines are counted on: the model's training data.

    Args:
        trained: the model.
        selection: the data that is measured.
        may_open: whether the files that the configuration names may be opened.
        report: called with the progress of reading.

    Returns:
        The corpus and its training part; or a sentence that says why the training data cannot be used; or
        None if the model was trained on the measured data or on a part of it.
    """
    if selection.train:
        is_held_out = selection.part.name != "train"
        return (selection.corpus, selection.train) if is_held_out else None
    if selection.corpus.sha256 == trained.data_sha256:
        return None
    if not may_open:
        return "no baselines: they are counted on the training data, which is opened for your own runs only"
    try:
        corpus = _corpus(trained, trained.experiment, report)
        train = split_corpus(corpus, trained.experiment).parts["train"]
    except DataError:
        return "no baselines: they are counted on the training data, which cannot be read"
    if trained.data_sha256 not in ("", corpus.sha256):
        return "no baselines: they are counted on the training data, which has changed since the training"
    return corpus, train


def named_by_file(experiment: AnyExperiment, split: str | None) -> tuple[Path | None, str | None]:
    """Return `data` and `split` for `select` that measure the same data as a `split` without `data`.

    Args:
        experiment: the configuration, which names the files of its data.
        split: the part; None: the part that is measured by default.

    Returns:
        The file, or None if the configuration does not name exactly one existing file; and the part, or None
        if `split` is None and the data has no held-out part, so that train is the whole file. The part is
        None too if the examples of a task are split by files, which are measured whole.
    """
    dataset = experiment.dataset
    usual = "validation" if dataset.has_part("validation") else "train"
    part = split or experiment.evaluation.split or usual
    files = dataset.files.get(part) or dataset.files.get("train", ())
    file = files[0] if len(files) == 1 and os.path.exists(files[0]) else None
    if isinstance(experiment, TaskExperiment) and isinstance(getattr(dataset, "split", None), FilesSplit):
        return file, None
    is_cut = dataset.has_part("validation") or dataset.has_part("test")
    return file, part if split or is_cut else None


def part_named(parts: Mapping[str, Content], name: str | None) -> Content:
    """Return the part with a name; if the name is None, validation if the data has it, else train.

    Raises:
        UsageError: the data has no such part.
    """
    wanted = name or ("validation" if "validation" in parts else "train")
    if wanted not in parts:
        raise UsageError(
            Argument("split", wanted),
            f": the data has no such part, only {', '.join(parts)}; see dataset.split",
        )
    return parts[wanted]


def _own_part(
    trained: TrainedModel,
    experiment: Experiment,
    split: str | None,
    report: Report,
    *,
    file: Path | None = None,
) -> Selection:
    """Select a part of the model's own data, or of a file with the same content.

    Raises:
        NoSuchPart: the file has other content than the data that the model was trained on.
    """
    corpus = _corpus(trained, experiment, report)
    if file and corpus.sha256 != trained.data_sha256:
        raise NoSuchPart(
            f"split {split}: {file} is not the data that this model was trained on, so it has no parts"
        )
    splits = split_corpus(corpus, experiment)
    notes = splits.notes
    if trained.data_sha256 not in ("", corpus.sha256):
        notes += (HAS_CHANGED,)
    part = part_named(splits.parts, split or experiment.evaluation.split)
    return Selection(experiment, corpus, part, splits.parts["train"], notes)


def _is_recorded(
    part: str, data: Path, corpus: Corpus, trained: TrainedModel, *, may_open: bool, report: Report
) -> bool:
    """Return whether a file is the one that the configuration names for a part, or has the same content.

    The content is compared only if `may_open`, and with all files of the part together. If these files cannot
    be read, the answer is no.
    """
    recorded = trained.experiment.dataset.files.get(part, ())
    if len(recorded) == 1 and str(recorded[0]) in (os.path.abspath(data), os.path.realpath(data)):
        return True
    if not (may_open and recorded):
        return False
    try:
        own = _corpus(trained, _on_file(trained.experiment, *recorded, whole=True), report)
    except DataError:
        return False
    return own.sha256 == corpus.sha256


def _no_such_file(split: str, data: Path, experiment: Experiment) -> str:
    """Return the message for a file that is not the requested part, if each part has files of its own."""
    files = experiment.dataset.files
    if split not in files:
        return f"split {split}: the data has no such part, only {', '.join(files)}"
    first, *more = files[split]
    named = f"{first} and {len(more)} more" if more else str(first)
    return f"split {split}: {data} is not known as the data of this part, which is {named}"


def _on_file(experiment: Experiment, *data: Path, whole: bool = False) -> Experiment:
    """Return the experiment with other files as its data; if `whole`, the data is not split into parts."""
    update = {"path": data, "inline": None, "url": None, "sha256": None}
    split = {"split": NoSplit()} if whole else {}
    dataset = experiment.dataset.model_copy(update={**update, **split})
    return experiment.model_copy(update={"dataset": dataset})


def _corpus(trained: TrainedModel, experiment: Experiment, report: Report) -> Corpus:
    dataset = experiment.dataset
    vocabulary = Vocabulary.of(trained.tokens, dataset)
    try:
        return load_corpus(dataset, vocabulary=vocabulary, report=report)
    except DataError as error:
        its_own = experiment is trained.experiment
        if its_own and (isinstance(error, DownloadError) or _is_gone(dataset)):
            raise NoData(str(error)) from None
        raise


def _is_gone(dataset: TextDataset | NotesDataset) -> bool:
    """Return whether a file, folder or pattern that the dataset names does not exist or has no file."""
    try:
        return not all(
            each.exists() for paths in dataset.files.values() for path in paths for each in files_of(path)
        )
    except DataError:
        return True
