"""Samples that are stuck: as JSON, and as one line for people with the setting to change."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.errors import count_of

if TYPE_CHECKING:
    from rnnlab.evaluation.collapse import Collapse
    from rnnlab.generation.writing import Writing
    from rnnlab.models.model_file import Trained
    from rnnlab.runs.folder import RunFolder


def collapses_in(
    trained: "Trained", run: "RunFolder | None", path: Path, writing: "Writing"
) -> "list[Collapse | None]":
    """Return the collapse of each sample, or None; the training data is read only if a sample looks stuck.

    Args:
        trained: the model.
        run: its run; None for a model file.
        path: the run or the file.
        writing: the samples.
    """
    from rnnlab.commands.own_data import own_training_data
    from rnnlab.evaluation.collapse import collapses_of
    from rnnlab.models.model_file import TrainedModel

    if not any(found := collapses_of(trained.experiment, writing)):
        return found
    losses: tuple[float | None, float | None] = (None, None)
    if run:
        from rnnlab.runs.history import read_history

        losses = read_history(run.path, with_steps=False, lenient=True).kept_losses(trained.epoch)
    selection = own_training_data(trained, path) if isinstance(trained, TrainedModel) else None
    data = selection.corpus if selection else None
    return collapses_of(trained.experiment, writing, data=data, losses=losses)


def collapse_json(collapse: "Collapse | None") -> dict[str, Any] | None:
    """Return a collapse as an object of JSON, or null; scripts may rely on its fields."""
    if collapse is None:
        return None
    return {
        "kind": collapse.kind,
        "start": collapse.start,
        "period": collapse.period,
        "repeats": collapse.repeats,
        "length": collapse.length,
        "tokens": list(collapse.tokens),
        "cause": collapse.cause,
        "remedy": collapse.remedy,
    }


def collapse_line(collapses: "Sequence[Collapse | None]", noun: str) -> str | None:
    """Return one line about all samples that are stuck; None if none is.

    Args:
        collapses: the collapse of each sample, or None.
        noun: what a token is called: `note` or `token`.
    """
    stuck = [(number, each) for number, each in enumerate(collapses, 1) if each]
    if not stuck:
        return None
    number, first = stuck[0]
    which = "stuck"
    if len(collapses) > 1:
        which = f"{len(stuck):,} of {count_of(len(collapses), 'sample')} stuck; sample {number}"
    return f"{which}: {first.described(noun)}; likely cause: {first.cause}; {_typed_remedy(first)}"


def _typed_remedy(collapse: "Collapse") -> str:
    """Return the setting to change, with its option if it is one of generation."""
    section, _, name = collapse.setting.partition(".")
    if section == "generation":
        return f"change {collapse.remedy}, or add: --{name.replace('_', '-')} {collapse.value}"
    return f"change {collapse.remedy} and train again"
