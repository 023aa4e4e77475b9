"""`rnnlab.load_config`: read an experiment from a YAML file or a YAML text, with some settings replaced."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnnlab.config.overrides import Override, Setting
from rnnlab.config.reading import parse_experiment, read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.config.writing import yaml_line
from rnnlab.errors import ConfigError

Settings = Mapping[str, Any]
"""Values of settings by dotted name, such as `{"model.units": [128, 64]}`."""

_IN_SET = re.compile("^--set ")


def load_config(
    path_or_text: str | os.PathLike[str],
    *overrides: str,
    set: Settings | None = None,  # noqa: A002 (it is `--set` of the command line)
) -> Experiment:
    """The experiment of a YAML file, or of a YAML text.

    Args:
        path_or_text: the name of a file; or a text, which has a line break or begins with `{`. Paths in a
            text are relative to the working folder.
        overrides: settings that replace those of the file, each `key.path=value` as for `--set`: text and
            paths as they stand, other values as YAML.
        set: settings by dotted name, `{"model.units": 256}`, which replace those of `overrides` too.

    Returns:
        A frozen record, with settings such as `experiment.model.units`.

    Raises:
        ConfigError: a line for each mistake, with file, line and column.
    """
    everything: tuple[Override, ...] = (*overrides, *overrides_of(set or {}))
    with settings_named():
        if isinstance(path_or_text, str) and is_text(path_or_text):
            return parse_experiment(path_or_text, name="config", folder=Path.cwd(), overrides=everything)
        return read_experiment(Path(path_or_text), everything)


@contextmanager
def settings_named() -> Iterator[None]:
    """Name a setting in an error of the body as `set: model.units`; the command line has `--set`."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(*(_IN_SET.sub("set: ", line) for line in str(error).splitlines())) from None


def is_text(path_or_text: str) -> bool:
    """Whether a string is YAML and not the name of a file."""
    return "\n" in path_or_text or path_or_text.lstrip().startswith("{")


def overrides_of(settings: Settings) -> list[Setting]:
    """Settings by dotted name, in the form in which they replace those of a file."""
    return [Setting(name, yaml_line(_plain(value))) for name, value in settings.items()]


def _plain(value: Any) -> Any:
    """A value with types of YAML: a path becomes text, a tuple a list, a number of NumPy a number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.item() if hasattr(value, "item") else value
