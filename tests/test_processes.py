"""Work in several processes, and how it ends."""

import multiprocessing
import os
import signal
from collections.abc import Callable

import pytest

from rnnlab import processes
from rnnlab.errors import TrainingError
from rnnlab.processes import in_processes, is_own
from tests.needs import needs


def test_each_result_comes_with_the_number_of_its_task() -> None:
    """However they overtake each other; there may be more tasks than processes."""
    found = in_processes(int, [(text,) for text in "31415"], jobs=2)

    assert sorted(found) == [(0, 3), (1, 1), (2, 4), (3, 1), (4, 5)]


def reporting(text: str, report: Callable[[str], None]) -> int:
    """Work that says how it begins and ends."""
    report(f"begins {text}")
    report(f"ends {text}")
    return int(text)


def test_messages_of_the_work_come_before_its_result() -> None:
    """Each with the number of its task, in their order."""
    heard: list[tuple[int, str]] = []
    before = []

    for number, result in in_processes(
        reporting, [("3",), ("1",), ("4",)], jobs=2, heard=lambda *message: heard.append(message)
    ):
        before.append((number, result, [text for task, text in heard if task == number]))

    assert sorted(before) == [
        (number, int(text), [f"begins {text}", f"ends {text}"]) for number, text in enumerate("314")
    ]


def test_a_worker_is_a_process_of_rnnlab_alone() -> None:
    """The program that started it need not be one."""
    assert list(in_processes(is_own, [()], jobs=1)) == [(0, True)]


def test_a_process_that_is_killed_is_said() -> None:
    """Nobody waits for what it will never say."""
    with pytest.raises(TrainingError, match="a process that trained was killed"):
        list(in_processes(os._exit, [(9,)], jobs=1))


def test_an_error_of_a_process_is_that_of_the_caller() -> None:
    """As it was raised; the others end."""
    with pytest.raises(ValueError, match="invalid literal"):
        list(in_processes(int, [("1",), ("one",)], jobs=2))

    assert multiprocessing.active_children() == []


@needs("Unix")
def test_ctrl_c_while_a_process_starts_is_not_lost() -> None:
    """The process that starts never sees it; this one sees it right after."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), processes.ignored_by_children():
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
