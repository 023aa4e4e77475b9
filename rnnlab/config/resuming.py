"""What a training is resumed with: its own configuration, of which little may change."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rnnlab.config.contradictions import refuse_contradictions
from rnnlab.config.overrides import Override
from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.errors import UsageError

OPEN = {"split", "window", "batch_size", "epochs", "optimizer", "schedule"}
"""Settings that are chosen by the data where a configuration leaves them out (`datasets/fitting.py`)."""

MAY_CHANGE = (
    "training.epochs",
    "training.early_stopping",
    "training.checkpoint",
    "training.on_non_finite",
    "training.tensorboard",
)
"""When training ends, when it is saved, what ends it, and whether it is watched: all else would have been
another training."""


def resumed_experiment(
    own: Path,
    config: Path | None,
    overrides: Sequence[Override],
    *,
    located: Callable[[Experiment], Experiment] = lambda experiment: experiment,
) -> Experiment:
    """The experiment that a run goes on with.

    Args:
        own: the resolved configuration in the run's folder.
        config: a configuration that should say the same; None takes the run's own.
        overrides: settings that replace some of it.
        located: finds the data of the run's own configuration where it lies, if the run has been moved.

    Raises:
        ConfigError: what is wrong with a configuration.
        UsageError: it differs from what the run was begun with, in more than may change.
    """
    begun = located(read_experiment(own))
    asked_for = read_experiment(config, overrides) if config else located(read_experiment(own, overrides))
    wanted = _with_choices(asked_for, begun)
    refuse_contradictions(wanted)
    changed = [
        f"{key} ({_shown(before)} → {_shown(after)})"
        for key, before, after in _differences(begun.model_dump(mode="json"), wanted.model_dump(mode="json"))
        if not key.startswith(MAY_CHANGE)
    ]
    if changed:
        raise UsageError(
            f"{own.parent}: cannot go on with other settings than it was begun with: {', '.join(changed)};"
            f" only {', '.join(MAY_CHANGE)} may change, leave the rest out or train anew"
        )
    return wanted


def _with_choices(wanted: Experiment, begun: Experiment) -> Experiment:
    """A configuration with what it leaves open as it was chosen when the run began."""
    update = {}
    for name, section in (("dataset", begun.dataset), ("training", begun.training)):
        mine = getattr(wanted, name)
        chosen = {key: getattr(section, key) for key in OPEN - mine.model_fields_set if hasattr(section, key)}
        update[name] = mine.model_copy(update=chosen)
    return wanted.model_copy(update=update)


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
