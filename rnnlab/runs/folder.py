"""The run folder: everything that one training leaves behind.

runs/<config name>-<number>/   claimed by an atomic mkdir; `runs/latest` names the newest run of `train`
  config.yaml          the resolved configuration
  signature.json       shows that this user trained the run (`runs/signature.py`)
  split.json           what of the data is trained on, and what is held out
  environment.json     versions and processor: what the same bits depend on
  model.safetensors    the best weights, and all that using them needs
  history.csv          a row for each epoch
  losses.csv           a row for each training step
  samples.txt          what was written while training, if `training.samples` asks for it
  tensorboard/         event files, if `training.tensorboard` asks for them (`training/live_events.py`)
  callbacks.json       where the modules of its callbacks were found (`training/callback_modules.py`)
  metrics.json         the last evaluation
  folds.json           the last cross-validation of its configuration
  events.log           what happened, with times
  checkpoints/         what `rnnlab train --resume` goes on from (`training/checkpoints.py`)

Where runs lie, what the files of one are called, and which of them is the newest.

Small files of a run folder that anyone may have put there: regular ones, inside it, up to a size.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rnnlab.config.reading import MOST_BYTES, read_experiment, write_experiment
from rnnlab.config.schema import Experiment
from rnnlab.errors import Argument, ConfigError, RnnlabError, RunError
from rnnlab.files import PARTIAL, check_inside, write_durably
from rnnlab.models.model_file import TrainedModel, load_model, save_model
from rnnlab.runs.comparisons import is_comparison_folder
from rnnlab.runs.events import event_line
from rnnlab.runs.layout import (
    CONFIG,
    EVENTS,
    FOLDS,
    HISTORY,
    METRICS,
    MODEL,
    RUNS,
    newest_path,
    point_latest,
    run_paths,
    small_bytes,
)
from rnnlab.runs.signature import is_signed_for, sign
from rnnlab.signals import held_signals

_FIRST_BYTES = 4096
"""Of a history, in which a row would begin."""


@dataclass(frozen=True)
class RunFolder:
    """One run folder."""

    path: Path

    @property
    def model_path(self) -> Path:
        """Where its model is, or will be."""
        return self.path / MODEL

    def load_model(self) -> TrainedModel:
        """Its best weights, with the data where `config.yaml` says that it lies.

        Raises:
            RunError: training has not saved a model in it yet, or it holds that of another run.
            ModelFileError: the model is damaged.
        """
        if not self.model_path.exists():
            raise RunError(
                f"{self.path}: no {MODEL} in this run yet; wait for its first save, or train again"
            )
        check_inside(self.model_path)
        return self._checked_own(load_model(self.model_path))

    @property
    def is_of_here(self) -> bool:
        """Whether it lies where `train` and `compare` make runs, and is no link to another place."""
        return RUNS.resolve() in self.path.resolve().parents[:2]

    @property
    def is_unfinished(self) -> bool:
        """Whether no epoch has ended in it: its history is there, and has no row."""
        path = self.path / HISTORY
        if not path.is_file():  # a pipe would be waited for
            return False
        try:
            with path.open("rb") as file:
                return file.read(_FIRST_BYTES).count(b"\n") < 2
        except OSError:
            return False

    def save_model(self, model: TrainedModel) -> None:
        """Replace its model, whole or not at all."""
        save_model(self.model_path, model)

    def write(self, name: str, text: str) -> None:
        """Replace one of its files, whole or not at all."""
        write_durably(self.path / name, text.encode(errors="backslashreplace"))

    def write_config(self, experiment: Experiment) -> None:
        """Replace its resolved configuration."""
        self.write(CONFIG, self._config_of(experiment))

    def sign(self, experiment: Experiment) -> None:
        """Sign it as the user's own, with a configuration that it has or will have."""
        sign(self.path, self._config_of(experiment).encode(), before=self.read_config())

    def read_config(self) -> bytes:
        """Its resolved configuration as it was written; empty where there is none."""
        return small_bytes(self.path / CONFIG, most_bytes=MOST_BYTES) or b""

    def _config_of(self, experiment: Experiment) -> str:
        return write_experiment(experiment, folder=self.path.absolute())

    def write_split(self, record: dict[str, Any]) -> None:
        """Replace `split.json`."""
        self.write("split.json", json.dumps(record) + "\n")

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Replace `metrics.json`."""
        self.write(METRICS, json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")

    def write_folds(self, folds: dict[str, Any]) -> None:
        """Replace `folds.json`."""
        self.write(FOLDS, json.dumps(folds, indent=2, ensure_ascii=False) + "\n")

    def _checked_own(self, trained: TrainedModel) -> TrainedModel:
        """A model with the run's data paths; one of another experiment than the run's is refused."""
        path = self.path / CONFIG
        if self.read_config() == trained.config.encode():
            return trained
        try:
            own = read_experiment(path)
        except ConfigError as error:
            first = str(error).partition("\n")[0]
            raise RunError(f"{first}; the run's configuration is damaged: restore it from a copy") from error
        if is_signed_for(self.path, trained.config.encode()):
            return trained
        experiment = trained.experiment
        if (own.model, own.dataset.named) != (experiment.model, experiment.dataset.named):
            raise RunError(
                f"{self.model_path}: not this run's model (model and dataset are not those of {CONFIG});"
                " restore it from a copy, or name the model file alone"
            )
        return replace(trained, experiment=experiment.model_copy(update={"dataset": own.dataset}))

    def log(
        self,
        sentence: str,
        *,
        state: str | None = None,
        step: int | None = None,
        epochs: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Add an event to `events.log`; see `RunEvent`.

        Raises:
            RunError: the file cannot be written.
        """
        path = self.path / EVENTS
        check_inside(path)
        line = event_line(sentence, state=state, step=step, epochs=epochs, seconds=seconds)
        try:
            with open(path, "ab", opener=_without_waiting) as file:
                file.write(line)
        except OSError as error:
            raise _unwritable(path, error) from error


def create_run(name: str, experiment: Experiment, *, folder: Path | None = None) -> RunFolder:
    """A new run folder with the resolved configuration in it.

    Args:
        name: of the configuration; the folder is `runs/<name>-<number>`.
        experiment: what will be trained.
        folder: a folder to use instead; it must be empty or not exist.

    Raises:
        RunError: the folder holds something already, or cannot be written.
    """
    with held_signals():  # a folder without a configuration is no run
        try:
            path = claim_numbered(name) if folder is None else _claim(folder)
        except OSError as error:
            raise _unwritable(folder or RUNS, error) from error
        run = RunFolder(path)
        run.write_config(experiment)
        if folder is None:
            point_latest(path)
    return run


def claim_numbered(name: str) -> Path:
    """The first free `runs/<name>-<number>`, made by an mkdir that only one process can win.

    Raises:
        RunError: it cannot be made.
    """
    try:
        RUNS.mkdir(parents=True, exist_ok=True)
        number = 1 + max((_number(path.name, name) for path in RUNS.iterdir()), default=0)
        while True:
            with suppress(FileExistsError):
                (path := RUNS / f"{name}-{number}").mkdir()
                return path
            number += 1
    except OSError as error:
        raise _unwritable(RUNS, error) from error


def find_run(path: Path | None = None) -> RunFolder:
    """The run of a folder, or the newest run.

    Raises:
        RunError: there is no run yet, or the folder is not one.
    """
    if path is None:
        return RunFolder(newest_path())
    if not os.path.isdir(path):
        raise RunError(f"{path}: no such run; expected a run folder or a model file{_known_runs()}")
    if is_comparison_folder(path):
        raise RunError(f"{path}: a comparison, not a run; expected one of the runs in its folder")
    if not os.path.isfile(path / CONFIG):
        raise RunError(f"{path}: not a run folder (it holds no {CONFIG}); expected one that training made")
    check_inside(path / CONFIG)
    return RunFolder(path)


def load_trained(path: Path | None = None) -> tuple[TrainedModel, RunFolder | None, Path]:
    """A trained model by its run folder, its model file, or the newest run.

    Returns:
        The model, its run (None for a model file), and the path that names it.

    Raises:
        RunError: no such run.
        ModelFileError: the model is damaged.
    """
    if path is not None and (os.path.isfile(path) or path.suffix.lower() == ".safetensors"):
        return _located(load_model(path), path.parent), None, path
    run = find_run(path)
    return run.load_model(), run, run.path


def _located(trained: TrainedModel, folder: Path) -> TrainedModel:
    """The model of a file, with its data where the `config.yaml` beside it says: for messages only."""
    with suppress(RnnlabError):
        return find_run(folder)._checked_own(trained)
    return trained


def _number(folder: str, name: str) -> int:
    """The number of a run folder of this name, 0 for any other folder."""
    stem, _, digits = folder.rpartition("-")
    return int(digits) if stem == name and digits.isdecimal() else 0


def _claim(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(not path.name.endswith(PARTIAL) for path in folder.iterdir()):  # one may have been killed here
        why = " must name a new or an empty folder; this one holds files"
        raise RunError(f"{folder}: ", Argument("run_dir"), why)
    return folder


def _known_runs() -> str:
    runs = sorted(path.name for path in run_paths())
    return f"; in {RUNS}/ there are {', '.join(runs[-5:])}" if runs else f"; there is no run in {RUNS}/ yet"


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; one that turns out to be a pipe is an error, and not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _unwritable(path: Path, error: OSError) -> RunError:
    why = f"{path}: cannot write ({error.strerror or error}); free some space, or choose another "
    return RunError(why, Argument("run_dir"))
