"""The run folder: all files of one training.

runs/<config name>-<number>/   made by an atomic mkdir; `runs/latest` names the newest run of `train`
  config.yaml          the resolved configuration
  signature.json       shows that this user trained the run (`runs/signature.py`)
  split.json           which data belongs to the training, validation and test part
  training_tokens.npz  the token ids of the training data, if `dataset.keep` is true (`runs/kept_tokens.py`)
  environment.json     versions and processor, on which the bits of the result depend (`runs/environment.py`)
  model.safetensors    the best weights with the configuration and the vocabulary (`models/model_file.py`)
  history.csv          a row for each epoch (`runs/history.py`)
  losses.csv           a row for each training step (`runs/history.py`)
  snapshots/           the weights of some epochs, if `training.snapshots` is set (`runs/snapshots.py`)
  samples.txt          samples that were written during training, if `training.samples` is set
  tensorboard/         event files, if `training.tensorboard` is set (`training/live_events.py`)
  callbacks.json       folders of the Python modules of the user's callbacks (`training/own_callbacks.py`)
  metrics.json         the last evaluation
  folds.json           the last cross-validation of its configuration
  report.html          what `rnnlab report` wrote last, if it was called without another file name
  events.log           what happened, with times (`runs/events.py`)
  .lock                locked while a process trains in the folder (`runs/lock.py`)
  checkpoints/         the states from which `rnnlab train --resume` continues (`training/checkpoints.py`)
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rnnlab.config.reading import MOST_BYTES, AnyExperiment, read_any
from rnnlab.errors import Argument, ConfigError, RnnlabError, RunError
from rnnlab.files import PARTIAL, check_inside, write_durably
from rnnlab.models.model_file import (
    Trained,
    TrainedModel,
    load_any_model,
    next_token_model,
    save_model,
)
from rnnlab.runs.layout import (
    CONFIG,
    EVENTS,
    FOLDS,
    HISTORY,
    METRICS,
    MODEL,
    RUNS,
    is_comparison_folder,
    is_study_folder,
    newest_path,
    point_latest,
    run_paths,
    small_bytes,
)
from rnnlab.signals import held_signals

_FIRST_BYTES = 4096
"""Bytes at the beginning of `history.csv` that hold the header and a part of the first row."""


@dataclass(frozen=True)
class RunFolder:
    """One run folder."""

    path: Path

    @property
    def model_path(self) -> Path:
        """Path of the model file, which exists after the first save."""
        return self.path / MODEL

    def load_model(self) -> TrainedModel:
        """Return the model of the run, of the task `next_token`; see `load_any_model`.

        Raises:
            RunError: as `load_any_model`.
            ModelFileError: the model is damaged, or is for another task.
        """
        return next_token_model(self.load_any_model(), self.path)

    def load_any_model(self) -> Trained:
        """Return the model of the run, after a check that the model belongs to the run.

        Raises:
            RunError: training has not saved a model yet, the model belongs to another experiment,
                `config.yaml` is missing or damaged, or a file is a link that leads outside the run.
            ModelFileError: the model is damaged.
        """
        if not self.model_path.exists():
            raise RunError(
                f"{self.path}: no {MODEL} in this run yet; wait for its first save, or train again"
            )
        check_inside(self.model_path)
        return self._checked_own(load_any_model(self.model_path))

    @property
    def is_unfinished(self) -> bool:
        """Whether training has saved a history in which no epoch has ended; False without a readable one."""
        path = self.path / HISTORY
        if not path.is_file():  # opening a pipe would wait for a writer
            return False
        try:
            with path.open("rb") as file:
                return file.read(_FIRST_BYTES).count(b"\n") < 2
        except OSError:
            return False

    def save_model(self, model: Trained) -> None:
        """Replace the model file; if writing fails, the old file stays.

        Raises:
            RunError: the file cannot be written.
            ModelFileError: as for `models.model_file.save_model`.
        """
        save_model(self.model_path, model)

    def write(self, name: str, text: str) -> None:
        """Replace a text file of the run; if writing fails, the old file stays.

        Raises:
            RunError: the file cannot be written.
        """
        write_durably(self.path / name, text.encode(errors="backslashreplace"))

    def write_config(self, experiment: AnyExperiment) -> None:
        """Replace `config.yaml` with a resolved configuration."""
        self.write(CONFIG, self._config_of(experiment))

    def sign(self, experiment: AnyExperiment) -> None:
        """Sign the run as the user's own, for this configuration and for the present `config.yaml`.

        Raises:
            RunError: as for `runs.signature.sign`, or `config.yaml` cannot be read.
        """
        from rnnlab.runs.signature import sign  # noqa: PLC0415 (only training signs)

        sign(self.path, self._config_of(experiment).encode(), before=self.read_config())

    def read_config(self) -> bytes:
        """Return the bytes of `config.yaml`; empty if there is no such file.

        Raises:
            RunError: as for `small_bytes`.
        """
        return small_bytes(self.path / CONFIG, most_bytes=MOST_BYTES) or b""

    def write_split(self, record: dict[str, Any]) -> None:
        """Replace `split.json`."""
        self.write("split.json", json.dumps(record) + "\n")

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Replace `metrics.json`."""
        self.write(METRICS, json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")

    def write_folds(self, folds: dict[str, Any]) -> None:
        """Replace `folds.json`."""
        self.write(FOLDS, json.dumps(folds, indent=2, ensure_ascii=False) + "\n")

    def log(
        self,
        sentence: str,
        *,
        state: str | None = None,
        step: int | None = None,
        epochs: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Add an event to `events.log`; `RunEvent` describes the fields.

        Raises:
            RunError: the file cannot be written, or is a link that leads outside the run.
        """
        from rnnlab.runs.events import event_line  # noqa: PLC0415 (only training logs)

        path = self.path / EVENTS
        check_inside(path)
        line = event_line(sentence, state=state, step=step, epochs=epochs, seconds=seconds)
        try:
            with open(path, "ab", opener=_without_waiting) as file:
                file.write(line)
        except OSError as error:
            raise _unwritable(path, error) from error

    def _config_of(self, experiment: AnyExperiment) -> str:
        from rnnlab.config.writing import write_experiment  # noqa: PLC0415 (a reader does not need it)

        return write_experiment(experiment, folder=self.path.absolute())

    def _checked_own(self, trained: Trained) -> Trained:
        """Return the model, with its own section `dataset` or with that of `config.yaml`.

        The model keeps its own section if its configuration is equal to `config.yaml`, or if the run is
        signed for it.

        Raises:
            RunError: the model belongs to another experiment, or `config.yaml` is missing or damaged.
        """
        from rnnlab.runs.signature import is_signed_for  # noqa: PLC0415 (needed if config.yaml was changed)

        path = self.path / CONFIG
        if self.read_config() == trained.config.encode():
            return trained
        try:
            own = read_any(path)
        except ConfigError as error:
            first = str(error).partition("\n")[0]
            raise RunError(f"{first}; the run's configuration is damaged: restore it from a copy") from error
        if is_signed_for(self.path, trained.config.encode()):
            return trained
        experiment = trained.experiment
        if (own.model, own.dataset.named) != (experiment.model, experiment.dataset.named):
            raise RunError(
                f"{self.model_path}: not this run's model (its model or dataset section differs from"
                f" {CONFIG}); restore the model file or {CONFIG} from a copy, or name the model file instead"
                " of the run"
            )
        located: Any = experiment.model_copy(update={"dataset": own.dataset})
        return replace(trained, experiment=located)


def create_run(name: str, experiment: AnyExperiment, *, folder: Path | None = None) -> RunFolder:
    """Make a run folder that holds the resolved configuration; if it lies in `runs/`, `runs/latest` names it.

    Args:
        name: name of the configuration; the folder is `runs/<name>-<number>`.
        experiment: the experiment that will be trained.
        folder: a folder to use instead; it must be empty or new, and `runs/latest` does not change.

    Raises:
        RunError: the folder holds files, or cannot be written.
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
    """Make the folder `runs/<name>-<number>` whose number is one above the highest, and return its path.

    Two processes never get the same folder.

    Raises:
        RunError: the folder cannot be made.
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


def folder_of_study(name: str) -> Path:
    """Make the folder `runs/<name>` of a study that several commands share, unless it is there; return it.

    Raises:
        RunError: the name has a slash, the folder is a run, or it cannot be made.
    """
    if Path(name).name != name or name in {".", ".."}:
        raise RunError(f"{name}: expected a name of a study without slashes, such as sweep-1")
    try:
        (folder := RUNS / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(RUNS, error) from error
    if (folder / CONFIG).exists():
        raise RunError(f"{folder}: a run, and no folder of a study; name another ", Argument("study"))
    return folder


def find_run(path: Path | None = None) -> RunFolder:
    """Return the run of a folder; if the path is None, the newest run.

    Raises:
        RunError: there is no run yet, the path is not a run folder, or `runs/latest` or `config.yaml` is a
            link that leads elsewhere.
    """
    if path is None:
        return RunFolder(newest_path())
    if not os.path.isdir(path):
        raise RunError(f"{path}: no such run; expected a run folder or a model file{_known_runs()}")
    if is_comparison_folder(path):
        raise RunError(f"{path}: a comparison, not a run; expected one of the runs in its folder")
    if is_study_folder(path):
        from rnnlab.runs.study import why_no_run  # noqa: PLC0415 (most paths are runs)

        raise RunError(why_no_run(path))
    if not os.path.isfile(path / CONFIG):
        raise RunError(
            f"{path}: not a run folder (it holds no {CONFIG}); expected a folder that a training made"
        )
    check_inside(path / CONFIG)
    return RunFolder(path)


def load_trained(path: Path | None = None) -> tuple[TrainedModel, RunFolder | None, Path]:
    """Load a trained model of the task `next_token`; see `load_any_trained`.

    Raises:
        RunError: as `load_any_trained`.
        ModelFileError: the model is damaged, or is for another task.
    """
    trained, run, where = load_any_trained(path)
    return next_token_model(trained, where), run, where


def load_any_trained(path: Path | None = None) -> tuple[Trained, RunFolder | None, Path]:
    """Load a trained model from a run folder or a model file; if the path is None, from the newest run.

    Returns:
        The model, its run (None for a model file), and the path of the run or the file.

    Raises:
        RunError: as for `find_run` and `RunFolder.load_model`.
        ModelFileError: the model file does not exist or is damaged.
    """
    if path is not None and (os.path.isfile(path) or path.suffix.lower() == ".safetensors"):
        return _located(load_any_model(path), path.parent), None, path
    run = find_run(path)
    return run.load_any_model(), run, run.path


def _located(trained: Trained, folder: Path) -> Trained:
    """Return the model of a file; if its folder is its run, as `_checked_own` returns the model."""
    with suppress(RnnlabError):
        return find_run(folder)._checked_own(trained)
    return trained


def _number(folder: str, name: str) -> int:
    """Return the number in the name of a folder `<name>-<number>`; 0 for any other folder."""
    stem, _, digits = folder.rpartition("-")
    return int(digits) if stem == name and digits.isdecimal() else 0


def _claim(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(not path.name.endswith(PARTIAL) for path in folder.iterdir()):  # left by a process that was killed
        why = " must name a new or an empty folder; this one holds files"
        raise RunError(f"{folder}: ", Argument("run_dir"), why)
    return folder


def _known_runs() -> str:
    runs = sorted(path.name for path in run_paths())
    others = f" and {len(runs) - 5:,} more" if len(runs) > 5 else ""
    known = f"; in {RUNS}/ there are {', '.join(runs[-5:])}{others}"
    return known if runs else f"; there is no run in {RUNS}/ yet"


def _without_waiting(path: str, flags: int) -> int:
    """Open a file and return its descriptor; a pipe without a reader is an error instead of a wait."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _unwritable(path: Path, error: OSError) -> RunError:
    why = f"{path}: cannot write ({error.strerror or error}); free some space, or choose another "
    return RunError(why, Argument("run_dir"))
