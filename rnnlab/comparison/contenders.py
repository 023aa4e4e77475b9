"""Grouping of runs and model files into contenders, and the comparison of the contenders."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rnnlab.comparison.measures import Comparison, Contender, Trial
from rnnlab.comparison.same_data import check_same_data, measure_trial, part_of_trial
from rnnlab.config.reading import AnyExperiment, read_any
from rnnlab.errors import ConfigError, RunError, count_of
from rnnlab.files import Report, unreported
from rnnlab.models.model_file import Trained
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import read_history
from rnnlab.runs.layout import CONFIG

_NUMBERED = re.compile(r"(.+?)(-seed)?-\d+")


@dataclass(frozen=True)
class Entry:
    """A trained model of a comparison.

    Attributes:
        path: path of its run folder or of its file.
        trained: the model.
        run: its run folder; None for a model file.
    """

    path: Path
    trained: Trained
    run: RunFolder | None


Member = TypeVar("Member", Entry, RunFolder)


def run_name(config: str, random_seed: int) -> str:
    """Return the name of a configuration's run folder within the folder of a comparison."""
    return f"{config}-seed-{random_seed}"


def grouped(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the entries by contender; the models of one contender differ only in the random seed.

    `training.checkpoint` may differ too. Models with equal random seeds are in different contenders.

    Returns:
        The models by the name of the contender, which is the name of its first run. Several runs, or a single
        run `song-seed-3`, are named without the number: `song`. A contender whose first model is a file is
        named by its path. Contenders that would have equal names are named by the path of their first model.
    """
    keys = [(_settings(each.trained.experiment), each.trained.data_sha256) for each in entries]
    seeds = [each.trained.experiment.training.random_seed for each in entries]
    groups = _alike(keys, seeds)
    names = [_name([entries[i].path for i in group], is_run=bool(entries[group[0]].run)) for group in groups]
    return _by_name(names, [[entries[i] for i in group] for group in groups])


def grouped_runs(runs: Sequence[RunFolder]) -> dict[str, list[RunFolder]]:
    """Return runs by configuration, named as in `grouped`; a run needs no model, and its data is not read.

    A run whose configuration cannot be read is a group of its own.
    """
    keys: list[Any] = []
    seeds = []
    for number, run in enumerate(runs):
        try:
            experiment = read_any(run.path / CONFIG)
        except ConfigError:
            keys.append(number)
            seeds.append(0)
        else:
            keys.append(_settings(experiment))
            seeds.append(experiment.training.random_seed)
    groups = _alike(keys, seeds)
    names = [_name([runs[i].path for i in group], is_run=True) for group in groups]
    return _by_name(names, [[runs[i] for i in group] for group in groups])


def compare(groups: dict[str, list[Entry]], *, report: Report = unreported) -> Comparison:
    """Return the comparison of trained models, each measured on the part that `measured_part` names.

    Args:
        groups: the models of each contender, by its name.
        report: is called with the progress of reading the data.

    Raises:
        DataError: the data of a model cannot be found or read, or is too short.
        UsageError: the models are of different tasks, or are measured on different data.
    """
    contenders: list[Contender] = []
    notes: list[str] = []
    seen: list[Trial] = []
    for name, entries in groups.items():
        for entry in entries:
            trial, said = _measured(entry, report)
            seen.append(trial)
            notes += said
            check_same_data([part_of_trial(each) for each in (seen[0], trial)])
        contenders.append(Contender(name, tuple(seen[-len(entries) :])))
    return Comparison(tuple(contenders), (*dict.fromkeys(notes), *_notes(contenders)))


def _measured(entry: Entry, report: Report) -> tuple[Trial, tuple[str, ...]]:
    """Return the trial of a model, and remarks for the user."""
    epochs, seconds = None, None
    notes: tuple[str, ...] = ()
    if entry.run:
        with suppress(RunError):  # without a history the time of the training is not known
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
    """Return remarks for the user on measures that do not compare in every respect.

    The contenders differ in their numbers of targets or of epochs, or are measured on the training part. Only
    the first trial of each contender is looked at.
    """
    notes = []
    first = {contender.name: contender.trials[0] for contender in contenders}
    targets = {name: trial.targets for name, trial in first.items()}
    epochs = {name: trial.epochs for name, trial in first.items()}
    windows, tokens = "the windows differ", "a token is not the same in all, so the losses do not compare"
    why = windows if contenders[0].trials[0].task == "next_token" else tokens
    if len(set(targets.values())) > 1:
        notes.append(f"the numbers of targets differ, because {why}: {_listed(targets)}")
    if contenders[0].trials[0].split == "train":
        notes.append("losses and accuracies are measured on the training part, not on held-out data")
    if len(set(epochs.values())) > 1:
        notes.append(f"the numbers of epochs differ: {_listed(epochs)}")
    return notes


def _listed(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name} {'unknown' if each is None else f'{each:,}'}" for name, each in figures.items())


def _settings(experiment: AnyExperiment) -> Any:
    """Return the settings of an experiment without `training.random_seed` and `training.checkpoint`."""
    settings = experiment.model_dump(mode="json")
    for key in ("random_seed", "checkpoint"):
        del settings["training"][key]
    return settings


def _alike(keys: Sequence[Any], seeds: Sequence[int]) -> list[list[int]]:
    """Return groups of indices with equal keys; no two members of a group have the same seed."""
    groups: list[list[int]] = []
    for i, (key, seed) in enumerate(zip(keys, seeds, strict=True)):
        for group in groups:
            if keys[group[0]] == key and seed not in [seeds[j] for j in group]:
                group.append(i)
                break
        else:
            groups.append([i])
    return groups


def _name(paths: Sequence[Path], *, is_run: bool) -> str:
    """Return the name of a group: of its runs, as `grouped` describes it, or the path of a model file."""
    found = _NUMBERED.fullmatch(paths[0].name) if is_run else None
    if found and (found[2] or len(paths) > 1):
        return found[1]
    return paths[0].name if is_run else str(paths[0])


def _by_name(names: Sequence[str], groups: list[list[Member]]) -> dict[str, list[Member]]:
    """Return groups by name; groups with equal names are named by the path of their first member."""
    return {
        name if names.count(name) == 1 else str(group[0].path): group
        for name, group in zip(names, groups, strict=True)
    }
