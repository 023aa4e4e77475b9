"""Result of a case: valid, refused in one line with a place, or a failure of rnnlab."""

import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rnnlab.errors import ConfigError, RnnlabError

MOST_SECONDS = 1.0
MOST_BYTES = 500_000_000
LONGEST_LINE = 1000
"""Limits of a case: seconds of processor time, bytes of process memory, characters in a line of a message."""

_NOISE = 50_000_000
"""Bytes by which a process that is already large may grow in a case."""

_PLACE = re.compile(
    r".+?:\d+:\d+: |.+?:\d+: |page\.yaml: |--set .|--(seed|stop): |(seed|no seed)\b|/.+?: |… and [\d,]+ more$"
    r"|.*\b(dataset|model|training|evaluation|generation)(\.\w+)*"
)


@dataclass(frozen=True)
class Verdict:
    """Result of a case.

    Attributes:
        failure: the error of rnnlab; empty if there is none.
        refused: whether the input was refused.
        message: the message to the user.
        seconds: processor time.
    """

    failure: str
    refused: bool
    message: str
    seconds: float


def judge(read: Callable[[], object]) -> Verdict:
    """Return the result of a call that reads hostile input; a slow call has a second try."""
    verdict = _judge(read)
    if verdict.seconds <= MOST_SECONDS:
        return verdict
    seconds = min(verdict.seconds, _judge(read).seconds)
    if seconds <= MOST_SECONDS:
        return replace(verdict, seconds=seconds)
    failures = [*filter(None, [verdict.failure]), f"took {seconds:.1f} s"]
    return replace(verdict, seconds=seconds, failure="; ".join(failures))


def peak_memory() -> int:
    """Return the highest memory use of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _judge(read: Callable[[], object]) -> Verdict:
    begin, peak, refused, message = time.process_time(), peak_memory(), False, ""
    try:
        read()
        failures: list[str] = []
    except RnnlabError as error:
        refused, message = True, str(error)
        failures = list(_faults(error))
    except Exception as error:
        failures = [f"{type(error).__name__} instead of an RnnlabError: {str(error)[:200]!r}"]
    seconds, grown = time.process_time() - begin, peak_memory()
    if grown > max(MOST_BYTES, peak + _NOISE):
        failures.append(f"took memory up to {grown / 1e6:,.0f} MB")
    return Verdict("; ".join(failures), refused, message, seconds)


def _faults(error: RnnlabError) -> Iterator[str]:
    """Yield the errors of a message: more than one line, control characters, a long line, no place."""
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
