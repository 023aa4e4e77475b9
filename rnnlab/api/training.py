"""`rnnlab.load_config`, `rnnlab.train` and `rnnlab.resume`: read a configuration, and train from Python."""

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
from rnnlab.config.reading import AnyExperiment, parse_any, places_named, read_any, resumed_experiment
from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.writing import yaml_line
from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.loading import Data
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import ConfigError, UsageError
from rnnlab.runs.data import found_again
from rnnlab.runs.layout import CONFIG

if TYPE_CHECKING:
    from rnnlab.runs.progress import Progress

Settings = Mapping[str, Any]
"""Values of settings by dotted name, such as `{"model.units": [128, 64]}`."""

_IN_SET = re.compile("^--set ")


def load_config(
    path_or_text: str | os.PathLike[str],
    *overrides: str,
    set: Settings | None = None,  # noqa: A002 (it is `--set` of the command line)
) -> AnyExperiment:
    """Return the experiment of a YAML file, or of a YAML text.

    Args:
        path_or_text: the name of a file; or a text, which has a line break or begins with `{`. Paths in a
            text are relative to the working folder.
        overrides: settings that replace those of the file, each `key.path=value` as for `--set`: text and
            paths exactly as written, other values as YAML.
        set: settings by dotted name, `{"model.units": 256}`, which replace those of `overrides` too.

    Returns:
        A frozen record, with settings such as `experiment.model.units`: an `Experiment`, or a
        `TaskExperiment` if `dataset.task` is another task than `next_token`.

    Raises:
        ConfigError: a line for each mistake, with file, line and column.
    """
    everything: tuple[Override, ...] = (*overrides, *overrides_of(set or {}))
    with settings_named():
        if isinstance(path_or_text, str) and is_text(path_or_text):
            return parse_any(path_or_text, name="config", folder=Path.cwd(), overrides=everything)
        return read_any(Path(path_or_text), everything)


@contextmanager
def settings_named() -> Iterator[None]:
    """Replace `--set` with `set:` in a ConfigError of the `with` block, as in `set: model.units`."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(*(_IN_SET.sub("set: ", line) for line in str(error).splitlines())) from None


def is_text(path_or_text: str) -> bool:
    """Return whether a string is YAML (it has a line break or begins with `{`) and not the name of a file."""
    return "\n" in path_or_text or path_or_text.lstrip().startswith("{")


def overrides_of(settings: Settings) -> list[Setting]:
    """Return settings by dotted name, in the form in which they override those of a file."""
    return [Setting(name, yaml_line(_plain(value))) for name, value in settings.items()]


def _plain(value: Any) -> Any:
    """Return a value with types of YAML: a path becomes text, a tuple a list, a number of NumPy a number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.item() if hasattr(value, "item") else value


_one_at_a_time = threading.Lock()
"""Held while a training runs, since stderr of the whole process is redirected while TensorFlow compiles."""


def train(
    config: str | os.PathLike[str] | AnyExperiment,
    *,
    run_dir: str | os.PathLike[str] | None = None,
    name: str | None = None,
    progress: "Callable[[Progress], None] | None" = None,
    tell: Callable[[str], None] | None = None,
) -> Run:
    """Train a model from the start and return its run; nothing is printed.

    Ctrl-C, or the stop button of a notebook, ends training after the running chunk of steps, with everything
    saved. Outside the main thread signals are not handled. Trainings of several threads run one after the
    other.

    Args:
        config: an experiment, a YAML file, or a YAML text.
        run_dir: a new or empty folder for the run, instead of `runs/<name>-<number>` in the working folder.
        name: name of the run; left out, the name of the YAML file, or without a file the kind of the model.
        progress: a function that is called with the progress after each chunk of steps but the first, such as
            `print`.
        tell: a function that is called with sentences for the user, such as a note on the data.

    Raises:
        ConfigError: the configuration has a mistake.
        DataError: the data cannot be read, or is too short.
        RunError: the run folder cannot be written, or holds files already.
        UsageError: `name` contains a folder.
        TrainingError: the loss or the weights are not finite, too many steps in a row were skipped, or a
            callback cannot be imported or raised an exception.
        Interrupted: a signal came; everything is saved, and `resume` continues.
    """
    experiment = config if isinstance(config, Experiment | TaskExperiment) else load_config(config)
    name = _name_of(config, experiment) if name is None else name
    if name != Path(name).name:
        raise UsageError(
            f"name: expected a name without a folder, received {name!r}; use run_dir for a folder"
        )
    with _places_named(config):
        data = load_any_data(experiment)
    return _train(data, name=name, run_dir=run_dir, progress=progress, tell=tell)


def resume(
    run: str | os.PathLike[str] | Run | None = None,
    *overrides: str,
    set: Settings | None = None,  # noqa: A002 (it is `--set` of the command line)
    progress: "Callable[[Progress], None] | None" = None,
    tell: Callable[[str], None] | None = None,
) -> Run:
    """Resume an interrupted run, or a finished one with more epochs, and return it.

    In the same environment (versions, processor, threads) the weights have the same bits as after a training
    without interruption.

    Args:
        run: the run or its folder; left out, the newest run.
        overrides: settings to replace, such as `training.epochs=200`.
        set: settings to replace, by dotted name.
        progress: as for `train`.
        tell: as for `train`.

    Raises:
        UsageError: one of the settings cannot be replaced in a run.
        RnnlabError: as for `train`.
    """
    left = run if isinstance(run, Run) else load_run(run)
    everything: tuple[Override, ...] = (*overrides, *overrides_of(set or {}))
    located = partial(found_again, run=left.folder)
    with settings_named():
        experiment = resumed_experiment(left.path / CONFIG, None, everything, located=located)
        with places_named(left.path / CONFIG, everything):
            data = load_any_data(experiment)
    return _train(data, resumed=left, progress=progress, tell=tell)


def _train(
    data: Data | TaskData,
    *,
    progress: "Callable[[Progress], None] | None",
    tell: Callable[[str], None] | None,
    name: str = "",
    run_dir: str | os.PathLike[str] | None = None,
    resumed: Run | None = None,
) -> Run:
    tell, progress = tell or _silent, progress or _silent
    for note in data.splits.notes if isinstance(data, Data) else data.notes:
        tell(note)
    with _one_at_a_time:
        from rnnlab.training.distribution.together import workers_of  # noqa: PLC0415 (loads TensorFlow)

        folder = None if run_dir is None else Path(run_dir)
        left = resumed.folder if resumed else None
        with workers_of(data, tell) as workers:
            if workers.is_chief:
                from rnnlab.training.session import Session  # noqa: PLC0415 (as above)

                session = Session(data, name=name, run_dir=folder, resumed=left, workers=workers)
                outcome = session.train(progress, tell)
            else:
                from rnnlab.training.distribution.follower import follow  # noqa: PLC0415 (as above)

                outcome = follow(data, workers, resumed=left, report=progress)
    return Run(outcome.run)


def _places_named(config: str | os.PathLike[str] | AnyExperiment) -> AbstractContextManager[None]:
    """Return a context that adds the line and column of a setting to an error; an `Experiment` has none."""
    if isinstance(config, Experiment | TaskExperiment):
        return nullcontext()
    if isinstance(config, str) and is_text(config):
        return places_named(Path("config"), text=config)
    return places_named(Path(config))


def _name_of(config: str | os.PathLike[str] | AnyExperiment, experiment: AnyExperiment) -> str:
    """Return the name of the YAML file without its extension; without a file, the kind of the model."""
    if isinstance(config, Experiment | TaskExperiment) or (isinstance(config, str) and is_text(config)):
        kind: str = experiment.model.kind
        return kind
    return Path(config).stem


def _silent(_: object) -> None:
    """Ignore a report."""
