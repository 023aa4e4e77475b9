"""The contents of a report: the history, the record, the measures and the samples of a run.

`contents_of` reads or computes all contents before a file is written. `Record` holds the time, the duration
and the machine of the training, from the files of the run folder.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError, RnnlabError, RunError
from rnnlab.evaluation.collapse import Collapse, collapses_of
from rnnlab.evaluation.measurement import Evaluation, Passage, evaluate_selection
from rnnlab.evaluation.metrics import Confusions, Watch
from rnnlab.evaluation.originality import OriginalityReport, originality_of_samples
from rnnlab.evaluation.scoring import Scores
from rnnlab.evaluation.selection import Selection, select
from rnnlab.files import Report, check_inside, read_text, unreported
from rnnlab.generation.settings import generation_settings
from rnnlab.generation.writing import Writing, Written, write_samples
from rnnlab.models.architecture import Architecture, architecture_of
from rnnlab.models.model_file import Trained, TrainedModel
from rnnlab.runs.events import DONE, TRAINING, events_in
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History, read_history
from rnnlab.runs.kept_tokens import kept_tokens
from rnnlab.runs.layout import EVENTS

_ENVIRONMENT = "environment.json"
_MOST_BYTES = 1 << 20
MOST_SAMPLES, LINES = 3, 20
"""Largest number of samples in a report; and their number if the sequences of a text are lines."""
MOST_TOKENS = 600
"""Largest number of tokens of a sample, and of the passage of the data, in a report."""


@dataclass(frozen=True)
class Record:
    """When, how long and on which machine a run was trained.

    Attributes:
        begun: time at which the training began, in UTC, as `2026-01-31 12:00`; empty if the log lacks it.
        epochs: number of finished epochs; None if the log has no end of the training.
        seconds: duration of the last session; None if the log has no end of the training.
        was_resumed: whether the training was resumed.
        environment: versions, processor, device, cores and thread settings, by name.
    """

    begun: str
    epochs: int | None
    seconds: float | None
    was_resumed: bool
    environment: dict[str, str] = field(default_factory=dict)


def read_record(run: RunFolder) -> Record:
    """Return the record of a run; a missing or damaged file leaves its fields empty, None or False."""
    events = events_in(_text(run, EVENTS))
    begun = next((event.time for event in events if event.state == TRAINING), "")
    ended = next((event for event in reversed(events) if event.state == DONE), None)
    return Record(
        begun=begun[:16].replace("T", " "),
        epochs=ended.epochs if ended else None,
        seconds=ended.seconds if ended else None,
        was_resumed=any(event.state == TRAINING and event.step is not None for event in events),
        environment=_environment(_text(run, _ENVIRONMENT)),
    )


@dataclass(frozen=True, eq=False)
class Measured:
    """The measures of a model on its data.

    Attributes:
        corpus: the data.
        train: the training part of the data.
        evaluation: loss, accuracy and the other measures.
        confusions: the confusion matrix.
        passage: the beginning of the measured part, with the cost of each target.
    """

    corpus: Corpus
    train: Part | None
    evaluation: Evaluation
    confusions: Confusions
    passage: Passage


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a report shows of a run.

    Attributes:
        run: the run folder.
        trained: the model.
        vocabulary: vocabulary of the model.
        architecture: layers of the model.
        history: losses and accuracies of the training.
        record: when, how long and on which machine the run was trained.
        measured: the measures of the model, or a sentence that says why there are none.
        writing: samples of the model, or a sentence that says why there are none.
        copies: what the samples copy from the training data, or a sentence that says why it cannot be told.
        collapses: where each sample is stuck; None for a sample that is not.
    """

    run: RunFolder
    trained: TrainedModel
    vocabulary: Vocabulary
    architecture: Architecture
    history: History
    record: Record
    measured: Measured | str
    writing: Writing | str
    copies: OriginalityReport | str
    collapses: tuple[Collapse | None, ...]


def contents_of(
    run: RunFolder,
    trained: TrainedModel | None = None,
    *,
    refusal: str | None = None,
    report: Report = unreported,
) -> Contents:
    """Return the contents of the report of a run.

    Args:
        run: the run folder.
        trained: the model of the run, with the present path of its data; None: the model in the run folder.
        refusal: a phrase that says why the model is not measured, for instance because its data may not be
            opened; None to measure it.
        report: is called with the progress of reading the data.

    Raises:
        RunError: `trained` is None and the run has no model yet.
        ModelFileError: `trained` is None and the model file is damaged.
    """
    trained = trained or run.load_model()
    dataset = trained.experiment.dataset
    measured = refusal if refusal is not None else _measured(trained, report)
    history = read_history(run.path, lenient=True)
    writing = _written(run, trained, None if isinstance(measured, str) else measured)
    return Contents(
        run=run,
        trained=trained,
        vocabulary=Vocabulary.of(trained.tokens, dataset),
        architecture=architecture_of(trained.experiment, len(trained.tokens)),
        history=history,
        record=read_record(run),
        measured=measured,
        writing=writing,
        copies=copies_of(run, trained, () if isinstance(writing, str) else writing.samples),
        collapses=_collapses(trained, writing, measured, history),
    )


def copies_of(run: RunFolder, trained: Trained, samples: Sequence[Written]) -> OriginalityReport | str:
    """Return what samples copy from the training data, or a sentence on why it cannot be told."""
    if not samples:
        return "there is no sample"
    kept = kept_tokens(trained, run, run.path)
    return kept if isinstance(kept, str) else originality_of_samples(trained, samples, kept)


def _text(run: RunFolder, name: str) -> str:
    path = run.path / name
    if not path.is_file():  # opening a pipe would wait for a writer
        return ""
    try:
        check_inside(path)
        return read_text(path, most_bytes=_MOST_BYTES)
    except (DataError, RunError):
        return ""


def _environment(text: str) -> dict[str, str]:
    try:
        facts = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    items = facts.items() if isinstance(facts, dict) else ()
    return {name: value for name, value in items if isinstance(value, str) and value}


def _measured(trained: TrainedModel, report: Report) -> Measured | str:
    """Return the measures, or the error message if the data cannot be read or measured."""
    try:
        selection = select(trained, report=report)
        confusions, passage = Confusions(), _passage(selection)
        evaluation = evaluate_selection(
            trained, selection, report=report, watch=_both(confusions.count, passage.note)
        )
    except RnnlabError as error:
        return str(error)
    return Measured(selection.corpus, selection.train, evaluation, confusions, passage)


def _both(first: Watch, second: Watch) -> Watch:
    def watch(scores: Scores) -> None:
        first(scores)
        second(scores)

    return watch


def _passage(selection: Selection) -> Passage:
    """Return a passage without costs: `MOST_TOKENS` tokens, or fewer if the part ends before.

    It begins with the first token of the part for a stream, and with its first window in the other regimes.
    """
    part = selection.part
    windows = selection.experiment.regime != "stream" and len(part.runs)
    begin = int(part.runs[0, 0]) if windows else part.begin
    return Passage(begin, min(begin + MOST_TOKENS, part.end))


def _written(run: RunFolder, trained: TrainedModel, measured: Measured | None) -> Writing | str:
    """Return at most 3 short samples with the settings of the run, or the error message if sampling fails.

    If the sequences of a text are lines, such as names, there are 20 samples, however many the settings name.
    If the configuration has no seed, the seed is the beginning of the measured part; see `_begin`.
    """
    settings = trained.experiment.generation
    dataset = trained.experiment.dataset
    has_lines = dataset.kind == "text" and dataset.unit == "line"
    few = {
        "length": min(settings.length, MOST_TOKENS),
        "samples": LINES if has_lines else min(settings.samples, MOST_SAMPLES),
        "seed": settings.seed or (_begin(measured, trained) if measured else None),
    }
    try:
        training = partial(kept_tokens, trained, run, run.path)
        return write_samples(trained, generation_settings(settings, few), training)
    except RnnlabError as error:
        return str(error)


def _collapses(
    trained: TrainedModel, writing: Writing | str, measured: Measured | str, history: History
) -> tuple[Collapse | None, ...]:
    """Return where each sample is stuck, compared with the data if it was read."""
    if isinstance(writing, str):
        return ()
    data = None if isinstance(measured, str) else measured.corpus
    return tuple(
        collapses_of(trained.experiment, writing, data=data, losses=history.kept_losses(trained.epoch))
    )


def _begin(measured: Measured, trained: TrainedModel) -> str | None:
    """Return a window of the measured part, at most 20 tokens, as a seed; None if the data has boundaries."""
    vocabulary, dataset = measured.corpus.vocabulary, trained.experiment.dataset
    if vocabulary.boundary is not None:
        return None
    begin = measured.passage.begin
    return vocabulary.join(measured.corpus.ids[begin : begin + min(dataset.window, 20)])
