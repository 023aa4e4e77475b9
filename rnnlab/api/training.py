"""`rnnlab.load_config`, `rnnlab.train`, `rnnlab.resume`: training from Python, in a script or a notebook."""

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.api.run import Run, load_run
from rnnlab.config.overrides import Override, Setting
from rnnlab.config.reading import parse_experiment, places_named, read_experiment, resumed_experiment
from rnnlab.config.schema import Experiment
from rnnlab.config.writing import yaml_line
from rnnlab.datasets.loading import Data, load_data
from rnnlab.errors import ConfigError, UsageError
from rnnlab.runs.data import found_again
from rnnlab.runs.layout import CONFIG

if TYPE_CHECKING:
    from rnnlab.training.loop import Progress

Settings = Mapping[str, Any]
"""Values by dotted name, such as `{"model.units": [128, 64]}`."""

_IN_SET = re.compile("^--set ")


def load_config(
    path_or_text: str | os.PathLike[str],
    *overrides: str,
    set: Settings | None = None,  # noqa: A002 (it is `--set` of the command line)
) -> Experiment:
    """The experiment of a YAML file, or of a YAML text.

    Args:
        path_or_text: a file's name; or a text, which has a line break or begins with `{`. Paths in a text are
            relative to the working folder.
        overrides: settings that replace the file's, each `key.path=value` as for `--set`: text and paths as
            they stand, other values as YAML.
        set: the same as values by dotted name, `{"model.units": 256}`; they replace those before them.

    Returns:
        A frozen record; `experiment.model.units`, for one.

    Raises:
        ConfigError: everything that is wrong, one line each, with file, line and column.
    """
    everything: tuple[Override, ...] = (*overrides, *overrides_of(set or {}))
    with settings_named():
        if isinstance(path_or_text, str) and is_text(path_or_text):
            return parse_experiment(path_or_text, name="config", folder=Path.cwd(), overrides=everything)
        return read_experiment(Path(path_or_text), everything)


@contextmanager
def settings_named() -> Iterator[None]:
    """Let an error of the body say `set: model.units` of a setting, where the command line says `--set`."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(*(_IN_SET.sub("set: ", line) for line in str(error).splitlines())) from None


def is_text(path_or_text: str) -> bool:
    """Whether it is YAML itself and no file's name."""
    return "\n" in path_or_text or path_or_text.lstrip().startswith("{")


def overrides_of(settings: Settings) -> list[Setting]:
    """Values by dotted name as settings that replace a file's."""
    return [Setting(name, yaml_line(_plain(value))) for name, value in settings.items()]


def _plain(value: Any) -> Any:
    """A value of the kinds that YAML has: paths are text, tuples lists, NumPy's numbers numbers."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.item() if hasattr(value, "item") else value


_one_at_a_time = threading.Lock()
"""Held while a training runs: while TensorFlow compiles, the process' stderr is elsewhere."""


def train(
    config: str | os.PathLike[str] | Experiment,
    *,
    run_dir: str | os.PathLike[str] | None = None,
    name: str | None = None,
    progress: "Callable[[Progress], None] | None" = None,
    tell: Callable[[str], None] | None = None,
) -> Run:
    """Train a model from the start; nothing is printed.

    Ctrl-C, or a notebook's stop button, ends training after the running chunk with everything saved. In any
    but the main thread signals are left alone. Trainings of several threads take turns.

    Args:
        config: an experiment, a YAML file, or a YAML text.
        run_dir: a new or empty folder for the run, instead of `runs/<name>-<number>` in the working folder.
        name: of the run; left out, that of the file, or else the model's kind.
        progress: is called after each chunk of steps with where training stands; `print` will do.
        tell: is told in a sentence what the user should know, such as what was chosen for the data.

    Raises:
        ConfigError: the configuration cannot be.
        DataError: the data cannot be read, or is too short.
        RunError: the run folder cannot be written, or holds files already.
        TrainingError: the loss is no longer a number.
        Interrupted: a signal came; everything is saved, and `resume` goes on.
    """
    experiment = config if isinstance(config, Experiment) else load_config(config)
    name = _name_of(config, experiment) if name is None else name
    if name != Path(name).name:
        raise UsageError(
            f"name: expected a name without a folder, received {name!r}; use run_dir for a folder"
        )
    with _places_named(config):
        data = load_data(experiment)
    return _train(data, name=name, run_dir=run_dir, progress=progress, tell=tell)


def resume(
    run: str | os.PathLike[str] | Run | None = None,
    *overrides: str,
    set: Settings | None = None,  # noqa: A002 (it is `--set` of the command line)
    progress: "Callable[[Progress], None] | None" = None,
    tell: Callable[[str], None] | None = None,
) -> Run:
    """Go on with a run that was interrupted, or a finished one with more epochs, to the same bits.

    Args:
        run: the run or its folder; left out, the newest.
        overrides: settings that may change, such as `training.epochs=200`.
        set: the same as values by dotted name.
        progress: as for `train`.
        tell: as for `train`.

    Raises:
        UsageError: other settings than those that may change.
        RnnlabError: as for `train`.
    """
    left = run if isinstance(run, Run) else load_run(run)
    everything: tuple[Override, ...] = (*overrides, *overrides_of(set or {}))
    located = partial(found_again, run=left.folder)
    with settings_named():
        experiment = resumed_experiment(left.path / CONFIG, None, everything, located=located)
        with places_named(left.path / CONFIG, everything):
            data = load_data(experiment)
    return _train(data, resumed=left, progress=progress, tell=tell)


def _train(
    data: Data,
    *,
    progress: "Callable[[Progress], None] | None",
    tell: Callable[[str], None] | None,
    name: str = "",
    run_dir: str | os.PathLike[str] | None = None,
    resumed: Run | None = None,
) -> Run:
    tell, progress = tell or _silent, progress or _silent
    for note in data.splits.notes:
        tell(note)
    with _one_at_a_time:
        from rnnlab.training.session import Session  # noqa: PLC0415 (loads TensorFlow, which takes seconds)

        session = Session(
            data,
            name=name,
            run_dir=None if run_dir is None else Path(run_dir),
            resumed=resumed.folder if resumed else None,
        )
        outcome = session.train(progress, tell)
    return Run(outcome.run)


def _places_named(config: str | os.PathLike[str] | Experiment) -> AbstractContextManager[None]:
    """Adds the place of a setting to what only the data shows; an experiment of Python has no places."""
    if isinstance(config, Experiment):
        return nullcontext()
    if isinstance(config, str) and is_text(config):
        return places_named(Path("config"), text=config)
    return places_named(Path(config))


def _name_of(config: str | os.PathLike[str] | Experiment, experiment: Experiment) -> str:
    """The file's name without its extension, or the model's kind."""
    if isinstance(config, Experiment) or (isinstance(config, str) and is_text(config)):
        return experiment.model.kind
    return Path(config).stem


def _silent(_: object) -> None:
    """Nothing."""
