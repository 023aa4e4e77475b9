"""The number of epochs of a training that fit into some seconds, by its speed on one core."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rnnlab.config.reading import AnyExperiment
from rnnlab.datasets.loading import MOST_STEPS
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import RnnlabError, TrainingError
from rnnlab.processes import in_processes
from rnnlab.runs.progress import Progress
from rnnlab.trials.trainings import keep_to_one_core, with_training

LOOK_SECONDS = 2.0
"""Seconds of training, without compiling, in which the speed of a configuration is measured."""

MOST_EPOCHS = 10_000_000


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


def _epoch_seconds(experiment: AnyExperiment) -> float | str:
    """Return the seconds that the training steps of an epoch take in this process, or an error message."""
    keep_to_one_core()
    from rnnlab.training.from_data import problem_of  # noqa: PLC0415 (loads TensorFlow)
    from rnnlab.training.loop import TrainingLoop  # noqa: PLC0415 (loads Keras)
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
