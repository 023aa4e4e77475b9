"""A training from its configuration to its run folder: the data, the folder, resuming, and the saves.

`Session` checks everything that can be refused, and then makes the run folder of a new training.
`Session.train` runs the training loop, from the first step or from a checkpoint.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.config.callback import CallbackSettings
from rnnlab.config.training import Samples
from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.loading import Data
from rnnlab.errors import Call, DataError, Interrupted, RunError, TrainingError, count_of, one_line
from rnnlab.files import remove_partial
from rnnlab.runs.environment import changes_since, write_environment
from rnnlab.runs.events import DONE, FAILED, INTERRUPTED, TRAINING
from rnnlab.runs.folder import RunFolder, create_run
from rnnlab.runs.kept_tokens import write_training_tokens
from rnnlab.runs.layout import SNAPSHOTS, snapshot_paths
from rnnlab.runs.lock import locked
from rnnlab.runs.progress import Progress
from rnnlab.training.best_epoch import Best
from rnnlab.training.checkpoints import FOLDER, Checkpoint, newest_checkpoint
from rnnlab.training.distribution.link import EndedError
from rnnlab.training.distribution.workers import ALONE, Workers, ended, start_parcel
from rnnlab.training.facts import Expectation, expectation_of
from rnnlab.training.from_data import problem_of, split_record_of
from rnnlab.training.history import LossHistory
from rnnlab.training.interruption import Interruption, noted_signals
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.saves import Saves
from rnnlab.training.snapshots import snapshot_epochs
from rnnlab.training.trainer import Trainer

if TYPE_CHECKING:
    from rnnlab.training.live_events import LiveEvents
    from rnnlab.training.sampler import Sampler


@dataclass(frozen=True)
class Outcome:
    """The result of a training.

    Attributes:
        run: its folder.
        best: the epoch whose weights are kept.
        epochs: number of finished epochs, with those before the training was resumed.
        seconds: duration since the training was started or resumed, with the compilation and the saves.
        compile_seconds: duration of the first step, which compiles the program unless it was compiled before.
        skipped: number of steps since training began that were skipped because they were not finite.
    """

    run: RunFolder
    best: Best
    epochs: int
    seconds: float
    compile_seconds: float
    skipped: int


class Session:
    """A training that is ready to begin: everything that can be refused has been checked.

    Args:
        data: the data, with the configuration that fits it.
        name: name of the run; its folder is `runs/<name>-<number>`.
        run_dir: another folder for the run, which must be new or empty.
        resumed: a run to resume; None makes a new run.
        workers: the workers of the training, seen from the chief.

    Raises:
        RnnlabError: a callback, the data or the folder is wrong, or a file cannot be written in the folder.
    """

    def __init__(
        self,
        data: Data | TaskData,
        *,
        name: str,
        run_dir: Path | None = None,
        resumed: RunFolder | None = None,
        workers: Workers = ALONE,
    ) -> None:
        experiment = data.experiment
        if experiment.training.tensorboard:
            from rnnlab.training.live_events import check_installed  # noqa: PLC0415 (as below)

            check_installed()
        self._folders, self._callbacks = callbacks_of(experiment.training.callbacks, resumed)
        self._workers = workers
        self.trainer = Trainer(problem_of(data), workers)
        self._history, self._why = LossHistory(), ""
        self._sampler = _sampler_of(self.trainer, experiment.training.samples)
        self._settings, self._is_resumed = experiment.training.checkpoint, resumed is not None
        self.run = resumed or create_run(name, experiment, folder=run_dir)
        if not resumed:
            self.run.write_split(split_record_of(data))
            if getattr(experiment.dataset, "keep", False):
                from rnnlab.datasets.training_tokens import training_tokens  # noqa: PLC0415 (as below)

                write_training_tokens(self.run.path, training_tokens(data))
        if self._folders and not resumed:
            from rnnlab.training.own_callbacks import record_folders  # noqa: PLC0415 (as below)

            record_folders(self.run, self._folders)

    def train(
        self,
        report: Callable[[Progress], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Outcome:
        """Train; save when due and at the end; after a TrainingError, only the results, if steps were taken.

        Args:
            report: receives the progress after each chunk but the first.
            tell: receives other notes for the user, one sentence a call.

        Raises:
            Interrupted: a signal came; all steps that were taken are saved.
            TrainingError: the loss or the weights are not finite, too many steps in a row were skipped, a
                callback raised an exception, or training cannot continue from any checkpoint.
            RunError: another process trains in the folder, the folder is gone, or a file cannot be written.
        """
        with locked(self.run.path) as lock, noted_signals() as interruption:
            begun = time.perf_counter()
            for folder in (self.run.path, self.run.path / FOLDER, self.run.path / SNAPSHOTS):
                remove_partial(folder)
            start = self._starting_point(tell)
            self._workers.shared("start", lambda: start_parcel(start, self.run.path))
            saves = Saves(self.run, self.trainer, self._history, self._settings, self._sampler, lock, start)
            try:
                loop = self._train(start, saves, interruption, report, tell)
            except EndedError as error:
                raise self._ended(error, saves.kept_step) from None
            except TrainingError as error:
                self._note(f"training failed: {error}", state=FAILED)
                if len(self._history.batch_losses) > (start.facts.step if start else 0):
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
        ends, took = f"training ends after {count_of(outcome.epochs, 'epoch')}", f"{outcome.seconds:.3f} s"
        self._note(f"{ends}, {took}", state=DONE, epochs=outcome.epochs, seconds=round(outcome.seconds, 3))
        if outcome.skipped:
            self._note(f"skipped {count_of(outcome.skipped, 'step')}, as not finite")
        return outcome

    def validation_losses(self, after: int = 0) -> list[tuple[int, float]]:
        """Return (epoch, validation loss in nats per token) of the epochs that were validated so far.

        Args:
            after: only later epochs are returned.
        """
        new = (each for each in self._history.epochs if each.epoch > after)
        return [(each.epoch, each.validation_loss) for each in new if each.validation_loss is not None]

    def stop(self, why: str) -> None:
        """End the training at the end of the present epoch, with everything saved.

        Args:
            why: the reason, for the log.
        """
        self._why = why
        self.trainer.network.stop_training = True

    def expected_checkpoint(self) -> Expectation:
        """Return the values that each checkpoint of this training must match."""
        return expectation_of(
            self.trainer.experiment,
            data_sha256=self.trainer.problem.data_sha256,
            epoch_steps=self.trainer.batches.steps,
            callbacks=len(self._all_callbacks),
            program=self.trainer.program.snapshot(),
            weights=self.trainer.program.weights(),
        )

    def _starting_point(self, tell: Callable[[str], None]) -> Checkpoint | None:
        """Sign, record and log the start; return the checkpoint to continue from, None if there is none."""
        self._sign(tell)
        if not self._is_resumed:
            write_environment(self.run.path, workers=self._workers.share.count)
            self.run.log("training begins", state=TRAINING)
            return None
        start, passed = newest_checkpoint(self.run.path, self.expected_checkpoint())
        for why in passed:
            tell(f"{why}; resuming from the checkpoint before it")
        try:
            if changes := changes_since(self.run.path, workers=self._workers.share.count):
                tell(one_line(f"changed since the run began, so results may differ in rounding: {changes}"))
        except DataError as error:
            tell(f"{error}; if versions or processor have changed, results may differ in rounding")
        self._say_what_is_lost(start, tell)
        step = start.facts.step if start else 0
        tell(f"going on after step {step:,}")
        self.run.write_config(self.trainer.experiment)
        self.run.log(f"training is resumed after step {step}", state=TRAINING, step=step)
        return start

    def _say_what_is_lost(self, start: Checkpoint | None, tell: Callable[[str], None]) -> None:
        """Tell the user if epochs that `training.snapshots` asks for were trained without this setting."""
        training, ended = self.trainer.experiment.training, start.facts.position[0] if start else 0
        wanted = snapshot_epochs(training.epochs, training.snapshots)
        if any(epoch <= ended for epoch in wanted) and not snapshot_paths(self.run.path):
            tell(
                f"training.snapshots: the run was trained without it up to epoch {ended:,}; the weights of"
                " these epochs are not kept, those of later ones are"
            )

    def _sign(self, tell: Callable[[str], None]) -> None:
        """Sign the run as the user's own; if that is not possible, training goes on."""
        try:
            self.run.sign(self.trainer.experiment)
        except RunError as error:
            tell(f"the run is not signed as yours, so outside of runs/ its data will not be opened: {error}")

    def _train(
        self,
        start: Checkpoint | None,
        saves: "Saves",
        interruption: Interruption,
        report: Callable[[Progress], None],
        tell: Callable[[str], None],
    ) -> TrainingLoop:
        """Run the loop, from `start` on if there is one; save when due, and after it unless it was left."""
        say = partial(self._say, tell)

        def save(loop: TrainingLoop) -> None:
            saves.save_if_due(loop)
            if events:
                events.write()

        with self._live_events(say) as events, self._importable():
            loop = TrainingLoop(
                self.trainer,
                self._all_callbacks,
                each_epoch=bool(self._callbacks),
                interruption=interruption,
                report=report,
                save=save,
                keep=saves.keep_snapshot,
                tell=say,
            )
            loop.run(start)
            if not loop.was_left:
                saves.save(loop)
        return loop

    @property
    def _all_callbacks(self) -> list[Any]:
        """All callbacks in this order: the history, the user's (they may stop training), the sampler."""
        return [self._history, *self._callbacks, *([self._sampler] if self._sampler else [])]

    def _live_events(self, say: Callable[[str], None]) -> AbstractContextManager["LiveEvents | None"]:
        """Return the writer of event files for TensorBoard; a context with None if it is not wanted."""
        if not self.trainer.experiment.training.tensorboard:
            return nullcontext()
        from rnnlab.training.live_events import LiveEvents  # noqa: PLC0415 (most trainings write none)

        return LiveEvents(self.run.path, self._history, steps=self.trainer.steps, say=say)

    def _importable(self) -> AbstractContextManager[None]:
        """Return a context in which modules beside the user's callbacks can be imported."""
        if not self._folders:
            return nullcontext()
        from rnnlab.training.own_callbacks import importable  # noqa: PLC0415 (most trainings have no callback)

        return importable(self._folders)

    def _say_why_stopped(
        self, loop: TrainingLoop, start: Checkpoint | None, tell: Callable[[str], None]
    ) -> None:
        """If training ended early, say why; if it was resumed and no epoch ended, say also how to go on."""
        if self._why:
            self._say(tell, f"the training was ended after epoch {loop.epochs}: {self._why}")
            return
        if not (why := loop.why_stopped):
            return
        if start and start.facts.position[0] == loop.epochs:
            patience = "training.early_stopping.patience to more, or training.early_stopping to null"
            why += f"; to go on, set {'training.epochs to another number' if loop.is_stopped else patience}"
        self._say(tell, why)

    def _say(self, tell: Callable[[str], None], sentence: str) -> None:
        """Tell the user a sentence, and add it to the log."""
        self._note(sentence)
        tell(sentence)

    def _note(self, sentence: str, **figures: Any) -> None:
        """Add an event to the log. If it cannot be written, training goes on; the error is not raised."""
        with suppress(RunError):
            self.run.log(sentence, **figures)

    def _ended(self, error: EndedError, kept_step: int) -> TrainingError:
        """Return the error for a worker that has ended, and add it to the log."""
        failure = ended(self._workers, error, kept_step=kept_step, run=self.run.path)
        self._note(f"training failed: {failure}", state=FAILED)
        return failure

    def _interrupted(self, loop: TrainingLoop, signal_number: int) -> Interrupted:
        saved = f"after {count_of(loop.epochs, 'epoch')}, all of it saved"
        message = f"interrupted {'before the first step' if loop.was_left else saved}"
        self._note(message, state=INTERRUPTED)
        return Interrupted(f"{message}; go on with: ", signal_number, Call("resume", str(self.run.path)))


def callbacks_of(
    callbacks: Sequence[CallbackSettings], resumed: RunFolder | None
) -> tuple[list[Path], list[Any]]:
    """Return the folders in which the modules of the user's callbacks are looked for, and the callbacks."""
    if not callbacks:
        return [], []
    from rnnlab.training.own_callbacks import folders_of, load_callbacks  # noqa: PLC0415 (as below)

    folders = folders_of(callbacks, resumed)
    return folders, load_callbacks(callbacks, folders)


def _sampler_of(trainer: Trainer, settings: Samples | None) -> "Sampler | None":
    """Return the callback that writes samples; None without `training.samples`."""
    if not settings:
        return None
    from rnnlab.training.sampler import Sampler  # noqa: PLC0415 (loads the NumPy engine and all of generation)

    return Sampler(trainer, settings)
