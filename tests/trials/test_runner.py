"""Tasks that several processes share: each is done once, whoever is killed."""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnlab.errors import TrainingError, UsageError
from rnnlab.trials.patient import close_study
from rnnlab.trials.runner import Shared, run_trials
from rnnlab.trials.slots import slots_of
from rnnlab.trials.storage import checked_url, sqlite_url
from rnnlab.trials.worker import StudyPlace
from tests.needs import needs
from tests.postgres import Server
from tests.trials.work import die, note, refuse, say

Made = Callable[..., Shared]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL server."""
    made = Server()
    made.start()
    yield made
    made.remove()


@pytest.fixture(params=["file", pytest.param("server", marks=needs("PostgreSQL"))])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """Names a study in a database."""
    url = sqlite_url(tmp_path / "study.db")
    if request.param == "server":
        url = request.getfixturevalue("server").url

    def make(name: str = "", **plan: Any) -> Shared:
        place = StudyPlace(checked_url(url), name or tmp_path.name, heartbeat=1, grace=3)
        return Shared(place, plan)

    return make


def killer(kills: int, rng: random.Random) -> threading.Thread:
    """Kill worker processes of this process, some at a time when they have work."""

    def kill() -> None:
        for _ in range(kills):
            time.sleep(rng.uniform(1.5, 3.0))
            if workers := multiprocessing.active_children():
                os.kill(rng.choice(workers).pid or 0, signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def done_once(shared: Shared, tasks: int) -> list[int]:
    """The number of trials of each slot; fails if a slot has not exactly one that did it."""
    study = shared.place.open()
    slots = slots_of(study)
    close_study(study)
    complete = [sum(each.state.name == "COMPLETE" for each in slot.trials) for slot in slots.values()]
    assert (list(slots), complete) == (list(range(tasks)), [1] * tasks)
    return [len(slot.trials) for slot in slots.values()]


@pytest.mark.slow
def test_tasks_of_workers_that_are_killed_are_done_by_others(shared: Made, tmp_path: Path) -> None:
    """Each result comes once, from the only trial that did the task; each kill is said."""
    told: list[str] = []
    study = shared()
    thread = killer(2, random.Random(1))

    found = list(
        run_trials(note, [(n, str(tmp_path), 0.4) for n in range(10)], jobs=2, shared=study, tell=told.append)
    )

    thread.join()
    assert sorted(found) == [(number, f"result {number}") for number in range(10)]
    assert sum(done_once(study, 10)) >= 10
    assert [line for line in told if "was killed (SIGKILL); another one goes on with its trial" in line]
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_what_is_new_of_a_task_is_heard_by_the_command(tmp_path: Path) -> None:
    """From the worker that has it; it may come after the result."""
    heard: list[tuple[int, Any]] = []
    place = StudyPlace(checked_url(sqlite_url(tmp_path / "study.db")), "news", heartbeat=1, grace=3)

    found = dict(
        run_trials(
            say, [(0,), (1,)], jobs=1, shared=Shared(place, {}), heard=lambda *news: heard.append(news)
        )
    )

    assert found == {0: "result 0", 1: "result 1"}
    assert heard == [(0, "task 0 begins"), (1, "task 1 begins")]


@pytest.mark.slow
def test_no_task_is_done_twice(shared: Made, tmp_path: Path) -> None:
    """By four workers that ask for work all the time."""
    found = dict(run_trials(note, [(n, str(tmp_path), 0.0) for n in range(24)], jobs=4, shared=shared()))

    assert len(found) == 24
    assert sorted(int(path.stem) for path in tmp_path.glob("*.[0-9]*")) == list(range(24))


@pytest.mark.slow
def test_a_second_command_finds_what_the_first_has_done(shared: Made, tmp_path: Path) -> None:
    """It goes on where the first one stood, and has all results."""
    study, tasks = shared(), [(n, str(tmp_path), 0.0) for n in range(6)]
    first = run_trials(note, tasks, jobs=1, shared=study)
    known = {next(first)[0], next(first)[0]}
    first.close()  # type: ignore[attr-defined]

    found = dict(run_trials(note, tasks, jobs=1, shared=study))

    assert known <= found.keys()
    assert len(found) == 6
    assert len(list(tmp_path.glob("*.[0-9]*"))) <= 6 + len(done_once(study, 6)) - len(found) + 1


def test_a_task_that_fails_says_why(shared: Made) -> None:
    """In the message of the worker; it is not tried again."""
    with pytest.raises(TrainingError, match=r"^the loss is not finite$"):
        list(run_trials(refuse, [(0,), (1,)], jobs=1, shared=shared()))


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    """After five of them; the others are done."""
    place = StudyPlace(checked_url(sqlite_url(tmp_path / "study.db")), "deaths")
    told: list[str] = []

    with pytest.raises(TrainingError, match=r"^5 workers died with it, perhaps because memory ran out$"):
        list(run_trials(die, [(0,), (1,)], jobs=1, shared=Shared(place, {}), tell=told.append))

    assert len(told) == 5


def test_a_study_of_another_plan_is_not_joined(shared: Made, tmp_path: Path) -> None:
    """Two comparisons under one name would be mixed."""
    list(run_trials(note, [(0, str(tmp_path), 0.0)], jobs=1, shared=shared(name="plans", seeds=2)))

    with pytest.raises(UsageError, match=r"^study 'plans' in .* has another plan \(other seeds\); start the"):
        list(run_trials(note, [(0, str(tmp_path), 0.0)], jobs=1, shared=shared(name="plans", seeds=3)))


@pytest.mark.slow
@needs("PostgreSQL")
def test_workers_wait_for_a_server_that_restarts(tmp_path: Path) -> None:
    """They go on when it is there again, and nothing is lost."""
    server, told = Server(), list[str]()
    server.start()
    study = Shared(StudyPlace(checked_url(server.url), "study", heartbeat=1, grace=3), {})

    def restart() -> None:
        time.sleep(3.5)
        server.stop()
        time.sleep(2.0)
        server.start()

    thread = threading.Thread(target=restart, daemon=True)
    try:
        thread.start()
        tasks = [(number, str(tmp_path), 0.5) for number in range(12)]
        found = dict(run_trials(note, tasks, jobs=2, shared=study, tell=told.append))
        thread.join()
        attempts = done_once(study, 12)
    finally:
        server.remove()

    assert found == {number: f"result {number}" for number in range(12)}
    assert sum(attempts) <= 12 + 4
    assert f"{server.url} does not answer; waiting up to 300 s" in told
