"""Which data may be opened or downloaded for a trained model, and where it lies now.

A configuration names the data, and anyone may have written the configuration. The data of the user's own runs
is opened; that of other people's runs only if it lies in the run folder.
"""

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
    """The model with the paths of its data, if the data may be opened; `opened` has the rules."""
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
    """The experiment with the paths of its data, if the data may be opened.

    - A run in `runs/`, or a run that is signed with the user's key: all data.
    - Any other run: its data, if all of it lies in the run's folder; nothing is downloaded.
    - A model file: no data.

    A pipe or a device is never opened.

    Args:
        experiment: the experiment of the model, or of config.yaml.
        run: the run; None for a model file.
        path: the name of the run or the model file in messages.
        remedy: how the user can have the data opened all the same.
        config: the YAML in the model file; empty if the experiment was read from config.yaml.
        overrides: settings that the user gave with config.yaml.

    Raises:
        DataError: the first file that may not be opened, why, and the remedy.
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
    """The experiment of a run that is resumed, with the present paths of its data if the run was moved.

    Training opens the data of any configuration, so nothing is refused.
    """
    with suppress(RunError):
        return located(experiment, run)
    return experiment


def located(
    experiment: Experiment, run: RunFolder | None, *, config: str = "", overrides: Sequence[str] = ()
) -> Experiment:
    """The experiment of a run of the user's own, with the present paths of its data if the run was moved.

    There are two candidates: the absolute path at which the data lay in training, and the same relative path
    from the present folder of the run, which is right if run and data were moved together. The first is taken
    if data lies there, the second only if no link is on the way. For a run in `runs/` the second comes first.

    Args:
        experiment: the experiment with paths relative to the present folder of the run.
        run: the run; None for a model file.
        config: the YAML from which the experiment was read; config.yaml is tried after it.
        overrides: settings with which the experiment was read.

    Raises:
        RunError: why the run is not known as the user's own, in a few words.
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
    """The configuration for which a run is signed, and the folder to which its paths are relative.

    Raises:
        RunError: why there is no such configuration.
    """
    pages = signed_pages(run.path)
    for page in (config.encode(), run.read_config()):
        if page and (folder := pages.get(digest_of(page))):
            return page.decode(), folder
    raise RunError(f"{CONFIG} is not the one that was signed")


def _is_there(experiment: Experiment) -> bool:
    """Whether each path and each pattern of the dataset leads to an existing file."""
    return all(
        any(map(os.path.exists, _led_to(data)))
        for data in chain.from_iterable(experiment.dataset.files.values())
    )


def _has_no_links(experiment: Experiment, run: Path) -> bool:
    """Whether no link is on the way from the run's folder to its data; a packed run may contain any link."""
    real = os.path.realpath(run)
    ways = (
        (each, os.path.normpath(os.path.join(real, os.path.relpath(each, run))))
        for data in chain.from_iterable(experiment.dataset.files.values())
        for each in chain([data], _led_to(data))
    )
    return all(os.path.realpath(each) == way for each, way in ways)


def _led_to(data: Path) -> Iterator[Path]:
    """The files in a folder or of a pattern; they may be links that lead out of the folder."""
    with suppress(DataError):
        yield from files_of(data)


def _lies_in(data: Path, folder: Path) -> bool:
    """Whether a path leads into a folder; a pattern with `**` does not count, as it may follow links."""
    inside = os.path.realpath(folder)
    return "**" not in data.parts and os.path.realpath(data).startswith(os.path.join(inside, ""))
