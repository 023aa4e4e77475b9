"""Omissions: what readers of music left out of some files, counted by kind, and their remarks."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rnnlab.errors import count_of
from rnnlab.music.tune import Tune

_SHOWN_REMARKS = 3
_HEAD = re.compile(r".*?(?= (?:below|of|without|that|in|outside) |$)")


@dataclass
class Omissions:
    """What readers left out of some files, and what they chose.

    Attributes:
        left_out: number of events that are not in the tunes, by kind: a plural such as `notes below others`.
        largest_shift: the largest distance that a note was moved to the grid, in quarter notes.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    largest_shift: float = 0.0
    _files: dict[str, None] = field(default_factory=dict)
    _remarks: dict[str, list[str]] = field(default_factory=dict)  # remark → tunes that have it

    def add(self, tune: Tune, *, file: str) -> None:
        """Add the omissions of a tune.

        Args:
            tune: the tune.
            file: the file that it was read from.
        """
        self._files[file] = None
        self.left_out.update(tune.left_out)
        self.largest_shift = max(self.largest_shift, tune.largest_shift)
        for remark in tune.remarks:
            self._remarks.setdefault(remark, []).append(tune.name)

    def remarks(self) -> tuple[str, ...]:
        """Return a sentence on each choice of a reader, with the tunes that it concerns."""
        sentences = []
        for remark, names in list(self._remarks.items())[:_SHOWN_REMARKS]:
            more = f" (and {len(names) - 1:,} more)" if len(names) > 1 else ""
            sentences.append(f"{names[0]}{more}: {remark}")
        hidden = list(self._remarks.values())[_SHOWN_REMARKS:]
        if hidden:
            tunes = sum(map(len, hidden))
            sentences.append(
                f"{count_of(len(hidden), 'more remark')} of this kind on {count_of(tunes, 'tune')}"
            )
        return tuple(sentences)

    def sentences(self) -> tuple[str, ...]:
        """Return the sentences for the user: one on all that was left out, then the choices."""
        files = list(self._files)
        where = files[0] if len(files) == 1 else count_of(len(files), "file")
        sentences = []
        if self.left_out:
            sentences.append(f"left out of {where}: {', '.join(listed(self.left_out))}")
        if self.largest_shift > 0:
            sentences.append(
                f"times are moved to the grid by up to {self.largest_shift:.3g} of a quarter note"
            )
        return (*sentences, *self.remarks())


def listed(left_out: Mapping[str, int]) -> list[str]:
    """Return each count with its kind, such as `12 notes below others` and `1 later tempo`."""
    return [f"{count:,} {_singular(kind) if count == 1 else kind}" for kind, count in left_out.items()]


def omissions_of(tunes: Iterable[Tune]) -> Omissions:
    """Return the omissions of tunes that are each a file of its own."""
    found = Omissions()
    for tune in tunes:
        found.add(tune, file=tune.name)
    return found


def _singular(kind: str) -> str:
    """Return the singular of a kind: of the noun before its preposition."""
    return _HEAD.sub(lambda found: re.sub("i$", "o", found[0]).removesuffix("s"), kind, count=1)
