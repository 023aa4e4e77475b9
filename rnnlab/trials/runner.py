"""The runner of a fixed list of trainings: in processes of this command, or shared by several commands.

`compare` and `evaluate --folds` use it. Without a database, the processes of this command take the tasks.
With one, each task is a slot of a study: any number of commands, on any number of machines, work the tasks
off, and a task whose process was killed is taken up again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from rnnlab.errors import TrainingError
from rnnlab.processes import in_processes
from rnnlab.runs.progress import Watcher

if TYPE_CHECKING:
    from rnnlab.trials.worker import StudyPlace

Result = TypeVar("Result")


@dataclass(frozen=True)
class Shared:
    """A study that several commands work off.

    Attributes:
        place: the database and the name of the study.
        plan: what all these commands must agree on, as JSON has it.
    """

    place: "StudyPlace"
    plan: dict[str, Any]


def run_trials(
    work: Callable[..., Result],
    tasks: Iterable[tuple[Any, ...]],
    *,
    jobs: int,
    shared: Shared | None = None,
    result: Any = str,
    tell: Callable[[str], None] = lambda _: None,
    heard: Watcher | None = None,
) -> Iterator[tuple[int, Result]]:
    """Yield the number of each task, from 0, with its result, in the order in which the tasks end.

    Args:
        work: a function at the top of a module, so that a worker process can import it.
        tasks: the arguments of each call.
        jobs: number of worker processes of this command.
        shared: the study that has the tasks; None if only this command works on them.
        result: the type of a result, which pydantic can write as JSON; it matters for a study only.
        tell: receives notes for the user, one sentence a call.
        heard: receives the number of a task, and what is new of its training in a process of this command.
            If it is given, `work` has an argument `report`, a function that receives the news.

    Raises:
        TrainingError: a worker was killed (of a study: several in a row), or a task of a study failed.
        UsageError: the database has a study of this name with another plan.
        RunError: the database does not answer.
        Exception: the exception that `work` raised.
    """
    if shared is None:
        yield from in_processes(work, tasks, jobs=jobs, heard=heard)
        return
    from pydantic import TypeAdapter  # noqa: PLC0415 (as below)

    from rnnlab.trials.crew import Crew  # noqa: PLC0415 (loads Optuna)
    from rnnlab.trials.listed import ListedWork  # noqa: PLC0415
    from rnnlab.trials.patient import close_study  # noqa: PLC0415
    from rnnlab.trials.slots import FAILURE, RESULT  # noqa: PLC0415
    from rnnlab.trials.study import join_study  # noqa: PLC0415

    listed = tuple(tasks)
    study = join_study(shared.place, shared.plan, slots=[{}] * len(listed), tell=tell)
    job = ListedWork(work, listed, result, reports=heard is not None)
    crew = Crew(shared.place, job, workers=jobs, most=len(listed), tell=tell, heard=heard)
    try:
        for number, trial in crew.run(study):
            if failure := trial.user_attrs.get(FAILURE):
                raise TrainingError(failure)
            yield number, TypeAdapter(result).validate_python(trial.user_attrs[RESULT])
    finally:
        close_study(study)
