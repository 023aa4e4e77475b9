"""Which data a trained model may have opened or downloaded: a configuration names it, whoever wrote that."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from rnnlab.config.schema import Experiment
from rnnlab.datasets.source import files_of
from rnnlab.errors import DataError
from rnnlab.runs import Run


def check_data_access(experiment: Experiment, run: Run | None, path: Path, *, remedy: str) -> None:
    """Refuse to open what was not asked for.

    The data of a run in `runs/`, where `rnnlab train` makes them, is opened; that of a run from elsewhere if
    all that its paths, folders and patterns lead to lies in the run's folder; that of a model file never.
    Nothing is downloaded for the latter two, and no pipe or device is opened for any of them.

    Args:
        experiment: of the model.
        run: its folder; None for a model file.
        path: what messages call it.
        remedy: how to ask for the data.

    Raises:
        DataError: the first file that is not opened.
    """
    if (url := experiment.dataset.url) and not (run and run.is_of_here):
        raise DataError(f"{path}: it names data, {url}, and was not trained in runs/ here; {remedy}")
    for data in chain.from_iterable(experiment.dataset.files.values()):
        for each in () if run and run.is_of_here else chain([data], _led_to(data)):
            if not (run and _lies_in(each, run.path)):
                raise DataError(f"{path}: it names data, {each}, and was not trained in runs/ here; {remedy}")
        if os.path.exists(data) and not (os.path.isfile(data) or os.path.isdir(data)):
            raise DataError(f"{data}: a pipe or a device; expected a file or a folder; {remedy}")


def _led_to(data: Path) -> Iterator[Path]:
    """The files that a folder or a pattern leads to; what lies in a folder may be a link out of it."""
    with suppress(DataError):
        yield from files_of(data)


def _lies_in(data: Path, folder: Path) -> bool:
    """Whether a path leads to what is in a folder; one with `**` might go through a link to anywhere."""
    inside = os.path.realpath(folder)
    return "**" not in data.parts and os.path.realpath(data).startswith(os.path.join(inside, ""))
