"""Work in other threads, or in several worker processes, which end when the process that started them ends.

The workers are spawned, not forked, since a fork of a process with threads may hang. They ignore Ctrl-C,
which a terminal sends to all processes: the process that started them handles it and ends them at once.
"""

import multiprocessing
import os
import platform
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import wait as wait_for
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any, TypeVar

from rnnlab.errors import Argument, TrainingError
from rnnlab.signals import held_signals, raised_signals

Result = TypeVar("Result")


HEAR_SECONDS = 0.2
"""Longest time after which the messages of the workers are passed on."""

_outlets: list["SimpleQueue[tuple[int, Any]] | None"] = []
"""In a worker: where its messages go; None if nobody hears them."""

_watchers: list[threading.Thread] = []
"""In a worker: the thread that ends it with its parent process."""

_unfinished: set["Future[Any]"] = set()
"""The results of `in_thread` that are still to come."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """Return the processor's model and its widest AVX set; without /proc/cpuinfo, `platform.processor()`."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    widest = next((flag for flag in ("avx512f", "avx2", "avx") if flag in flags), "")
    return f"{facts.get('model name', platform.processor())} {widest}".strip()


def is_own() -> bool:
    """Whether this process is a command of rnnlab or a worker, not another program that imports rnnlab."""
    entry, spec = "rnnlab.__main__", getattr(sys.modules["__main__"], "__spec__", None)
    is_command = entry in sys.modules or (spec is not None and spec.name == entry)  # or `python -m rnnlab`
    return is_command or bool(_watchers)


def threads_run_on() -> bool:
    """Whether a function of `in_thread` still runs: Python then cannot end in an orderly way."""
    return bool(_unfinished)


def in_thread(work: Callable[[], Result]) -> "Future[Result]":
    """Run a function in a thread that ends with the process; return its result, or its exception, to come."""
    done: Future[Result] = Future()
    _unfinished.add(done)
    done.add_done_callback(_unfinished.discard)
    threading.Thread(target=_into, args=(done, work), daemon=True).start()
    return done


def _into(done: "Future[Result]", work: Callable[[], Result]) -> None:
    """Run a function, and put its result or its exception into a future."""
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)


def in_processes(
    work: Callable[..., Result],
    tasks: Iterable[tuple[Any, ...]],
    *,
    jobs: int,
    heard: Callable[[int, Any], None] | None = None,
) -> Iterator[tuple[int, Result]]:
    """Yield the number of each task, from 0, with its result, in the order in which the tasks end.

    Until the iterator ends or is closed, SIGINT raises KeyboardInterrupt in this process, and SIGTERM or
    SIGHUP raises SystemExit, if the handler of `rnnlab.signals` is installed. After any error all workers are
    killed.

    Args:
        work: a function at the top of a module, so that a spawned process can import it.
        tasks: the arguments of each call; a task is taken from the iterable when a worker is free for it.
        jobs: number of worker processes.
        heard: receives the number of a task, and a message of its work, in this process. If it is given,
            `work` has an argument `report`, a function that sends a message of less than 4 kB.

    Raises:
        TrainingError: a worker was killed.
        Exception: the exception that `work` raised.
    """
    with raised_signals():
        yield from _results_of(work, enumerate(tasks), jobs, heard)


def _results_of(
    work: Callable[..., Result],
    numbered: Iterator[tuple[int, tuple[Any, ...]]],
    jobs: int,
    heard: Callable[[int, Any], None] | None,
) -> Iterator[tuple[int, Result]]:
    context = multiprocessing.get_context("spawn")
    outlet = context.SimpleQueue() if heard else None
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(outlet,))
    running: dict[Future[Result], int] = {}
    try:
        while True:
            for number, task in islice(numbered, jobs - len(running)):
                with held_signals(), ignored_by_children():
                    running[pool.submit(_done, work, number, task)] = number
            if not running:
                return
            timeout = HEAR_SECONDS if outlet else None
            ended = wait(running, timeout=timeout, return_when=FIRST_COMPLETED).done
            while heard and outlet and not outlet.empty():
                heard(*outlet.get())
            for future in ended:
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise TrainingError(
            "a process that trained was killed, perhaps because memory ran out; use fewer ", Argument("jobs")
        ) from error
    finally:
        with held_signals():
            for child in multiprocessing.active_children():
                child.kill()
            pool.shutdown(cancel_futures=True)


def _begin(outlet: "SimpleQueue[tuple[int, Any]] | None") -> None:
    """Prepare a worker, whose messages go into `outlet`."""
    end_with_parent()
    _outlets[:] = [outlet]


def _done(work: Callable[..., Result], number: int, task: tuple[Any, ...]) -> Result:
    """Do a task in a worker, and return its result."""
    if (outlet := _outlets[0]) is None:
        return work(*task)
    return work(*task, report=lambda message: outlet.put((number, message)))


@contextmanager
def ignored_by_children() -> Iterator[None]:
    """Hide Ctrl-C from the processes that the `with` block starts; this process gets it after the block.

    On Windows this does nothing."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """Make a worker ignore Ctrl-C, and end when its parent process ends, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent:
        ending = threading.Thread(target=lambda: (wait_for([parent.sentinel]), os._exit(1)), daemon=True)
        _watchers.append(ending)
        ending.start()
