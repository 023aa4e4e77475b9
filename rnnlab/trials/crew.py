"""The worker processes of one command: they are started, watched, replaced if they are killed, and ended."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from multiprocessing.process import BaseProcess
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from rnnlab.errors import Argument, Interrupted, Part, RnnlabError, TrainingError
from rnnlab.processes import end_with_parent, ignored_by_children
from rnnlab.runs.progress import News, Watcher
from rnnlab.signals import raised_signals
from rnnlab.trials import slots
from rnnlab.trials.patient import stop_waiting
from rnnlab.trials.worker import StudyPlace, Work, work_off, worker_name

LOOK_SECONDS = 1.0
"""Longest time between two looks at the study; if a worker ends, it is looked at at once."""

STOP_SECONDS = 60.0
"""Longest time that a worker gets to save its training after a signal."""

TERMINATED = 143
"""Exit code of a worker that a signal ended, with everything saved."""

MOST_KILLED = 8
"""Number of workers that may be killed one after the other without a trial that ends between them."""


@dataclass
class _Member:
    """A worker process, and the end of the pipe on which its errors and notes come."""

    number: int
    process: BaseProcess
    pipe: Connection

    @property
    def name(self) -> str:
        """Name of the worker in the study."""
        return worker_name(self.number).replace(f":{os.getpid()}:", f":{self.process.pid}:")


@dataclass(frozen=True)
class _NewsOf:
    """A message of a worker: what is new of the training of a slot."""

    slot: int
    news: News


class Crew:
    """Worker processes that work off a study.

    Args:
        place: the study.
        work: the work; it is sent to the workers, and its class stands at the top of a module.
        workers: number of processes.
        most: number of slots; None for as many as fit into the time.
        seconds: time after which no work begins, and running work ends early; infinite for no limit.
        tell: receives notes for the user, one sentence a call.
        heard: receives the number of a slot, and what is new of its training in a worker of this command.
    """

    def __init__(
        self,
        place: StudyPlace,
        work: Work,
        *,
        workers: int,
        most: int | None,
        seconds: float = float("inf"),
        tell: Callable[[str], None] = lambda _: None,
        heard: Watcher | None = None,
    ) -> None:
        self._place, self._work, self._most = place, work, most
        self._tell, self._heard = tell, heard
        self._deadline = time.monotonic() + seconds
        self._workers, self._killed = workers, 0
        self._members: list[_Member] = []

    def run(
        self, study: optuna.Study, before: Collection[int] = ()
    ) -> Iterator[tuple[int, optuna.trial.FrozenTrial]]:
        """Work off the study; yield each slot that is done, here or by other commands, and its trial.

        Args:
            study: the study.
            before: numbers of slots that are not yielded, since they are known to be done.

        Raises:
            KeyboardInterrupt, SystemExit: a signal came; the workers have saved what they trained.
            TrainingError: several workers were killed one after the other.
            RnnlabError: a worker cannot go on.
        """
        known = set(before)
        with raised_signals():
            try:
                self._members = [self._start(number) for number in range(self._workers)]
                while self._members:
                    wait_for([each.process.sentinel for each in self._members], timeout=LOOK_SECONDS)
                    yield from self._news(study, known)
                    self._look(study)
            finally:
                self._stop(study)
        yield from self._news(study, known)

    def _news(self, study: optuna.Study, known: set[int]) -> Iterator[tuple[int, optuna.trial.FrozenTrial]]:
        """Yield the slots that are done and not known yet; none while the database does not answer."""
        with suppress(StorageInternalError, SQLAlchemyError):
            for number, trial in slots.done_slots(study):
                if number not in known:
                    known.add(number)
                    self._killed = 0
                    yield number, trial

    @property
    def _left(self) -> float:
        """Seconds until the time is over."""
        return self._deadline - time.monotonic()

    def _start(self, number: int) -> _Member:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=_worker,
            args=(self._place, self._work, number, self._workers, self._most, self._left, theirs),
        )
        with ignored_by_children():
            process.start()
        theirs.close()
        return _Member(number, process, ours)

    def _look(self, study: optuna.Study) -> None:
        """Take the notes of the workers, and replace those that were killed.

        Raises:
            TrainingError: too many workers were killed.
            RnnlabError: the error of a worker.
        """
        for member in list(self._members):
            self._hear(member)
            if member.process.is_alive():
                continue
            self._hear(member)
            self._members.remove(member)
            code = member.process.exitcode or 0
            if code == TERMINATED:
                raise SystemExit(code)
            if code > 0:
                raise TrainingError(f"worker {member.number} ended with code {code}; see the lines above")
            if code < 0:
                self._replace(member, study, -code)

    def _replace(self, member: _Member, study: optuna.Study, number: int) -> None:
        self._killed += 1
        if self._killed >= MOST_KILLED:
            raise TrainingError(
                f"{self._killed} workers were killed one after the other, perhaps because memory ran out; use"
                " fewer ",
                Argument("workers"),
            )
        with suppress(StorageInternalError, SQLAlchemyError):  # else its signs of life end
            slots.release(study, member.name)
        name = signal.Signals(number).name
        self._tell(f"worker {member.number} was killed ({name}); another one goes on with its trial")
        self._members.append(self._start(member.number))

    def _hear(self, member: _Member) -> None:
        """Pass on the notes of a worker, and what is new of its training.

        Raises:
            RnnlabError: the error of the worker.
        """
        with suppress(EOFError, OSError):
            while member.pipe.poll():
                heard = member.pipe.recv()
                if isinstance(heard, str):
                    self._tell(heard)
                elif isinstance(heard, _NewsOf):
                    if self._heard:
                        self._heard(heard.slot, heard.news)
                else:
                    raise _Failed(*heard)

    def _stop(self, study: optuna.Study) -> None:
        """End the workers: each saves its training first; who takes too long is killed."""
        stop_waiting(study)
        for member in self._members:
            if member.process.is_alive():
                member.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for member in self._members:
            member.process.join(max(0.0, until - time.monotonic()))
            if member.process.is_alive():
                member.process.kill()
                member.process.join()
            with suppress(StorageInternalError, SQLAlchemyError):
                slots.release(study, member.name)
        if self._members:
            with suppress(StorageInternalError, SQLAlchemyError):
                slots.mend(study, grace=self._place.grace)


class _Failed(RnnlabError):
    """The error of a worker, with the parts of its message."""


def _worker(
    place: StudyPlace,
    work: Work,
    number: int,
    workers: int,
    most: int | None,
    seconds: float,
    pipe: Connection,
) -> None:
    """Work off the study in this process; send notes, news and errors that a user can fix by the pipe."""
    end_with_parent()

    def tell(message: Any) -> None:
        with suppress(OSError):
            pipe.send(message)

    try:
        work.begin(number, workers)
        deadline = time.monotonic() + seconds
        work_off(
            place,
            work,
            number,
            most=most,
            deadline=deadline,
            tell=tell,
            heard=lambda slot, news: tell(_NewsOf(slot, news)),
        )
    except Interrupted:
        os._exit(TERMINATED)  # a thread may still compile, which an orderly end would wait for
    except RnnlabError as error:
        parts: tuple[Part, ...] = error.parts or (str(error),)
        tell(parts)
