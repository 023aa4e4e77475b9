"""The work of a study whose slots are the tasks of a list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna
from pydantic import TypeAdapter

from rnnlab.runs.progress import News
from rnnlab.trials.worker import Done


@dataclass(frozen=True)
class ListedWork:
    """A function and the arguments of each task.

    Attributes:
        function: a function at the top of a module.
        tasks: the arguments of each call, by slot.
        result: the type of its result.
        reports: whether the function has an argument `report`, which receives what is new.
    """

    function: Callable[..., Any]
    tasks: tuple[tuple[Any, ...], ...]
    result: Any
    reports: bool = False

    def begin(self, number: int, workers: int) -> None:
        """Prepare nothing: the function does."""

    def sampler(self) -> optuna.samplers.BaseSampler:
        """Return a sampler; nothing is drawn."""
        return optuna.samplers.RandomSampler()

    def pruner(self) -> optuna.pruners.BasePruner:
        """Return a pruner that ends no trial."""
        return optuna.pruners.NopPruner()

    def __call__(
        self, trial: optuna.Trial, slot: int, deadline: float, report: Callable[[News], None]
    ) -> Done:
        """Call the function for the task of a slot."""
        found = self.function(*self.tasks[slot], **({"report": report} if self.reports else {}))
        return Done(result=TypeAdapter(self.result).dump_python(found, mode="json"))
