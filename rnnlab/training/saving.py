"""When a training is saved, so that saving costs next to nothing, and what is said where it cannot be."""

import errno
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.config.checkpoint import Checkpoints
from rnnlab.errors import RunError
from rnnlab.run_folders.lock import Lock
from rnnlab.runs import Run
from rnnlab.shell import command_line
from rnnlab.training.checkpoints import Checkpoint, write_checkpoint
from rnnlab.training.history import LossHistory
from rnnlab.training.sampler import Sampler

if TYPE_CHECKING:
    from rnnlab.training.loop import TrainingLoop
    from rnnlab.training.trainer import Trainer

LARGEST_SHARE = 0.01
"""Of the time, at most so much goes into saves that come by the clock."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SaveClock:
    """Says when the next save is due.

    Args:
        settings: the section `training.checkpoint`.
        epochs: how many epochs had been finished when the training went on.
    """

    def __init__(self, settings: Checkpoints, *, epochs: int) -> None:
        self._settings = settings
        self._saved_at, self._cost, self._epochs = time.monotonic(), 0.0, epochs

    def is_due(self, epochs: int) -> bool:
        """Whether to save, with so many epochs finished."""
        if self._settings.every_epochs is not None:
            return epochs - self._epochs >= self._settings.every_epochs
        wanted = max(self._settings.every_seconds or 0.0, self._cost / LARGEST_SHARE)
        return time.monotonic() - self._saved_at >= wanted

    def saved(self, seconds: float, epochs: int) -> None:
        """Take note of a save: what it took, and how many epochs had been finished."""
        self._saved_at, self._cost, self._epochs = time.monotonic(), seconds, epochs


class Saves:
    """The saves of a training, each to be gone on from.

    Args:
        run: its folder.
        trainer: what is trained.
        history: of its losses.
        settings: the section `training.checkpoint`.
        sampler: what writes samples, if anything does.
        lock: of the folder.
        start: the checkpoint that it went on from.
    """

    def __init__(
        self,
        run: Run,
        trainer: "Trainer",
        history: LossHistory,
        settings: Checkpoints,
        sampler: Sampler | None,
        lock: Lock,
        start: Checkpoint | None,
    ) -> None:
        self._run, self._trainer, self._history, self._lock = run, trainer, history, lock
        self._sampler = sampler
        self._keep, self._kept = settings.keep, start.facts.step if start else 0
        self._clock = SaveClock(settings, epochs=start.facts.position[0] if start else 0)

    def save_if_due(self, loop: "TrainingLoop") -> None:
        """Save now and then; samples at once, for those who wait for them."""
        if self._clock.is_due(loop.epochs):
            self.save(loop)
        elif self._sampler and self._sampler.take_new():
            self._lock.check()
            with suppress(RunError):  # what is wrong is said by the save
                self._save_samples()

    def save(self, loop: "TrainingLoop") -> None:
        """Write a checkpoint, and then what is made of it: the best weights and the history.

        Raises:
            RunError: it cannot be written: why, what is kept, and how to go on.
        """
        self._lock.check()
        begun, checkpoint = time.perf_counter(), loop.checkpoint()
        try:
            write_checkpoint(self._run.path, checkpoint, keep=self._keep)
            self._kept = checkpoint.facts.step
            self.save_results()
        except RunError as error:
            self._lock.check()  # a folder that is gone is said to be gone
            stopped = self._stopped(error, checkpoint.facts.step)
            with suppress(RunError):
                self._run.log(str(stopped))
            raise stopped from error
        self._clock.saved(time.perf_counter() - begun, loop.epochs)

    def save_results(self) -> None:
        """Write the best weights so far, if they are finite, the history, and the samples."""
        model = self._trainer.best_model()
        if all(np.isfinite(array).all() for array in model.weights.values()):
            self._run.save_model(model)
        self._run.write("history.csv", self._history.history_csv())
        self._run.write("losses.csv", self._history.losses_csv())
        self._save_samples()

    def _save_samples(self) -> None:
        if self._sampler and self._sampler.text:
            self._run.write("samples.txt", self._sampler.text)

    def _stopped(self, error: RunError, step: int) -> RunError:
        """What the user should know of a save that failed."""
        what, _, _ = str(error).rpartition("; ")  # the remedy of a single file
        cause = error.__cause__
        is_full = isinstance(cause, OSError) and cause.errno in _FULL
        remedy = "free some space" if is_full else "put that right"
        kept = f"all up to step {self._kept:,} is kept" if self._kept else "nothing was saved before"
        return RunError(
            f"{what}; training stops after step {step:,}, {kept}: {remedy}, then:"
            f" {command_line('train', '--resume', self._run.path)}"
        )
