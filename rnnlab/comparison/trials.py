"""The trainings of a comparison, in processes that compute on one core each.

They load TensorFlow, and the process that asks for them does not. How many train at once changes no bit,
since each has one thread, and with it the same rounding, however many there are.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rnnlab.comparison.measures import check_same_data, data_digest
from rnnlab.config.reading import places_named, read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import make_batches
from rnnlab.datasets.loading import MOST_STEPS, load_data
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.errors import Argument, RnnlabError, TrainingError, UsageError
from rnnlab.evaluation.selection import part_named
from rnnlab.processes import in_processes
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG

LOOK_SECONDS = 2.0
"""How long a configuration is timed, beyond compiling, to see how fast it trains."""

MOST_EPOCHS = 10_000_000

Task = tuple[Experiment, Path]
"""A configuration, and the folder that its run gets."""


def read_experiments(
    configs: Sequence[Path],
    overrides: Sequence[str] = (),
    *,
    epochs: int | None = None,
    report: Report = unreported,
) -> dict[str, Experiment]:
    """The experiments of configurations by their names, all of which have the same data.

    Args:
        configs: the files.
        overrides: settings that replace those of each.
        epochs: of each; None leaves those of its own.
        report: is told how far the reading of the data is.

    Raises:
        ConfigError: what is wrong with the first that cannot be read.
        DataError: data is not there, or too short.
        UsageError: their data is not the same, or their random seeds are set.
    """
    if any(override.partition("=")[0].strip() == "training.random_seed" for override in overrides):
        raise UsageError(
            "training.random_seed: each is trained with random seeds 0, 1, …; leave it out, and see ",
            Argument("seeds"),
        )
    budget = [] if epochs is None else [f"training.epochs={epochs}"]
    found: dict[str, Experiment] = {}
    measured = []
    for config in configs:
        experiment = read_experiment(config, [*overrides, *budget])
        found[_free_name(config.stem, found)] = experiment
        with places_named(config, [*overrides, *budget]):
            data = load_data(experiment, report=report)
        part = part_named(data.splits.parts, experiment.evaluation.split)
        measured.append((str(config), part.name, data_digest(data.corpus, part)))
    check_same_data(measured)
    return found


def with_training(experiment: Experiment, **settings: Any) -> Experiment:
    """An experiment with other settings of its training.

    Raises:
        ConfigError: they cannot stand beside the others.
    """
    return experiment.replaced(training=experiment.training.model_copy(update=settings))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def train_runs(tasks: Sequence[Task], *, jobs: int) -> Iterator[tuple[int, str]]:
    """Train each task; its number and what went wrong, empty where nothing did, in the order they are done.

    Where a process is killed, as when memory runs out, what is not done yet is trained one at a time, on from
    where it was saved: so one that cannot be trained does not take the others with it.

    Args:
        tasks: what to train.
        jobs: how many processes train at once.
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
    experiments: Sequence[Experiment], seconds: float, *, report: Callable[[int, int], None]
) -> list[int]:
    """How many epochs of each configuration take so long, 1 or more.

    Each is timed by itself, one after the other on one core, by the fastest chunk of its steps: so the others
    and what else the machine does count for little. Compiling and validation are not counted.

    Args:
        experiments: with their data to be read.
        seconds: of training steps.
        report: is told the number of each and its epochs.

    Raises:
        TrainingError: one of them cannot be trained, or its process was killed.
    """
    found = []
    for number, epoch in in_processes(_epoch_seconds, [(each,) for each in experiments], jobs=1):
        if isinstance(epoch, str):
            raise TrainingError(epoch)
        found.append(min(MOST_EPOCHS, max(1, int(seconds / epoch))))
        report(number, found[-1])
    return found


def _free_name(name: str, taken: Any) -> str:
    """A name, or with a number after it, that none has yet."""
    names = [name, *(f"{name}({number})" for number in range(2, len(taken) + 2))]
    return next(each for each in names if each not in taken)


def _train_alone(task: Task) -> str:
    """Train a task in a process of its own; what went wrong."""
    try:
        ((_, failure),) = in_processes(_train_run, [task], jobs=1)
    except TrainingError as error:
        return str(error)
    return failure


def _train_run(experiment: Experiment, folder: Path) -> str:
    """Train in this process; what went wrong, empty if nothing did."""
    _keep_to_one_core()
    from rnnlab.training.session import Session  # noqa: PLC0415 (loads TensorFlow)

    begun = RunFolder(folder) if (folder / CONFIG).is_file() else None
    try:
        Session(load_data(experiment), name="", run_dir=folder, resumed=begun).train()
    except RnnlabError as error:
        return str(error)
    return ""


def _epoch_seconds(experiment: Experiment) -> float | str:
    """How long the steps of an epoch take in this process, or what went wrong."""
    _keep_to_one_core()
    from rnnlab.training.loop import Progress, TrainingLoop  # noqa: PLC0415 (loads Keras)
    from rnnlab.training.trainer import Trainer  # noqa: PLC0415 (loads TensorFlow)

    rates: list[float] = []
    begun = time.monotonic()

    def look(progress: Progress) -> None:
        rates.append(progress.steps_per_second)
        trainer.network.stop_training = time.monotonic() - begun - trainer.compile_seconds > LOOK_SECONDS

    try:
        data = load_data(experiment).as_trained_on()
        steps = make_batches(data.splits.parts["train"], data.corpus, data.experiment).steps
        endless = with_training(data.experiment, epochs=min(MOST_EPOCHS, MOST_STEPS // steps))
        trainer = Trainer(endless, data.corpus, data.splits)
        begun = time.monotonic()
        TrainingLoop(trainer, report=look).run()
    except RnnlabError as error:
        return str(error)
    return trainer.batches.steps / max(rates)


def _keep_to_one_core() -> None:
    """Have TensorFlow, which is not loaded yet, use one thread; what the user has set stays."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
