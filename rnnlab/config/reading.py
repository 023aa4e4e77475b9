"""From YAML to an `Experiment`, and back."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rnnlab.config import yaml_tree
from rnnlab.config.dataset import DEFAULT_EMBEDDING_SIZE
from rnnlab.config.problems import findings
from rnnlab.config.schema import Experiment
from rnnlab.config.yaml_tree import MOST_CHARACTERS, Tree, read_tree, report
from rnnlab.errors import ConfigError, DataError
from rnnlab.files import read_text

_SECTIONS = "expected sections (dataset:, model:, …); see rnnlab schema"


def read_experiment(path: Path, overrides: Sequence[str] = ()) -> Experiment:
    """The experiment of a YAML file.

    Args:
        path: the file.
        overrides: settings that replace the file's, each `key.path=value`; the value is YAML, and a path in
            it is relative to the working folder.

    Raises:
        ConfigError: everything that is wrong, one line each, with file, line and column.
    """
    try:
        text = read_text(path)
    except DataError as error:
        raise ConfigError(_about_config(path, error)) from None
    return parse_experiment(text, name=str(path), folder=path.parent, overrides=overrides)


def parse_experiment(text: str, *, name: str, folder: Path, overrides: Sequence[str] = ()) -> Experiment:
    """The experiment of a YAML text.

    Args:
        text: the YAML.
        name: what messages call it.
        folder: what the paths in it are relative to.
        overrides: as in `read_experiment`.

    Raises:
        ConfigError: everything that is wrong, one line each.
    """
    tree = read_tree(text, name)
    if not isinstance(tree.value, dict):
        raise ConfigError(f"{name}: {_SECTIONS}")
    _make_paths_absolute(tree.value, folder)
    for override in overrides:
        _apply(override, tree)
    try:
        return _resolved(Experiment.model_validate(tree.value))
    except ValidationError as error:
        raise ConfigError(_report(error, tree, name)) from None


def write_experiment(experiment: Experiment, *, folder: Path) -> str:
    """The YAML of an experiment with every default written out; its data paths are relative to a folder."""
    from ruamel.yaml import YAML  # noqa: PLC0415 (a tenth of a second)
    from ruamel.yaml.compat import StringIO  # noqa: PLC0415
    from ruamel.yaml.representer import SafeRepresenter  # noqa: PLC0415

    class Representer(SafeRepresenter):
        """A class of our own, so that other users of the library keep theirs."""

    Representer.add_representer(str, _scalar)
    sections = experiment.model_dump(mode="json", exclude_none=True)
    if paths := sections["dataset"].get("path"):
        sections["dataset"]["path"] = [_relative(path, folder) for path in paths]
    yaml = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.Representer = Representer
    yaml.default_flow_style, yaml.allow_unicode = None, True
    yaml.width = MOST_CHARACTERS  # a line that is folded within spaces is read back with fewer of them
    text = StringIO()
    yaml.dump(sections, text)
    return str(text.getvalue())


def _resolved(experiment: Experiment) -> Experiment:
    """The experiment with the defaults that depend on other settings."""
    generation, dataset = experiment.generation, experiment.dataset
    if generation.temperature is None:
        temperature = 1.0 if experiment.regime == "stream" else 0.0
        generation = generation.model_copy(update={"temperature": temperature})
    if dataset.encoding == "embedding" and dataset.embedding_size is None:
        dataset = dataset.model_copy(update={"embedding_size": DEFAULT_EMBEDDING_SIZE})
    return experiment.model_copy(update={"generation": generation, "dataset": dataset})


def _apply(override: str, tree: Tree) -> None:
    """Put an override into the tree, and its place beside it."""
    key, equals, text = override.partition("=")
    path = tuple(key.strip().split("."))
    place = f"--set {key.strip()}"
    if not equals or not all(path):
        raise ConfigError(f"--set {override}: expected KEY.PATH=VALUE, such as model.units=256")
    value = read_tree(text, place).value
    section = tree.value
    for depth, name in enumerate(path[:-1], start=1):
        if isinstance(section, dict) and section.get(name) is None:
            section[name] = {}
            tree.keys[path[:depth]] = tree.values[path[:depth]] = place
        section = section[name] if isinstance(section, dict) else None
    if not isinstance(section, dict):
        raise ConfigError(f"{place}: {'.'.join(path[:-1])} is not a section; replace it as a whole")
    section[path[-1]] = value
    for places in (tree.keys, tree.values):
        for known in [known for known in places if known[: len(path)] == path]:
            del places[known]
        places[path] = place
    if path[0] == "dataset":
        _make_paths_absolute(tree.value if len(path) <= 2 else {}, Path.cwd())


def _make_paths_absolute(sections: Any, folder: Path) -> None:
    """Resolve `dataset.path` against a folder; what is absolute stays, and so does what is no path."""
    dataset = sections.get("dataset")
    if not isinstance(dataset, dict):
        return
    path = dataset.get("path")
    if isinstance(path, str):
        dataset["path"] = os.path.abspath(folder / path)
    elif isinstance(path, list):
        dataset["path"] = [os.path.abspath(folder / item) if isinstance(item, str) else item for item in path]


def _report(errors: ValidationError, tree: Tree, name: str) -> str:
    """A line for each thing that is wrong, in the order of the file."""
    lines = [
        (_place(path, message, tree, name), ".".join(map(str, path)), message)
        for path, message in findings(errors.errors(include_url=False), tree.value)
    ]
    lines.sort(key=lambda line: _order(line[0]))
    return report(
        [
            f"{place}: {message}" if place == f"--set {dotted}" else f"{place}: {dotted}: {message}"
            for place, dotted, message in dict.fromkeys(lines)
        ]
    )


def _place(path: yaml_tree.Path, message: str, tree: Tree, name: str) -> str:
    """Where to look: the key if it is wrong, else the value; of what is not there, what it should be in."""
    if message.startswith(("unknown key", "only ")) and path in tree.keys:
        return tree.keys[path]
    while path and path not in tree.values:
        path = path[:-1]
        if path in tree.keys:
            return tree.keys[path]
    return tree.values[path] if path else f"{name}:1:1"


def _order(place: str) -> tuple[bool, list[int]]:
    """Places of the file by line and column, then those of the command line."""
    return place.startswith("--set"), [int(part) for part in place.split(":")[-2:] if part.isdecimal()]


def _scalar(representer: Any, text: str) -> Any:
    """Text as YAML; what cannot be seen is escaped, since plain YAML takes some of it for a line break."""
    return representer.represent_scalar("tag:yaml.org,2002:str", text, None if text.isprintable() else '"')


def _relative(path: str, folder: Path) -> str:
    """A path relative to a folder; absolute where there is no way from one to the other (two drives)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path


def _about_config(path: Path, error: DataError) -> str:
    if path.is_file():
        return str(error) if path.stat().st_size else f"{path}: the file is empty; {_SECTIONS}"
    return f"{path}: no such configuration; expected a YAML file, e.g. configs/nabiya_stateful_lstm.yaml"
