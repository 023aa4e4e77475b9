"""The texts of a dataset: each file, each tune of a score file, or the text in the YAML.

Notes are moved to another key here (`dataset.transpose`). A sequence is moved as a whole, before the data is
split. It is a line with `unit: line`, the text between two U+0003 with `unit: document`, else a file or a
tune. `rnnlab.music.notation.pitch_of` then spells every pitch: so a pitch is one token, whether its sequence
was moved or not.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.source import Source, sources
from rnnlab.datasets.stored_text import StoredText, read_stored, store
from rnnlab.datasets.tokens import Characters, in_form
from rnnlab.errors import DataError
from rnnlab.files import Report, unreported
from rnnlab.music.meter import Meter, parse_meter
from rnnlab.music.notation import parse_notes, parse_token, with_notes
from rnnlab.music.tune import Omissions, meters_in, tune_text

if TYPE_CHECKING:
    from rnnlab.music.melody import Reading

Dataset = TextDataset | NotesDataset

Ways = Counter[int]
"""Number of sequences that were moved, by the semitones of the move."""

_SHOWN_FAILURES = 5


@dataclass
class _Found:
    """The texts that have been read so far, and what was left out.

    Attributes:
        texts: the name of a part, such as train, and a text of that part.
        failures: the name of a part, and why a file or a tune of that part could not be read.
        ways: how many sequences were moved, and how far.
        omissions: counts of the notes that the readers left out of tunes, and the remarks of the readers.
    """

    texts: list[tuple[str, StoredText]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    ways: Ways = field(default_factory=Counter)
    omissions: Omissions = field(default_factory=Omissions)

    def add(self, part: str, text: StoredText, dataset: Dataset) -> None:
        """Add a text; if `is_moved(dataset)`, move and spell its notes first, and count the moves in `ways`.

        Raises:
            DataError: a word of a text that is moved is no note, or a note leaves the range of MIDI.
        """
        if isinstance(dataset, NotesDataset) and is_moved(dataset):
            text, ways = _moved(text, dataset)
            self.ways += ways
        self.texts.append((part, text))


def read_texts(
    dataset: Dataset, *, report: Report = unreported
) -> tuple[list[tuple[str, StoredText]], tuple[str, ...], Mapping[str, int]]:
    """Return the texts, each with the name of its part; sentences for the user; and counts of omissions.

    The sentences name what was left out, the carriage returns that are read as line ends, and the moves to a
    tonic. The counts are those of the events that the readers of scores left out, by kind.

    A file that a folder or a pattern led to is left out if it cannot be read; a file that the configuration
    names must be readable. A tune that cannot be read is left out if another tune of its file can be read.

    Raises:
        DataError: a file that the configuration names cannot be read, no file of a part can be read, or
            `dataset.inline` is no valid text or cannot be moved.
        DownloadError: a url does not give the file that `sha256` describes.
    """
    found = _Found()
    if dataset.inline is not None:
        text = store(in_form(checked_inline(dataset.inline), dataset.form), name="dataset.inline")
        found.add("train", text, dataset)
    for source in sources(dataset, report=report):
        _read(source, dataset, found, report)
    for part in dict.fromkeys(part for part, _ in found.failures):
        if not any(part == readable for readable, _ in found.texts):
            raise nothing_readable(part, [why for failed, why in found.failures if failed == part])
    notes = tuple(f"left out: {why}" for _, why in found.failures) + found.omissions.sentences()
    notes += tuple(said_of_returns(text) for _, text in found.texts if text.lone_returns)
    if isinstance(dataset, NotesDataset):
        notes += _said_of_ways(found.ways, dataset)
    return found.texts, notes, found.omissions.left_out


def checked_inline(text: str) -> str:
    """Return the text of `dataset.inline`, unchanged; refuse what YAML can write and no text file can hold.

    Raises:
        DataError: the text has a NUL character, or half of a UTF-16 surrogate pair.
    """
    if (nul := text.find("\0")) >= 0:
        place = Characters().place(text, nul)
        raise DataError(f"dataset.inline:{place}: expected text, received a NUL character; remove it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = Characters().place(text, error.start)
        half = Characters().show(text[error.start])
        raise DataError(
            f"dataset.inline:{place}: {half} is half of a UTF-16 surrogate pair; write both halves, or"
            " remove it"
        ) from None
    return text


def nothing_readable(part: str, failures: list[str]) -> DataError:
    """Return the error for a part of which no file and no tune can be read; it shows at most 5 failures."""
    if len(failures) == 1:
        return DataError(failures[0])
    shown = "; ".join(failures[:_SHOWN_FAILURES])
    more = f"; and {len(failures) - _SHOWN_FAILURES:,} more" if len(failures) > _SHOWN_FAILURES else ""
    return DataError(f"no file or tune of the {part} part can be read: {shown}{more}")


def said_of_returns(text: StoredText) -> str:
    """Return a sentence on how many carriage returns of a text were read as line ends."""
    ends = "carriage return is" if text.lone_returns == 1 else "carriage returns are"
    return f"{text.name}: {text.lone_returns:,} {ends} read as line ends, as old Macs wrote them"


def common_meter(texts: Iterable[StoredText]) -> Meter | None:
    """Return the metre that every text of notes names; None if a text names none, or the metres differ."""
    found = [meters_in(text.head()) for text in texts]
    meters = set().union(*found)
    return meters.pop() if len(meters) == 1 and all(found) else None


def is_moved(dataset: TextDataset | NotesDataset) -> bool:
    """Whether notes are moved or have transposed copies; then all notes of the dataset are spelled anew."""
    return isinstance(dataset, NotesDataset) and (dataset.transpose is not None or bool(dataset.shifts))


def _read(source: Source, dataset: Dataset, found: _Found, report: Report) -> None:
    """Add the texts of a file to `found`, or record there why a text or a file is left out.

    Raises:
        DataError: the configuration names the file, and no text of it can be read.
    """
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
    """Yield the text of a file, or of each of its tunes; for a tune that cannot be read, yield the error.

    Raises:
        DataError: the file cannot be read, there is none (`Source.lack`), or a folder or pattern led to it
            and it has no token.
    """
    if source.lack:
        raise DataError(source.lack)
    if isinstance(dataset, NotesDataset) and _is_score(source):
        from rnnlab.music.files import tunes_in  # noqa: PLC0415 (only scores need it)

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


def _is_score(source: Source) -> bool:
    """Whether a file holds music in another format than note text, such as MIDI."""
    if source.path.suffix == ".notes":
        return False
    from rnnlab.music.files import is_score  # noqa: PLC0415 (note files do not need it)

    return is_score(source.path)


def _has_tokens(text: StoredText, dataset: Dataset) -> bool:
    """Whether a text has a token that is not a boundary.

    Raises:
        DataError: a token of the text is not a note.
    """
    if dataset.kind == "notes":
        return bool(parse_notes(text.head(), name=text.name))
    return any(block.strip(dataset.boundary) for block in text.blocks()) if dataset.boundary else True


def _reading(dataset: NotesDataset) -> "Reading":
    """Return the settings `dataset.reading` as a `Reading` for the readers of scores."""
    from rnnlab.music.melody import Reading, parse_grid  # noqa: PLC0415 (only scores need it)

    chosen = dataset.reading
    grid = None if chosen.grid is None else parse_grid(chosen.grid)
    meter = None if chosen.meter is None else parse_meter(chosen.meter)
    return Reading(chosen.track, chosen.channel, chosen.polyphony, grid, chosen.voice, meter)


def _moved(text: StoredText, dataset: NotesDataset) -> tuple[StoredText, Ways]:
    """Return a text with each of its sequences moved, and how far; `sha256` stays that of the text before.

    Raises:
        DataError: a token is no note, or a note leaves the range of MIDI.
    """
    from rnnlab.music.keys import (  # noqa: PLC0415 (only notes that are moved need it)
        Transposition,
        parse_transposition,
        transposed_tokens,
    )

    to = Transposition() if dataset.transpose is None else parse_transposition(str(dataset.transpose))
    written = text.head()
    tokens = parse_notes(written, name=text.name, boundary=dataset.boundary)
    notes: list[str] = []
    ways: Ways = Counter()
    for sequence in _sequences(tokens, dataset.boundary):
        parsed = {token: parse_token(token) for token in set(sequence)}
        way, _ = to.way_of([parsed[token] for token in sequence])
        try:
            table = transposed_tokens(sequence, way)
        except DataError as error:
            raise DataError(f"{text.name}: dataset.transpose: {error}") from None
        notes += [table[token] for token in sequence]
        ways[way] += 1
    other = store(with_notes(written, notes), name=text.name)
    return replace(other, sha256=text.sha256, lone_returns=text.lone_returns), ways


def _sequences(tokens: Sequence[str], boundary: str | None) -> Iterator[list[str]]:
    """Yield the notes of each sequence that has any; without a boundary token all notes are one sequence."""
    sequence: list[str] = []
    for token in (*tokens, boundary):
        if token is not None and token != boundary:
            sequence.append(token)
        elif sequence:
            yield sequence
            sequence = []


def _said_of_ways(ways: Ways, dataset: NotesDataset) -> tuple[str, ...]:
    """Return a sentence on how far the sequences were moved to the tonic; empty if there is no tonic."""
    if not isinstance(dataset.transpose, str) or not ways:
        return ()
    each = ", ".join(f"{ways[way]:,} by {way:+d}" if way else f"{ways[0]:,} by 0" for way in sorted(ways))
    return (f"each sequence is moved to the tonic {dataset.transpose}, by semitones: {each}",)
