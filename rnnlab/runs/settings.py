"""The few settings of a run's configuration that a list shows.

To parse a page takes 10 ms, and to validate it a second of imports. The pages that rnnlab writes into run
folders have one setting a line, so those lines are looked for; other pages are read as `rnnlab train` does.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rnnlab.errors import ConfigError, RunError

_SECTION = re.compile(r"([a-z_]+):\s*(?:#.*)?")
_SETTING = re.compile(r"  ([a-z_]+): +([\w\[\], ]+?)\s*(?: #.*)?")


@dataclass(frozen=True)
class Settings:
    """What is trained.

    Attributes:
        data: text or notes.
        kind: of the model.
        units: of its layers.
        epochs: how many are wanted.
    """

    data: str
    kind: str
    units: tuple[int, ...]
    epochs: int


def settings_in(path: Path, text: str) -> Settings:
    """The settings of a configuration.

    Args:
        path: of the file.
        text: its content.

    Raises:
        RunError: the first of what is wrong with it.
    """
    lines = _lines(text)
    data, kind = lines.get(("dataset", "kind"), ""), lines.get(("model", "kind"), "")
    units, epochs = lines.get(("model", "units"), ""), lines.get(("training", "epochs"), "")
    if not (data and kind and re.fullmatch(r"\[?\d+(, \d+)*\]?", units) and epochs.isdecimal()):
        return _validated(path, text)
    return Settings(data, kind, tuple(map(int, re.findall(r"\d+", units))), int(epochs))


def _lines(text: str) -> dict[tuple[str, str], str]:
    """The values of settings that stand alone on a line of a section, by section and key."""
    section, found = "", dict[tuple[str, str], str]()
    for line in text.splitlines():
        if setting := _SETTING.fullmatch(line):
            found.setdefault((section, setting[1]), setting[2])
        elif line[:1].strip(" #"):
            begun = _SECTION.fullmatch(line)
            section = begun[1] if begun else ""
    return found


def _validated(path: Path, text: str) -> Settings:
    from rnnlab.config.reading import parse_experiment  # noqa: PLC0415 (loads pydantic, and is seldom needed)

    try:
        experiment = parse_experiment(text, name=str(path), folder=path.parent)
    except ConfigError as error:
        raise RunError(str(error).partition("\n")[0]) from None
    model = experiment.model
    return Settings(experiment.dataset.kind, model.kind, model.units, experiment.training.epochs)
