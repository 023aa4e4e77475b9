"""The spines of a kern file, followed line by line through splits, joins, exchanges and new spines.

Kern says lengths and no times: a line begins where the notes end that its notes follow. A sub-spine knows
when its last note ends; after a split both halves have the end of the whole, and where other sub-spines have
a note on the same line, theirs decides. Spines that disagree are refused.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from rnnlab.errors import DataError
from rnnlab.music.voice import Tone, checked_time, sounding_pitch

_PITCH = re.compile(r"(([a-gA-G])\2*)(#+|-+|n)?")
_LENGTH = re.compile(r"([0-9]+)(?:%([0-9]+))?")
_KINDS = ("*", "=", "!")
_MOST_DIGITS, _MOST_DOTS, _MOST_SPINES = 4, 4, 200


@dataclass(frozen=True)
class SubTone:
    """A tone and the number of the sub-spine that it stands in, from 1."""

    voice: int
    tone: Tone


@dataclass
class KernPart:
    """What a `**kern` spine holds; times are in whole notes.

    Attributes:
        tones: notes and rests of all its sub-spines.
        bars: lengths between its bar lines.
        left_out: what is not read, by kind.
        said: its tandem interpretations, as `*M3/4`, in order.
        end: where its last note or rest ends.
    """

    tones: list[SubTone] = field(default_factory=list)
    bars: list[Fraction] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    end: Fraction = Fraction(0)
    _bar: Fraction = Fraction(0)  # where the last bar line stands

    @property
    def notes(self) -> int:
        """How many notes its sub-spines have."""
        return sum(each.tone.pitch is not None for each in self.tones)

    def close_bar(self) -> None:
        """Take what follows the last bar line as a bar."""
        if self.end > self._bar:
            self.bars.append(self.end - self._bar)
            self._bar = self.end


@dataclass(frozen=True)
class _Column:
    """A spine or sub-spine at one line.

    Attributes:
        spine: number of the spine that it is, or was split from.
        part: None for a spine of another kind than kern, and for a new one that has no kind yet.
        voice: its number among the sub-spines of the spine.
        end: where its last note ends.
        knows: `itself` if `end` is that of its own note, `before_split` if it is that of the spine it was
            split from, `nothing` if it was silent since.
        is_cue: whether its notes are cue notes.
        is_new: whether its kind is still to come.
    """

    spine: int
    part: KernPart | None
    voice: int = 1
    end: Fraction = Fraction(0)
    knows: Literal["itself", "before_split", "nothing"] = "itself"
    is_cue: bool = False
    is_new: bool = False


class Spines:
    """The parts of a kern text.

    Raises:
        DataError: a line has too few or too many spines, is no kern, or contradicts another in time.
    """

    def __init__(self, text: str) -> None:
        self._columns: list[_Column] = []
        self._first: list[KernPart] = []
        self._added: list[KernPart] = []
        self._spines = 0
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
            self._place = f"line {number}"
            if line.strip() and not line.startswith("!!"):
                try:
                    self._line(line.split("\t"))
                except DataError as error:
                    raise DataError(f"{self._place}: {error}") from None
        for part in self.parts:
            part.close_bar()
        if not self.parts:
            raise DataError("expected a spine **kern, received none")

    @property
    def parts(self) -> list[KernPart]:
        """The parts: those of the first line from the right, then those that were added later."""
        return [*reversed(self._first), *self._added]

    def _line(self, tokens: list[str]) -> None:
        if len(tokens) > _MOST_SPINES:
            raise DataError(f"expected at most {_MOST_SPINES} spines, received {len(tokens):,}")
        if not self._columns:
            self._open(tokens)
            return
        if len(tokens) != len(self._columns):
            raise DataError(f"expected {len(self._columns)} spines with tabs between, received {len(tokens)}")
        if len({token[:1] if token[:1] in _KINDS else "" for token in tokens}) > 1:
            raise DataError(
                "expected notes, interpretations (*), bar lines (=) or comments (!), received several"
            )
        if tokens[0].startswith("*"):
            self._interpret(tokens)
        elif tokens[0].startswith("="):
            self._bar(tokens)
        elif not tokens[0].startswith("!"):
            self._data(tokens)

    def _open(self, tokens: Sequence[str]) -> None:
        """Take the line that says what each spine is."""
        if self._spines:
            raise DataError("the spines have ended; expected one piece in a file")
        if not all(re.fullmatch(r"\*\*\S+", token) for token in tokens):
            raise DataError(f"expected spines such as **kern with tabs between, received {tokens[0][:40]!r}")
        for token in tokens:
            part = KernPart() if token == "**kern" else None
            self._first += [part] if part else []
            self._columns.append(_Column(self._spines, part))
            self._spines += 1

    def _interpret(self, tokens: Sequence[str]) -> None:
        """Go through a line of interpretations, of which some make spines of others."""
        exchanged = [index for index, token in enumerate(tokens) if token == "*x"]
        if len(exchanged) % 2:
            raise DataError("expected *x in two spines, which change places")
        before, tokens = list(self._columns), list(tokens)
        for first, second in zip(exchanged[::2], exchanged[1::2], strict=True):
            before[first], before[second] = before[second], before[first]
        self._columns = []
        index = 0
        while index < len(tokens):
            joined = self._joined(before, tokens, index) if tokens[index] == "*v" else 1
            following = before[index + joined :]
            self._columns += self._become(before[index : index + joined], tokens[index], following)
            index += joined

    @staticmethod
    def _joined(columns: Sequence[_Column], tokens: Sequence[str], index: int) -> int:
        """How many sub-spines of one spine are joined from an index on."""
        end = index
        while end < len(tokens) and tokens[end] == "*v" and columns[end].spine == columns[index].spine:
            end += 1
        if end - index < 2:
            raise DataError("expected *v in neighbouring sub-spines of one spine, which become one")
        return end - index

    def _become(
        self, columns: Sequence[_Column], token: str, following: Sequence[_Column]
    ) -> Iterator[_Column]:
        """What comes of a spine, or of several that are joined."""
        column = columns[0]
        match token:
            case "*^":
                used = {each.voice for each in (*self._columns, *following) if each.spine == column.spine} | {
                    column.voice
                }
                free = next(voice for voice in range(1, len(used) + 2) if voice not in used)
                half = replace(column, knows="nothing" if column.knows == "nothing" else "before_split")
                yield half
                yield replace(half, voice=free)
            case "*v":
                known = [each for each in columns if each.knows != "nothing"]
                last = max(known, key=lambda each: each.end, default=column)
                yield replace(last, voice=min(each.voice for each in columns))
            case "*+":
                yield column
                yield _Column(self._spines, None, knows="nothing", is_new=True)
                self._spines += 1
            case "*-":
                return
            case _:
                yield self._told(column, token)

    def _told(self, column: _Column, token: str) -> _Column:
        """A spine after an interpretation that leaves it one spine."""
        if column.is_new and token.startswith("**"):
            part = KernPart() if token == "**kern" else None
            self._added += [part] if part else []
            return replace(column, part=part, is_new=False)
        if token.startswith("**") and (token == "**kern") != (column.part is not None):
            raise DataError(
                f"a spine becomes {token[:40]}; expected it to stay what it is, or to end with *-"
            )
        if column.part is not None and token != "*":
            column.part.said.append(token)
        return replace(column, is_cue=token == "*cue") if token in {"*cue", "*Xcue"} else column

    def _bar(self, tokens: Sequence[str]) -> None:
        seen: set[int] = set()
        for column, token in zip(self._columns, tokens, strict=True):
            if column.part is not None and column.spine not in seen:
                seen.add(column.spine)
                column.part.close_bar()
                column.part.left_out["repeats"] += ":|" in token or ":!" in token

    def _data(self, tokens: Sequence[str]) -> None:
        """Take the notes of a line, which begin together."""
        if any(column.is_new for column in self._columns):
            raise DataError("a new spine (*+) has no kind; expected a line with **kern for it")
        chords: list[tuple[Tone, ...]] = []
        for column, token in zip(self._columns, tokens, strict=True):
            tones, kind, count = ((), "", 0) if column.part is None or token == "." else _chord(token)
            chords.append(tones)
            if kind and column.part is not None:
                column.part.left_out[kind] += count
        timed = [column for column, chord in zip(self._columns, chords, strict=True) if chord]
        if not timed:
            return
        begin = _begin(timed)
        self._columns = [
            _placed(column, chord, begin, self._place)
            for column, chord in zip(self._columns, chords, strict=True)
        ]


def _begin(columns: Sequence[_Column]) -> Fraction:
    """When a line begins whose notes stand in these sub-spines.

    Raises:
        DataError: they contradict each other, or none of them knows.
    """
    for knowing in ("itself", "before_split"):
        times = {column.end for column in columns if column.knows == knowing}
        if len(times) > 1:
            quarters = " and ".join(f"{float(4 * time):g}" for time in sorted(times))
            raise DataError(
                f"its notes begin at different times, {quarters} quarter notes after the start; correct the"
                " lengths in the spines before it"
            )
        if times:
            return times.pop()
    raise DataError("its time cannot be told, since its spines were silent before; write rests in them")


def _placed(column: _Column, chord: Sequence[Tone], begin: Fraction, place: str) -> _Column:
    """A sub-spine after a line; its part takes the tones that begin there."""
    if column.part is None:
        return column
    if not chord:
        return replace(column, knows="itself" if column.end > begin else "nothing")
    end = checked_time(begin + max(tone.length for tone in chord))
    column.part.end = max(column.part.end, end)
    if column.is_cue:
        column.part.left_out["cue notes"] += sum(tone.pitch is not None for tone in chord)
    else:
        column.part.tones += [
            SubTone(column.voice, replace(tone, begin=begin, place=place)) for tone in chord
        ]
    return replace(column, end=end, knows="itself")


@lru_cache(maxsize=4096)
def _chord(token: str) -> tuple[tuple[Tone, ...], str, int]:
    """The tones of a token at time 0, and how many notes of a kind are left out of it.

    There are none for a grace note, which takes no time.

    Raises:
        DataError: it is no note and no rest.
    """
    notes = token.split()
    if "q" in token.lower():
        return (), "grace notes", len(notes)
    if not notes:
        raise DataError("expected a note, a rest or '.' in each spine, received nothing")
    tones: list[Tone] = []
    unpitched = 0
    length = None
    for note in notes:
        length = _length(note, length)
        found = _PITCH.findall(note)
        is_unpitched = not found and "R" in note
        unpitched += is_unpitched
        if "r" in note or is_unpitched:
            tones.append(Tone(Fraction(0), length, None, ""))
            continue
        if len(found) != 1:
            raise DataError(f"expected a note such as 4c or a rest such as 4r, received {note[:40]!r}")
        letters, letter, mark = found[0]
        octave = len(letters) - 1 if letter.islower() else -len(letters)
        alteration = len(mark.replace("n", "")) * (-1 if "-" in mark else 1)
        try:
            pitch = sounding_pitch(letter.lower(), alteration, octave, steps=0, semitones=0)
        except DataError as error:
            raise DataError(f"{note[:40]!r}: {error}") from None
        ties = {mark for mark in "[_]" if mark in note}
        tones.append(Tone(Fraction(0), length, pitch, "", bool(ties & {"[", "_"}), bool(ties & {"_", "]"})))
    sounding = [tone for tone in tones if tone.pitch is not None]
    return tuple(sounding or tones), "unpitched notes" * bool(unpitched), unpitched


def _length(note: str, before: Fraction | None) -> Fraction:
    """The length of a note in whole notes; within a chord that of the note before it, if it says none.

    Raises:
        DataError: it says none, or one that is none.
    """
    found = _LENGTH.search(note)
    if found is None:
        if before is None:
            raise DataError(f"expected a length such as 4 in a note, received {note[:40]!r}")
        return before
    number, parts = found[1], found[2] or "1"
    dots = note.count(".")
    if len(number) > _MOST_DIGITS or len(parts) > _MOST_DIGITS or dots > _MOST_DOTS or not int(parts):
        raise DataError(f"expected a length such as 4 in a note, received {note[:40]!r}")
    if set(number) == {"0"}:
        plain = Fraction(2 ** len(number)) * int(parts)  # 0 is a breve, 00 a long
    else:
        plain = Fraction(int(parts), int(number))
    return plain * (2 - Fraction(1, 2**dots))
