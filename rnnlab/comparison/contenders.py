"""Runs as contenders of a comparison."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.comparison.measures import Comparison, Contender, Trial, check_same_data, measure_trial
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.errors import RunError, count_of
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import read_history

_NUMBERED = re.compile(r"(.+?)(-seed)?-\d+")


@dataclass(frozen=True)
class Entry:
    """A trained model that is to be compared.

    Attributes:
        path: of its run folder, or of its file.
        trained: the model.
        run: its run; None for a model file.
    """

    path: Path
    trained: TrainedModel
    run: RunFolder | None


def run_name(config: str, random_seed: int) -> str:
    """What the run of a configuration is called within a comparison."""
    return f"{config}-seed-{random_seed}"


def grouped(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The entries by contender: those that differ in nothing but the random seed are trials of one.

    Returns:
        By the contender's name: that of its runs without their number where they are several or their number
        is a seed, else that of its only run.
    """
    groups: list[tuple[Any, list[Entry]]] = []
    for entry in entries:
        settings, seed = _settings(entry.trained), _seed(entry)
        own = (group for key, group in groups if key == settings and seed not in map(_seed, group))
        group = next(own, None)
        if group is None:
            groups.append((settings, [entry]))
        else:
            group.append(entry)
    names = [_name(group) for _, group in groups]
    return {
        name if names.count(name) == 1 else str(group[0].path): group
        for name, (_, group) in zip(names, groups, strict=True)
    }


def compare(groups: dict[str, list[Entry]], *, report: Report = unreported) -> Comparison:
    """What trained models are worth beside each other.

    Args:
        groups: the trials of each contender, by its name.
        report: is told how far the reading of the data is.

    Raises:
        DataError: data is not there.
        UsageError: they are measured on different data.
    """
    contenders: list[Contender] = []
    notes: list[str] = []
    seen: list[Trial] = []
    for name, entries in groups.items():
        for entry in entries:
            trial, said = _measured(entry, report)
            seen.append(trial)
            notes += said
            check_same_data([(each.run, each.split, each.data) for each in (seen[0], trial)])
        contenders.append(Contender(name, tuple(seen[-len(entries) :])))
    return Comparison(tuple(contenders), (*dict.fromkeys(notes), *_notes(contenders)))


def _measured(entry: Entry, report: Report) -> tuple[Trial, tuple[str, ...]]:
    """A trial, and what the user should know of it."""
    epochs, seconds = None, None
    notes: tuple[str, ...] = ()
    if entry.run:
        with suppress(RunError):  # without a history its time is not known
            history = read_history(entry.run.path, with_steps=False)
            epochs, seconds = len(history) or None, history.seconds_without_compiling()
    wanted = entry.trained.experiment.training.epochs
    if epochs is not None and epochs < wanted:
        notes = (f"{entry.path}: trained for {epochs:,} of its {count_of(wanted, 'epoch')}",)
    trial, said = measure_trial(
        entry.trained, run=str(entry.path), epochs=epochs, seconds=seconds, report=report
    )
    return trial, notes + said


def _notes(contenders: Sequence[Contender]) -> list[str]:
    """What makes figures that stand beside each other not quite of the same thing."""
    notes = []
    first = {contender.name: contender.trials[0] for contender in contenders}
    targets = {name: trial.metrics.tokens for name, trial in first.items()}
    epochs = {name: trial.epochs for name, trial in first.items()}
    if len(set(targets.values())) > 1:
        notes.append(f"not the same number of targets, as windows differ: {_listed(targets)}")
    if contenders[0].trials[0].split == "train":
        notes.append("nothing is held out: losses and accuracies are of what was trained on")
    if len(set(epochs.values())) > 1:
        notes.append(f"not the same number of epochs: {_listed(epochs)}")
    return notes


def _listed(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name} {'unknown' if each is None else f'{each:,}'}" for name, each in figures.items())


def _settings(trained: TrainedModel) -> Any:
    """All that makes a model what it is, but for the random seed."""
    settings = trained.experiment.model_dump(mode="json")
    for key in ("random_seed", "checkpoint"):
        del settings["training"][key]
    return settings, trained.data_sha256


def _seed(entry: Entry) -> int:
    return entry.trained.experiment.training.random_seed


def _name(group: Sequence[Entry]) -> str:
    path = group[0].path
    found = _NUMBERED.fullmatch(path.name) if group[0].run else None
    if found and (found[2] or len(group) > 1):
        return found[1]
    return path.name if group[0].run else str(path)
