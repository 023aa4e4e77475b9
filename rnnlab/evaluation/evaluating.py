"""Everything that `rnnlab evaluate` measures of one model."""

from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.schema import Experiment, NoSplit
from rnnlab.datasets.batching import make_batches
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.parts import Part, whole
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.splits import split_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines.numpy_engine import numpy_model
from rnnlab.engines.stepper import Stepper
from rnnlab.errors import DataError, DownloadError, UsageError
from rnnlab.evaluation.ceiling import Ceiling, window_ceiling
from rnnlab.evaluation.free_running import FreeRunning, run_freely
from rnnlab.evaluation.metrics import Metrics, measure
from rnnlab.evaluation.reconstruction import reconstruct
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth.

    Attributes:
        split: the part that was measured: train, validation, test or data (a file of the user's).
        metrics: one step at a time.
        ceiling: the accuracy that no model of single windows can pass; None where a state is carried.
        free_running: the greedy continuation of the configuration's seed; None where there is none.
        reconstruction: the text put together from one-step predictions; None for other data.
        notes: what the user should know, a sentence each.
    """

    split: str
    metrics: Metrics
    ceiling: Ceiling | None
    free_running: FreeRunning | None
    reconstruction: str | None
    notes: tuple[str, ...]


def evaluate(
    trained: TrainedModel,
    *,
    split: str | None = None,
    data: Path | None = None,
    report: Report = unreported,
) -> Evaluation:
    """Measure a model on a part of its data, or on a file.

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
    is_other = data is not None and not (split and corpus.sha256 == trained.data_sha256)
    part, notes = _part(corpus, experiment, split, named="data" if is_other else None)
    if not data and trained.data_sha256 not in ("", corpus.sha256):
        notes += ("the data has changed since this model was trained on it; the figures are of the new data",)
    model = numpy_model(trained)
    batches = make_batches(part, corpus, experiment, shuffle=False)
    free_running = run_freely(model, corpus, experiment)
    if isinstance(free_running, str):
        notes += (free_running,) if experiment.generation.seed else ()
    return Evaluation(
        split=part.name,
        metrics=measure(model, corpus, batches, target=experiment.dataset.target),
        ceiling=window_ceiling(corpus, part, experiment),
        free_running=None if isinstance(free_running, str) else free_running,
        reconstruction=_reconstruction(model, corpus, part, experiment),
        notes=notes,
    )


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


def _part(
    corpus: Corpus, experiment: Experiment, split: str | None, *, named: str | None
) -> tuple[Part, tuple[str, ...]]:
    """The part to measure, and what should be said of it."""
    if named:
        if split:
            raise UsageError(
                "--split: a file given with --data has no parts, unless it is the training data;"
                " leave one of the two out"
            )
        return whole(corpus, window=experiment.dataset.window, name=named), ()
    splits = split_corpus(corpus, experiment)
    wanted = (
        split or experiment.evaluation.split or ("validation" if "validation" in splits.parts else "train")
    )
    if wanted not in splits.parts:
        raise UsageError(
            f"--split {wanted}: the data has no such part, only {', '.join(splits.parts)}; see dataset.split"
        )
    return splits.parts[wanted], splits.notes


def _reconstruction(model: Stepper, corpus: Corpus, part: Part, experiment: Experiment) -> str | None:
    dataset = experiment.dataset
    if dataset.kind != "text" or experiment.regime != "windows" or dataset.target != "shifted":
        return None
    return reconstruct(model, corpus, part, dataset.window)
