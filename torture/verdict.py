"""What a case came to: valid, refused in one line with its place, or a failure of rnnlab."""

import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rnnlab.errors import ConfigError, RnnlabError

MOST_SECONDS = 1.0
MOST_BYTES = 500_000_000
LONGEST_LINE = 1000
"""Bounds on a case: processor time, memory of the process, characters of a message's line."""

_PLACE = re.compile(
    r".+?:\d+:\d+: |.+?:\d+: |page\.yaml: |--set .|--(seed|stop): |(seed|no seed)\b|/.+?: |… and [\d,]+ more$"
    r"|.*\b(dataset|model|training|evaluation|generation)(\.\w+)*"
)


@dataclass(frozen=True)
class Verdict:
    """How a case went.

    Attributes:
        failure: what rnnlab did wrong; empty where it did right.
        refused: whether the input was refused, as opposed to valid.
        message: what the user would read.
        seconds: processor time.
    """

    failure: str
    refused: bool
    message: str
    seconds: float


def judge(read: Callable[[], object]) -> Verdict:
    """The verdict on a call that reads hostile input."""
    begin, refused, message = time.process_time(), False, ""
    try:
        read()
        failures: list[str] = []
    except RnnlabError as error:
        refused, message = True, str(error)
        failures = list(_faults(error))
    except Exception as error:
        failures = [f"{type(error).__name__} instead of an RnnlabError: {str(error)[:200]!r}"]
    seconds = time.process_time() - begin
    if seconds > MOST_SECONDS:
        failures.append(f"took {seconds:.1f} s")
    if peak_memory() > MOST_BYTES:
        failures.append(f"took memory up to {peak_memory() / 1e6:,.0f} MB")
    return Verdict("; ".join(failures), refused, message, seconds)


def peak_memory() -> int:
    """The most memory that this process ever had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _faults(error: RnnlabError) -> Iterator[str]:
    """What is wrong with a message: more than a line, what a terminal would obey, no place."""
    lines = str(error).split("\n")
    if len(lines) > 1 and not isinstance(error, ConfigError):
        yield f"{len(lines)} lines: {str(error)[:200]!r}"
    for line in lines:
        if not line.isprintable():
            yield f"characters that cannot be seen: {line[:200]!r}"
        if len(line) > LONGEST_LINE:
            yield f"a line of {len(line):,} characters: {line[:80]!r}"
        if not _PLACE.match(line):
            yield f"no place: {line[:200]!r}"
