"""Making a study in a database, or joining one that another process has made with the same plan."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import optuna
from optuna.exceptions import DuplicatedStudyError, StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from rnnlab.errors import Argument, UsageError
from rnnlab.trials.patient import close_storage, open_storage
from rnnlab.trials.slots import add_slots
from rnnlab.trials.storage import shown_url, unreachable
from rnnlab.trials.worker import POLL_SECONDS, StudyPlace

PLAN, IS_READY = "plan", "is_ready"
"""Names of the attributes of a study: its plan, and whether all its slots have been made."""


def join_study(
    place: StudyPlace,
    plan: dict[str, Any],
    *,
    slots: Sequence[dict[str, Any]],
    direction: Literal["minimize", "maximize"] = "minimize",
    tell: Callable[[str], None] = lambda _: None,
) -> optuna.Study:
    """Return the study of a plan; the first process makes it, and the others join it.

    Args:
        place: the database and the name of the study.
        plan: what all processes of the study must agree on, as JSON has it.
        slots: the given parameters of each slot; no slots if as many are made as fit into the time.
        direction: `minimize` or `maximize`.
        tell: receives a sentence if the database does not answer for a while.

    Raises:
        UsageError: the database has a study of this name with another plan.
        RunError: the database does not answer.
    """
    storage = open_storage(
        place.url, heartbeat=place.heartbeat, grace=place.grace, patience=place.patience, tell=tell
    )
    try:
        try:
            study = optuna.create_study(storage=storage, study_name=place.study, direction=direction)
        except DuplicatedStudyError:
            study = optuna.load_study(study_name=place.study, storage=storage)
            _wait_until_ready(study, place)
        else:
            study.set_user_attr(PLAN, plan)
        _check_plan(study, plan, place)
        if not study.user_attrs.get(IS_READY):
            add_slots(study, list(slots))
            study.set_user_attr(IS_READY, True)
    except (StorageInternalError, SQLAlchemyError) as error:
        close_storage(storage)
        raise unreachable(place.url, error) from error
    except UsageError:
        close_storage(storage)
        raise
    return study


def plan_digest(plan: dict[str, Any]) -> str:
    """Return a digest of a plan, the first 12 digits of SHA-256."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:12]


def _wait_until_ready(study: optuna.Study, place: StudyPlace) -> None:
    """Wait until the process that made the study has made its slots, or must have died."""
    until = time.monotonic() + place.grace
    while not study.user_attrs.get(IS_READY) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


def _check_plan(study: optuna.Study, plan: dict[str, Any], place: StudyPlace) -> None:
    known = study.user_attrs.get(PLAN)
    if known is None:  # the process that made the study died before it wrote the plan
        study.set_user_attr(PLAN, plan)
        return
    if known != plan:
        differing = sorted(key for key in {*known, *plan} if known.get(key) != plan.get(key))
        raise UsageError(
            f"study {place.study!r} in {shown_url(place.url)} has another plan (other"
            f" {', '.join(differing)}); start the command with the same files and settings, or name another ",
            Argument("study"),
        )
