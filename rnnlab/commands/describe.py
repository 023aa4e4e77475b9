"""`rnnlab describe`: show the task, the data, its parts and the model of an experiment, without training."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, set_option
from rnnlab.errors import command_line, count_of
from rnnlab.terminal.completion import complete_config_or_run
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import cut, echo, terminal_columns, width_of, wrapped

FIRST_ROWS = 10
"""Number of rows of the vocabulary and of the targets that are shown without --full."""

MOST_LABELS = 20
"""Most labels or tags whose numbers are shown without --full."""

if TYPE_CHECKING:
    from rnnlab.models.architecture import Layer
    from rnnlab.reports.description import Description
    from rnnlab.reports.task_description import TaskDescription


@click.command()
@click.argument(
    "config", metavar="CONFIG|RUN", type=click.Path(path_type=Path), shell_complete=complete_config_or_run
)
@set_option
@click.option("--full", is_flag=True, help="Show the whole vocabulary, and all targets, windows or lanes.")
@json_option
def command(config: Path, overrides: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Show data, windows, splits and model, without training.

    \b
    rnnlab describe configs/nabiya_stateful_lstm.yaml
    rnnlab describe configs/text_lstm.yaml --full
    rnnlab describe configs/ship_stacked_lstm.yaml --json

    Without --full, ten rows of the vocabulary, ten targets, and ten windows or lanes are shown.
    """
    from rnnlab.config.reading import places_named, read_any
    from rnnlab.config.tasks import TaskExperiment
    from rnnlab.runs.data import opened
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import CONFIG
    from rnnlab.terminal.tables import as_json_text

    run = find_run(config) if os.path.isdir(config) else None
    path = run.path / CONFIG if run else config
    experiment = read_any(path, overrides)
    if run:
        remedy = f"name the file itself: {command_line('describe', path)}"
        experiment = opened(experiment, run, run.path, remedy=remedy, overrides=overrides)
    with places_named(path, overrides), ReadingReport(quiet=False) as reading:
        if isinstance(experiment, TaskExperiment):
            from rnnlab.reports.task_description import describe_task

            described = describe_task(experiment, report=reading.show)
            shown = _task_json(described) if as_json else _task_text(described, full=full)
        else:
            from rnnlab.reports.description import describe

            description = describe(experiment, full=full, report=reading.show)
            shown = _as_json(description) if as_json else _as_text(description, full=full)
    echo(shown if isinstance(shown, str) else as_json_text(shown))


def _task_json(description: "TaskDescription") -> dict[str, Any]:
    """Return the description of a task with examples as an object of JSON; scripts may rely on its fields."""
    examples, architecture = description.data.examples, description.architecture
    return {
        "dataset": {
            "task": description.data.experiment.task,
            "examples": len(examples),
            "vocabulary": {
                "inputs": list(examples.inputs.tokens.tokens),
                "targets": list(examples.targets.tokens.tokens),
            },
            "splits": {name: {"examples": len(numbers)} for name, numbers in examples.parts.items()},
            "notes": list(examples.notes),
        },
        "model": _model_json(architecture.layers, architecture.parameters),
    }


def _model_json(layers: "Sequence[Layer]", parameters: int) -> dict[str, Any]:
    shown = [
        {"name": layer.name, "output_shape": list(layer.output_shape), "parameters": layer.parameters}
        for layer in layers
    ]
    return {"layers": shown, "parameters": parameters}


def _task_text(description: "TaskDescription", *, full: bool) -> str:
    """Return the description of a task with examples as text."""
    from rnnlab.reports.diagrams import diagram_of_task, diagram_text
    from rnnlab.reports.task_description import task_plan
    from rnnlab.terminal.tables import PIPE_COLUMNS, Column, facts_table, table

    examples = description.data.examples
    diagram = diagram_text(diagram_of_task(description.data), terminal_columns() or PIPE_COLUMNS)
    sizes = [
        (name, tokens.kind, f"{len(tokens):,}")
        for name, tokens in (
            ("inputs", examples.inputs.tokens),
            ("targets", examples.targets.tokens),
            *([("characters", examples.words.spelled.tokens)] if examples.words else []),
        )
    ]
    layers = [
        (layer.name, _shape_of_steps(layer.output_shape), f"{layer.parameters:,}")
        for layer in description.architecture.layers
    ]
    return "\n\n".join(
        [
            facts_table(task_plan(description.data)),
            "First example of the training part\n" + diagram,
            "Vocabularies\n" + table(("", Column("a token is a", rank=1), "tokens"), sizes),
            *_counted_labels(description, most=None if full else MOST_LABELS),
            "Model\n" + _layer_table(layers),
        ]
    )


def _counted_labels(description: "TaskDescription", *, most: int | None) -> list[str]:
    """Return how many examples, or tokens, of each part have each label, or tag, as text."""
    from rnnlab.terminal.tables import Column, table

    noun = "tag" if description.data.experiment.task == "tags" else "label"
    rows = [
        (label, *(f"{count:,}" for count in counts.values())) for label, counts in description.counts.items()
    ]
    if not rows:
        return []
    columns: list[Column | str] = [Column(noun, left=True, least=8), *description.data.examples.parts]
    return [f"{noun.capitalize()}s\n" + table(columns, rows[:most], more=_more(len(rows), most))]


def _shape_of_steps(shape: tuple[int | None, ...]) -> str:
    """Return the shape of an output: N lanes, T time steps, and units."""
    names = iter("NT")
    return "(" + ", ".join(next(names) if size is None else str(size) for size in shape) + ")"


def _as_json(description: "Description") -> dict[str, Any]:
    corpus, architecture, ceiling = description.corpus, description.architecture, description.ceiling
    return {
        "dataset": {
            "task": "next_token",
            "tokens": len(corpus.ids),
            "sequences": len(corpus.starts),
            "sha256": corpus.sha256,
            "vocabulary": list(corpus.vocabulary.tokens),
            **_examples(description),
            "accuracy_ceiling": ceiling
            and {"correct": ceiling.correct, "total": ceiling.total, "accuracy": ceiling.accuracy},
            "splits": _splits(description),
            "notes": list(description.splits.notes),
            "left_out": dict(corpus.left_out),
        },
        "model": _model_json(architecture.layers, architecture.parameters),
    }


def _examples(description: "Description") -> dict[str, Any]:
    """Return the described windows or lanes of the training part, and how often each token is a target."""
    counted = "targets" if description.lanes else "windows"
    targets = [
        {"token": target.token, counted: target.count, "share": target.share}
        for target in description.targets
    ]
    if not description.lanes:
        windows = {
            "shape": list(description.windows_shape),
            "first": description.windows.tolist(),
            "text": description.window_texts(),
        }
        return {"windows": windows, "targets": targets}
    batches, vocabulary = description.batches, description.corpus.vocabulary
    lanes = {
        "shape": [batches.steps, batches.lanes, batches.window],
        "first": [
            {
                "tokens": lane.tokens,
                "cuts": [vocabulary.encode(cut).tolist() for cut in lane.cuts],
                "text": [vocabulary.join(cut) for cut in lane.cuts],
            }
            for lane in description.lanes
        ],
    }
    return {"lanes": lanes, "targets": targets}


def _splits(description: "Description") -> dict[str, Any]:
    """Return the size of each part; of a stratified split also the indices of the windows of each fold."""
    parts: dict[str, Any] = {
        part.name: {"tokens": part.end - part.begin}
        | ({} if description.lanes else {"windows": part.window_count})
        for part in description.splits.parts.values()
    }
    if description.splits.folds:
        parts["stratified_shuffle"] = [
            {"train": train.tolist(), "validation": held_out.tolist()}
            for train, held_out in description.splits.folds
        ]
    return parts


def _as_text(description: "Description", *, full: bool) -> str:
    from rnnlab.reports.description import plan
    from rnnlab.reports.diagrams import diagram_of_next_token, diagram_text
    from rnnlab.terminal.tables import PIPE_COLUMNS, facts_table, table

    experiment, architecture = description.experiment, description.architecture
    diagram = diagram_of_next_token(experiment, description.corpus, description.splits.parts["train"])
    rows = [
        ("task", f"next_token: {diagram.name}"),
        *plan(experiment, description.corpus, description.splits, description.batches, architecture),
    ]
    if ceiling := description.ceiling:
        reach = f"{ceiling.correct} of {ceiling.total} ({ceiling.accuracy:.3f})"
        why = "equal windows have different targets, so no model that sees only the window can do better"
        rows.append(("ceiling", f"{reach}: {why}" if ceiling.correct < ceiling.total else reach))
    layers = [
        (layer.name, _shape(layer.output_shape), f"{layer.parameters:,}") for layer in architecture.layers
    ]
    targets = [(repr(t.token), t.count, f"{100 * t.share:.1f} %") for t in description.targets]
    counted, most = "targets" if description.lanes else "windows", None if full else FIRST_ROWS
    is_shown = description.lanes or description.windows_shape[0]
    examples = [
        _lanes(description) if description.lanes else _windows(description),
        ("Targets\n" if description.lanes else "Targets of the windows\n")
        + table(("token", counted, "share"), targets[:most], more=_more(len(targets), most)),
    ]
    return "\n\n".join(
        [
            facts_table(rows),
            "Vocabulary\n" + _vocabulary(description, most=most),
            *(examples if is_shown else []),
            "First tokens of the training part\n" + diagram_text(diagram, terminal_columns() or PIPE_COLUMNS),
            "Model\n" + _layer_table(layers),
            *_drawn_splits(description),
        ]
    )


def _vocabulary(description: "Description", *, most: int | None) -> str:
    """Return each id with its token, in all rows (`most` is None) or in the first `most`.

    No line break separates an id from its token. If rows are left out, a last row has their number of tokens.
    """
    from rnnlab.terminal.tables import facts_table

    tokens = enumerate(description.corpus.vocabulary.tokens)
    unbroken = (f"{number} {token!r}".replace(" ", "\N{NO-BREAK SPACE}") for number, token in tokens)
    rows = facts_table([("", "  ".join(unbroken))]).splitlines()
    left_out = sum(1 for row in rows[most:] for token in row.split("  ") if token) if most else 0
    more = [f"…    {left_out:,} more; --full shows all"] if left_out else []
    return "\n".join([*rows[:most], *more]).replace("\N{NO-BREAK SPACE}", " ")


def _more(count: int, most: int | None) -> str:
    """Return a line on the rows that are left out if `most` of `count` rows (None: all) are shown."""
    return "" if most is None or count <= most else f"…    {count - most:,} more; --full shows all"


def _layer_table(layers: Sequence[tuple[str, str, str]]) -> str:
    """Return a table of name, output shape and parameters of each layer."""
    from rnnlab.terminal.tables import Column, table

    return table((Column("layer", left=True, least=8), Column("output", rank=1), "parameters"), layers)


def _lanes(description: "Description") -> str:
    """Return a line for each of the first lanes: its number of tokens, and its first pieces of text."""
    from rnnlab.terminal.tables import fitted_text

    batches, join = description.batches, description.corpus.vocabulary.join
    lines = []
    for number, lane in enumerate(description.lanes):
        cuts = "  ".join(repr(join(cut)) for cut in lane.cuts)
        more = " …" * (batches.steps > len(lane.cuts))
        lines.append(f"{number:>3}  {count_of(lane.tokens, 'token')}  {cuts}{more}")
    if columns := terminal_columns():
        lines = [cut(line, columns) for line in lines]
    if others := batches.lanes - len(lines):
        lines.append(f"…    {others:,} more")
    title = f"Lanes of the training part: {batches.lanes}, each cut every {count_of(batches.window, 'step')}"
    return "\n".join([fitted_text(title), *lines])


def _windows(description: "Description") -> str:
    from rnnlab.terminal.tables import fitted_text

    count, size = description.windows_shape
    title = f"Windows of the training part, shape ({count}, {size})"
    lines = [
        f"{number:>3}  {row.tolist()}  {text}" if len(row) <= 12 else f"{number:>3}  {text!r}"
        for number, (row, text) in enumerate(
            zip(description.windows, description.window_texts(), strict=True)
        )
    ]
    columns = terminal_columns()
    if columns and max(map(width_of, lines), default=0) > columns:
        texts = description.window_texts()
        lines = [cut(f"{number:>3}  {text!r}", columns) for number, text in enumerate(texts)]
    more = description.windows_shape[0] - len(lines)
    return "\n".join([fitted_text(title), *lines, *([f"…    {more:,} more"] if more else [])])


def _drawn_splits(description: "Description") -> list[str]:
    """Return the window indices of each stratified split, as text, in the form of scikit-learn's examples."""
    lines = [f"train {train}  validation {held}" for train, held in description.splits.folds]
    if columns := terminal_columns():
        lines = [piece for line in lines for piece in wrapped(line, columns)]
    return ["Splits\n" + "\n".join(lines)] if lines else []


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("N" if size is None else str(size) for size in shape) + ")"
