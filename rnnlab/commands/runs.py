"""`rnnlab runs`: list the runs in `runs/`, show one of them, or remove some; as rows or as JSON."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option
from rnnlab.commands.csv_output import RUN_NAMES, csv_text, print_csv
from rnnlab.commands.folder_rows import folder_rows, trials_words
from rnnlab.errors import RunError, UsageError, count_of
from rnnlab.terminal.completion import complete_folder, complete_run
from rnnlab.terminal.tables import Column, fitted_text, table
from rnnlab.terminal.text import echo, visible

if TYPE_CHECKING:
    from rnnlab.runs.details import Details
    from rnnlab.runs.listing import Evaluated, RunEntry


@click.group(invoke_without_command=True)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a table as CSV, with a row for each run.")
@click.pass_context
def command(context: click.Context, as_json: bool, as_csv: bool) -> None:
    """List the runs in runs/, newest first; show one, or remove some.

    \b
    rnnlab runs
    rnnlab runs --csv > runs.csv
    rnnlab runs show runs/nabiya_lstm-1
    rnnlab runs remove runs/nabiya_lstm-1 runs/nabiya_lstm-2
    """
    if context.invoked_subcommand:
        if as_json:
            raise click.UsageError(_WHY_NO_JSON[context.invoked_subcommand], context)
        if as_csv:
            raise click.UsageError(
                f"--csv prints the list of runs; leave {context.invoked_subcommand} out", context
            )
        return
    if as_json and as_csv:
        raise click.UsageError("--json, --csv: expected one form; leave one of them out", context)
    from rnnlab.runs.listing import read_entries
    from rnnlab.terminal.tables import as_json_text

    entries = read_entries()
    if as_csv:
        print_csv(csv_text([entry_json(each) for each in _with_inside(entries)], RUN_NAMES))
    elif as_json:
        echo(as_json_text({"runs": [entry_json(entry) for entry in entries]}))
    elif entries:
        echo(entries_table(entries))
    else:
        echo("no run yet in runs/; train one first: rnnlab train CONFIG", err=True)


@command.command()
@click.argument(
    "run",
    metavar="[RUN|COMPARISON|STUDY]",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=complete_folder,
)
@json_option
def show(run: Path | None, as_json: bool) -> None:
    """Show all that is known about a run, a comparison or a study; without RUN, about the newest run.

    \b
    rnnlab runs show
    rnnlab runs show runs/nabiya_lstm-1 --json
    """
    from rnnlab.runs.details import details_of
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import in_runs, is_comparison_folder, is_study_folder
    from rnnlab.runs.listing import read_comparison_entry, read_entry, read_study_entry
    from rnnlab.terminal.tables import as_json_text, facts_table

    named = run and in_runs(run)
    if named and (is_study_folder(named) or is_comparison_folder(named)):
        entry = read_study_entry(named) if is_study_folder(named) else read_comparison_entry(named)
        echo(as_json_text(entry_json(entry)) if as_json else _folder_shown(entry))
        return
    path = find_run(named).path
    entry, details = read_entry(path), details_of(path)
    echo(as_json_text(details_json(entry, details)) if as_json else facts_table(details_rows(entry, details)))


@command.command()
@click.argument(
    "runs",
    metavar="RUN...",
    type=click.Path(path_type=Path),
    nargs=-1,
    required=True,
    shell_complete=complete_run,
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(runs: tuple[Path, ...], yes: bool) -> None:
    """Remove runs with all their files, after a question.

    \b
    rnnlab runs remove runs/nabiya_lstm-1
    rnnlab runs remove runs/nabiya_lstm-* --yes

    Only run folders in runs/ that no process is training can be removed. No link is followed.
    """
    from rnnlab.runs.details import bytes_of
    from rnnlab.runs.layout import in_runs
    from rnnlab.runs.removal import check_removable, remove_leftovers, remove_run

    paths = list(dict.fromkeys(in_runs(run) for run in runs))
    for path in paths:
        check_removable(path)
    if not yes:
        _ask(paths, sum(map(bytes_of, paths)))
    remove_leftovers()
    for path in paths:
        remove_run(path)
        echo(f"removed {path}", err=True)


def _ask(paths: list[Path], size: int) -> None:
    """Ask the user for a confirmation.

    Raises:
        UsageError: stdin is no terminal.
        RunError: the answer is not yes.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "rnnlab runs remove: cannot ask, since stdin is no terminal; add --yes to remove without asking"
        )
    names = ", ".join(map(str, paths[:5])) + (f" and {len(paths) - 5:,} more" if len(paths) > 5 else "")
    if not click.confirm(visible(f"remove {names} ({size_words(size)})?"), err=True):
        raise RunError("nothing was removed")


_WHY_NO_JSON = {
    "show": "--json comes after the command: rnnlab runs show --json",
    "remove": "remove prints no JSON; leave --json out",
}
"""The error for `--json` before the name of a command, by this name."""

_SHOWN_EVENTS = 8

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def details_json(entry: "RunEntry", details: "Details") -> dict[str, Any]:
    """Return the fields of the list, and the details of one run."""
    return {
        **entry_json(entry),
        "metrics": details.metrics,
        "folds": details.folds,
        "split": details.split,
        "environment": details.environment,
        "checkpoints": list(details.checkpoints),
        "snapshots": list(details.snapshots),
        "sizes": details.sizes,
        "events": list(map(str, details.events)),
    }


def details_rows(entry: "RunEntry", details: "Details") -> list[tuple[str, str]]:
    """Return a row for each fact about a run."""
    progress, evaluated, took = entry.progress, entry.evaluated, ""
    if progress.seconds is not None:
        took = f", {progress.seconds:,.1f} s of training"
    rows = [
        ("run", str(entry.path)),
        ("state", f"{entry.state}: {entry.owner}" if entry.owner else entry.state),
        ("begun", local_time(entry) + took),
    ]
    if entry.settings:
        parameters = "" if entry.parameters is None else f"; {count_of(entry.parameters, 'parameter')}"
        rows.append(("model", f"{model_words(entry)} on {entry.settings.data}{parameters}"))
        rows.append(("epochs", epochs_words(entry)))
    if progress.best_epoch is not None:
        counted = entry.settings.counted if entry.settings else "token"
        loss = f"{progress.part} loss {progress.best_loss:.4g} nats per {counted}"
        rows.append(("kept", f"epoch {progress.best_epoch:,}, {loss}"))
    if evaluated:
        running = ""
        if evaluated.length is not None:
            running = f"; free running {evaluated.right} of {evaluated.length} right"
        rows.append(("evaluated", f"{evaluated.split}: {_measured_words(evaluated)}{running}"))
    if details.folds:
        rows.append(("folds", _folds_words(details.folds)))
    if details.environment:
        known = (f"{name} {value}" for name, value in details.environment.items() if value)
        rows.append(("trained by", ", ".join(known)))
    rows.append(("checkpoints", ", ".join(details.checkpoints) or "none"))
    if details.snapshots:
        rows.append(("snapshots", f"of epochs {', '.join(f'{epoch:,}' for epoch in details.snapshots)}"))
    rows.append(("files", ", ".join(f"{name} {size_words(size)}" for name, size in details.sizes.items())))
    events = details.events[-_SHOWN_EVENTS:]
    rows += [("events" if number == 0 else "", str(event)) for number, event in enumerate(events)]
    return rows + [("" if number else "wrong", problem) for number, problem in enumerate(entry.problems)]


def _folder_shown(entry: "RunEntry") -> str:
    """Return a row for each fact about a comparison or a study; below a comparison, a table of its runs."""
    from rnnlab.runs.details import bytes_of
    from rnnlab.terminal.tables import facts_table

    rows = folder_rows(entry, state=state_words(entry), begun=local_time(entry))
    rows.append(("files", size_words(bytes_of(entry.path))))
    rows += [("" if number else "wrong", problem) for number, problem in enumerate(entry.problems)]
    inside = entry.comparison.entries if entry.comparison else ()
    return "\n\n".join([facts_table(rows), *([entries_table(inside)] if inside else [])])


def _measured_words(evaluated: "Evaluated") -> str:
    """Return the accuracy; of a model without one, such as for `from_label`, the loss."""
    if evaluated.accuracy is not None:
        return f"accuracy {evaluated.accuracy:.4f}"
    return f"loss {evaluated.loss:.4g} nats per token"


def _folds_words(folds: dict[str, Any]) -> str:
    """Return the means of a cross-validation; a file that lacks them is called damaged."""
    try:
        count, mean = len(folds["folds"]), folds["mean"]
        loss = f"mean loss {mean['loss']:.4g}"
        accuracy = f"mean accuracy {mean['accuracy']:.4f}, " if "accuracy" in mean else ""
        return f"{count_of(count, 'fold')}: {accuracy}{loss}"
    except (KeyError, TypeError, ValueError):
        return "damaged: not what rnnlab evaluate wrote"


def size_words(size: float) -> str:
    """Return a size as text, such as `275.4 kB`; a kB is 1000 bytes."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size:.0f} {_UNITS[0]}"


_COLUMNS = (
    Column("run", left=True, least=12),
    Column("begun", left=True, rank=4),
    Column("model", left=True, rank=5, least=8),
    Column("parameters", rank=8),
    Column("epochs", rank=3),
    Column("loss", rank=2),
    Column("accuracy", rank=6),
    Column("free run", rank=7),
    Column("state", left=True),
)


MOST_INSIDE = 20
"""Largest number of runs of a comparison that the list shows."""


def entries_table(entries: Sequence["RunEntry"]) -> str:
    """Return a row for each entry, at most as wide as the terminal; below it a line for each problem.

    The runs of a comparison are below it, indented.
    """
    shown = table(_COLUMNS, [row for entry in entries for row in _rows(entry)])
    problems = [problem for entry in _with_inside(entries) for problem in entry.problems]
    return "\n".join([shown, "", *map(fitted_text, problems)] if problems else [shown])


def _with_inside(entries: Sequence["RunEntry"]) -> list["RunEntry"]:
    """Return the entries, and the runs of each comparison after it."""
    return [each for one in entries for each in (one, *(one.comparison.entries if one.comparison else ()))]


def entry_json(entry: "RunEntry") -> dict[str, Any]:
    """Return an entry of the list as an object of JSON; scripts may rely on its fields."""
    settings, progress, evaluated = entry.settings, entry.progress, entry.evaluated
    return {
        "run": str(entry.path),
        "state": entry.state,
        "owner": entry.owner,
        "begun": entry.begun.isoformat(timespec="seconds"),
        "dataset": settings and settings.data,
        "task": settings and settings.task,
        "model": settings and {"kind": settings.kind, "units": list(settings.units)},
        "parameters": entry.parameters,
        "epochs": {"done": progress.epochs, "wanted": settings and settings.epochs},
        "seconds": progress.seconds,
        "best": None
        if progress.best_epoch is None
        else {"epoch": progress.best_epoch, "loss": progress.best_loss, "split": progress.part},
        "evaluation": evaluated
        and {
            "split": evaluated.split,
            "accuracy": evaluated.accuracy,
            "free_running": None
            if evaluated.length is None
            else {"correct": evaluated.right, "length": evaluated.length},
        },
        "comparison": entry.comparison
        and {
            "configurations": list(entry.comparison.configurations),
            "runs": entry.comparison.runs,
            "done": entry.comparison.done,
            "entries": [entry_json(each) for each in entry.comparison.entries],
        },
        "study": entry.study
        and {
            "config": entry.study.searched,
            "measure": entry.study.measure,
            "trials": {
                "ended": entry.study.ended,
                "wanted": entry.study.total,
                "training": entry.study.training,
            },
            "best": entry.study.best,
            "best_run": entry.study.best_run and str(entry.study.best_run),
        },
        "problems": list(entry.problems),
    }


def model_words(entry: "RunEntry") -> str:
    """Return kind and units, `lstm 128, 64`, after the task if it is not `next_token`, `label lstm 128`.

    Of a comparison, the text has the numbers of configurations and runs; of a study, the configuration.

    The text is empty if the settings are unknown.
    """
    if held := entry.comparison:
        return f"{count_of(len(held.configurations), 'configuration')}, {count_of(held.runs, 'run')}"
    if entry.study:
        return f"settings of {Path(entry.study.searched).name}"
    if not (settings := entry.settings):
        return ""
    task = "" if settings.task == "next_token" else f"{settings.task} "
    return f"{task}{settings.kind} {', '.join(map(str, settings.units))}"


def state_words(entry: "RunEntry") -> str:
    """Return the state; for a comparison without results also the trainings done, and whether one runs.

    For a study, also return the number of trials that have ended, and of those in training.
    """
    if study := entry.study:
        training = f", {study.training} in training" if study.training else ""
        return f"{entry.state}, {trials_words(study)} ended{training}"
    held = entry.comparison
    if held is None or held.is_measured:
        return entry.state
    return f"{entry.state}, {held.done} of {held.runs} done{', running' * bool(held.owner)}"


def epochs_words(entry: "RunEntry") -> str:
    """Return the finished and the planned epochs, as `27/60`; empty if the settings are unknown."""
    return f"{entry.progress.epochs:,}/{entry.settings.epochs:,}" if entry.settings else ""


def local_time(entry: "RunEntry") -> str:
    """Return the time `entry.begun` in the local time zone, as `2026-03-01 10:00`."""
    return f"{entry.begun.astimezone():%Y-%m-%d %H:%M}"


def _rows(entry: "RunEntry") -> Iterator[tuple[str, ...]]:
    """Yield the row of an entry; for a comparison also those of its runs, and one on the runs left out."""
    yield _row(entry)
    inside = entry.comparison.entries if entry.comparison else ()
    for each in inside[:MOST_INSIDE]:
        name, *cells = _row(each)
        yield f"  {name}", *cells
    if len(inside) > MOST_INSIDE:
        more = f"  … {count_of(len(inside) - MOST_INSIDE, 'more run')}"
        yield more, *[""] * (len(_COLUMNS) - 1)


def _row(entry: "RunEntry") -> tuple[str, ...]:
    progress, evaluated = entry.progress, entry.evaluated
    loss = "" if progress.best_loss is None else f"{progress.best_loss:.4g} {progress.part[:5]}"
    accuracy = f"{evaluated.accuracy:.4f}" if evaluated and evaluated.accuracy is not None else ""
    if (study := entry.study) and study.best is not None:
        if study.measure == "loss":
            loss = f"{study.best:.4g} best"
        elif study.measure == "accuracy":
            accuracy = f"{study.best:.4f}"
    running = evaluated and evaluated.length is not None
    return (
        entry.path.name,
        local_time(entry),
        model_words(entry),
        "" if entry.parameters is None else f"{entry.parameters:,}",
        epochs_words(entry),
        loss,
        accuracy,
        f"{evaluated.right}/{evaluated.length}" if evaluated and running else "",
        state_words(entry),
    )
