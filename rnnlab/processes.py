"""Work in several processes; none of them outlives the one that asked.

The processes are spawned, not forked: a copy of a process that has threads may stand still for ever. They
ignore Ctrl-C, which a terminal sends to all of them: the first process hears it, and ends the others at once.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import wait as wait_for
from typing import Any, TypeVar

from rnnlab.errors import Argument, TrainingError
from rnnlab.signals import held_signals, raised_signals

Result = TypeVar("Result")


def in_processes(
    work: Callable[..., Result], tasks: Iterable[tuple[Any, ...]], *, jobs: int
) -> Iterator[tuple[int, Result]]:
    """The number of each task, from 0, and what the work made of it, in the order in which they are done.

    Args:
        work: a function of a module, which a spawned process finds by its name.
        tasks: its arguments; no more of them are asked for than there are processes.
        jobs: how many processes.

    Raises:
        TrainingError: a process was killed.
    """
    with raised_signals():
        yield from _results_of(work, enumerate(tasks), jobs)


def _results_of(
    work: Callable[..., Result], numbered: Iterator[tuple[int, tuple[Any, ...]]], jobs: int
) -> Iterator[tuple[int, Result]]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent)
    running: dict[Future[Result], int] = {}
    try:
        while True:
            for number, task in islice(numbered, jobs - len(running)):
                with held_signals(), _ignored_by_children():
                    running[pool.submit(work, *task)] = number
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise TrainingError(
            "a process that trained was killed, as when memory runs out; use fewer ", Argument("jobs")
        ) from error
    finally:
        with held_signals():
            for child in multiprocessing.active_children():
                child.kill()
            pool.shutdown(cancel_futures=True)


@contextmanager
def _ignored_by_children() -> Iterator[None]:
    """Processes that the body starts never see Ctrl-C; this process sees it when the body is done."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """End this process when the one that asked for it does, however that ends, and not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent:
        threading.Thread(target=lambda: (wait_for([parent.sentinel]), os._exit(1)), daemon=True).start()
