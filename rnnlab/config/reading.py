"""The reader of a YAML file: it returns an `Experiment`, or raises an error with all faults and places."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.config.places import section_at
from rnnlab.config.problems import Finding, check
from rnnlab.config.report import Mark, Problem, report
from rnnlab.config.schema import FITTED_SETTINGS, Experiment
from rnnlab.config.section import DATA_PATHS, Section, make_absolute, one_or_many
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.yaml_tree import MOST_CHARACTERS, Tree, plan_in, read_tree, value_at
from rnnlab.errors import ConfigError, DataError, MissingFile, TrainingError, UsageError, command_line
from rnnlab.files import read_text

if TYPE_CHECKING:
    from rnnlab.config.overrides import Override

_SECTIONS = "expected sections (dataset:, model:, …); see rnnlab schema"
CALLBACKS = ("training", "callbacks")
"""The setting whose items have keys that are no settings of rnnlab: the arguments of a callback."""

MOST_BYTES = 4 * MOST_CHARACTERS


AnyExperiment = Experiment | TaskExperiment


def read_experiment(path: Path, overrides: Sequence["Override"] = ()) -> Experiment:
    """Return the experiment of a YAML file for the task `next_token`; see `read_any`.

    Raises:
        ConfigError: as `read_any`; or the configuration is for another task.
    """
    return next_token_only(read_any(path, overrides), str(path))


def next_token_only(experiment: AnyExperiment, name: str) -> Experiment:
    """Return an experiment of the task `next_token`; refuse one of another task.

    Args:
        experiment: the experiment.
        name: the name of its file in the message.

    Raises:
        ConfigError: the task is another one.
    """
    if isinstance(experiment, TaskExperiment):
        raise ConfigError(
            f"{name}: dataset.task: expected next_token, received {experiment.task}; use describe, train and"
            f" evaluate for the task {experiment.task}"
        )
    return experiment


def read_any(path: Path, overrides: Sequence["Override"] = ()) -> AnyExperiment:
    """Return the experiment of a YAML file.

    Args:
        path: the file.
        overrides: settings that replace those of the file, each `key.path=value` or a `Setting`, as
            `config/overrides.py` reads them; a path in an override is relative to the working folder.

    Raises:
        ConfigError: the file cannot be read, lists configurations to compare, or has faults. Each fault is a
            line with file, line and column, or with the override.
    """
    try:
        text = read_text(path, most_bytes=MOST_BYTES)
    except DataError as error:
        raise ConfigError(_about_config(path, error)) from None
    return parse_any(text, name=str(path), folder=path.parent, overrides=overrides)


def parse_experiment(
    text: str, *, name: str, folder: Path, overrides: Sequence["Override"] = ()
) -> Experiment:
    """Return the experiment of a YAML text for the task `next_token`; see `parse_any`.

    Raises:
        ConfigError: as `parse_any`; or the configuration is for another task.
    """
    return next_token_only(parse_any(text, name=name, folder=folder, overrides=overrides), name)


def parse_any(text: str, *, name: str, folder: Path, overrides: Sequence["Override"] = ()) -> AnyExperiment:
    """Return the experiment of a YAML text: of the task `next_token`, or of a task with examples.

    Args:
        text: the YAML.
        name: the name of the text in messages.
        folder: the folder that its paths are relative to.
        overrides: as in `read_experiment`.

    Raises:
        ConfigError: the text lists configurations to compare, or has faults; one line each.
    """
    tree = _tree(text, name, folder, overrides)
    experiment, findings = check(tree.value, tree.refused, folder=folder.absolute())
    problems = [*tree.problems, *(_problem(finding, tree) for finding in findings)]
    if problems or experiment is None:
        raise ConfigError(*report(problems))
    return experiment


@contextmanager
def places_named(
    path: Path, overrides: Sequence["Override"] = (), *, text: str | None = None
) -> Iterator[None]:
    """Add the place of each setting to a ConfigError or a TrainingError raised in the `with` block.

    If a file is not found (`MissingFile`), and the YAML file names it by a relative path, add that the path
    is relative to the YAML file. This is not added for a YAML text that comes from no file. Any other error
    is raised unchanged.

    Args:
        path: the YAML file that the experiment was read from.
        overrides: as in `read_experiment`.
        text: the YAML, if it comes from no file; `path` is then its name in messages.
    """
    try:
        yield
    except (ConfigError, TrainingError) as error:
        text = read_text(path, most_bytes=MOST_BYTES) if text is None else text
        tree = _tree(text, str(path), path.parent, overrides)
        lines = [_placed(line, tree) for line in str(error).split("\n")]
        placed = ConfigError(*lines) if isinstance(error, ConfigError) else TrainingError(lines[0])
        raise placed from error
    except MissingFile as error:
        if text is not None or not (key := _key_of(error.path, path, overrides)):
            raise
        raise MissingFile(f"{error} ({key} is relative to its YAML file)", error.path) from None


def _key_of(missing: Path, path: Path, overrides: Sequence["Override"]) -> str:
    """Return the dotted key of the YAML whose relative path is that of a missing file; empty if none is."""
    text = read_text(path, most_bytes=MOST_BYTES)
    tree = _tree(text, str(path), path.parent, overrides)
    plain = read_tree(text, lambda line, column: Mark(0, line, column, str(path))).value
    for key in DATA_PATHS:
        mark = tree.keys.get(key)
        if mark is None or mark.override:
            continue
        named = one_or_many(value_at(plain, key))
        relative = (each for each in named if isinstance(each, str) and not os.path.isabs(each))
        if str(missing) in (os.path.abspath(path.parent / each) for each in relative):
            return ".".join(key)
    return ""


def _placed(line: str, tree: Tree) -> str:
    """Return an error line with the place of the setting that it begins with; any other line unchanged."""
    dotted, _, message = line.partition(": ")
    path = tuple(int(key) if key.isdecimal() else key for key in dotted.split("."))
    if path[:2] == CALLBACKS:
        if (*CALLBACKS, 0) not in tree.values:  # the YAML has one callback, and no list
            path = tuple(key for key in path if isinstance(key, str))
        return str(_problem(Finding(path, message), tree))
    section = section_at(path[:-1], tree.value)
    if section is None or path[-1] not in section.model_fields:
        return line
    return str(_problem(Finding(path, message), tree))


def _tree(text: str, name: str, folder: Path, overrides: Sequence["Override"]) -> Tree:
    """Return the plain values of a YAML text, with absolute paths and overrides, and their places.

    Raises:
        ConfigError: the text is no valid YAML, has no sections, or lists configurations to compare.
    """
    tree = read_tree(text, lambda line, column: Mark(0, line, column, name))
    if not isinstance(tree.value, dict):
        raise ConfigError(*report([*tree.problems, Problem(Mark(0, 0, 0, name), _SECTIONS)]))
    if plan := plan_in(tree.value):
        what = "lists configurations; compare them" if plan == "compare" else "is a sweep; search"
        raise ConfigError(f"{name}: this file {what} with: {command_line(plan, Path(name))}")
    make_absolute(tree.value, folder)
    if overrides:
        from rnnlab.config.overrides import apply_overrides  # noqa: PLC0415 (a model file has none)

        apply_overrides(overrides, tree)
    return tree


def _problem(finding: Finding, tree: Tree) -> Problem:
    """Return a finding as a line; the name of the setting is left out if the place is this name."""
    mark, dotted = _where(finding, tree), ".".join(map(str, finding.path))
    named = str(mark) in (dotted, f"--set {dotted}")
    return Problem(mark, finding.message if named else f"{dotted}: {finding.message}")


def _where(finding: Finding, tree: Tree) -> Mark:
    """Return the place of a wrong key or value; if the YAML has neither, of the section around it.

    If the YAML has no section around it either, return the place at which the YAML begins.
    """
    path = finding.path
    if path in tree.values:
        return tree.keys[path] if finding.about_key else tree.values[path]
    around = (path[:depth] for depth in range(len(path) - 1, 0, -1))
    return next((tree.keys[section] for section in around if section in tree.keys), tree.values[()])


def _about_config(path: Path, error: DataError) -> str:
    """Return the message for a YAML file that cannot be read."""
    if not os.path.exists(path):
        return f"{path}: no such configuration; expected a YAML file, e.g. configs/nabiya_stateful_lstm.yaml"
    if path.is_file() and not path.stat().st_size:
        return f"{path}: the file is empty; {_SECTIONS}"
    return str(error)


MAY_CHANGE = (
    "training.epochs",
    "training.early_stopping",
    "training.checkpoint",
    "training.on_non_finite",
    "training.snapshots",
    "training.tensorboard",
    "training.distribute",
)
"""The settings, with all settings within them, that may change when a run is resumed.

With another value of most other settings, the training would have been different from its beginning.
"""


def resumed_experiment(
    own: Path,
    config: Path | None,
    overrides: Sequence["Override"],
    *,
    located: Callable[[AnyExperiment], AnyExperiment] = lambda experiment: experiment,
) -> AnyExperiment:
    """Return the experiment with which a run is resumed.

    Args:
        own: the resolved configuration in the run folder.
        config: a file that must have the same settings except `MAY_CHANGE`; it may leave out settings of
            `FITTED_SETTINGS`. None for `own`.
        overrides: settings that replace settings of the configuration.
        located: returns the experiment of `own` with the paths at which the data is found now.

    Raises:
        ConfigError: a configuration cannot be read, or has faults.
        UsageError: a setting differs from that of the run, and is not in `MAY_CHANGE`.
    """
    begun = located(read_any(own))
    wanted = read_any(config, overrides) if config else located(read_any(own, overrides))
    if isinstance(wanted, Experiment) and isinstance(begun, Experiment):
        wanted = _with_choices(wanted, begun)
    changed = [
        f"{key} ({_shown(before)} → {_shown(after)})"
        for key, before, after in _differences(begun.model_dump(mode="json"), wanted.model_dump(mode="json"))
        if not key.startswith(MAY_CHANGE)
    ]
    if changed:
        raise UsageError(
            f"{own.parent}: cannot be resumed with other settings: {', '.join(changed)};"
            f" only {', '.join(MAY_CHANGE)} may change; leave other settings out, or start a new training"
        )
    return wanted


def _with_choices(wanted: Experiment, begun: Experiment) -> Experiment:
    """Return `wanted`; settings of `FITTED_SETTINGS` that it leaves out get the values of `begun`."""
    sections: dict[str, Section] = {}
    for name, keys in FITTED_SETTINGS.items():
        mine, chosen = getattr(wanted, name), getattr(begun, name)
        left_out = {key: getattr(chosen, key) for key in keys if key not in mine.model_fields_set}
        sections[name] = mine.model_copy(update=left_out)
    return wanted.replaced(**sections)


def _differences(old: Any, new: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the dotted names of the settings that differ, with both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(name), new.get(name), f"{key}.{name}" if key else name)
    elif old != new:
        yield key, old, new


def _shown(value: Any) -> str:
    """Return a value as text, cut to 40 characters."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
