"""The spines of a kern file, followed line by line through splits, joins, exchanges and new spines.

Kern gives the lengths of notes but no times. A line begins when the last notes end in the sub-spines that
have a note on the line. Different times are an error. A sub-spine that was silent before gives no time. The
half of a split spine that has had no note of its own yet gives the end of the spine before the split; this
time counts only if no other sub-spine with a note on the line gives a time.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from rnnlab.errors import DataError
from rnnlab.music.voice import ScorePart, Tone, checked_time, sounding_pitch

_PITCH = re.compile(r"(([a-gA-G])\2*)(#+|-+|n)?")
_LENGTH = re.compile(r"([0-9]+)(?:%([0-9]+))?")
_KINDS = ("*", "=", "!")
_MOST_DIGITS, _MOST_DOTS, _MOST_SPINES = 4, 4, 200


@dataclass
class KernPart(ScorePart):
    """A `**kern` spine with its sub-spines; times are in whole notes.

    Attributes:
        tones_of: number of a sub-spine, from 1 → its notes and rests in the order of the lines.
        interpretations: tandem interpretations such as `*M3/4`, in order.
    """

    tones_of: defaultdict[int, list[Tone]] = field(default_factory=lambda: defaultdict(list))
    interpretations: list[str] = field(default_factory=list)
    _bar: Fraction = Fraction(0)  # time of the last bar line

    def voices(self) -> Mapping[str, int]:
        """Return the number of notes of each sub-spine that has notes."""
        counts = {
            number: sum(tone.pitch is not None for tone in self.tones_of[number])
            for number in sorted(self.tones_of)
        }
        return {str(number): count for number, count in counts.items() if count}

    def tones(self, voice: str) -> list[Tone]:
        """Return the notes and rests of a sub-spine."""
        return self.tones_of[int(voice)]

    def close_bar(self) -> None:
        """Append the time since the last bar line to `bars`, unless it is 0."""
        if self.end > self._bar:
            self.bars.append(self.end - self._bar)
            self._bar = self.end


@dataclass(frozen=True)
class _Column:
    """State of a spine or sub-spine between two lines.

    Attributes:
        spine: number of the spine; sub-spines have the number of the spine that they were split from.
        part: None for a spine of another kind than kern, and for a new spine whose kind is not known yet.
        voice: number among the sub-spines of the spine, from 1.
        end: time at which its last note or rest ends, in whole notes.
        knows: origin of the time. `itself`: `end` is the end of a note or rest of its own, or the start of
            the piece. `before_split`: `end` comes from the spine that it was split from. `nothing`: the time
            is unknown, because the sub-spine is new or has been silent since `end`.
        is_cue: whether its notes are cue notes.
        is_new: whether the next line names its kind.
    """

    spine: int
    part: KernPart | None
    voice: int = 1
    end: Fraction = Fraction(0)
    knows: Literal["itself", "before_split", "nothing"] = "itself"
    is_cue: bool = False
    is_new: bool = False


class Spines:
    """The parts of a kern text, which is read on construction.

    Raises:
        DataError: a line is not correct kern, its notes begin at different or unknown times, or there is no
            `**kern`.
    """

    def __init__(self, text: str) -> None:
        self._columns: list[_Column] = []
        self._first: list[KernPart] = []
        self._added: list[KernPart] = []
        self._spines = 0  # number of spines so far
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
        """The parts of the first line from right to left, then the parts that `*+` added."""
        return [*reversed(self._first), *self._added]

    def _line(self, tokens: list[str]) -> None:
        """Read a line, which has one token for each spine and sub-spine; skip comments."""
        if len(tokens) > _MOST_SPINES:
            raise DataError(f"expected at most {_MOST_SPINES} spines, received {len(tokens):,}")
        if not self._columns:
            self._open(tokens)
            return
        if len(tokens) != len(self._columns):
            raise DataError(f"expected {len(self._columns)} spines with tabs between, received {len(tokens)}")
        if len({token[:1] if token[:1] in _KINDS else "" for token in tokens}) > 1:
            raise DataError(
                "expected one kind of token on a line: notes, interpretations (*), bar lines (=) or"
                " comments (!); received several kinds"
            )
        if tokens[0].startswith("*"):
            self._interpret(tokens)
        elif tokens[0].startswith("="):
            self._bar(tokens)
        elif not tokens[0].startswith("!"):
            self._data(tokens)

    def _open(self, tokens: Sequence[str]) -> None:
        """Open one spine for each token of the first line; the token names the kind of the spine."""
        if self._spines:
            raise DataError(
                "the spines have ended; expected one piece in a file; write each piece to its own file"
            )
        if not all(re.fullmatch(r"\*\*\S+", token) for token in tokens):
            raise DataError(f"expected spines such as **kern with tabs between, received {tokens[0][:40]!r}")
        for token in tokens:
            part = KernPart() if token == "**kern" else None
            self._first += [part] if part else []
            self._columns.append(_Column(self._spines, part))
            self._spines += 1

    def _interpret(self, tokens: Sequence[str]) -> None:
        """Read a line of interpretations, which may split, join, exchange, add or end spines."""
        exchanged = [index for index, token in enumerate(tokens) if token == "*x"]
        if len(exchanged) % 2:
            raise DataError(
                "expected *x in two spines that exchange places, received *x in an odd number of spines"
            )
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
        """Return how many neighbouring sub-spines a join (`*v`) makes one, from `index` on."""
        end = index
        while end < len(tokens) and tokens[end] == "*v" and columns[end].spine == columns[index].spine:
            end += 1
        if end - index < 2:
            raise DataError(
                "expected *v in neighbouring sub-spines of one spine, received *v in one sub-spine"
            )
        return end - index

    def _become(
        self, columns: Sequence[_Column], token: str, following: Sequence[_Column]
    ) -> Iterator[_Column]:
        """Yield the sub-spines that replace one sub-spine, or several joined ones, after `token`."""
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
                yield self._after_interpretation(column, token)

    def _after_interpretation(self, column: _Column, token: str) -> _Column:
        """Return a spine after an interpretation that does not change the number of spines."""
        if column.is_new and token.startswith("**"):
            part = KernPart() if token == "**kern" else None
            self._added += [part] if part else []
            return replace(column, part=part, is_new=False)
        if token.startswith("**") and (token == "**kern") != (column.part is not None):
            raise DataError(
                f"a spine changes its kind to {token[:40]}; expected the same kind, or *- to end the spine"
            )
        if column.part is not None and token != "*":
            column.part.interpretations.append(token)
        return replace(column, is_cue=token == "*cue") if token in {"*cue", "*Xcue"} else column

    def _bar(self, tokens: Sequence[str]) -> None:
        """Read a line of bar lines: end the bar of each part, and count repeat signs once per spine."""
        seen: set[int] = set()
        for column, token in zip(self._columns, tokens, strict=True):
            if column.part is not None and column.spine not in seen:
                seen.add(column.spine)
                column.part.close_bar()
                column.part.left_out["repeats"] += ":|" in token or ":!" in token

    def _data(self, tokens: Sequence[str]) -> None:
        """Read a line of notes and rests, which all begin at the same time."""
        if any(column.is_new for column in self._columns):
            raise DataError("a new spine (*+) has no kind; expected **kern or another kind on the next line")
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
    """Return the time, in whole notes, at which a line begins; `columns` have a note or rest on the line.

    Raises:
        DataError: the sub-spines give different times, or none of them gives one.
    """
    for knowing in ("itself", "before_split"):
        times = {column.end for column in columns if column.knows == knowing}
        if len(times) > 1:
            quarters = " and ".join(f"{float(4 * time):g}" for time in sorted(times))
            raise DataError(
                f"the notes of this line begin at different times, {quarters} quarter notes after the start;"
                " correct the lengths of the notes before this line"
            )
        if times:
            return times.pop()
    raise DataError(
        "the time of this line is unknown, because its spines are silent before it; write rests in the spines"
    )


def _placed(column: _Column, chord: Sequence[Tone], begin: Fraction, place: str) -> _Column:
    """Return a sub-spine after a line; add its tones to its part, or count them if they are cue notes."""
    if column.part is None:
        return column
    if not chord:
        return replace(column, knows="itself" if column.end > begin else "nothing")
    end = checked_time(begin + max(tone.length for tone in chord))
    column.part.end = max(column.part.end, end)
    if column.is_cue:
        column.part.left_out["cue notes"] += sum(tone.pitch is not None for tone in chord)
    else:
        column.part.tones_of[column.voice] += [replace(tone, begin=begin, place=place) for tone in chord]
    return replace(column, end=end, knows="itself")


@lru_cache(maxsize=4096)
def _chord(token: str) -> tuple[tuple[Tone, ...], str, int]:
    """Return the tones of a token at time 0, and the kind and number of its notes that are left out.

    A token with a grace note gives no tones.

    Raises:
        DataError: a word of the token is neither a note nor a rest.
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
    """Return the length of a note in whole notes.

    Args:
        note: text of the note.
        before: length of the note before it in the chord, used if the note has no length; None for none.

    Raises:
        DataError: the note has no length, or a wrong one.
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
