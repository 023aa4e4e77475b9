"""The settings of constraints as automata, with their words and notes looked up in the vocabulary.

A demand that nothing can satisfy is refused before anything is drawn, with the reason.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from rnnlab.config.generation import Constraints
from rnnlab.datasets.vocabulary import LINE_BREAK, Vocabulary
from rnnlab.errors import Argument, DataError, UsageError, VocabularyError
from rnnlab.generation.constraints import music
from rnnlab.generation.constraints.automaton import Automaton
from rnnlab.generation.constraints.patterns import ANY_NUMBER, GAP, Avoids, Contains, EndsOn, Template
from rnnlab.generation.constraints.regular import Matches
from rnnlab.music.files import is_music, read_tunes
from rnnlab.music.meter import COMMON_TIME, parse_key_signature, parse_meter
from rnnlab.music.notation import Note, parse_notes, parse_pitch, parse_token, spell

FOR_TEXT = ("match",)
FOR_NOTES = ("key", "range", "bars", "rhythm", "rhythm_of", "pitches", "pitches_of", "max_copy_intervals")

_NOTES_GAP = r"((?<!\S)_\*?(?!\S))"
_TEXT_GAP = re.compile(r"\\(.)|_\*?", re.DOTALL)
_TEXT_TEMPLATE = re.compile(r"\\(?P<literal>.)|(?P<any>_\*)|(?P<gap>_)|(?P<other>[^\\_]+|\\)", re.DOTALL)


@dataclass(frozen=True)
class Demands:
    """The constraints of one model, whose tokens are known.

    Args:
        settings: the settings.
        vocabulary: the vocabulary of the model.
        meter: the metre of the data; None if it has none.
    """

    settings: Constraints
    vocabulary: Vocabulary
    meter: str | None = None

    def check(self) -> None:
        """Refuse settings that do not fit the model, or each other.

        Raises:
            UsageError: a constraint is for the other kind of token, or a setting is missing.
        """
        wrong, other = (FOR_NOTES, "notes") if self.vocabulary.kind == "text" else (FOR_TEXT, "text")
        for name in wrong:
            if getattr(self.settings, name) is not None:
                raise UsageError(
                    Argument(name),
                    f" is for {other}, and the model writes {self.vocabulary.kind}; leave it out",
                )
        for name, needed in (("vary", "original"), ("original", "vary"), ("meter", "bars")):
            if getattr(self.settings, name) is not None and getattr(self.settings, needed) is None:
                shown = {"original": "of"}
                raise UsageError(
                    Argument(shown.get(name, name)),
                    ": it needs ",
                    Argument(shown.get(needed, needed)),
                    " too; give both or neither",
                )

    def automata(self, rng: np.random.Generator) -> list[Automaton]:
        """Return one automaton for each constraint; none for `length`, `max_copy` and `max_copy_intervals`.

        Args:
            rng: it chooses the places that `vary` draws anew.

        Raises:
            UsageError: a setting is wrong, or names a token that the vocabulary lacks.
            DataError: a file cannot be read.
        """
        return [*self._patterns(), *self._of_notes(), *self._varied(rng)]

    @cached_property
    def notes(self) -> list[Note | None]:
        """The note of each token; None for the boundary, and for the characters of a text."""
        if self.vocabulary.kind == "text":
            return []
        boundary = self.vocabulary.boundary
        return [None if token == boundary else parse_token(token) for token in self.vocabulary.tokens]

    @property
    def bar_text(self) -> str:
        """The metre of `bars`, such as 3/4."""
        return self.settings.meter or self.meter or str(COMMON_TIME)

    def _patterns(self) -> Iterator[Automaton]:
        settings, size = self.settings, len(self.vocabulary)
        if settings.template is not None:
            yield Template(self._shape(settings.template), size)
        for text in settings.must:
            yield Contains(self._ids(text, "must"), size)
        for text in settings.avoid:
            yield Avoids(self._ids(text, "avoid"), size)
        if settings.end_on is not None:
            ids = self._ids(settings.end_on, "end_on")
            if len(ids) != 1:
                raise UsageError(
                    Argument("end_on"), f": expected one token, received {len(ids)}: {settings.end_on!r}"
                )
            yield EndsOn(ids[0], size)
        if settings.match is not None:
            boundary = self.vocabulary.boundary
            yield Matches(
                settings.match, [None if token == boundary else token for token in self.vocabulary.tokens]
            )

    def _of_notes(self) -> Iterator[Automaton]:
        settings, notes = self.settings, self.notes
        if settings.key is not None:
            yield self._in_key(settings.key)
        if settings.range is not None:
            yield music.in_range(notes, *_pitches(settings.range))
        if settings.bars is not None:
            yield music.Bars(notes, settings.bars, parse_meter(self.bar_text).bar)
        if settings.rhythm is not None:
            try:
                rhythm = music.parse_rhythm(settings.rhythm)
            except DataError as error:
                raise UsageError(Argument("rhythm"), f": {error}") from None
            yield music.with_rhythm(notes, self._known_lengths(rhythm))
        if settings.pitches is not None:
            yield music.with_pitches(notes, self._melody(settings.pitches))

    def _varied(self, rng: np.random.Generator) -> Iterator[Automaton]:
        """Yield the template of `vary`: the tokens of the original, with gaps at random places."""
        if self.settings.vary is None or self.settings.original is None:
            return
        shape = np.array(self._ids(self.settings.original, "original"))
        gaps = max(1, round(self.settings.vary * len(shape)))
        shape[rng.permutation(len(shape))[:gaps]] = GAP
        yield Template(shape.tolist(), len(self.vocabulary), name="vary")

    def _in_key(self, text: str) -> Automaton:
        tonic, _, mode = text.strip().partition(":")
        try:
            key = parse_key_signature(f"{tonic} {mode or 'major'}")
        except DataError:
            raise UsageError(
                Argument("key"), f": expected a key such as c, a:minor or d:dorian, received {text[:40]!r}"
            ) from None
        return music.in_key(self.notes, key, parse_pitch(key.tonic).midi % 12)

    def _known_lengths(self, rhythm: Sequence[music.Beat]) -> Sequence[music.Beat]:
        """Return a rhythm unchanged if the vocabulary has a token for each of its events.

        Raises:
            UsageError: the rhythm is empty, or the vocabulary lacks a token for an event.
        """
        if not rhythm:
            raise UsageError(Argument("rhythm"), ": the rhythm has no notes")
        known = {music.Beat.of(note) for note in self.notes if note is not None}
        for number, beat in enumerate(rhythm, 1):
            if beat not in known:
                event = "rest" if beat.is_rest else "tied note" if beat.tied else "note"
                example = spell(Note((), beat.duration))[1:]
                raise UsageError(
                    Argument("rhythm"),
                    f": event {number} is a {event} of length {example}, and the vocabulary has none"
                    f" ({self.vocabulary.summary}); use lengths of the vocabulary",
                )
        return rhythm

    def _shape(self, template: str) -> list[int]:
        """Return the token ids of a template, with `GAP` and `ANY_NUMBER`.

        What stands between the gaps is read at once first, so that a message has the place in the template.
        """
        signs: dict[str, int] = {"_": GAP, "_*": ANY_NUMBER}
        shape: list[int] = []
        if self.vocabulary.kind == "notes":
            self._ids(re.sub(_NOTES_GAP, lambda gap: " " * len(gap[0]), template), "template", empty=True)
            for piece in re.split(_NOTES_GAP, template):
                shape += [signs[piece]] if piece in signs else self._ids(piece, "template", empty=True)
            return shape
        self._ids(self._without_gaps(template), "template")
        for match in _TEXT_TEMPLATE.finditer(template):
            if match["any"] or match["gap"]:
                shape.append(signs[match.group()])
            else:
                shape += self._ids(match["literal"] or match["other"], "template")
        return shape

    def _without_gaps(self, template: str) -> str:
        """Return a template of characters with a known character in the place of each sign of a gap."""
        ignored = {LINE_BREAK, self.vocabulary.boundary}
        known = next(token for token in self.vocabulary.tokens if token not in ignored)

        def filled(sign: re.Match[str]) -> str:
            literal = sign[1] or ""
            return known * (len(sign[0]) - len(literal)) + literal

        return _TEXT_GAP.sub(filled, template)

    def _ids(self, text: str, name: str, *, empty: bool = False) -> list[int]:
        """Return the token ids of a text in a setting.

        Raises:
            UsageError: the vocabulary lacks a token, or the text has none and `empty` is false.
        """
        try:
            ids = self.vocabulary.parse(text, name="")
        except VocabularyError as error:
            raise UsageError(Argument(name), f"{error}") from None
        if not len(ids) and not empty:
            raise UsageError(Argument(name), f": expected at least one token, received {text!r}")
        return [int(token) for token in ids]

    def _melody(self, text: str) -> list[Note]:
        """Return the notes of `pitches`.

        Raises:
            UsageError: a word is no note, or there are no notes.
        """
        try:
            notes = [parse_token(token) for token in parse_notes(text, name="")]
        except DataError as error:
            raise UsageError(Argument("pitches"), str(error)) from None
        if not notes:
            raise UsageError(Argument("pitches"), f": expected at least one note, received {text!r}")
        return notes


def _pitches(text: str) -> tuple[int, int]:
    """Return the MIDI numbers of a range such as `c..c''`, the lower first."""
    lowest, dots, highest = (part.strip() for part in text.partition(".."))
    try:
        found = (parse_pitch(lowest).midi, parse_pitch(highest).midi) if dots else (1, 0)
    except DataError as error:
        raise UsageError(Argument("range"), f": {text[:40]!r}: {error}") from None
    if found[0] > found[1]:
        raise UsageError(
            Argument("range"),
            f": expected the lowest and the highest pitch such as c..c'', received {text[:40]!r}",
        )
    return found


def without_files(settings: Constraints, *, kind: str, boundary: str | None = None) -> Constraints:
    """Return the settings with the content of their files in place of the files.

    Of several tunes in a file, the first counts; so does the first line of a text, if a line is a sequence.

    Args:
        settings: the settings.
        kind: what the model writes, `notes` or `text`.
        boundary: the token between two sequences; None if there is none.

    Raises:
        UsageError: a file is no music, or empty.
        DataError: a file cannot be read.
    """
    given: dict[str, str] = {}
    if settings.rhythm_of is not None:
        given["rhythm"] = " ".join(map(music.spelled_beat, _tune(settings.rhythm_of, "rhythm_of")))
    if settings.pitches_of is not None:
        given["pitches"] = " ".join(map(spell, _tune(settings.pitches_of, "pitches_of")))
    if settings.of is not None:
        of = settings.of
        given["original"] = " ".join(map(spell, _tune(of, "of"))) if kind == "notes" else _text(of, boundary)
    return settings.model_copy(update={**given, "rhythm_of": None, "pitches_of": None, "of": None})


def _tune(path: str, name: str) -> Sequence[Note]:
    """Return the notes of the first tune of a file.

    Raises:
        UsageError: the file is no music, or has no notes.
        DataError: the file cannot be read.
    """
    file = Path(path)
    if not is_music(file):
        raise UsageError(
            Argument(name), f": {path}: expected a file of music, such as song.notes or song.mid"
        )
    tunes = read_tunes(file)
    if not tunes or not tunes[0].notes:
        raise UsageError(Argument(name), f": {path}: the file has no notes")
    return tunes[0].notes


def _text(path: str, boundary: str | None) -> str:
    """Return the text of a file without its last line break; of sequences that are lines, the first.

    Raises:
        DataError: the file cannot be read, or is not UTF-8.
    """
    from rnnlab.datasets.stored_text import read_stored  # noqa: PLC0415 (only `vary` of a text needs it)

    text = read_stored(Path(path)).head().removesuffix("\n")
    if boundary == LINE_BREAK:
        text = text.strip(LINE_BREAK).partition(LINE_BREAK)[0]
    if not text:
        raise UsageError(Argument("of"), f": {path}: the file is empty")
    return text
