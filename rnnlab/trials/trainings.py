"""Trainings of configurations in run folders, in processes in which TensorFlow has one thread each.

The processes load TensorFlow; the calling process does not. The number of processes changes no bit of a
result, since each training has one thread and therefore always the same rounding. If the user sets
TF_NUM_INTRAOP_THREADS or TF_NUM_INTEROP_THREADS, the processes have these numbers of threads instead.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rnnlab.config.reading import AnyExperiment
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import Interrupted, RnnlabError, TrainingError
from rnnlab.processes import in_processes
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG
from rnnlab.runs.lock import holder
from rnnlab.runs.progress import News, Watcher, seldom
from rnnlab.trials.runner import Shared, run_trials

Task = tuple[AnyExperiment, Path]
"""A configuration and the folder of its run."""

POLL_SECONDS = 0.5
"""Time between two looks at a run that another process trains."""


def with_training(experiment: AnyExperiment, **settings: Any) -> AnyExperiment:
    """Return an experiment with other settings of its training.

    Raises:
        ConfigError: the settings contradict other settings.
    """
    return experiment.replaced(training=experiment.training.model_copy(update=settings))


def train_runs(
    tasks: Sequence[Task],
    *,
    jobs: int,
    shared: Shared | None = None,
    tell: Callable[[str], None] = lambda _: None,
    heard: Watcher | None = None,
) -> Iterator[tuple[int, str]]:
    """Train each task, and yield its number, from 0, and its error in the order in which the trainings end.

    The error is empty if the training ended well. If a process is killed, for instance because memory runs
    out, the tasks that have not ended are started or resumed one at a time, so that one task cannot stop the
    others; those of a study are taken up by other processes.

    Args:
        tasks: configurations with the folders of their runs.
        jobs: number of processes that train at the same time.
        shared: the study that has the tasks; None if only this command works on them.
        tell: receives notes for the user, one sentence a call.
        heard: receives the number of a task, and what is new of its training in a process of this command.

    Raises:
        RnnlabError: of a study: as for `run_trials`.
    """
    if shared is not None:
        yield from run_trials(_train_shared, tasks, jobs=jobs, shared=shared, tell=tell, heard=heard)
        return
    left = dict(enumerate(tasks))
    try:
        for number, failure in run_trials(train_run, tasks, jobs=jobs, heard=heard):
            del left[number]
            yield number, failure
    except TrainingError:
        for number, task in left.items():
            yield number, _train_alone(number, task, heard)


def train_run(
    experiment: AnyExperiment, folder: Path, report: Callable[[News], None] = lambda _: None
) -> str:
    """Train or resume a run in this process; return the error, or an empty text if the training ends well.

    Args:
        experiment: the configuration.
        folder: the folder of the run.
        report: receives what is new of the training.

    Raises:
        Interrupted: a signal came, and everything is saved.
    """
    keep_to_one_core()
    report("")
    from rnnlab.training.session import Session  # noqa: PLC0415 (loads TensorFlow)

    begun = RunFolder(folder) if (folder / CONFIG).is_file() else None
    try:
        Session(load_any_data(experiment), name="", run_dir=folder, resumed=begun).train(seldom(report))
    except Interrupted:
        raise
    except RnnlabError as error:
        return str(error)
    return ""


def keep_to_one_core() -> None:
    """Make TensorFlow, which is not loaded yet, use one thread, unless the user has set other numbers."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


def _train_shared(
    experiment: AnyExperiment, folder: Path, report: Callable[[News], None] = lambda _: None
) -> str:
    """Train or resume a run of a study, once no other process trains it; return as `train_run` does."""
    wait_until_free(folder)
    return train_run(experiment, folder, report)


def wait_until_free(folder: Path) -> None:
    """Wait while another process trains a run: it gave no sign of life for a while, and is not dead."""
    while holder(folder):
        time.sleep(POLL_SECONDS)


def _train_alone(number: int, task: Task, heard: Watcher | None) -> str:
    """Train a task in a process of its own; return its error, or an empty text if the training ended well."""
    try:
        own = (lambda _, news: heard(number, news)) if heard else None
        ((_, failure),) = in_processes(train_run, [task], jobs=1, heard=own)
    except TrainingError as error:
        return str(error)
    return failure
