"""`rnnlab describe`: show the data, windows or lanes, parts and model of an experiment, without training."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, set_option
from rnnlab.errors import command_line, count_of
from rnnlab.terminal.completion import complete_config_or_run
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import cut, echo, terminal_columns, width_of

FIRST_ROWS = 10
"""Number of rows of the vocabulary and of the targets that are shown without --full."""

if TYPE_CHECKING:
    from rnnlab.reports.description import Description


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
    from rnnlab.config.reading import places_named, read_experiment
    from rnnlab.reports.description import describe
    from rnnlab.runs.data import opened
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import CONFIG
    from rnnlab.terminal.tables import as_json_text

    run = find_run(config) if os.path.isdir(config) else None
    path = run.path / CONFIG if run else config
    experiment = read_experiment(path, overrides)
    if run:
        remedy = f"name the file itself: {command_line('describe', path)}"
        experiment = opened(experiment, run, run.path, remedy=remedy, overrides=overrides)
    with places_named(path, overrides), ReadingReport(quiet=False) as reading:
        description = describe(experiment, full=full, report=reading.show)
    echo(as_json_text(_as_json(description)) if as_json else _as_text(description, full=full))


def _as_json(description: "Description") -> dict[str, Any]:
    corpus, architecture, ceiling = description.corpus, description.architecture, description.ceiling
    return {
        "dataset": {
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
        "model": {
            "layers": [
                {"name": layer.name, "output_shape": list(layer.output_shape), "parameters": layer.parameters}
                for layer in architecture.layers
            ],
            "parameters": architecture.parameters,
        },
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
    from rnnlab.terminal.tables import facts_table, table

    experiment, architecture = description.experiment, description.architecture
    rows = plan(experiment, description.corpus, description.splits, description.batches, architecture)
    if ceiling := description.ceiling:
        reach = f"{ceiling.correct} of {ceiling.total} ({ceiling.accuracy:.3f})"
        why = "equal windows have different targets, so no model that sees only the window can do better"
        rows.append(("ceiling", f"{reach}: {why}" if ceiling.correct < ceiling.total else reach))
    layers = [
        (layer.name, _shape(layer.output_shape), f"{layer.parameters:,}") for layer in architecture.layers
    ]
    targets = [(repr(t.token), t.count, f"{100 * t.share:.1f} %") for t in description.targets]
    counted = "targets" if description.lanes else "windows"
    is_shown = description.lanes or description.windows_shape[0]
    examples = [
        _lanes(description) if description.lanes else _windows(description),
        ("Targets\n" if description.lanes else "Targets of the windows\n")
        + _first_rows(table(("token", counted, "share"), targets), most=None if full else FIRST_ROWS + 1),
    ]
    return "\n\n".join(
        [
            facts_table(rows),
            "Vocabulary\n" + _vocabulary(description, most=None if full else FIRST_ROWS),
            *(examples if is_shown else []),
            "Model\n" + table(("layer", "output", "parameters"), layers),
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
    more = [row for row in rows[most:] for _ in row.split("  ") if _] if most else []
    return _first_rows("\n".join(rows), most=most, more=len(more)).replace("\N{NO-BREAK SPACE}", " ")


def _first_rows(text: str, *, most: int | None, more: int | None = None) -> str:
    """Return the first `most` rows of a text (None: all), and how many rows (or `more` things) are left."""
    rows = text.splitlines()
    if most is None or len(rows) <= most:
        return text
    count = len(rows) - most if more is None else more
    return "\n".join([*rows[:most], f"…    {count:,} more; --full shows all"])


def _lanes(description: "Description") -> str:
    """Return a line for each of the first lanes: its number of tokens, and its first pieces of text."""
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
    return "\n".join([title, *lines])


def _windows(description: "Description") -> str:
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
    return "\n".join([title, *lines, *([f"…    {more:,} more"] if more else [])])


def _drawn_splits(description: "Description") -> list[str]:
    """Return the window indices of each stratified split, as text, in the form of scikit-learn's examples."""
    lines = [f"train {train}  validation {held}" for train, held in description.splits.folds]
    return ["Splits\n" + "\n".join(lines)] if lines else []


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("N" if size is None else str(size) for size in shape) + ")"
