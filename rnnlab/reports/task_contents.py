"""The contents of a report on a task with examples: diagram, measures, alignments and written sequences."""

from dataclasses import dataclass
from functools import partial

from rnnlab.config.task_data import GeneratedDataset
from rnnlab.errors import RnnlabError
from rnnlab.evaluation.example_measurement import TaskEvaluation, evaluate_selected
from rnnlab.evaluation.example_selection import SelectedExamples, select_examples
from rnnlab.evaluation.originality import OriginalityReport
from rnnlab.files import Report, unreported
from rnnlab.generation.label_writing import write_for_label
from rnnlab.generation.settings import generation_settings
from rnnlab.generation.step_by_step import Alignment, align
from rnnlab.generation.writing import Written
from rnnlab.models.model_file import TrainedTask
from rnnlab.models.task_architecture import TaskArchitecture, task_architecture_of
from rnnlab.reports.contents import MOST_SAMPLES, Record, copies_of, read_record
from rnnlab.reports.diagrams import Diagram, diagram_of_example
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History, read_history
from rnnlab.runs.kept_tokens import kept_tokens

MOST_ALIGNED = 4
"""Largest number of examples whose alignment is shown."""

MOST_ALIGNED_TOKENS = 40
"""Most tokens of a source, and of a target, whose alignment is shown."""

MOST_LABELS_WRITTEN = 20
"""Most labels for which a report has samples."""

MOST_WRITTEN_TOKENS = 60
"""Most tokens of a sample for a label."""


@dataclass(frozen=True)
class AlignedExample:
    """The alignment of an example that was held out.

    Attributes:
        alignment: the tokens of the source, the written target and the weights of attention.
        source: the text of the source.
        target: the text of the true target.
    """

    alignment: Alignment
    source: str
    target: str


@dataclass(frozen=True, eq=False)
class MeasuredTask:
    """The measures of a model on examples.

    Attributes:
        evaluation: the measures, the baselines and the mistakes.
        diagram: the lecture's diagram with the tokens of one example.
        drawn_part: the part of this example.
        training_examples: number of examples that the model was trained on; None if they are not known.
        names: the names of the files of the data.
        has_words: whether a token of an input is a word.
        aligned: alignments of examples of the measured part, the first ones that are short enough; empty
            without attention.
    """

    evaluation: TaskEvaluation
    diagram: Diagram
    drawn_part: str
    training_examples: int | None
    names: tuple[str, ...]
    has_words: bool
    aligned: tuple[AlignedExample, ...]


@dataclass(frozen=True, eq=False)
class TaskContents:
    """All that a report shows of a run of a task with examples.

    Attributes:
        run: the run folder.
        trained: the model.
        architecture: layers of the model.
        history: losses and accuracies of the training.
        record: when, how long and on which machine the run was trained.
        measured: the measures of the model, or a sentence that says why there are none.
        samples: for from_label: sequences that the model writes, by their label; or a sentence that says why
            there are none. Empty for other tasks.
        copies: what the samples copy from the training data, or a sentence that says why it cannot be told.
    """

    run: RunFolder
    trained: TrainedTask
    architecture: TaskArchitecture
    history: History
    record: Record
    measured: MeasuredTask | str
    samples: dict[str, tuple[str, ...]] | str
    copies: OriginalityReport | str


def task_contents_of(
    run: RunFolder, trained: TrainedTask, *, refusal: str | None = None, report: Report = unreported
) -> TaskContents:
    """Return the contents of the report of a run.

    Args:
        run: the run folder.
        trained: the model of the run, with the present path of its data.
        refusal: a phrase that says why the model is not measured, for instance because its data may not be
            opened; None to measure it.
        report: is called with the progress of reading the data.
    """
    samples = _samples(run, trained)
    written = () if isinstance(samples, str) else [each for own in samples.values() for each in own]
    return TaskContents(
        run=run,
        trained=trained,
        architecture=task_architecture_of(trained.experiment, trained.sizes),
        history=read_history(run.path, lenient=True),
        record=read_record(run),
        measured=refusal if refusal is not None else _measured(trained, report),
        samples=samples if isinstance(samples, str) else _texts(samples),
        copies=copies_of(run, trained, written),
    )


def _measured(trained: TrainedTask, report: Report) -> MeasuredTask | str:
    """Return the measures, or the error message if the data cannot be read or measured."""
    experiment = trained.experiment
    try:
        selected = select_examples(trained, split=None, data=None, may_open=True, report=report)
        by_length = isinstance(experiment.dataset, GeneratedDataset)
        evaluation = evaluate_selected(trained, selected, by_length=by_length, report=report)
        aligned = _aligned(trained, selected)
    except RnnlabError as error:
        return str(error)
    drawn = selected.training or selected.examples
    return MeasuredTask(
        evaluation=evaluation,
        diagram=diagram_of_example(experiment, drawn, 0),
        drawn_part="training" if selected.training else selected.name,
        training_examples=len(selected.training) if selected.training else None,
        names=selected.examples.names,
        has_words=selected.examples.inputs.tokens.kind == "word",
        aligned=aligned,
    )


def _aligned(trained: TrainedTask, selected: SelectedExamples) -> tuple[AlignedExample, ...]:
    """Return the alignments of the first examples that are short enough; none without attention."""
    if trained.experiment.model.attention == "none":
        return ()
    lengths = zip(selected.examples.inputs.lengths, selected.examples.targets.lengths, strict=True)
    short = [
        number for number, both in enumerate(lengths) if both[0] > 0 and max(both) <= MOST_ALIGNED_TOKENS
    ]
    chosen = [selected.examples.texts[number] for number in short[:MOST_ALIGNED]]
    if not chosen:
        return ()
    found = align(trained, [source for source, _ in chosen], most_tokens=MOST_ALIGNED_TOKENS)
    return tuple(AlignedExample(each, *texts) for each, texts in zip(found, chosen, strict=True))


def _texts(samples: dict[str, tuple[Written, ...]]) -> dict[str, tuple[str, ...]]:
    return {label: tuple(each.text for each in own) for label, own in samples.items()}


def _samples(run: RunFolder, trained: TrainedTask) -> dict[str, tuple[Written, ...]] | str:
    """Return samples of each label of a model of task from_label, or the error message."""
    configured = trained.experiment.generation
    if trained.experiment.task != "from_label":
        return {}
    few = {"length": min(configured.length, MOST_WRITTEN_TOKENS), "samples": MOST_SAMPLES}
    try:
        settings = generation_settings(configured, few)
        training = partial(kept_tokens, trained, run, run.path)
        return {
            label: write_for_label(trained, label, settings, training).samples
            for label in trained.tokens[:MOST_LABELS_WRITTEN]
        }
    except RnnlabError as error:
        return str(error)
