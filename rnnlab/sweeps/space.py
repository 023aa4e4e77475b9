"""The space of a sweep: the values that a trial draws, and those that are given to a trial."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import optuna

from rnnlab.config.report import Mark
from rnnlab.config.sweep import Dimension, SweepPlan
from rnnlab.config.writing import yaml_line
from rnnlab.config.yaml_tree import read_tree, value_at

MOST_COMBINATIONS = 10_000


def drawn_values(space: dict[str, Dimension], trial: optuna.Trial) -> dict[str, str]:
    """Return the values of a trial as YAML, by dotted name; a setting whose condition fails has none."""
    values: dict[str, str] = {}
    for key, dimension in space.items():
        if _is_varied(dimension, values):
            values[key] = _draw(key, dimension, trial)
    return values


def _is_varied(dimension: Dimension, values: dict[str, str]) -> bool:
    return all(values.get(key) in allowed for key, allowed in dimension.allowed().items())


def _draw(key: str, dimension: Dimension, trial: optuna.Trial) -> str:
    if dimension.choice is not None:
        return str(trial.suggest_categorical(key, dimension.grid()))
    if dimension.integer is not None:
        low, high = dimension.integer
        step = int(dimension.step or 1)
        return yaml_line(trial.suggest_int(key, low, high, step=step, log=dimension.log))
    low_end, high_end = dimension.float_ or (0.0, 0.0)
    number = trial.suggest_float(key, low_end, high_end, step=dimension.step, log=dimension.log)
    return yaml_line(float(f"{number:.6g}"))


def given(space: dict[str, Dimension], values: dict[str, str]) -> dict[str, Any]:
    """Return values as Optuna keeps them: text of choices, numbers of ranges."""
    return {key: value if space[key].choice is not None else _plain(value) for key, value in values.items()}


def grid(space: dict[str, Dimension]) -> list[dict[str, str]]:
    """Return every combination of the values of a space, each once; the first key varies slowest.

    Raises:
        ConfigError: a setting has values that are not countable.
    """
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for combination in product(*(dimension.grid() for dimension in space.values())):
        values: dict[str, str] = {}
        for (key, dimension), value in zip(space.items(), combination, strict=True):
            if _is_varied(dimension, values):
                values[key] = value
        found.setdefault(tuple(values.items()), values)
    return list(found.values())


def first_guess(plan: SweepPlan) -> dict[str, str] | None:
    """Return the values of the configuration itself; None if one is missing, or is not in the space."""
    tree = read_tree(plan.text, lambda line, column: Mark(0, line, column, plan.name))
    values: dict[str, str] = {}
    for key, dimension in plan.page.space.items():
        if not _is_varied(dimension, values):
            continue
        value = value_at(tree.value, tuple(key.split(".")))
        if value is None or not _has(dimension, value):
            return None
        values[key] = yaml_line(value)
    return values


def _has(dimension: Dimension, value: Any) -> bool:
    if dimension.choice is not None:
        return yaml_line(value) in dimension.grid()
    low, high = dimension.integer or dimension.float_ or (0, 0)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        return False
    steps = (float(value) - low) / dimension.step if dimension.step else 0.0
    return abs(steps - round(steps)) < 1e-9


def _plain(text: str) -> Any:
    return read_tree(text, lambda line, column: Mark(0, line, column, "value")).value


def shown_values(values: dict[str, str]) -> str:
    """Return the values of a trial on one line, with the last part of each dotted name."""
    return ", ".join(_short(values))


def _short(values: dict[str, str]) -> Iterator[str]:
    last = [key.rpartition(".")[2] for key in values]
    for key, short in zip(values, last, strict=True):
        yield f"{key if last.count(short) > 1 else short} {values[key]}"
