"""What is measured: a part of a model's own data, or a file."""

from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.schema import Experiment, NoSplit
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.parts import Part, whole
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.splits import split_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError, DownloadError, UsageError
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True, eq=False)
class Selection:
    """A part of a corpus.

    Attributes:
        experiment: the configuration, with the file that was named in place of its data.
        corpus: the data, in the model's vocabulary.
        part: what to measure of it.
        train: what of it the model was trained on; None for other data.
        notes: what the user should know, a sentence each.
    """

    experiment: Experiment
    corpus: Corpus
    part: Part
    train: Part | None
    notes: tuple[str, ...]


def select(
    trained: TrainedModel,
    *,
    split: str | None = None,
    data: Path | None = None,
    report: Report = unreported,
) -> Selection:
    """The part of a name, or a file.

    Args:
        trained: the model.
        split: the part; None: what the configuration says, else validation where there is one, else train.
        data: a file of the model's kind of data to measure instead; it has parts if it is the training data.
        report: is told how far the reading of the data is.

    Raises:
        DataError: the data is not there, or too short.
        VocabularyError: the data has a token that the model does not know.
        UsageError: the data has no such part.
    """
    experiment = _on_file(trained.experiment, data, whole=split is None) if data else trained.experiment
    corpus = _corpus(trained, experiment, report)
    if data and not (split and corpus.sha256 == trained.data_sha256):
        if split:
            raise UsageError(
                "--split: a file given with --data has no parts, unless it is the training data;"
                " leave one of the two out"
            )
        part = whole(corpus, window=experiment.dataset.window, name="data")
        return Selection(experiment, corpus, part, None, corpus.notes)
    splits = split_corpus(corpus, experiment)
    notes = splits.notes
    if not data and trained.data_sha256 not in ("", corpus.sha256):
        notes += ("the data has changed since this model was trained on it; the figures are of the new data",)
    part = part_named(splits.parts, split or experiment.evaluation.split)
    return Selection(experiment, corpus, part, splits.parts["train"], notes)


def training_data(
    trained: TrainedModel, selection: Selection, *, may_open: bool, report: Report = unreported
) -> tuple[Corpus, Part] | str | None:
    """What a model was trained on that is measured on held-out data: a corpus and its part.

    A sentence that says why, if that cannot be had; None, if the data is not held out.

    Args:
        trained: the model.
        selection: what is measured.
        may_open: whether files that the configuration names may be opened for it.
        report: is told how far the reading of the data is.
    """
    if selection.train:
        is_held_out = selection.part.name != "train"
        return (selection.corpus, selection.train) if is_held_out else None
    if selection.corpus.sha256 == trained.data_sha256:
        return None
    if not may_open:
        return "no baselines: they are counted on the training data, which is opened for runs in runs/ only"
    try:
        corpus = _corpus(trained, trained.experiment, report)
        train = split_corpus(corpus, trained.experiment).parts["train"]
    except DataError:
        return "no baselines: they are counted on the training data, which cannot be read as it was"
    if trained.data_sha256 not in ("", corpus.sha256):
        return "no baselines: they are counted on the training data, which has changed since"
    return corpus, train


def part_named(parts: dict[str, Part], name: str | None) -> Part:
    """The part of a name; without one validation where there is one, else train."""
    wanted = name or ("validation" if "validation" in parts else "train")
    if wanted not in parts:
        raise UsageError(
            f"--split {wanted}: the data has no such part, only {', '.join(parts)}; see dataset.split"
        )
    return parts[wanted]


def _on_file(experiment: Experiment, data: Path, *, whole: bool) -> Experiment:
    """The experiment with a file in place of its data, which is split as its own was, or taken as a whole."""
    update = {"path": (data,), "inline": None, "url": None, "sha256": None}
    split = {"split": NoSplit()} if whole else {}
    dataset = experiment.dataset.model_copy(update={**update, **split})
    return experiment.model_copy(update={"dataset": dataset})


def _corpus(trained: TrainedModel, experiment: Experiment, report: Report) -> Corpus:
    dataset = experiment.dataset
    vocabulary = Vocabulary(trained.tokens, dataset.kind, dataset.boundary)
    try:
        return load_corpus(dataset, vocabulary=vocabulary, report=report)
    except DataError as error:
        its_own = experiment is trained.experiment
        gone = dataset.path and not any(path.exists() for path in dataset.path)
        if its_own and (gone or isinstance(error, DownloadError)):
            raise DataError(f"{error}; evaluate needs data: name a file with --data") from None
        raise
