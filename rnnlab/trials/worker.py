"""The loop of one worker process: take a trial of the study, do its work, record the result.

Optuna's `optimize` takes each trial and gives signs of life while it runs. If the worker dies, the signs
stop; another worker then ends the trial, and gives its slot a new one (`slots.py`).
"""

import math
import os
import socket
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from sqlalchemy.exc import SQLAlchemyError

from rnnlab.errors import Interrupted, RnnlabError, TrainingError
from rnnlab.runs.progress import News, Watcher
from rnnlab.trials import slots
from rnnlab.trials.patient import GRACE_SECONDS, HEARTBEAT_SECONDS, PATIENCE_SECONDS, open_storage
from rnnlab.trials.slots import FAILURE, MOST_DEATHS, RESULT, SLOT, STOPPED, WORKER
from rnnlab.trials.storage import unreachable

POLL_SECONDS = 0.5
"""Time between two looks at the study while other workers have all the work."""


@dataclass(frozen=True)
class Done:
    """The result of the work of a slot.

    Attributes:
        value: the value that the study optimises.
        is_pruned: whether the work was ended early.
        result: values that JSON has, for whoever asked for the work.
    """

    value: float = 0.0
    is_pruned: bool = False
    result: Any = None


class Work(Protocol):
    """The work of a study: the same for each slot, but for its number and the drawn parameters."""

    def begin(self, number: int, workers: int) -> None:
        """Prepare the process of a worker.

        Args:
            number: number of the worker among those of its command, from 0.
            workers: number of workers of its command.
        """

    def sampler(self) -> "optuna.samplers.BaseSampler":
        """Return the sampler."""

    def pruner(self) -> "optuna.pruners.BasePruner":
        """Return the pruner."""

    def __call__(
        self, trial: optuna.Trial, slot: int, deadline: float, report: Callable[[News], None]
    ) -> Done:
        """Do the work of a slot, or go on with it.

        Args:
            trial: gives the parameters, and takes the values so far.
            slot: number of the slot.
            deadline: time by `time.monotonic` at which the work has to end early.
            report: receives what is new of the training.

        Raises:
            RnnlabError: the work cannot be done; the message is kept.
            Interrupted: a signal came; another worker goes on with the work.
        """


@dataclass(frozen=True)
class StudyPlace:
    """Where a study stands, and how its workers keep in touch.

    Attributes:
        url: the URL of the database, from `checked_url`.
        study: name of the study.
        heartbeat: seconds between two signs of life of a running trial.
        grace: seconds without one after which a trial counts as abandoned.
        patience: seconds for which a worker waits for a database that does not answer.
    """

    url: str = field(repr=False)
    study: str
    heartbeat: int = HEARTBEAT_SECONDS
    grace: int = GRACE_SECONDS
    patience: float = PATIENCE_SECONDS

    def open(
        self,
        tell: Callable[[str], None] = lambda _: None,
        *,
        sampler: "optuna.samplers.BaseSampler | None" = None,
        pruner: "optuna.pruners.BasePruner | None" = None,
    ) -> optuna.Study:
        """Return the study, which must exist.

        Raises:
            RunError: the database does not answer.
            KeyError: there is no such study.
        """
        storage = open_storage(
            self.url,
            heartbeat=self.heartbeat,
            grace=self.grace,
            patience=self.patience,
            waits=True,
            tell=tell,
        )
        return optuna.load_study(study_name=self.study, storage=storage, sampler=sampler, pruner=pruner)


def worker_name(number: int) -> str:
    """Return the name of a worker: host, process id, and its number among the workers of one command."""
    return f"{socket.gethostname()}:{os.getpid()}:{number}"


def work_off(
    place: StudyPlace,
    work: Work,
    number: int,
    *,
    most: int | None,
    deadline: float,
    tell: Callable[[str], None],
    heard: Watcher,
) -> None:
    """Do the work of a study until every slot is done, or the time is over.

    Args:
        place: the study.
        work: the work.
        number: number of the worker among those of its command.
        most: number of slots; None for as many as fit into the time.
        deadline: time by `time.monotonic` after which no work begins.
        tell: receives notes for the user, one sentence a call.
        heard: receives the number of a slot, and what is new of its training.

    Raises:
        RunError: the database does not answer for a long time.
        Interrupted: a signal came; what was trained is saved.
    """
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    study = place.open(tell, sampler=work.sampler(), pruner=work.pruner())
    name = worker_name(number)

    def objective(trial: optuna.Trial) -> float:
        slot = _begun(study, trial, name, is_open=most is None)
        return _value(trial, partial(work, trial, slot, deadline, partial(heard, slot)))

    while time.monotonic() < deadline:
        try:
            slots.mend(study, grace=place.grace)
            if most is not None and sum(1 for _ in slots.done_slots(study)) >= most:
                return
            if most is None or slots.waiting(study):
                study.optimize(objective, n_trials=1, catch=(_Refused,))
            else:
                _fail_stale(study)
                time.sleep(POLL_SECONDS)
        except (UpdateFinishedTrialError, ValueError) as error:
            if isinstance(error, ValueError) and not str(error).startswith(_ENDED):
                raise
            tell("a trial was given to another worker, since this one gave no sign of life; going on")
        except (StorageInternalError, SQLAlchemyError) as error:
            _wait(study, error, place)


def _wait(study: optuna.Study, error: Exception, place: StudyPlace) -> None:
    """Wait until the database answers again.

    Raises:
        RunError: it does not answer within the patience.
    """
    try:
        study._storage.get_study_user_attrs(study._study_id)
    except (StorageInternalError, SQLAlchemyError):
        raise unreachable(place.url, error) from error


def _fail_stale(study: optuna.Study) -> None:
    """End the trials whose workers give no sign of life any more, as `optimize` does before each trial."""
    optuna.storages.fail_stale_trials(study)


_ENDED = "Cannot tell a "
"""How Optuna's error begins if the result of a trial comes after another worker has ended the trial."""


class _Refused(Exception):
    """The trial ends as failed: its slot is another worker's, or its work cannot be done."""


def _begun(study: optuna.Study, trial: optuna.Trial, name: str, *, is_open: bool) -> int:
    """Note which worker has a trial, and return its slot.

    Args:
        study: the study.
        trial: the trial, which has just been taken.
        name: name of the worker.
        is_open: whether a trial without a slot makes a slot of its own.

    Raises:
        _Refused: the slot is another worker's, or there is no slot for the trial.
    """
    storage: Any = study._storage  # Optuna's class of storages knows no signs of life; those of databases do
    storage.record_heartbeat(trial._trial_id)
    trial.set_user_attr(WORKER, name)
    slot: int | None = trial.user_attrs.get(SLOT)
    if slot is None:
        if not is_open:
            raise _Refused
        slot = trial.number
        trial.set_user_attr(SLOT, slot)
    if slots.must_yield(study, slot, trial.number):
        raise _Refused
    if (deaths := slots.slots_of(study)[slot].deaths) >= MOST_DEATHS:
        trial.set_user_attr(FAILURE, f"{deaths} workers died with it, perhaps because memory ran out")
        raise _Refused
    return slot


def _value(trial: optuna.Trial, work: Callable[[], Done]) -> float:
    """Do the work of a trial, and return the value that the study optimises.

    Raises:
        TrialPruned: the work was ended early.
        _Refused: the work cannot be done.
        Interrupted: a signal came.
    """
    try:
        done = work()
        if not done.is_pruned and not math.isfinite(done.value):
            raise TrainingError(f"the measure of the trial is {done.value}, expected a finite number")
    except Interrupted:
        trial.set_user_attr(STOPPED, True)
        raise
    except RnnlabError as error:
        trial.set_user_attr(FAILURE, str(error))
        raise _Refused from error
    if done.result is not None:
        trial.set_user_attr(RESULT, done.result)
    if done.is_pruned:
        raise optuna.TrialPruned
    return done.value
