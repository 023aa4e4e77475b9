"""One training from its configuration to its run folder."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.schema import Experiment
from rnnlab.datasets.loading import Data
from rnnlab.errors import Interrupted, RnnlabError
from rnnlab.runs import Run, create_run
from rnnlab.training.callbacks import load_callbacks
from rnnlab.training.history import LossHistory
from rnnlab.training.interruption import noted_signals
from rnnlab.training.trainer import Best, Progress, Trainer


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Attributes:
        run: its folder.
        best: the epoch whose weights were kept.
        epochs: how many epochs were finished.
        seconds: how long the loop ran, compilation included.
        compile_seconds: how long the compilation took.
    """

    run: Run
    best: Best
    epochs: int
    seconds: float
    compile_seconds: float


class Session:
    """A training that is ready to begin: everything that can be refused has been checked.

    Args:
        experiment: the configuration.
        data: what it trains on.
        name: of the run, `runs/<name>-<number>`.
        run_dir: a new folder to use instead.

    Raises:
        RnnlabError: what is wrong with a callback or the folder; no folder is left behind.
    """

    def __init__(self, experiment: Experiment, data: Data, *, name: str, run_dir: Path | None = None) -> None:
        self.trainer = Trainer(experiment, data.corpus, data.splits)
        self._callbacks = load_callbacks(experiment.training.callbacks)
        self._history = LossHistory()
        self.run = create_run(name, experiment, folder=run_dir)

    def train(self, report: Callable[[Progress], None] = lambda _: None) -> Outcome:
        """Train, and save the best weights and the history, also when a signal or an error stops it.

        Raises:
            Interrupted: a signal came; what was reached is saved.
            TrainingError: the loss is no longer a number; what was reached is saved.
        """
        begun = time.perf_counter()
        self.run.log("training begins")
        with noted_signals() as interruption:
            try:
                self.trainer.train(
                    [self._history, *self._callbacks],
                    each_epoch=bool(self._callbacks),
                    report=report,
                    save=self._save,
                    interruption=interruption,
                )
            except RnnlabError as error:
                self.run.log(f"training failed: {error}")
                self._save()
                raise
            self._save()
        seconds = time.perf_counter() - begun
        outcome = Outcome(
            self.run, self.trainer.best(), len(self._history.epochs), seconds, self.trainer.compile_seconds
        )
        if interruption.signal_number:
            raise self._interrupted(outcome, interruption.signal_number)
        self.run.log(f"training ends after {outcome.epochs} epochs, {outcome.seconds:.3f} s")
        return outcome

    def _save(self) -> None:
        """Write the best weights so far, and the history."""
        self.run.save_model(self.trainer.best_model())
        self.run.write("history.csv", self._history.history_csv())
        self.run.write("losses.csv", self._history.losses_csv())

    def _interrupted(self, outcome: Outcome, signal_number: int) -> Interrupted:
        message = (
            f"interrupted after {outcome.epochs} epochs; the best weights and the history so far are in"
            f" {self.run.path}"
        )
        self.run.log(message)
        return Interrupted(message, signal_number)
