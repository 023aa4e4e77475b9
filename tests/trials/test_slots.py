"""The slots of a study: no work is lost, and none is done twice."""

import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from rnnlab.trials import slots
from rnnlab.trials.slots import (
    FAILURE,
    SLOT,
    STOPPED,
    WORKER,
    add_slots,
    done_slots,
    mend,
    must_yield,
    release,
    slots_of,
)


@pytest.fixture
def study() -> Iterator[optuna.Study]:
    """A study of three slots that no worker has begun."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        made = optuna.create_study()
        add_slots(made, [{"x": 0.25}, {}, {}])
        yield made


def states(study: optuna.Study) -> list[tuple[int, str]]:
    """The slot and the state of each trial."""
    return [(each.user_attrs[SLOT], each.state.name) for each in study.get_trials(deepcopy=False)]


def begin(study: optuna.Study, worker: str = "here:1:0") -> optuna.Trial:
    """Take the next trial as a worker does."""
    trial = study.ask()
    trial.set_user_attr(WORKER, worker)
    return trial


def test_slots_are_made_once(study: optuna.Study) -> None:
    """Whoever joins makes those that are missing; given values reach their trial."""
    add_slots(study, [{"x": 0.25}, {}, {}, {}])

    assert states(study) == [(number, "WAITING") for number in range(4)]
    assert study.ask().suggest_float("x", 0, 1) == 0.25


def test_the_slot_of_a_dead_worker_gets_another_trial(study: optuna.Study) -> None:
    """With the values and the losses that it had, and in its run folder; those of others stay as they are."""
    dead, living = begin(study), begin(study, "here:2:0")
    x = dead.suggest_float("x", 0, 1)
    dead.report(1.5, step=3)
    dead.set_user_attr("folder", "trial-0000")

    release(study, "here:1:0")
    mend(study, grace=60)
    mend(study, grace=60)

    again = study.get_trials()[-1]
    assert states(study) == [(0, "FAIL"), (1, "RUNNING"), (2, "WAITING"), (0, "WAITING")]
    assert (again.params, again.intermediate_values) == ({"x": x}, {3: 1.5})
    assert again.user_attrs == {SLOT: 0, "folder": "trial-0000"}
    assert living.number == 1


def test_what_is_done_stays_done(study: optuna.Study) -> None:
    """Complete, ended early, or failed with a message of its own."""
    for number, state in enumerate((TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)):
        trial = begin(study)
        if state == TrialState.FAIL:
            trial.set_user_attr(FAILURE, "the loss is not finite")
        study.tell(trial, 1.0 if number == 0 else None, state=state)

    mend(study, grace=60)

    assert [number for number, _ in done_slots(study)] == [0, 1, 2]
    assert len(study.trials) == 3


def test_of_two_trials_of_a_slot_the_later_one_yields(study: optuna.Study) -> None:
    """Two processes may mend the same slot at the same moment."""
    release_all(study)
    mend(study, grace=60)
    slots._add(study, 0, {}, like=study.trials[0])
    first, second = (each.number for each in slots_of(study)[0].trials[-2:])

    assert not must_yield(study, 0, first)
    assert must_yield(study, 0, second)


def test_a_trial_of_a_slot_that_is_done_yields(study: optuna.Study) -> None:
    """A worker that was thought dead may have done it."""
    done = begin(study)
    slots._add(study, 0, {}, like=study.trials[0])
    study.tell(done, 1.0)

    assert must_yield(study, 0, 3)


@pytest.mark.parametrize(("age", "state"), [(90, "FAIL"), (5, "RUNNING")])
def test_a_trial_whose_worker_died_before_it_gave_its_name_is_abandoned(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch, age: int, state: str
) -> None:
    """No sign of life would ever end it; one that has just begun has not given its name yet."""
    study.ask()

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(seconds=age)

    monkeypatch.setattr(slots, "datetime", Later)
    mend(study, grace=60)

    assert study.trials[0].state.name == state
    assert slots_of(study)[0].is_taken


def release_all(study: optuna.Study) -> None:
    """Let a worker take the first trial and die."""
    begin(study)
    release(study, "here:1:0")


def test_deaths_of_workers_are_counted(study: optuna.Study) -> None:
    """Workers that a signal stopped have saved their work, and do not count."""
    for name in ("one", "two", "three"):
        for number in (0, 1, 2):
            study._storage.set_trial_user_attr(study.ask()._trial_id, WORKER, f"{name} {number}")
        if name == "two":
            study._storage.set_trial_user_attr(study.trials[-3]._trial_id, STOPPED, True)
        for number in (0, 1, 2):
            release(study, f"{name} {number}")
        mend(study, grace=60)

    found = [slot.deaths for slot in slots_of(study).values()]
    assert found == [2, 3, 3]
    assert all(STOPPED not in each.user_attrs for each in study.trials[-3:])
