"""The texts of a dataset: of its files, of the tunes in them, or of the page itself.

Texts of any size, kept as UTF-8: in a string, one emoji makes four bytes of every character.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.source import Source, sources
from rnnlab.datasets.stored_text import StoredText, read_stored, store
from rnnlab.datasets.tokens import Characters, in_form
from rnnlab.datasets.transposition import Ways, is_moved, moved, said_of
from rnnlab.errors import DataError
from rnnlab.music.files import is_score, tunes_in
from rnnlab.music.melody import Reading, parse_grid
from rnnlab.music.meter import Meter, parse_meter
from rnnlab.music.notation import parse_notes
from rnnlab.music.omissions import Omissions
from rnnlab.music.tune import meters_in, tune_text

Dataset = TextDataset | NotesDataset

_SHOWN_FAILURES = 5


@dataclass
class _Found:
    """What has been read so far.

    Attributes:
        texts: each with the part that it is for.
        failures: why a file, or a tune of one, is not among them; each with the part that it was for.
        ways: how its sequences were moved.
        omissions: what of the tunes was left out.
    """

    texts: list[tuple[str, StoredText]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    ways: Ways = field(default_factory=Counter)
    omissions: Omissions = field(default_factory=Omissions)

    def add(self, part: str, text: StoredText, dataset: Dataset) -> None:
        """Take a text, moved to where the dataset wants it.

        Raises:
            DataError: it cannot be moved.
        """
        if isinstance(dataset, NotesDataset) and is_moved(dataset):
            text, ways = moved(text, dataset)
            self.ways += ways
        self.texts.append((part, text))


def read_texts(
    dataset: Dataset, *, report: Report = unreported
) -> tuple[list[tuple[str, StoredText]], tuple[str, ...], Mapping[str, int]]:
    """Each text with the part that it is for, sentences on what was left out, and how much of tunes, by kind.

    A file that a folder or a pattern led to is left out if it cannot be read; one that was named may not be.
    A tune of a collection is left out if it is not the only one.

    Raises:
        DataError: a file cannot be read, or none of those that were found for a part.
        DownloadError: a url does not give the file that was meant.
    """
    found = _Found()
    if dataset.inline is not None:
        text = store(in_form(_checked(dataset.inline), dataset.form), name="dataset.inline")
        found.add("train", text, dataset)
    for source in sources(dataset, report=report):
        _read(source, dataset, found, report)
    for part in dict.fromkeys(part for part, _ in found.failures):
        if not any(part == readable for readable, _ in found.texts):
            raise _nothing_in(part, [why for failed, why in found.failures if failed == part])
    notes = tuple(f"left out: {why}" for _, why in found.failures) + found.omissions.sentences()
    notes += tuple(_said_of_returns(text) for _, text in found.texts if text.lone_returns)
    if isinstance(dataset, NotesDataset):
        notes += said_of(found.ways, dataset)
    return found.texts, notes, found.omissions.left_out


def _read(source: Source, dataset: Dataset, found: _Found, report: Report) -> None:
    """Take the texts of a file; what is wrong with some, or with a file that nobody named, is noted."""
    before, failures = len(found.texts), []
    try:
        for text in _texts(source, dataset, found.omissions, report):
            if isinstance(text, DataError):
                failures.append(text)
                continue
            try:
                found.add(source.part, text, dataset)
            except DataError as error:
                failures.append(error)
    except DataError as error:
        failures.append(error)
    if failures and len(found.texts) == before and not source.found:
        raise failures[0]
    found.failures += [(source.part, str(failure)) for failure in failures]


def _texts(
    source: Source, dataset: Dataset, omissions: Omissions, report: Report
) -> Iterator[StoredText | DataError]:
    """The text of a file, or of each of its tunes, or why a tune has none; `omissions` counts the tunes.

    Raises:
        DataError: the file cannot be read.
    """
    if source.lack:
        raise DataError(source.lack)
    if isinstance(dataset, NotesDataset) and is_score(source.path):
        report(f"reading {source.path.name}", math.nan)
        for tune in tunes_in(source.path, reading=_reading(dataset)):
            if isinstance(tune, DataError):
                yield tune
                continue
            omissions.add(tune, file=str(source.path))
            yield store(tune_text(tune), name=tune.name)
        return
    text = read_stored(source.path, name=source.url, form=dataset.form, report=report)
    if source.found and not _has_tokens(text, dataset):
        raise DataError(f"{text.name}: expected at least one token, received none")
    yield text


def _has_tokens(text: StoredText, dataset: Dataset) -> bool:
    """Whether there is more than boundaries in a text.

    Raises:
        DataError: something in it is not a note.
    """
    if dataset.kind == "notes":
        return bool(parse_notes(text.head(), name=text.name))
    return any(block.strip(dataset.boundary) for block in text.blocks()) if dataset.boundary else True


def _reading(dataset: NotesDataset) -> Reading:
    """What `dataset.reading` says, as `rnnlab convert` would be told it."""
    chosen = dataset.reading
    grid = None if chosen.grid is None else parse_grid(chosen.grid)
    meter = None if chosen.meter is None else parse_meter(chosen.meter)
    return Reading(chosen.track, chosen.channel, chosen.polyphony, grid, chosen.voice, meter)


def _said_of_returns(text: StoredText) -> str:
    ends = "carriage return is" if text.lone_returns == 1 else "carriage returns are"
    return f"{text.name}: {text.lone_returns:,} {ends} read as line ends, as old Macs wrote them"


def _nothing_in(part: str, failures: list[str]) -> DataError:
    """What to say of a part of which nothing can be read."""
    if len(failures) == 1:
        return DataError(failures[0])
    shown = "; ".join(failures[:_SHOWN_FAILURES])
    more = f"; and {len(failures) - _SHOWN_FAILURES:,} more" if len(failures) > _SHOWN_FAILURES else ""
    return DataError(f"none of {len(failures):,} files of the {part} part can be read: {shown}{more}")


def _checked(text: str) -> str:
    """The text; YAML can spell halves of a UTF-16 pair, which no file holds, and NULs, which no text has."""
    if (nul := text.find("\0")) >= 0:
        place = Characters().place(text, nul)
        raise DataError(f"dataset.inline:{place}: a NUL, which no text has; take it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = Characters().place(text, error.start)
        half = Characters().show(text[error.start])
        raise DataError(f"dataset.inline:{place}: {half} is half a character; write the whole one") from None
    return text


def common_meter(texts: Iterable[StoredText]) -> Meter | None:
    """Return the metre that every text of notes says; None if one says none, or another."""
    found = [meters_in(text.head()) for text in texts]
    meters = set().union(*found)
    return meters.pop() if len(meters) == 1 and all(found) else None
