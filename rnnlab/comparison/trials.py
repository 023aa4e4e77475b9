"""The trainings of a comparison, in processes in which TensorFlow has one thread each.

The processes load TensorFlow; the calling process does not. The number of processes changes no bit of a
result, since each training has one thread and therefore always the same rounding. If the user sets
TF_NUM_INTRAOP_THREADS or TF_NUM_INTEROP_THREADS, the processes have these numbers of threads instead.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnlab.comparison.same_data import check_same_data, measured_part
from rnnlab.config.comparison import Candidate
from rnnlab.config.reading import AnyExperiment, places_named, read_any
from rnnlab.datasets.loading import MOST_STEPS
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import Argument, RnnlabError, TrainingError, UsageError
from rnnlab.files import Report, unreported
from rnnlab.processes import in_processes
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG

LOOK_SECONDS = 2.0
"""Seconds of training, without compiling, in which the speed of a configuration is measured."""

MOST_EPOCHS = 10_000_000

_RANDOM_SEED = "training.random_seed"

Task = tuple[AnyExperiment, Path]
"""A configuration and the folder of its run."""


def read_experiments(
    candidates: Sequence[Candidate],
    overrides: Sequence[str] = (),
    *,
    epochs: int | None = None,
    report: Report = unreported,
) -> dict[str, AnyExperiment]:
    """Return the experiments of configurations by name, and check that all have the same task and data.

    Args:
        candidates: the configurations.
        overrides: settings that replace those of each configuration.
        epochs: number of epochs of each experiment; None: the number in the file of the experiment.
        report: is called with the progress of reading the data.

    Raises:
        ConfigError: a file cannot be read or has mistakes; the message is about the first such file.
        DataError: the data of a file cannot be found or read, or is too short.
        UsageError: two configurations have different tasks, data or parts, or a setting sets the random
            seed.
    """
    own = [setting.name for each in candidates for setting in each.settings]
    if _RANDOM_SEED in {*own, *(override.partition("=")[0].strip() for override in overrides)}:
        raise UsageError(
            "training.random_seed: each configuration is trained with the random seeds 0, 1, …; leave this"
            " setting out, and give the number of seeds with ",
            Argument("seeds"),
        )
    budget = [] if epochs is None else [f"training.epochs={epochs}"]
    found: dict[str, AnyExperiment] = {}
    for each in candidates:
        experiment = read_any(each.path, [*each.settings, *overrides, *budget])
        found[_free_name(each.name or each.path.stem, found)] = experiment
    measured = []
    for each, experiment in zip(candidates, found.values(), strict=True):
        with places_named(each.path, [*each.settings, *overrides, *budget]):
            measured.append(measured_part(str(each), load_any_data(experiment, report=report)))
        check_same_data([measured[0], measured[-1]])
    return found


def with_training(experiment: AnyExperiment, **settings: Any) -> AnyExperiment:
    """Return an experiment with other settings of its training.

    Raises:
        ConfigError: the settings contradict other settings.
    """
    return experiment.replaced(training=experiment.training.model_copy(update=settings))


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def train_runs(tasks: Sequence[Task], *, jobs: int) -> Iterator[tuple[int, str]]:
    """Train each task, and yield its number, from 0, and its error in the order in which the trainings end.

    The error is empty if the training ended well. If a process is killed, for instance because memory runs
    out, the tasks that have not ended are started or resumed one at a time, so that one task cannot stop the
    others.

    Args:
        tasks: configurations with the folders of their runs.
        jobs: number of processes that train at the same time.
    """
    left = dict(enumerate(tasks))
    try:
        for number, failure in in_processes(_train_run, tasks, jobs=jobs):
            del left[number]
            yield number, failure
    except TrainingError:
        for number, task in left.items():
            yield number, _train_alone(task)


def epochs_in(
    experiments: Sequence[AnyExperiment], seconds: float, *, report: Callable[[int, int], None]
) -> list[int]:
    """Return the number of epochs of each configuration that fit into a time, from 1 to `MOST_EPOCHS`.

    The configurations are timed one after the other on one core, each by its fastest chunk of steps, because
    other processes of the machine may slow down the other chunks. Compiling and validation are not counted.

    Args:
        experiments: the configurations.
        seconds: time for the training steps.
        report: is called with the index of each configuration and its number of epochs.

    Raises:
        TrainingError: a configuration cannot be trained, or its process was killed.
    """
    found = []
    for number, epoch in in_processes(_epoch_seconds, [(each,) for each in experiments], jobs=1):
        if isinstance(epoch, str):
            raise TrainingError(epoch)
        found.append(min(MOST_EPOCHS, max(1, int(seconds / epoch))))
        report(number, found[-1])
    return found


def _free_name(name: str, taken: Any) -> str:
    """Return the name; if the name is taken, with the first free number after it, as in `song(2)`."""
    names = [name, *(f"{name}({number})" for number in range(2, len(taken) + 2))]
    return next(each for each in names if each not in taken)


def _train_alone(task: Task) -> str:
    """Train a task in a process of its own; return its error, or an empty text if the training ended well."""
    try:
        ((_, failure),) = in_processes(_train_run, [task], jobs=1)
    except TrainingError as error:
        return str(error)
    return failure


def _train_run(experiment: AnyExperiment, folder: Path) -> str:
    """Train or resume a run in this process; return the error, or an empty text if the training ends well."""
    _keep_to_one_core()
    from rnnlab.training.session import Session  # noqa: PLC0415 (loads TensorFlow)

    begun = RunFolder(folder) if (folder / CONFIG).is_file() else None
    try:
        Session(load_any_data(experiment), name="", run_dir=folder, resumed=begun).train()
    except RnnlabError as error:
        return str(error)
    return ""


def _epoch_seconds(experiment: AnyExperiment) -> float | str:
    """Return the seconds that the training steps of an epoch take in this process, or an error message."""
    _keep_to_one_core()
    from rnnlab.training.from_data import problem_of  # noqa: PLC0415 (loads TensorFlow)
    from rnnlab.training.loop import Progress, TrainingLoop  # noqa: PLC0415 (loads Keras)
    from rnnlab.training.trainer import Trainer  # noqa: PLC0415 (loads TensorFlow)

    rates: list[float] = []
    begun = time.monotonic()

    def look(progress: Progress) -> None:
        rates.append(progress.steps_per_second)
        trainer.network.stop_training = time.monotonic() - begun - trainer.compile_seconds > LOOK_SECONDS

    try:
        data: Any = load_any_data(experiment)
        steps = problem_of(data).batches.steps
        endless = with_training(data.experiment, epochs=min(MOST_EPOCHS, MOST_STEPS // steps))
        trainer = Trainer(problem_of(replace(data, experiment=endless)))
        begun = time.monotonic()
        TrainingLoop(trainer, report=look).run()
    except RnnlabError as error:
        return str(error)
    return trainer.batches.steps / max(rates)


def _keep_to_one_core() -> None:
    """Make TensorFlow, which is not loaded yet, use one thread, unless the user has set other numbers."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
