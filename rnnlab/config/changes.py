"""In which settings two experiments differ."""

from collections.abc import Iterator
from typing import Any

from rnnlab.config.schema import Experiment


def changes(old: Experiment, new: Experiment) -> Iterator[tuple[str, str]]:
    """The dotted name of each setting that differs, and both values in a few characters."""
    for key, before, after in _differences(old.model_dump(mode="json"), new.model_dump(mode="json")):
        yield key, f"{_shown(before)} → {_shown(after)}"


def _differences(old: Any, new: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The dotted names of the settings that differ, with both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(name), new.get(name), f"{key}.{name}" if key else name)
    elif old != new:
        yield key, old, new


def _shown(value: Any) -> str:
    """A setting in a few characters."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
