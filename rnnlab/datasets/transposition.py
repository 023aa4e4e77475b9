"""Note texts in another key: `dataset.transpose`, and the one spelling of each pitch that `augment` needs.

A sequence (a line where `unit` is `line`, else a file or a tune) is moved as a whole, whatever part it is
for. Every pitch is then spelled as `rnnlab.music.notation.pitch_of` does: a note that was moved is the same
token as one that was there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.stored_text import StoredText, store
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError
from rnnlab.music.keys import Transposition, parse_transposition, transposed_tokens
from rnnlab.music.notation import parse_notes, parse_token, with_notes

Ways = Counter[int]
"""How many sequences were moved by so many semitones."""


def moved(text: StoredText, dataset: NotesDataset) -> tuple[StoredText, Ways]:
    """A text with each of its sequences moved to where the dataset wants it; its digest stays its file's.

    Raises:
        DataError: something in it is not a note, or leaves MIDI's range.
    """
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
    return replace(other, sha256=text.sha256), ways


def transposed_token(token: str, semitones: int) -> str | None:
    """A note in its one spelling, transposed; None where MIDI has no such pitch."""
    try:
        return transposed_tokens([token], semitones)[token]
    except DataError:
        return None


def with_transposed(vocabulary: Vocabulary, shifts: Sequence[int]) -> Vocabulary:
    """The vocabulary with each of its notes, transposed by each of these semitones, where MIDI has them."""
    if not shifts:
        return vocabulary
    notes = [token for token in vocabulary.tokens if token != vocabulary.boundary]
    copies = (transposed_token(token, shift) for token in notes for shift in shifts)
    text = " ".join([*notes, *filter(None, copies)])
    return Vocabulary.derive([("dataset.augment", text)], kind="notes", boundary=vocabulary.boundary)


def is_moved(dataset: TextDataset | NotesDataset) -> bool:
    """Whether its notes are not taken as they are written."""
    return isinstance(dataset, NotesDataset) and (dataset.transpose is not None or bool(dataset.shifts))


def said_of(ways: Ways, dataset: NotesDataset) -> tuple[str, ...]:
    """A sentence on where a tonic moved the sequences."""
    if not isinstance(dataset.transpose, str) or not ways:
        return ()
    each = ", ".join(f"{ways[way]:,} by {way:+d}" if way else f"{ways[0]:,} by 0" for way in sorted(ways))
    return (f"each sequence is moved to the tonic {dataset.transpose}, by semitones: {each}",)


def _sequences(tokens: Sequence[str], boundary: str | None) -> Iterator[list[str]]:
    """The notes between boundaries; without one, all."""
    sequence: list[str] = []
    for token in (*tokens, boundary):
        if token is not None and token != boundary:
            sequence.append(token)
        elif sequence:
            yield sequence
            sequence = []
