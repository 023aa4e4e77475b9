"""The saves of a training: when one is due, and which files it writes."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.config.training import Checkpoints
from rnnlab.errors import Call, RunError
from rnnlab.runs.events import FAILED
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.lock import Lock
from rnnlab.runs.snapshots import write_snapshot
from rnnlab.training.checkpoints import Checkpoint, write_checkpoint
from rnnlab.training.distribution.workers import is_save_due
from rnnlab.training.history import LossHistory
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.stopping import check_finite
from rnnlab.training.trainer import Trainer

if TYPE_CHECKING:
    from rnnlab.training.sampler import Sampler

LARGEST_SHARE = 0.01
"""Largest fraction of the training time for saves that are not tied to an epoch, 0 to 1."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Saves:
    """Writes the files of a training: checkpoints, the best weights, the history and the samples.

    Args:
        run: the run folder.
        trainer: the trainer.
        history: the losses so far.
        settings: the section `training.checkpoint`.
        sampler: the callback that writes samples, if there is one.
        lock: lock of the folder; checked before each save.
        start: the checkpoint that the training was resumed from; None for a new training.
    """

    def __init__(
        self,
        run: RunFolder,
        trainer: Trainer,
        history: LossHistory,
        settings: Checkpoints,
        sampler: "Sampler | None",
        lock: Lock,
        start: Checkpoint | None,
    ) -> None:
        self._run, self._trainer, self._history, self._lock = run, trainer, history, lock
        self._sampler = sampler
        self._keep, self._kept = settings.keep, start.facts.step if start else 0
        self._clock = SaveClock(settings, epochs=start.facts.position[0] if start else 0)

    @property
    def kept_step(self) -> int:
        """The step after which the last checkpoint was saved; 0 without a checkpoint."""
        return self._kept

    def save_if_due(self, loop: TrainingLoop) -> None:
        """Save if a save is due, as the chief decides; else write the samples, if there are new ones."""
        if is_save_due(self._trainer.workers, lambda: self._clock.is_due(loop.epochs)):
            self.save(loop)
        elif self._sampler and self._sampler.take_new():
            self._lock.check()
            with suppress(RunError):  # the next save raises the error
                self._save_samples()

    def save(self, loop: TrainingLoop) -> None:
        """Write a checkpoint, and then the best weights, the history and the samples.

        Raises:
            RunError: the folder is gone, or a file cannot be written; the message says what is kept.
            TrainingError: a weight, or a number of the optimizer's state, is not finite.
        """
        self._lock.check()
        begun, checkpoint = time.perf_counter(), loop.checkpoint()
        with self._failing_after(checkpoint.facts.step):
            write_checkpoint(self._run.path, checkpoint, keep=self._keep)
            self._kept = checkpoint.facts.step
            self.save_results()
        self._clock.saved(time.perf_counter() - begun, loop.epochs)

    def keep_snapshot(self, epoch: int) -> None:
        """Write the weights of an epoch, from 1, that has just ended; see `training.snapshots`.

        Raises:
            RunError: as for `save`.
            TrainingError: a weight is not finite.
        """
        self._lock.check()
        weights, step = self._trainer.program.weights(), epoch * self._trainer.batches.steps
        check_finite({f"weights/{name}": array for name, array in weights.items()}, step=step)
        with self._failing_after(step):
            write_snapshot(self._run.path, epoch, weights)

    def save_results(self) -> None:
        """Write the best weights so far, if they are finite, the history, and the samples."""
        model = self._trainer.best_model()
        if all(np.isfinite(array).all() for array in model.weights.values()):
            self._run.save_model(model)
        self._history.write(self._run.path)
        self._save_samples()

    @contextmanager
    def _failing_after(self, step: int) -> Iterator[None]:
        """If a file cannot be written in the `with` block, log and raise what is kept, and how to resume."""
        try:
            yield
        except RunError as error:
            self._lock.check()  # if the folder is gone, that error comes first
            stopped = self._stopped(error, step)
            with suppress(RunError):
                self._run.log(str(stopped), state=FAILED, step=step)
            raise stopped from error

    def _save_samples(self) -> None:
        if self._sampler and self._sampler.text:
            self._run.write("samples.txt", self._sampler.text)

    def _stopped(self, error: RunError, step: int) -> RunError:
        """Return the error for a save that failed: the file, what is kept, and how to resume."""
        what, _, _ = str(error).rpartition("; ")  # without the remedy for a single file
        cause = error.__cause__
        is_full = isinstance(cause, OSError) and cause.errno in _FULL
        remedy = "free some space" if is_full else "put that right"
        kept = f"all up to step {self._kept:,} is kept" if self._kept else "nothing was saved before"
        return RunError(
            f"{what}; training stops after step {step:,}, {kept}: {remedy}, then: ",
            Call("resume", str(self._run.path)),
        )


class SaveClock:
    """Knows when the next save is due.

    Args:
        settings: the section `training.checkpoint`.
        epochs: number of epochs that were finished when the training was resumed; 0 for a new one.
    """

    def __init__(self, settings: Checkpoints, *, epochs: int) -> None:
        self._settings = settings
        self._saved_at, self._cost, self._epochs = time.monotonic(), 0.0, epochs

    def is_due(self, epochs: int) -> bool:
        """Whether a save is due after `epochs` finished epochs."""
        if self._settings.every_epochs is not None:
            return epochs - self._epochs >= self._settings.every_epochs
        wanted = max(self._settings.every_seconds or 0.0, self._cost / LARGEST_SHARE)
        return time.monotonic() - self._saved_at >= wanted

    def saved(self, seconds: float, epochs: int) -> None:
        """Note the duration of a save, and the number of finished epochs."""
        self._saved_at, self._cost, self._epochs = time.monotonic(), seconds, epochs
