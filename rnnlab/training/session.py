"""One training from its configuration to its run folder, from its first step or from a checkpoint."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rnnlab.datasets.loading import Data
from rnnlab.datasets.splits import split_record
from rnnlab.errors import DataError, Interrupted, RunError, TrainingError, one_line
from rnnlab.files import remove_partial
from rnnlab.run_folders.lock import locked
from rnnlab.runs import Run, create_run
from rnnlab.shell import command_line
from rnnlab.training.callbacks import load_callbacks
from rnnlab.training.checkpoints import FOLDER, Checkpoint, newest_checkpoint
from rnnlab.training.environment import changes_since, write_environment
from rnnlab.training.expectation import expectation_of
from rnnlab.training.history import LossHistory
from rnnlab.training.interruption import Interruption, noted_signals
from rnnlab.training.loop import Progress, TrainingLoop
from rnnlab.training.sampler import Sampler
from rnnlab.training.saving import Saves
from rnnlab.training.trainer import Best, Trainer


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Attributes:
        run: its folder.
        best: the epoch whose weights were kept.
        epochs: how many epochs are finished, those before it was resumed included.
        seconds: how long the loop ran this time, compilation included.
        compile_seconds: how long the compilation took.
        skipped: how many steps were skipped because they were not finite.
    """

    run: Run
    best: Best
    epochs: int
    seconds: float
    compile_seconds: float
    skipped: int


class Session:
    """A training that is ready to begin: everything that can be refused has been checked.

    Args:
        data: what it trains on, with the configuration that fits it.
        name: of the run, `runs/<name>-<number>`.
        run_dir: a new folder to use instead.
        resumed: a run to go on with, instead of a new one.

    Raises:
        RnnlabError: what is wrong with a callback or the folder; no folder is left behind.
    """

    def __init__(
        self,
        data: Data,
        *,
        name: str,
        run_dir: Path | None = None,
        resumed: Run | None = None,
    ) -> None:
        experiment = data.experiment
        read = data.as_trained_on()
        self.trainer = Trainer(experiment, read.corpus, read.splits)
        self._callbacks = load_callbacks(experiment.training.callbacks)
        self._history = LossHistory()
        samples = experiment.training.samples
        self._sampler = Sampler(self.trainer, samples) if samples else None
        self._settings, self._is_resumed = experiment.training.checkpoint, resumed is not None
        self.run = resumed or create_run(name, experiment, folder=run_dir)
        if not resumed:
            self.run.write_split(split_record(data.corpus, data.splits))

    def train(
        self,
        report: Callable[[Progress], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Outcome:
        """Train, and save whatever is needed to go on, now and then and however it ends.

        Args:
            report: is shown the progress after each chunk.
            tell: is told in a sentence what the user should know beside it.

        Raises:
            Interrupted: a signal came; what was reached is saved.
            TrainingError: the loss is no longer a number, or no checkpoint can be gone on from.
            RunError: another process trains in the folder, or it cannot be written.
        """
        with locked(self.run.path) as lock, noted_signals() as interruption:
            begun = time.perf_counter()
            for folder in (self.run.path, self.run.path / FOLDER):
                remove_partial(folder)
            start = self._starting_point(tell)
            saves = Saves(self.run, self.trainer, self._history, self._settings, self._sampler, lock, start)
            try:
                loop = self._train(start, saves, interruption, report, tell)
            except TrainingError as error:
                self._note(f"training failed: {error}")
                with suppress(RunError):
                    saves.save_results()
                raise
        outcome = Outcome(
            self.run,
            self.trainer.best(),
            loop.epochs,
            time.perf_counter() - begun,
            self.trainer.compile_seconds,
            loop.skipped,
        )
        if interruption.signal_number:
            raise self._interrupted(loop, interruption.signal_number)
        self._say_why_stopped(loop, start, tell)
        self._note(f"training ends after {outcome.epochs} epochs, {outcome.seconds:.3f} s")
        if outcome.skipped:
            self._note(f"{outcome.skipped} steps were skipped, as not finite")
        return outcome

    def _train(
        self,
        start: Checkpoint | None,
        saves: Saves,
        interruption: Interruption,
        report: Callable[[Progress], None],
        tell: Callable[[str], None],
    ) -> TrainingLoop:
        """Train on from a checkpoint, and save now and then and at the end."""
        loop = self.trainer.train(
            self._all_callbacks,
            each_epoch=bool(self._callbacks),
            interruption=interruption,
            report=report,
            save=saves.save_if_due,
            tell=partial(self._say, tell),
            start=start,
        )
        if not loop.was_left:
            saves.save(loop)
        return loop

    @property
    def _all_callbacks(self) -> list[Any]:
        """The history first; those of the user's, who may stop training, before what only looks on."""
        return [self._history, *self._callbacks, *([self._sampler] if self._sampler else [])]

    def _starting_point(self, tell: Callable[[str], None]) -> Checkpoint | None:
        """The checkpoint to go on from; None begins with the first step."""
        self._sign(tell)
        if not self._is_resumed:
            write_environment(self.run.path)
            self.run.log("training begins")
            return None
        expected = expectation_of(self.trainer, callbacks=len(self._all_callbacks))
        start, passed = newest_checkpoint(self.run.path, expected)
        for why in passed:
            tell(f"{why}; going on from the one before it")
        try:
            if changes := changes_since(self.run.path):
                tell(one_line(f"not as when the run began, so results may differ in rounding: {changes}"))
        except DataError as error:
            tell(f"{error}; if versions or processor have changed, results may differ in rounding")
        step = start.facts.step if start else 0
        tell(f"going on after step {step:,}")
        self.run.write_config(self.trainer.experiment)
        self.run.log(f"training is resumed after step {step}")
        return start

    def _sign(self, tell: Callable[[str], None]) -> None:
        """Sign the run as the user's own; training goes on where it cannot be."""
        try:
            self.run.sign(self.trainer.experiment)
        except RunError as error:
            tell(f"the run is not signed as yours, so outside of runs/ its data will not be opened: {error}")

    def _say_why_stopped(
        self, loop: TrainingLoop, start: Checkpoint | None, tell: Callable[[str], None]
    ) -> None:
        """Say why training ended early, if it did; and if nothing was trained for that, how to go on."""
        if not (why := loop.why_stopped):
            return
        if start and start.facts.position[0] == loop.epochs:
            patience = "training.early_stopping.patience to more, or training.early_stopping to null"
            why += f"; to go on, set {'training.epochs to another number' if loop.is_stopped else patience}"
        self._say(tell, why)

    def _say(self, tell: Callable[[str], None], sentence: str) -> None:
        """Tell the user, and the log."""
        self._note(sentence)
        tell(sentence)

    def _note(self, event: str) -> None:
        """Add to the log what is said elsewhere too; a log that takes no more hides and stops nothing."""
        with suppress(RunError):
            self.run.log(event)

    def _interrupted(self, loop: TrainingLoop, signal_number: int) -> Interrupted:
        reached = "before the first step" if loop.was_left else f"after {loop.epochs} epochs, all of it saved"
        command = command_line("train", "--resume", self.run.path)
        message = f"interrupted {reached}; go on with: {command}"
        self._note(message)
        return Interrupted(message, signal_number)
