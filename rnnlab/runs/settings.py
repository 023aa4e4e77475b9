"""The few settings of a run's configuration that the list of runs shows, read without a YAML parser.

Parsing a configuration takes 10 ms, and validating one loads modules, which takes up to a second. In the
files that rnnlab writes into run folders each setting has a line of its own, so a search for these lines is
enough. Any other file is parsed and validated.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rnnlab.errors import ConfigError, RunError

_SECTION = re.compile(r"([a-z_]+):\s*(?:#.*)?")
_SETTING = re.compile(r"  ([a-z_]+): +([\w\[\], ]+?)\s*(?: #.*)?")


NEXT_TOKEN = "next_token"
"""The task of a configuration that names none."""


_WITH_ONE_TARGET = ("label", "parity", "adding")
"""The tasks and exercises whose examples have one label."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run that the list shows.

    Attributes:
        data: `text`, `notes` or `generated`.
        kind: kind of the model, such as `lstm`.
        units: number of units of each layer.
        epochs: number of epochs to train.
        task: next_token, label, tags, pairs or from_label; for generated data the name of the exercise, such
            as `parity`.
    """

    data: str
    kind: str
    units: tuple[int, ...]
    epochs: int
    task: str = NEXT_TOKEN

    @property
    def counted(self) -> str:
        """What a mean loss is a mean over: an example for labels, else a token."""
        return "example" if self.task in _WITH_ONE_TARGET else "token"


def settings_in(path: Path, text: str) -> Settings:
    """Return the settings of a configuration.

    If each of these settings has a line of its own, the rest of the configuration is not checked.

    Args:
        path: path of the file, for messages.
        text: content of the file.

    Raises:
        RunError: the configuration was checked and is wrong; the message has the first mistake.
    """
    lines = _lines(text)
    data, kind = lines.get(("dataset", "kind"), ""), lines.get(("model", "kind"), "")
    units, epochs = lines.get(("model", "units"), ""), lines.get(("training", "epochs"), "")
    if not (data and kind and re.fullmatch(r"\[?\d+(, \d+)*\]?", units) and epochs.isdecimal()):
        return _validated(path, text)
    task = lines.get(("dataset", "name" if data == "generated" else "task"), NEXT_TOKEN)
    return Settings(data, kind, tuple(map(int, re.findall(r"\d+", units))), int(epochs), task)


def _lines(text: str) -> dict[tuple[str, str], str]:
    """Return the values of settings that have a line of their own, by section and key."""
    section, found = "", dict[tuple[str, str], str]()
    for line in text.splitlines():
        if setting := _SETTING.fullmatch(line):
            found.setdefault((section, setting[1]), setting[2])
        elif line[:1].strip(" #"):
            begun = _SECTION.fullmatch(line)
            section = begun[1] if begun else ""
    return found


def _validated(path: Path, text: str) -> Settings:
    from rnnlab.config.reading import parse_any  # noqa: PLC0415 (loads pydantic; seldom needed)

    try:
        experiment = parse_any(text, name=str(path), folder=path.parent)
    except ConfigError as error:
        raise RunError(str(error).partition("\n")[0]) from None
    model, dataset = experiment.model, experiment.dataset
    task = getattr(dataset, "name", "") or getattr(dataset, "task", NEXT_TOKEN)
    return Settings(dataset.kind, model.kind, model.units, experiment.training.epochs, task)
