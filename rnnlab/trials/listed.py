"""The work of a study whose slots are the tasks of a list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna
from pydantic import TypeAdapter

from rnnlab.trials.worker import Done


@dataclass(frozen=True)
class ListedWork:
    """A function and the arguments of each task.

    Attributes:
        function: a function at the top of a module.
        tasks: the arguments of each call, by slot.
        result: the type of its result.
    """

    function: Callable[..., Any]
    tasks: tuple[tuple[Any, ...], ...]
    result: Any

    def begin(self, number: int, workers: int) -> None:
        """Prepare nothing: the function does."""

    def sampler(self) -> optuna.samplers.BaseSampler:
        """Return a sampler; nothing is drawn."""
        return optuna.samplers.RandomSampler()

    def pruner(self) -> optuna.pruners.BasePruner:
        """Return a pruner that ends no trial."""
        return optuna.pruners.NopPruner()

    def __call__(self, trial: optuna.Trial, slot: int, deadline: float) -> Done:
        """Call the function for the task of a slot."""
        found = self.function(*self.tasks[slot])
        return Done(result=TypeAdapter(self.result).dump_python(found, mode="json"))
