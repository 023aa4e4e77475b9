"""How far the work on a large dataset has come, for whoever waits for it."""

from collections.abc import Callable, Iterable, Iterator

Report = Callable[[str, float], None]
"""Is told what is being done, and which share of it is, 0..1, or NaN where nobody knows how much there is.

Often, so it should not take long.
"""


def unreported(task: str, share: float) -> None:
    """Tell nobody."""


def followed(pieces: Iterable[str], task: str, *, length: int, report: Report) -> Iterator[str]:
    """The same pieces; when the next is asked for, the share of those before it is reported.

    Args:
        pieces: of a text.
        task: what is done with them.
        length: characters of all pieces, at least 1.
        report: is told.
    """
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        report(task, done / length)
