"""The history of a run, read back from its `history.csv`."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass

from rnnlab.errors import Call, DataError, RunError
from rnnlab.files import check_inside, read_text
from rnnlab.runs.folder import RunFolder

FILE = "history.csv"
_MOST_BYTES = 1 << 28
_COLUMNS = ["epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds"]
_PASSED_OVER = "learning_rate"
"""The column that is not read, and that the file of an earlier rnnlab lacks."""

Figures = tuple[float | None, ...]


@dataclass(frozen=True)
class History:
    """What the epochs of a training came to; None stands where nothing was measured, or no finite number was.

    Attributes:
        epochs: (E,) their numbers, from 1.
        loss: (E,) in training, nats per token.
        accuracy: (E,) in training, 0 to 1.
        validation_loss: (E,) on what was held out.
        validation_accuracy: (E,).
        elapsed: (E,) seconds from the beginning, compiling among them.
    """

    epochs: tuple[int, ...]
    loss: Figures
    accuracy: Figures
    validation_loss: Figures
    validation_accuracy: Figures
    elapsed: Figures

    @property
    def seconds(self) -> float | None:
        """How long training took without compiling, which is in the first epoch's time; None if unknown."""
        first, last, count = self.elapsed[0], self.elapsed[-1], len(self.epochs)
        if first is None or last is None:
            return None
        return last if count == 1 else (last - first) * count / (count - 1)


def read_history(run: RunFolder) -> History:
    """The history of a run.

    Raises:
        RunError: it is not there yet, or is not what was written.
    """
    path = run.path / FILE
    if not path.is_file():
        raise RunError(f"{run.path}: no {FILE} in this run yet; wait for its first save, or train again")
    check_inside(path)
    try:
        lines = read_text(path, most_bytes=_MOST_BYTES).splitlines()
    except DataError as error:
        raise RunError(str(error)) from None
    rows = list(_rows(lines, str(path)))
    if not rows:
        resume = Call("resume", str(run.path))
        raise RunError(f"{path}: no epoch has ended in this run yet; wait, or resume it: ", resume)
    epochs, *columns = zip(*rows, strict=True)
    return History(tuple(int(number or 0) for number in epochs), *columns)


def _rows(lines: list[str], name: str) -> Iterator[Figures]:
    """The figures of each row, in the order of the columns."""
    header, *rest = csv.reader(lines)
    has_rate = _PASSED_OVER in header
    if header != [column for column in _COLUMNS if has_rate or column != _PASSED_OVER]:
        raise RunError(f"{name}:1: expected the columns {','.join(_COLUMNS)}; restore it from a copy")
    for number, row in enumerate(rest, start=2):
        try:
            epoch, *figures = (float(cell) if cell else None for cell in row)
            if len(row) != len(header) or epoch is None or not epoch.is_integer():
                raise ValueError
        except (ValueError, OverflowError):
            raise RunError(
                f"{name}:{number}: expected {len(header)} numbers, received {','.join(row)!r};"
                " restore it from a copy"
            ) from None
        if has_rate:
            del figures[_COLUMNS.index(_PASSED_OVER) - 1]
        yield epoch, *(None if each is None or not math.isfinite(each) else each for each in figures)
