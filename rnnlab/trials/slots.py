"""The slots of a study: each is one piece of work that has to be done once.

A study of N slots has a trial of Optuna for each slot. If the worker of a trial dies, the trial ends as
failed, and its slot gets another trial, which goes on in the same run folder. The rules by which no slot is
lost and no slot is done twice:

    a slot is done       if one of its trials is complete or pruned, or failed with a message of its own
    a slot is taken      if one of its trials waits or runs
    a slot is free       otherwise; `mend` gives it a trial

If two processes give a slot a trial at the same time, the trial with the higher number yields when it begins.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

SLOT, WORKER, FAILURE, RESULT = "slot", "worker", "failure", "result"
"""Names of the attributes of a trial: its slot, the worker that runs it, why the work failed, its result."""

STOPPED = "stopped"
"""The attribute of a trial whose worker was stopped by a signal, with everything saved."""

MOST_DEATHS = 5
"""Number of workers that may die with a slot; then its work counts as failed."""

_OF_WORKER = (WORKER, STOPPED)
"""Attributes that the next trial of a slot does not get."""

_DONE = (TrialState.COMPLETE, TrialState.PRUNED)
_TAKEN = (TrialState.WAITING, TrialState.RUNNING)
_FIXED = "fixed_params"
"""The attribute in which Optuna keeps parameters that are given and not drawn."""


@dataclass(frozen=True)
class Slot:
    """A slot of a study.

    Attributes:
        number: its number, from 0.
        trials: its trials in the order of their numbers.
    """

    number: int
    trials: tuple[FrozenTrial, ...]

    @property
    def done(self) -> FrozenTrial | None:
        """The trial that did the work; None if the slot is not done."""
        return next((each for each in self.trials if _is_done(each)), None)

    @property
    def deaths(self) -> int:
        """Number of workers that died with the slot."""
        ended = (each.user_attrs for each in self.trials if each.state == TrialState.FAIL)
        return sum(WORKER in each and STOPPED not in each and FAILURE not in each for each in ended)

    @property
    def is_taken(self) -> bool:
        """Whether a trial of the slot waits or runs."""
        return any(each.state in _TAKEN for each in self.trials)


def _is_done(trial: FrozenTrial) -> bool:
    return trial.state in _DONE or (trial.state == TrialState.FAIL and FAILURE in trial.user_attrs)


def slots_of(study: optuna.Study) -> dict[int, Slot]:
    """Return the slots of a study by number; trials that no worker has begun may have none yet."""
    found: dict[int, list[FrozenTrial]] = defaultdict(list)
    for trial in study.get_trials(deepcopy=False):
        if SLOT in trial.user_attrs:
            found[trial.user_attrs[SLOT]].append(trial)
    return {number: Slot(number, tuple(found[number])) for number in sorted(found)}


def add_slots(study: optuna.Study, fixed: list[dict[str, Any]]) -> None:
    """Give each slot from 0 on that has no trial yet a trial that waits.

    Args:
        study: the study.
        fixed: the given parameters of each slot; empty to draw all.
    """
    known = slots_of(study)
    for number, parameters in enumerate(fixed):
        if number not in known:
            _add(study, number, parameters)


def _add(
    study: optuna.Study, number: int, parameters: dict[str, Any], like: FrozenTrial | None = None
) -> None:
    attributes = {SLOT: number}
    if like is None:
        fixed = {_FIXED: parameters} if parameters else {}
        trial = optuna.create_trial(state=TrialState.WAITING, user_attrs=attributes, system_attrs=fixed)
    else:
        trial = optuna.create_trial(
            state=TrialState.WAITING,
            params=like.params,
            distributions=like.distributions,
            user_attrs={key: value for key, value in like.user_attrs.items() if key not in _OF_WORKER},
            system_attrs={key: value for key, value in like.system_attrs.items() if key == _FIXED},
            intermediate_values=like.intermediate_values,
        )
    study.add_trial(trial)


def mend(study: optuna.Study, *, grace: float) -> None:
    """Give each free slot a trial, which has the parameters and the values so far of the slot's last trial.

    A trial that runs without a worker's name was taken by a process that died at once; it ends here.

    Args:
        study: the study.
        grace: seconds after which such a trial counts as abandoned.
    """
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        begun = trial.datetime_start
        if WORKER not in trial.user_attrs and begun and datetime.now() - begun > timedelta(seconds=grace):
            _end(study, trial)
    for slot in slots_of(study).values():
        if not (slot.done or slot.is_taken):
            last = slot.trials[-1]
            _add(study, slot.number, {}, like=last)


def release(study: optuna.Study, worker: str) -> None:
    """End the running trials of a worker that is known to be dead, so that `mend` frees their slots."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.user_attrs.get(WORKER) == worker:
            _end(study, trial)


def _end(study: optuna.Study, trial: FrozenTrial) -> None:
    with suppress(UpdateFinishedTrialError):
        study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)


def must_yield(study: optuna.Study, number: int, trial: int) -> bool:
    """Whether a trial that begins has to leave its slot to another: to one that did it, or to a lower number.

    Args:
        study: the study.
        number: the slot.
        trial: number of the trial that begins.
    """
    slot = slots_of(study)[number]
    return slot.done is not None or any(each.state in _TAKEN and each.number < trial for each in slot.trials)


def waiting(study: optuna.Study) -> bool:
    """Whether a trial waits for a worker."""
    return bool(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))


def done_slots(study: optuna.Study) -> Iterator[tuple[int, FrozenTrial]]:
    """Yield the number of each slot that is done, with the trial that did it."""
    for number, slot in slots_of(study).items():
        if done := slot.done:
            yield number, done
