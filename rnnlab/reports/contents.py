"""All that a report shows of a run, gathered before anything is written.

When and where a run was trained, as its folder says.
"""

import json
from dataclasses import dataclass, field

from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError, RnnlabError, RunError
from rnnlab.evaluation.measurement import Evaluation, Passage, evaluate_selection
from rnnlab.evaluation.metrics import Confusions, Watch
from rnnlab.evaluation.scoring import Scores
from rnnlab.evaluation.selection import Selection, select
from rnnlab.files import check_inside, read_text
from rnnlab.generation.writing import Writing, generation_settings, write_samples
from rnnlab.models.architecture import Architecture, architecture_of
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.events import DONE, TRAINING, events_in
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History, read_history
from rnnlab.runs.layout import EVENTS

_ENVIRONMENT = "environment.json"
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Record:
    """What is known of a training beside its configuration and its losses.

    Attributes:
        begun: the time in UTC, as `2026-01-31 12:00`; empty where nothing says it.
        epochs: how many were finished; None where nothing says that it ended.
        seconds: how long its last session took.
        was_resumed: whether it had several sessions.
        environment: versions and processor, by what they are of.
    """

    begun: str
    epochs: int | None
    seconds: float | None
    was_resumed: bool
    environment: dict[str, str] = field(default_factory=dict)


def read_record(run: RunFolder) -> Record:
    """The record of a run; what is missing, or is not what training wrote, is left open."""
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


def _text(run: RunFolder, name: str) -> str:
    path = run.path / name
    if not path.is_file():  # to open a pipe would wait for a writer
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


MOST_SAMPLES = 3
MOST_TOKENS = 600
"""Of a sample, a passage and a song."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A model on its data.

    Attributes:
        corpus: the data.
        train: the part that it was trained on; None for other data.
        evaluation: the figures.
        confusions: what it took for what.
        passage: the begin of the part that was measured.
    """

    corpus: Corpus
    train: Part | None
    evaluation: Evaluation
    confusions: Confusions
    passage: Passage


@dataclass(frozen=True, eq=False)
class Contents:
    """A run, whole.

    Attributes:
        run: its folder.
        trained: its model.
        vocabulary: of the model.
        architecture: of the model.
        history: of its losses.
        record: when and where it was trained.
        measured: what it is worth; a sentence that says why, where that is not known.
        writing: samples; a sentence where there are none.
    """

    run: RunFolder
    trained: TrainedModel
    vocabulary: Vocabulary
    architecture: Architecture
    history: History
    record: Record
    measured: Measured | str
    writing: Writing | str


def contents_of(
    run: RunFolder,
    trained: TrainedModel | None = None,
    *,
    refusal: str | None = None,
    report: Report = unreported,
) -> Contents:
    """What there is to say about a run.

    Args:
        run: its folder.
        trained: its model, with its data where it is; None: as it lies in the folder.
        refusal: why the data that it names is not opened; None: it is.
        report: is told how far the reading of the data is.

    Raises:
        RunError: no model has been saved in it.
        ModelFileError: its model is damaged.
    """
    trained = trained or run.load_model()
    dataset = trained.experiment.dataset
    measured = refusal if refusal is not None else _measured(trained, report)
    return Contents(
        run=run,
        trained=trained,
        vocabulary=Vocabulary.of(trained.tokens, dataset),
        architecture=architecture_of(trained.experiment, len(trained.tokens)),
        history=read_history(run.path, lenient=True),
        record=read_record(run),
        measured=measured,
        writing=_written(trained, None if isinstance(measured, str) else measured),
    )


def _measured(trained: TrainedModel, report: Report) -> Measured | str:
    """The figures, or why there are none: the data may have moved since."""
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
    """The first tokens of the part: those of a stream, or of its first windows."""
    part = selection.part
    windows = selection.experiment.regime != "stream" and len(part.runs)
    begin = int(part.runs[0, 0]) if windows else part.begin
    return Passage(begin, min(begin + MOST_TOKENS, part.end))


def _written(trained: TrainedModel, measured: Measured | None) -> Writing | str:
    """A few samples as the configuration has them, not too long."""
    settings = trained.experiment.generation
    few = {
        "length": min(settings.length, MOST_TOKENS),
        "samples": min(settings.samples, MOST_SAMPLES),
        "seed": settings.seed or (_begin(measured, trained) if measured else None),
    }
    try:
        return write_samples(trained, generation_settings(settings, few))
    except RnnlabError as error:
        return str(error)


def _begin(measured: Measured, trained: TrainedModel) -> str | None:
    """The first tokens of what was measured, for want of a seed; None where a sequence needs none."""
    vocabulary, dataset = measured.corpus.vocabulary, trained.experiment.dataset
    if vocabulary.boundary is not None:
        return None
    begin = measured.passage.begin
    return vocabulary.join(measured.corpus.ids[begin : begin + min(dataset.window, 20)])
