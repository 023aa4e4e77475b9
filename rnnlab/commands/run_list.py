"""How runs look, as rows and as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnlab.commands.rendering import Column, fitted_table
from rnnlab.commands.terminal import terminal_columns
from rnnlab.errors import count_of

if TYPE_CHECKING:
    from rnnlab.run_folders.entries import Entry

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


def entries_table(entries: Sequence["Entry"]) -> str:
    """A row for each run, as wide as the terminal at most, and below what is wrong with any."""
    table = fitted_table(_COLUMNS, [_row(entry) for entry in entries], width=terminal_columns())
    problems = [problem for entry in entries for problem in entry.problems]
    return "\n".join([table, "", *problems] if problems else [table])


def entry_json(entry: "Entry") -> dict[str, Any]:
    """The fields that scripts may rely on."""
    settings, progress, evaluated = entry.settings, entry.progress, entry.evaluated
    return {
        "run": str(entry.path),
        "state": entry.state,
        "owner": entry.owner,
        "begun": entry.begun.isoformat(timespec="seconds"),
        "dataset": settings and settings.data,
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
        },
        "problems": list(entry.problems),
    }


def model_words(entry: "Entry") -> str:
    """`lstm 128, 64`; of a comparison, how much it compares."""
    if held := entry.comparison:
        return f"{count_of(len(held.configurations), 'configuration')}, {count_of(held.runs, 'run')}"
    return f"{entry.settings.kind} {', '.join(map(str, entry.settings.units))}" if entry.settings else ""


def state_words(entry: "Entry") -> str:
    """The state; of a comparison whose results are not there, how many of its trainings are done."""
    held = entry.comparison
    if held is None or held.is_measured:
        return entry.state
    return f"{entry.state}, {held.done} of {held.runs} done{', running' * bool(held.owner)}"


def epochs_words(entry: "Entry") -> str:
    """`27/60`."""
    return f"{entry.progress.epochs:,}/{entry.settings.epochs:,}" if entry.settings else ""


def local_time(entry: "Entry") -> str:
    """When training began, here."""
    return f"{entry.begun.astimezone():%Y-%m-%d %H:%M}"


def _row(entry: "Entry") -> tuple[str, ...]:
    progress, evaluated = entry.progress, entry.evaluated
    loss = "" if progress.best_loss is None else f"{progress.best_loss:.4g} {progress.part[:5]}"
    running = evaluated and evaluated.length is not None
    return (
        entry.path.name,
        local_time(entry),
        model_words(entry),
        "" if entry.parameters is None else f"{entry.parameters:,}",
        epochs_words(entry),
        loss,
        f"{evaluated.accuracy:.4f}" if evaluated else "",
        f"{evaluated.right}/{evaluated.length}" if evaluated and running else "",
        state_words(entry),
    )
