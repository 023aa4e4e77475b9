"""A sweep for someone's own file: the configuration that `rnnlab new` chooses, and a space around it."""

from dataclasses import dataclass, replace
from pathlib import Path

from rnnlab.config.overrides import Setting
from rnnlab.config.sweep import Dimension, SweepPage, SweepPlan
from rnnlab.errors import DataError
from rnnlab.files import Report, unreported
from rnnlab.suggestions.choices import Choices, choices_for
from rnnlab.suggestions.survey import survey
from rnnlab.suggestions.yaml_file import yaml_of

SHARE = 8
"""A training gets at most an eighth of the time, so that a search has eight trials or more on each worker."""


@dataclass(frozen=True)
class Suggested:
    """A sweep for a file.

    Attributes:
        plan: the sweep.
        choices: what `rnnlab new` chooses for the file.
        epochs: number of epochs of the configuration that `rnnlab new` writes.
    """

    plan: SweepPlan
    choices: Choices
    epochs: int


def suggested_sweep(
    data: Path, *, seconds: float, trials: int | None, report: Report = unreported
) -> Suggested:
    """Return a sweep for someone's own data.

    Args:
        data: a file or a folder.
        seconds: time of the search.
        trials: largest number of trials; None for as many as fit into the time.
        report: receives the progress of reading the data.

    Raises:
        DataError: the data cannot be read, or is too short for a validation set.
    """
    choices = choices_for(survey(data), report=report)
    if choices.is_by_heart:
        raise DataError(
            f"{data}: {len(choices.corpus.ids):,} tokens are too few for a validation set, which a search"
            " needs; write a configuration for the data instead, and train it"
        )
    page = SweepPage(sweep=f"{data.stem}.yaml", space=_space(choices), seconds=seconds, trials=trials)
    text = yaml_of(choices, Path("config.yaml"))
    plan = SweepPlan(page, text, name=f"{data.stem}.yaml", folder=Path.cwd())
    return Suggested(plan, choices, choices.epochs)


def with_epochs(found: Suggested, epochs: int) -> SweepPlan:
    """Return a sweep whose trainings have so many epochs; the best configuration has its own number."""
    number = "training.epochs"
    return replace(
        found.plan,
        settings=(*found.plan.settings, Setting(number, str(epochs))),
        best=(Setting(number, str(found.epochs)),),
    )


def _space(choices: Choices) -> dict[str, Dimension]:
    """Return the space around the chosen settings: cell, units, dropout, learning rate and lanes."""
    rate = choices.experiment.training.optimizer.learning_rate
    lanes = choices.experiment.training.batch_size
    space = {
        "model.kind": Dimension(choice=["lstm", "gru"]),
        "model.units": Dimension(choice=_around(choices.units)),
        "training.optimizer.learning_rate": Dimension(float=[rate / 4, rate * 4], log=True),
        "training.batch_size": Dimension(choice=_around(lanes)),
    }
    if choices.dropout:
        space["model.dropout"] = Dimension(float=[0.0, 0.5], step=0.1)
    return space


def _around(number: int) -> list[int]:
    """Return half of a number, the number, and twice the number; few lanes are slow, so no half below 8."""
    return [each for each in (number // 2, number, number * 2) if each >= min(8, number)]
