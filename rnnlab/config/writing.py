"""The writer of YAML: an `Experiment` as a file, and any value on one line."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnlab.config.schema import Experiment
from rnnlab.config.section import make_relative
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.yaml_tree import MOST_CHARACTERS, plain_value

_LONGEST_LINE = 100
"""Largest number of characters of a list that is written on one line."""

_LONGEST_LIST = 1000
"""Largest number of notes of a vocabulary that is always written as a list. A longer one is written as a
string, which is read much faster, unless one of its tokens is empty or has a space."""

_TEXT = "tag:yaml.org,2002:str"
_WORD = re.compile(r"[A-Za-z_./][\w./-]*")
"""Text that needs no quotes on one line, unless it is a number or `null`, `true` or `false`."""


def write_experiment(experiment: Experiment | TaskExperiment, *, folder: Path) -> str:
    """Return the YAML of an experiment with every default written out; settings that are None are left out.

    Args:
        experiment: the experiment.
        folder: the folder that data paths are written relative to.

    Returns:
        YAML from which `parse_experiment`, given the same folder, reads an equal experiment.
    """
    return _dumped(_sections(experiment, folder), on_one_line=False)


def yaml_line(value: Any) -> str:
    """Return a value as YAML on one line; text that is not a plain word stands in double quotes.

    Raises:
        TypeError: YAML has no such value; the message names its type.
    """
    from ruamel.yaml.representer import RepresenterError  # noqa: PLC0415 (a tenth of a second)

    try:
        return _dumped([value], on_one_line=True).strip()[1:-1]
    except RepresenterError:
        message = f"expected a value that YAML has, such as 256, received {type(value).__name__}"
        raise TypeError(message) from None


def _dumped(value: Any, *, on_one_line: bool) -> str:
    """Return a value as YAML: one line, or a file with one entry a line."""
    from ruamel.yaml import YAML  # noqa: PLC0415 (a tenth of a second)
    from ruamel.yaml.representer import SafeRepresenter  # noqa: PLC0415

    class Representer(SafeRepresenter):
        """A subclass, so that other users of ruamel.yaml are not changed."""

    Representer.add_representer(str, _word if on_one_line else _text)
    if not on_one_line:
        Representer.add_representer(list, _list)
    yaml, text = YAML(typ="safe", pure=True), io.StringIO()
    yaml.Representer = Representer
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.default_flow_style, yaml.allow_unicode = on_one_line, True
    yaml.width = MOST_CHARACTERS  # no line is folded: a fold within spaces loses some of the spaces
    yaml.dump(value, text)
    return text.getvalue()


def _sections(experiment: Experiment | TaskExperiment, folder: Path) -> dict[str, Any]:
    """Return the experiment as plain values, in the order of the schema."""
    sections = experiment.model_dump(mode="json", exclude_none=True)
    dataset = sections["dataset"]
    make_relative(sections, folder)
    if "path" in dataset:
        dataset["path"] = _one_or_many(dataset["path"])
    if isinstance(experiment, TaskExperiment):
        return sections
    if experiment.dataset.kind == "text" and experiment.dataset.vocabulary:
        dataset["vocabulary"] = "".join(experiment.dataset.vocabulary)
    elif len(tokens := dataset.get("vocabulary", [])) > _LONGEST_LIST and not any(map(_has_space, tokens)):
        dataset["vocabulary"] = " ".join(tokens)
    return sections


def _has_space(token: str) -> bool:
    """Whether a token is empty or has a space, as a chord has: a string of tokens would lose or cut it."""
    return len(token.split()) != 1


def _one_or_many(items: list[str]) -> Any:
    return items[0] if len(items) == 1 else items


def _text(representer: Any, text: str) -> Any:
    """Return text as YAML; invisible characters are escaped, because plain YAML reads some as line breaks."""
    return representer.represent_scalar(_TEXT, text, None if text.isprintable() else '"')


def _word(representer: Any, text: str) -> Any:
    """Return text as YAML for one line: in double quotes, unless it is a word that is read as text."""
    is_plain = _WORD.fullmatch(text) and text.isprintable() and plain_value(text) == text
    return representer.represent_scalar(_TEXT, text, None if is_plain else '"')


def _list(representer: Any, items: Sequence[Any]) -> Any:
    """Return a list as YAML: on one line, or with a line for each item if it is long."""
    flow = len(str(items)) <= _LONGEST_LINE
    return representer.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)
