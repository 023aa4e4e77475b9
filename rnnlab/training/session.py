"""One training from its configuration to its run folder, from its first step or from a checkpoint."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnlab.datasets.loading import Data
from rnnlab.datasets.splits import split_record
from rnnlab.errors import Interrupted, TrainingError
from rnnlab.files import remove_partial
from rnnlab.runs import Run, create_run
from rnnlab.training.callbacks import load_callbacks
from rnnlab.training.checkpoints import FOLDER, Checkpoint, newest_checkpoint, write_checkpoint
from rnnlab.training.environment import changes_since, write_environment
from rnnlab.training.history import LossHistory
from rnnlab.training.interruption import Interruption, noted_signals
from rnnlab.training.lock import locked
from rnnlab.training.loop import Progress, TrainingLoop
from rnnlab.training.saving import SaveClock
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
        self.trainer = Trainer(experiment, data.corpus, data.splits)
        self._callbacks = load_callbacks(experiment.training.callbacks)
        self._history = LossHistory()
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
        with locked(self.run.path), noted_signals() as interruption:
            begun = time.perf_counter()
            for folder in (self.run.path, self.run.path / FOLDER):
                remove_partial(folder)
            start = self._starting_point(tell)
            try:
                loop = self._train(start, interruption, report)
            except TrainingError as error:
                self.run.log(f"training failed: {error}")
                self._save_results()
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
        self.run.log(f"training ends after {outcome.epochs} epochs, {outcome.seconds:.3f} s")
        if outcome.skipped:
            self.run.log(f"{outcome.skipped} steps were skipped, as not finite")
        return outcome

    def _train(
        self, start: Checkpoint | None, interruption: Interruption, report: Callable[[Progress], None]
    ) -> TrainingLoop:
        """Train on from a checkpoint, and save now and then and at the end."""
        clock = SaveClock(self._settings, epochs=start.facts["position"][0] if start else 0)
        loop = self.trainer.train(
            [self._history, *self._callbacks],
            each_epoch=bool(self._callbacks),
            interruption=interruption,
            report=report,
            save=lambda loop: self._save(loop, clock) if clock.is_due(loop.epochs) else None,
            start=start,
        )
        if not loop.was_left:
            self._save(loop, clock)
        return loop

    def _starting_point(self, tell: Callable[[str], None]) -> Checkpoint | None:
        """The checkpoint to go on from; None begins with the first step."""
        if not self._is_resumed:
            write_environment(self.run.path)
            self.run.log("training begins")
            return None
        start, damages = newest_checkpoint(self.run.path)
        for damage in damages:
            tell(f"{damage}; going on from the one before it")
        if changes := changes_since(self.run.path):
            tell(f"not as when the run began, so results may differ in rounding: {changes}")
        step = start.step if start else 0
        tell(f"going on after step {step:,}")
        self.run.write_config(self.trainer.experiment)
        self.run.log(f"training is resumed after step {step}")
        return start

    def _save(self, loop: TrainingLoop, clock: SaveClock) -> None:
        """Write a checkpoint, and then what is made of it: the best weights and the history."""
        begun = time.perf_counter()
        write_checkpoint(self.run.path, loop.checkpoint(), keep=self._settings.keep)
        self._save_results()
        clock.saved(time.perf_counter() - begun, loop.epochs)

    def _save_results(self) -> None:
        """Write the best weights so far, if they are finite, and the history."""
        model = self.trainer.best_model()
        if all(np.isfinite(array).all() for array in model.weights.values()):
            self.run.save_model(model)
        self.run.write("history.csv", self._history.history_csv())
        self.run.write("losses.csv", self._history.losses_csv())

    def _interrupted(self, loop: TrainingLoop, signal_number: int) -> Interrupted:
        reached = "before the first step" if loop.was_left else f"after {loop.epochs} epochs, all of it saved"
        message = f"interrupted {reached}; go on with: rnnlab train --resume {self.run.path}"
        self.run.log(message)
        return Interrupted(message, signal_number)
