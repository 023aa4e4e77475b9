"""Reports of progress while a large dataset is read: the type of the function that receives them.

The module is short because it stands below every other of the room, and nine modules of other rooms name the
type.
"""

from collections.abc import Callable, Iterable, Iterator

Report = Callable[[str, float], None]
"""A function that receives the name of a task and the share of it that is done, 0..1; NaN if unknown.

It is called often, so it should be fast.
"""


def unreported(task: str, share: float) -> None:
    """Ignore a report."""


def followed(pieces: Iterable[str], task: str, *, length: int, report: Report) -> Iterator[str]:
    """Yield the pieces of a text; after each, report the share of the characters that has been read.

    Args:
        pieces: the pieces of the text, in order.
        task: the name of the work, for the report.
        length: number of characters of all pieces, at least 1.
        report: receives the task and the share.
    """
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        report(task, done / length)
