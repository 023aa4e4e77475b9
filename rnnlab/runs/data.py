"""Which data a trained model may have opened or downloaded: a configuration names it, whoever wrote that."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.source import files_of
from rnnlab.errors import DataError, RunError
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG, is_below_runs
from rnnlab.runs.signature import digest_of, signed_pages


def opened_model(trained: TrainedModel, run: RunFolder | None, path: Path, *, remedy: str) -> TrainedModel:
    """The model with its data where it may be opened; see `opened`."""
    experiment = opened(trained.experiment, run, path, config=trained.config, remedy=remedy)
    return trained if experiment is trained.experiment else replace(trained, experiment=experiment)


def opened(
    experiment: Experiment,
    run: RunFolder | None,
    path: Path,
    *,
    remedy: str,
    config: str = "",
    overrides: Sequence[str] = (),
) -> Experiment:
    """The experiment with its data where it may be opened; what was not asked for is refused.

    All data may be opened of a run in `runs/`, where `rnnlab train` makes them, and of a run that is signed
    with the user's own key; of any other run, what its paths, folders and patterns lead to if all of that
    lies in the run's folder; of a model file, nothing. Nothing is downloaded for the latter two, and no pipe
    or device is opened for any of them.

    Args:
        experiment: of the model, or of config.yaml.
        run: its folder; None for a model file.
        path: what messages call it.
        remedy: how to ask for the data.
        config: the YAML in the model's file; empty where the experiment was read from config.yaml.
        overrides: settings that the user gave with the latter.

    Raises:
        DataError: the first file that is not opened, why, and the remedy.
    """
    doubt = ""
    try:
        experiment = located(experiment, run, config=config, overrides=overrides)
    except RunError as error:
        doubt = str(error)
    is_own = not doubt or (run is not None and is_below_runs(run.path))
    whose = f"and is not known as a run of yours ({doubt})" if run else "and a model file opens none"
    if (url := experiment.dataset.url) and not is_own:
        raise DataError(f"{path}: it names data, {url}, {whose}; {remedy}")
    for data in chain.from_iterable(experiment.dataset.files.values()):
        for each in () if is_own else chain([data], _led_to(data)):
            if not (run and _lies_in(each, run.path)):
                raise DataError(f"{path}: it names data, {each}, {whose}; {remedy}")
        if os.path.exists(data) and not (os.path.isfile(data) or os.path.isdir(data)):
            raise DataError(f"{data}: a pipe or a device; expected a file or a folder; {remedy}")
    return experiment


def found_again(experiment: Experiment, run: RunFolder) -> Experiment:
    """The experiment of a run that goes on, with its data where it lies if the run has been moved.

    Training opens what any configuration names, so nothing is refused.
    """
    with suppress(RunError):
        return located(experiment, run)
    return experiment


def located(
    experiment: Experiment, run: RunFolder | None, *, config: str = "", overrides: Sequence[str] = ()
) -> Experiment:
    """The experiment of a run of the user's own with its data where it lies, if the run has been moved.

    The data is looked for where it lay in training. If it is not there, run and data may have been moved
    together: then it is looked for on the same way from the folder where the run is now, without links. A
    run in `runs/` is looked at the other way round.

    Args:
        experiment: with paths as they lead on from the folder where the run is now.
        run: its folder; None for a model file.
        config: the YAML that the experiment was read from, before that of config.yaml.
        overrides: settings that it was read with.

    Raises:
        RunError: why the run is not known as one of the user's own, in a few words.
    """
    if not run:
        raise RunError("a model file")
    text, folder = _signed(run, config)
    here = Path(os.path.abspath(run.path))
    if here == folder or not experiment.dataset.files:
        return experiment
    trained = parse_experiment(text, name=str(run.path / CONFIG), folder=folder, overrides=overrides)
    update = {"path": trained.dataset.path, "split": trained.dataset.split}
    dataset = experiment.dataset.model_copy(update=update)
    before = experiment.model_copy(update={"dataset": dataset})
    if is_below_runs(run.path):
        return before if _is_there(before) and not _is_there(experiment) else experiment
    has_moved_too = not _is_there(before) and _is_there(experiment) and _has_no_links(experiment, here)
    return experiment if has_moved_too else before


def _signed(run: RunFolder, config: str) -> tuple[str, Path]:
    """The configuration that a run is signed for, and the folder that the paths in it are relative to.

    Raises:
        RunError: why there is none.
    """
    pages = signed_pages(run.path)
    for page in (config.encode(), run.read_config()):
        if page and (folder := pages.get(digest_of(page))):
            return page.decode(), folder
    raise RunError(f"{CONFIG} is not the one that was signed")


def _is_there(experiment: Experiment) -> bool:
    """Whether all paths, folders and patterns of a dataset lead to something."""
    return all(
        any(map(os.path.exists, _led_to(data)))
        for data in chain.from_iterable(experiment.dataset.files.values())
    )


def _has_no_links(experiment: Experiment, run: Path) -> bool:
    """Whether no link is on the way from a run's folder to its data: anyone may have packed one with it."""
    real = os.path.realpath(run)
    ways = (
        (each, os.path.normpath(os.path.join(real, os.path.relpath(each, run))))
        for data in chain.from_iterable(experiment.dataset.files.values())
        for each in chain([data], _led_to(data))
    )
    return all(os.path.realpath(each) == way for each, way in ways)


def _led_to(data: Path) -> Iterator[Path]:
    """The files that a folder or a pattern leads to; what lies in a folder may be a link out of it."""
    with suppress(DataError):
        yield from files_of(data)


def _lies_in(data: Path, folder: Path) -> bool:
    """Whether a path leads to what is in a folder; one with `**` might go through a link to anywhere."""
    inside = os.path.realpath(folder)
    return "**" not in data.parts and os.path.realpath(data).startswith(os.path.join(inside, ""))
