"""How all that is known of one run looks, as rows and as JSON."""

from typing import TYPE_CHECKING, Any

from rnnlab.commands.run_list import entry_json, epochs_words, local_time, model_words
from rnnlab.errors import count_of

if TYPE_CHECKING:
    from rnnlab.run_folders.details import Details
    from rnnlab.run_folders.entries import Entry

_SHOWN_EVENTS = 8

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def details_json(entry: "Entry", details: "Details") -> dict[str, Any]:
    """The fields of the list, and those that only one run has room for."""
    return {
        **entry_json(entry),
        "metrics": details.metrics,
        "folds": details.folds,
        "split": details.split,
        "environment": details.environment,
        "checkpoints": list(details.checkpoints),
        "sizes": details.sizes,
        "events": list(details.events),
    }


def details_rows(entry: "Entry", details: "Details") -> list[tuple[str, str]]:
    """A row for each thing that is known."""
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
        loss = f"{progress.part} loss {progress.best_loss:.4g} nats per token"
        rows.append(("lowest", f"{loss}, in epoch {progress.best_epoch:,}"))
    if evaluated:
        running = ""
        if evaluated.length is not None:
            running = f"; free running {evaluated.right} of {evaluated.length} right"
        rows.append(("evaluated", f"{evaluated.split}: accuracy {evaluated.accuracy:.4f}{running}"))
    if details.folds:
        rows.append(("folds", _folds_words(details.folds)))
    if details.environment:
        facts = (f"{name} {value}" for name, value in details.environment.items() if value)
        rows.append(("trained by", ", ".join(facts)))
    rows.append(("checkpoints", ", ".join(details.checkpoints) or "none"))
    rows.append(("files", ", ".join(f"{name} {size_words(size)}" for name, size in details.sizes.items())))
    events = details.events[-_SHOWN_EVENTS:]
    rows += [("events" if number == 0 else "", event) for number, event in enumerate(events)]
    return rows + [("" if number else "wrong", problem) for number, problem in enumerate(entry.problems)]


def _folds_words(folds: dict[str, Any]) -> str:
    """The means of a cross-validation, as far as the file has them."""
    try:
        count, mean = len(folds["folds"]), folds["mean"]
        return (
            f"{count_of(count, 'fold')}: mean accuracy {mean['accuracy']:.4f}, mean loss {mean['loss']:.4g}"
        )
    except (KeyError, TypeError, ValueError):
        return "damaged: not what rnnlab evaluate wrote"


def size_words(size: float) -> str:
    """`275.4 kB`; a kB is 1000 bytes."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size:.0f} {_UNITS[0]}"
