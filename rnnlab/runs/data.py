"""Permission to open or download the data of a trained model, and the present paths of the data.

A configuration names the data, and anyone may have written the configuration. For the user's own
runs all data is opened; for other people's runs only data that lies in the run folder; for a model file no
file and no URL.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from rnnlab.config.reading import AnyExperiment, parse_any
from rnnlab.config.tasks import task_of
from rnnlab.datasets.source import files_of_task
from rnnlab.errors import DataError, RunError
from rnnlab.models.model_file import Trained
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG, is_below_runs
from rnnlab.runs.signature import digest_of, signed_pages

Given = TypeVar("Given", bound=AnyExperiment)
Model = TypeVar("Model", bound=Trained)


def opened_model(trained: Model, run: RunFolder | None, path: Path, *, remedy: str) -> Model:
    """Return the model with the present paths of its data; `opened` defines which data may be opened.

    Raises:
        DataError: as for `opened`.
    """
    experiment: Any = opened(trained.experiment, run, path, config=trained.config, remedy=remedy)
    return trained if experiment is trained.experiment else replace(trained, experiment=experiment)


def opened(
    experiment: Given,
    run: RunFolder | None,
    path: Path,
    *,
    remedy: str,
    config: str = "",
    overrides: Sequence[str] = (),
) -> Given:
    """Return the experiment with the present paths of its data, or raise if the data may not be opened.

    - A run in `runs/`, or a run that is signed with the user's key: all data.
    - Any other run: its data, if all of it lies in the run's folder; nothing is downloaded.
    - A model file: no file and no URL.

    Data in the configuration itself (`dataset.inline`) is always allowed. A pipe or a device never is. If the
    run is not signed, the paths stay as they are.

    Args:
        experiment: the experiment of the model, or of config.yaml.
        run: the run; None for a model file.
        path: the name of the run or the model file in messages.
        remedy: what the user can do to have the data opened; the end of the message.
        config: the YAML in the model file; empty if the experiment was read from config.yaml.
        overrides: settings that replace those of config.yaml.

    Raises:
        DataError: the experiment names a URL, a file or a pattern that may not be opened, or a pipe or a
            device; the message has the first of them, the reason and the remedy.
    """
    doubt = ""
    try:
        experiment = located(experiment, run, config=config, overrides=overrides)
    except RunError as error:
        doubt = str(error)
    is_own = not doubt or (run is not None and is_below_runs(run.path))
    whose = f"and is not known as a run of yours ({doubt})" if run else "and a model file may not open data"
    if (url := experiment.dataset.url) and not is_own:
        raise DataError(f"{path}: it names data, {url}, {whose}; {remedy}")
    for data in chain.from_iterable(experiment.dataset.files.values()):
        for each in () if is_own else chain([data], _led_to(data, experiment)):
            if not (run and _lies_in(each, run.path)):
                raise DataError(f"{path}: it names data, {each}, {whose}; {remedy}")
        if os.path.exists(data) and not (os.path.isfile(data) or os.path.isdir(data)):
            raise DataError(f"{data}: a pipe or a device; expected a file or a folder; {remedy}")
    return experiment


def found_again(experiment: Given, run: RunFolder) -> Given:
    """Return the experiment of a resumed run; if the run was moved, with the present paths of its data.

    If the run is not known as the user's own, the experiment is unchanged. Training opens the data of any
    configuration, so nothing is refused.
    """
    with suppress(RunError):
        return located(experiment, run)
    return experiment


def located(
    experiment: Given, run: RunFolder | None, *, config: str = "", overrides: Sequence[str] = ()
) -> Given:
    """Return the experiment of the user's own run; if the run was moved, with the present paths of its data.

    If the run lies where it was trained, or names no file, the experiment is unchanged. Otherwise there are
    two candidates. A is the absolute path that the data had during training. B is the same relative path from
    the present folder of the run, which is right if run and data were moved together.

    - For a run in `runs/`: A if data lies at A and not at B; else B.
    - For any other run: B if data lies at B and not at A, and no link is on the way to B; else A.

    Args:
        experiment: the experiment with paths relative to the present folder of the run.
        run: the run; None for a model file.
        config: the YAML from which the experiment was read; config.yaml is tried after it.
        overrides: settings that replaced those of the YAML.

    Raises:
        RunError: why the run is not known as the user's own, in a few words.
    """
    if not run:
        raise RunError("a model file")
    text, folder = _signed(run, config)
    here = Path(os.path.abspath(run.path))
    if here == folder or not experiment.dataset.files:
        return experiment
    trained = parse_any(text, name=str(run.path / CONFIG), folder=folder, overrides=overrides).dataset
    update = {name: getattr(trained, name) for name in ("path", "split")}  # the settings that name files
    dataset = experiment.dataset.model_copy(update=update)
    before: Any = experiment.model_copy(update={"dataset": dataset})
    if is_below_runs(run.path):
        return before if _is_there(before) and not _is_there(experiment) else experiment
    has_moved_too = not _is_there(before) and _is_there(experiment) and _has_no_links(experiment, here)
    return experiment if has_moved_too else before


def _signed(run: RunFolder, config: str) -> tuple[str, Path]:
    """Return the signed configuration, `config` or else config.yaml, and the folder of its relative paths.

    Raises:
        RunError: neither configuration is signed with the user's key; the message says why in a few words.
    """
    pages = signed_pages(run.path)
    for page in (config.encode(), run.read_config()):
        if page and (folder := pages.get(digest_of(page))):
            return page.decode(), folder
    raise RunError(f"{CONFIG} is not the one that was signed")


def _is_there(experiment: AnyExperiment) -> bool:
    """Return whether each path and each pattern of the dataset leads to at least one existing file."""
    return all(
        any(map(os.path.exists, _led_to(data, experiment)))
        for data in chain.from_iterable(experiment.dataset.files.values())
    )


def _has_no_links(experiment: AnyExperiment, run: Path) -> bool:
    """Return whether no link is on the way from the run's folder to its data.

    An archive with another person's run can contain links to any place.
    """
    real = os.path.realpath(run)
    ways = (
        (each, os.path.normpath(os.path.join(real, os.path.relpath(each, run))))
        for data in chain.from_iterable(experiment.dataset.files.values())
        for each in chain([data], _led_to(data, experiment))
    )
    return all(os.path.realpath(each) == way for each, way in ways)


def _led_to(data: Path, experiment: AnyExperiment) -> Iterator[Path]:
    """Yield the files that the dataset reads at a path; for a path that is missing, the path itself."""
    with suppress(DataError):
        files, _ = files_of_task(data, task_of(experiment.dataset))
        yield from files


def _lies_in(data: Path, folder: Path) -> bool:
    """Return whether a path, with its links followed, leads into a folder; False for a pattern with `**`.

    Such a pattern may match files behind links.
    """
    inside = os.path.realpath(folder)
    return "**" not in data.parts and os.path.realpath(data).startswith(os.path.join(inside, ""))
