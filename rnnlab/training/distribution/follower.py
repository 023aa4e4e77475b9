"""The training of a worker that is not the chief: the same steps, and no file."""

import time
from collections.abc import Callable
from pathlib import Path

from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.loading import Data
from rnnlab.errors import Call, Interrupted, count_of
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.progress import Progress
from rnnlab.training.checkpoints import Checkpoint
from rnnlab.training.distribution.link import EndedError
from rnnlab.training.distribution.parcels import Parcel
from rnnlab.training.distribution.workers import Workers, ended, is_save_due, started
from rnnlab.training.from_data import problem_of
from rnnlab.training.history import LossHistory
from rnnlab.training.interruption import noted_signals
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.own_callbacks import importable
from rnnlab.training.session import Outcome, callbacks_of
from rnnlab.training.trainer import Trainer


def follow(
    data: Data | TaskData,
    workers: Workers,
    *,
    resumed: RunFolder | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Train as one of several workers; return the result, whose run folder the chief has written.

    Args:
        data: the data, with the configuration that fits it.
        workers: the workers of the training.
        resumed: the run to resume, if this worker has its folder; the modules of callbacks are found there.
        report: receives the progress after each chunk but the first.

    Raises:
        Interrupted: a signal came to one of the workers; the chief has saved all steps.
        TrainingError: a worker was lost, or ended with an error; or as in `Session.train`.
    """
    folders, callbacks = callbacks_of(data.experiment.training.callbacks, resumed)
    trainer, history = Trainer(problem_of(data), workers), LossHistory()
    begun, kept_step = time.perf_counter(), 0
    with noted_signals() as interruption:
        start, run = started(workers.shared("start", _nothing))
        kept_step = start.facts.step if start else 0

        def save(loop: TrainingLoop) -> None:
            nonlocal kept_step
            if is_save_due(workers, bool):
                trainer.snapshot()
                kept_step = loop.step

        loop = TrainingLoop(
            trainer,
            [history, *callbacks],
            each_epoch=bool(callbacks),
            interruption=interruption,
            report=report,
            save=save,
        )
        try:
            with importable(folders):
                loop.run(_without_sampler(start, 1 + len(callbacks)))
                trainer.snapshot()
        except EndedError as error:
            raise ended(workers, error, kept_step=kept_step, run=run) from None
    if interruption.signal_number:
        raise _interrupted(interruption.signal_number, loop.epochs, run)
    seconds, best = time.perf_counter() - begun, trainer.best()
    return Outcome(RunFolder(run), best, loop.epochs, seconds, trainer.compile_seconds, loop.skipped)


def _interrupted(signal_number: int, epochs: int, run: Path) -> Interrupted:
    """Return the error after a signal to one of the workers: the chief has saved all."""
    saved = f"interrupted after {count_of(epochs, 'epoch')}, all of it saved; go on with: "
    return Interrupted(saved, signal_number, Call("resume", str(run)))


def _without_sampler(start: Checkpoint | None, callbacks: int) -> Checkpoint | None:
    """Return a checkpoint without the state of the callback that writes samples, which only the chief has."""
    if start is None:
        return None
    facts = start.facts.model_copy(update={"callbacks": start.facts.callbacks[:callbacks]})
    return Checkpoint(start.arrays, facts)


def _nothing() -> Parcel:
    """Return an empty parcel."""
    return Parcel("")
