"""The rules on settings that contradict each other in the configuration of a task with examples."""

from collections.abc import Iterator, Mapping
from typing import Any

from rnnlab.config.contradictions import (
    MOST_ACTIVATIONS,
    MOST_WEIGHTS,
    about_checkpoints,
    about_layers,
    about_measured_part,
    about_parts,
    about_patience,
    about_source,
)
from rnnlab.config.dataset import StratifiedSplit
from rnnlab.config.generation import Generation
from rnnlab.config.report import Contradiction, shown
from rnnlab.config.section import Section
from rnnlab.config.task_data import GeneratedDataset, TaskDataset
from rnnlab.config.training import EvaluationSettings, Training

OF_TASKS: dict[str, tuple[str, ...]] = {
    "model.bidirectional": ("label", "tags"),
    "model.pooling": ("label",),
    "model.characters": ("tags",),
    "model.attention": ("pairs",),
    "model.reverse_source": ("pairs",),
    "model.label_input": ("from_label",),
    "decoder": ("pairs",),
    "training.class_weights": ("label",),
    "evaluation.beam": ("pairs",),
}
"""The settings and sections that only some tasks have, with these tasks."""

_NEXT_TOKEN = {"stateful": "carries the state", "head": "is the last layer", "tie_weights": "shares weights"}
"""The settings of `model` that only `next_token` has, and what each does there."""


def task_contradictions(
    dataset: TaskDataset,
    model: Any,
    decoder: Any,
    training: Training,
    evaluation: EvaluationSettings,
    generation: Generation,
) -> Iterator[Contradiction]:
    """Yield each group of settings that contradict each other, or that together exceed a limit."""
    task = dataset.task  # type: ignore[attr-defined]
    if isinstance(dataset, GeneratedDataset):
        yield from _about_generated(dataset, model)
    else:
        yield from about_source(dataset)
        yield from about_parts(dataset)
        yield from about_measured_part(dataset, evaluation, remedy="{kind: sequences, test: 0.1}")
        yield from _about_split(dataset, task)
        yield from _about_columns(dataset)
    yield from _about_encoding(dataset)
    yield from about_checkpoints(training)
    yield from about_patience(training)
    yield from about_layers(_with_dropout(model, decoder))
    yield from _about_decoder(dataset, decoder)
    sections = {"model": model, "decoder": decoder, "training": training, "evaluation": evaluation}
    yield from _about_task(task, sections)
    yield from _about_next_token(task, model, training, evaluation)
    yield from _about_generation(task, generation)
    yield from _about_validations(dataset, training, evaluation)
    yield from _about_size(dataset, model, training)


def _about_generated(dataset: GeneratedDataset, model: Any) -> Iterator[Contradiction]:
    if dataset.shortest > dataset.longest:
        yield Contradiction(
            ("dataset.shortest", "dataset.longest"),
            f"expected at most longest, which is {dataset.longest:,}, received {dataset.shortest:,}",
        )
    lengths = ("shortest", "longest", "test_lengths")
    given = [key for key in lengths if getattr(dataset, key) != GeneratedDataset.model_fields[key].default]
    if dataset.name == "dates" and given:
        yield Contradiction(
            tuple(f"dataset.{key}" for key in given),
            "a date has its own length; leave shortest, longest and test_lengths out",
        )
    if dataset.task == "tags" and model.characters:
        yield Contradiction(
            ("model.characters", "dataset.kind"),
            f"reads the characters of words, and generated examples ({dataset.name}) have no words; leave"
            " model.characters out",
        )


def _about_split(dataset: Any, task: str) -> Iterator[Contradiction]:
    if isinstance(dataset.split, StratifiedSplit) and task not in ("label", "from_label"):
        yield Contradiction(
            ("dataset.split.kind", "dataset.task"),
            f"a stratified split needs labels, and task {task} has none; set kind: sequences",
        )
    if getattr(dataset.split, "unique", False):
        yield Contradiction(
            ("dataset.split.unique", "dataset.task"),
            f"has no effect: with task {task} equal inputs are always in one part; leave unique out",
        )


def _about_columns(dataset: Any) -> Iterator[Contradiction]:
    """Yield a contradiction if the two values of a row are to be in one column."""
    columns = getattr(dataset, "columns", None)
    if columns is None:
        return
    first, second = type(columns).model_fields
    name = getattr(columns, second)
    if getattr(columns, first) == name:
        yield Contradiction(
            (f"dataset.columns.{second}", f"dataset.columns.{first}"),
            f"expected another column than that of the {first}s, received {shown(name)} for both; write the"
            f" name of the column of the {second}s",
        )


def _about_encoding(dataset: Any) -> Iterator[Contradiction]:
    default = type(dataset).model_fields["embedding_size"].default
    if dataset.encoding != "embedding" and dataset.embedding_size != default:
        yield Contradiction(
            ("dataset.embedding_size", "dataset.encoding"),
            f"needs encoding: embedding, received {dataset.encoding}; leave embedding_size out",
        )


def _with_dropout(model: Any, decoder: Any) -> Any:
    """Return the section `model`, with the dropout of the decoder where the decoder has its own."""
    own = {key: getattr(decoder, key, None) for key in ("dropout", "input_dropout")}
    return model.model_copy(update={key: share for key, share in own.items() if share})


def _about_decoder(dataset: Any, decoder: Any) -> Iterator[Contradiction]:
    if dataset.encoding != "embedding" and getattr(decoder, "embedding_size", None) is not None:
        yield Contradiction(
            ("decoder.embedding_size", "dataset.encoding"),
            f"needs encoding: embedding, received {dataset.encoding}; leave embedding_size out",
        )


def _about_task(task: str, sections: Mapping[str, Section | None]) -> Iterator[Contradiction]:
    """Yield a contradiction for each setting, and each section, that is only for other tasks.

    Args:
        task: the task.
        sections: the sections, by name; None for one that is left out.
    """
    for dotted, tasks in OF_TASKS.items():
        name, _, key = dotted.partition(".")
        section = sections[name]
        if task not in tasks and section is not None and not (key and _is_default(section, key)):
            yield Contradiction(
                (dotted, "dataset.task"),
                f"is for task {' and '.join(tasks)}, received task {task}; leave {dotted} out",
            )


def _about_next_token(
    task: str, model: Section, training: Training, evaluation: EvaluationSettings
) -> Iterator[Contradiction]:
    """Yield a contradiction for each setting that only `next_token` has."""
    for name, what in _NEXT_TOKEN.items():
        if not _is_default(model, name):
            yield Contradiction(
                (f"model.{name}", "dataset.task"),
                f"{what} in task next_token, received task {task}; leave model.{name} out",
            )
    for dotted, value in (("training.samples", training.samples), ("evaluation.seeds", evaluation.seeds)):
        if value is not None:
            yield Contradiction(
                (dotted, "dataset.task"), f"is for task next_token, received task {task}; leave {dotted} out"
            )


def _is_default(section: Section, key: str) -> bool:
    return bool(getattr(section, key) == type(section).model_fields[key].default)


def _about_generation(task: str, generation: Generation) -> Iterator[Contradiction]:
    given = sorted(generation.model_fields_set - {"length", "temperature"})
    changed = [key for key in given if getattr(generation, key) != Generation.model_fields[key].default]
    if task != "from_label" and changed:
        yield Contradiction(
            (f"generation.{changed[0]}", "dataset.task"),
            f"task {task} writes no sequences of its own; leave generation out",
        )


def _about_validations(
    dataset: Any, training: Training, evaluation: EvaluationSettings
) -> Iterator[Contradiction]:
    """Yield a contradiction if training ends before the first validation: no loss chooses the weights."""
    every = evaluation.every
    if dataset.has_part("validation") and every > training.epochs:
        yield Contradiction(
            ("evaluation.every", "training.epochs", "dataset.split"),
            f"expected at most training.epochs, which is {training.epochs:,}, received {every:,}: training"
            " would end before its first validation; set a smaller evaluation.every, or more epochs",
        )


def _about_size(dataset: Any, model: Any, training: Training) -> Iterator[Contradiction]:
    """Yield a contradiction if the recurrent layers have too many weights, or a step too many outputs."""
    inputs = dataset.embedding_size if dataset.encoding == "embedding" else 1
    directions = 2 if model.bidirectional else 1
    before = (inputs, *(directions * units for units in model.units))
    layers = zip(before, model.units, strict=False)
    weights = sum(4 * width * (below + width) * directions for below, width in layers)
    if weights > MOST_WEIGHTS:
        yield Contradiction(
            ("model.units", "model.kind", "dataset.embedding_size"),
            f"expected at most {MOST_WEIGHTS:,} weights, received about {weights:,}; use fewer units",
        )
    if (activations := training.batch_size * max(model.units)) > MOST_ACTIVATIONS:
        yield Contradiction(
            ("training.batch_size", "model.units"),
            f"batch_size × units is {activations:,}, expected at most {MOST_ACTIVATIONS:,}; make one smaller",
        )
