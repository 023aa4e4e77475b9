"""`rnnlab trace` for the tasks with examples: alignments of pairs, and labels or tags after each token."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.errors import UsageError, command_line
from rnnlab.terminal.text import echo, write
from rnnlab.tracing.heat_map import HeatMap, token_label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rnnlab.generation.step_by_step import Chances
    from rnnlab.models.model_file import TrainedTask

MOST_ROWS, MOST_STEPS, MOST_CELLS = 16, 120, 100_000

NEXT_TOKEN_ONLY = {
    "untrained": "--untrained",
    "hidden": "--hidden",
    "overrides": "--set",
    "layer": "--layer",
    "units": "--units",
    "step": "--step",
    "unit": "--unit",
    "value": "--value",
    "run_on": "--run-on",
    "influence": "--influence",
}
"""Options that show gates and states, by name; they are for models that predict the next token."""


@dataclass(frozen=True, eq=False)
class TaskTrace:
    """What is shown of one input.

    Attributes:
        facts: (name, text) of what was read and predicted.
        heat: the alignment, or the probabilities.
        fields: the same with all numbers, as an object of JSON.
        notes: sentences on what is left out.
    """

    facts: tuple[tuple[str, str], ...]
    heat: HeatMap
    fields: dict[str, Any]
    notes: tuple[str, ...] = ()


def show_task_trace(
    trained: "TrainedTask", path: Path, inputs: Sequence[str], options: dict[str, Any]
) -> None:
    """Print the alignment or the probabilities for each input, as heat maps or as JSON, or write a file.

    Args:
        trained: the model.
        path: its run or its file, for messages.
        inputs: the texts.
        options: the options of `rnnlab trace`.

    Raises:
        UsageError: the task or the model has nothing to show, an option is not for it, or there is no input.
        RunError: the file cannot be written.
    """
    from rnnlab.commands.arguments import checked_drawing
    from rnnlab.terminal.tables import as_json_text

    _refuse(trained, path, inputs, options)
    output: Path | None = options["output"]
    suffix = checked_drawing(output, overwrite=options["overwrite"]) if output else ""
    traces = [_traced(trained, text, options) for text in inputs]
    if options["as_json"]:
        echo(as_json_text({"task": trained.experiment.task, "inputs": [each.fields for each in traces]}))
        return
    for note in dict.fromkeys(note for each in traces for note in each.notes):
        echo(note, err=True)
    cells = sum(each.heat.values.size for each in traces)
    if cells > MOST_CELLS:
        raise UsageError(f"{cells:,} cells to draw, expected at most {MOST_CELLS:,}; choose fewer --steps")
    if output:
        _write_file(traces, output, suffix)
    else:
        _print(traces)


def _refuse(trained: "TrainedTask", path: Path, inputs: Sequence[str], options: dict[str, Any]) -> None:
    task = trained.experiment.task
    if task == "from_label":
        remedy = command_line("generate", path, "--label", trained.tokens[0])
        raise UsageError(f"{path}: a model of task from_label reads no text to trace; see it write: {remedy}")
    if task == "pairs" and trained.experiment.model.attention == "none":
        remedy = command_line("predict", path, *(inputs or ["TEXT"]))
        raise UsageError(
            f"{path}: the model has no attention, so there is no alignment to show; train one with"
            f" model.attention: dot, or see its targets: {remedy}"
        )
    for name, option in NEXT_TOKEN_ONLY.items():
        if options[name]:
            raise UsageError(
                f"{option} is for models that predict the next token; {path} is of task {task}: leave"
                f" {option} out"
            )
    if not inputs:
        raise UsageError(f"no input: give one, e.g.: {command_line('trace', path, '--input', 'TEXT')}")


def _traced(trained: "TrainedTask", text: str, options: dict[str, Any]) -> TaskTrace:
    if trained.experiment.task == "pairs":
        return _aligned(trained, text, options["steps"])
    return _on_the_way(trained, text, options["steps"], options["top"])


def _aligned(trained: "TrainedTask", text: str, steps: str | None) -> TaskTrace:
    """Return the alignment of the target that the network writes for a source."""
    from rnnlab.commands.arguments import range_of
    from rnnlab.generation.step_by_step import align

    (found,) = align(trained, [text])
    shown = range_of(steps, len(found.source), most=MOST_STEPS, name="--steps")
    score = f"{found.log_probability:.4f} nats"
    return TaskTrace(
        facts=(("source", text), ("written", found.text), ("log-probability", score)),
        heat=_heat_map(
            "attention: the weight of each source token (across) for each written token (down), 0 to 1",
            found.written,
            found.source,
            found.weights[:, shown.start : shown.stop],
            shown,
        ),
        fields={
            "input": text,
            "prediction": found.text,
            "log_probability": found.log_probability,
            "source": list(found.source),
            "written": list(found.written),
            "alignment": found.weights.tolist(),
        },
        notes=_notes(shown, len(found.source)),
    )


def _on_the_way(trained: "TrainedTask", text: str, steps: str | None, top: int) -> TaskTrace:
    """Return the probabilities of the labels or tags after each token of an input."""
    from rnnlab.commands.arguments import range_of
    from rnnlab.generation.prediction import input_tokens, predict, vocabularies_of
    from rnnlab.generation.step_by_step import chances_on_the_way

    (tokens,) = input_tokens(trained, vocabularies_of(trained), [text])
    shown = range_of(steps, len(tokens), most=MOST_STEPS, name="--steps")
    found = chances_on_the_way(trained, text, shown)
    (predicted,) = predict(trained, [text])
    rows = _most_probable(found, top)
    is_label = trained.experiment.task == "label"
    title = (
        "probability of each label after the tokens up to this one, 0 to 1"
        if is_label
        else "probability of each tag for each token, 0 to 1"
    )
    return TaskTrace(
        facts=(("input", text), ("label" if is_label else "tags", predicted.text)),
        heat=_heat_map(
            title, [found.labels[row] for row in rows], found.tokens, found.shares[:, rows].T, shown
        ),
        fields={
            "input": text,
            "prediction": predicted.text,
            "tokens": list(found.tokens[shown.start : shown.stop]),
            "labels": list(found.labels),
            "probabilities": found.shares.tolist(),
        },
        notes=_notes(shown, len(tokens)),
    )


def _most_probable(chances: "Chances", top: int) -> list[int]:
    """Return the labels that are among the `top` most probable after a token, at most `MOST_ROWS`.

    The label with the highest probability at any token comes first.
    """
    best = (-chances.shares).argsort(axis=1, kind="stable")[:, :top]  # (T', top)
    highest = chances.shares.max(axis=0)  # (L,)
    return sorted({*best.ravel().tolist()}, key=lambda label: (-highest[label], label))[:MOST_ROWS]


def _heat_map(
    title: str, rows: Sequence[str], tokens: Sequence[str], values: "NDArray[np.floating[Any]]", steps: range
) -> HeatMap:
    """Return a heat map with a column for each of the shown tokens."""
    import numpy as np

    none = np.zeros(len(steps), np.bool_)
    return HeatMap(
        name=title.partition(":")[0].partition(" of ")[0],
        title=title,
        rows=tuple(map(token_label, rows)),
        columns=tuple(token_label(tokens[step]) for step in steps),
        steps=tuple(steps),
        starts=none,
        begins=none,
        values=values.astype(np.float32),
        scale=1.0,
        is_signed=False,
    )


def _notes(shown: range, total: int) -> tuple[str, ...]:
    """Return a note on the tokens that are not shown, if there are any."""
    if len(shown) == total:
        return ()
    return (f"tokens {shown.start + 1} to {shown.stop} of {total:,}; --steps chooses others",)


def _print(traces: Sequence[TaskTrace]) -> None:
    import shutil

    from rnnlab.terminal.heat_map import colour_depth, heat_map_lines
    from rnnlab.terminal.tables import facts_table
    from rnnlab.terminal.text import visible

    width = shutil.get_terminal_size((100, 24)).columns
    parts = []
    for each in traces:
        facts = visible(facts_table(each.facts))
        parts += [facts, "\n".join(heat_map_lines(each.heat, width=width, depth=colour_depth()))]
    write("\n\n".join(parts) + "\n")


def _write_file(traces: Sequence[TaskTrace], path: Path, suffix: str) -> None:
    """Draw the heat maps as HTML or SVG."""
    from rnnlab.files import write_durably
    from rnnlab.tracing.heat_map import heat_maps_svg
    from rnnlab.tracing.page import heat_maps_page

    if suffix == ".html":
        maps = [([f"{name}: {text}" for name, text in each.facts], each.heat) for each in traces]
        drawn = heat_maps_page("What the network attends to and expects, token by token", maps)
    else:
        drawn = heat_maps_svg((f"{each.facts[0][1]}: {each.heat.title}", each.heat) for each in traces)
    write_durably(path, drawn.encode())
    echo(f"{path}: written", err=True)
