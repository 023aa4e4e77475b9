"""What differs between the settings of the configurations of a comparison."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rnnlab.config.reading import AnyExperiment

_CHANCE = {"training.random_seed", "training.checkpoint"}
"""Settings in which the trainings of one configuration may differ."""

MISSING = "–"


def different_settings(experiments: Mapping[str, AnyExperiment]) -> dict[str, tuple[str, ...]]:
    """Return the settings that are not equal in all configurations: by dotted name, the value in each.

    If the kinds of the networks differ, settings of `model` that only some kinds have are left out, unless
    they differ among these.

    Args:
        experiments: the settings by the name of the configuration.
    """
    flat = [dict(_leaves(each.model_dump(mode="json"))) for each in experiments.values()]
    keys = dict.fromkeys(key for settings in flat for key in settings)
    found = {key: tuple(settings.get(key, MISSING) for settings in flat) for key in keys}
    differ = {key: each for key, each in found.items() if len(set(each)) > 1 and key not in _CHANCE}
    if "model.kind" not in differ:
        return differ
    return {
        key: each
        for key, each in differ.items()
        if not key.startswith("model.") or len({*each} - {MISSING}) > 1
    }


def _leaves(value: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name of each setting, and its value as text."""
    for key, each in value.items():
        name = f"{before}{key}"
        if isinstance(each, dict) and each:
            yield from _leaves(each, f"{name}.")
        else:
            yield name, _text(each)


def _text(value: Any) -> str:
    """Return a value as it would stand in YAML; a single value in a list is written alone."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and len(value) == 1:
        return _text(value[0])
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    text = f"{value:.12g}" if isinstance(value, float) else str(value)
    return Path(text).name if isinstance(value, str) and Path(text).is_absolute() else text
