"""Music as other programs read it: abc2midi, music21, verovio and mido."""

import base64
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import mido
import music21
import verovio

Sounds = list[tuple[Fraction, Fraction, int]]
"""(begin, end, MIDI number) of each sound; times are in quarter notes."""

CLOSE = Fraction(1, 40)
"""Tolerance in quarter notes: a rounded tick and a late tick of abc2midi; less than a 128th note."""

_FIELD = re.compile(r"\s*([A-Za-z]):(?![|:])")
_INLINE = re.compile(r"(\[[A-Za-z]:[^\]]*\])")
_PLAYED = "KLMXV"
"""Fields that change the sounding notes; the others are removed before abc2midi reads a tune."""


def equal(first: Sounds, second: Sounds) -> bool:
    """Return whether two pieces sound alike: pitches, begins and ends."""
    ordered = [sorted(each, key=lambda sound: (round(sound[0] * 48), sound[2])) for each in (first, second)]
    return len(first) == len(second) and all(
        a[2] == b[2] and abs(a[0] - b[0]) < CLOSE and abs(a[1] - b[1]) < CLOSE
        for a, b in zip(*ordered, strict=True)
    )


def of_midi(data: bytes) -> Sounds:
    """Return the sounds of a MIDI file as mido reads it."""
    file = mido.MidiFile(file=BytesIO(data))
    return sorted(sound for track in file.tracks for sound in _of_track(track, file.ticks_per_beat))


def of_abc2midi(text: str) -> Sounds:
    """Return the sounds of the first voice of a tune in ABC, as abc2midi plays them, without grace notes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.abc").write_text(text + "\n\n", encoding="utf-8")
        command = ["abc2midi", "a.abc", "-o", "a.mid", "-NGRA", "-NGUI", "-NFER"]
        subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)
        written = Path(folder, "a.mid")
        if not written.exists():
            return []
        file = mido.MidiFile(written)
    voices = [sorted(_of_track(track, file.ticks_per_beat)) for track in file.tracks]
    return next((voice for voice in voices if voice), [])


def as_written(text: str) -> str:
    """Return a tune in ABC without the signs that make abc2midi play other notes than the written ones.

    Repeats and endings become bar lines; decorations, chord symbols, parts and words go. The pitches of a
    chord are struck at once.
    """
    lines = [plain for line in text.splitlines() if (plain := _plain(line)).strip()]
    number = next(index for index, line in enumerate(lines) if line.lstrip().startswith("X:"))
    return "\n".join([*lines[: number + 1], "%%MIDI chordattack 0", *lines[number + 1 :]])


def of_music21(data: bytes, form: str) -> Sounds:
    """Return the sounds of the first part of a score, as music21 reads it.

    Args:
        data: content of the file.
        form: `abc`, `humdrum` or `musicxml`.
    """
    text = ("%abc-2.1\n" if form == "abc" else "") + data.decode()
    score: Any = music21.converter.parseData(text, format=form)
    part = (list(score.parts) or [score])[0]
    found: Sounds = []
    held: dict[int, Fraction] = {}
    for element in part.flatten().notes:
        begin = _quarters(element.offset)
        end = begin + _quarters(element.quarterLength)
        for note in element.notes if element.isChord else [element]:
            kind = note.tie.type if note.tie else ""
            pitch = note.pitch.midi
            since = held.pop(pitch, begin) if kind in {"stop", "continue"} else begin
            if kind in {"start", "continue"}:
                held[pitch] = since
            else:
                found.append((since, end, pitch))
    return sorted(found)


def of_verovio(data: bytes, form: str) -> Sounds:
    """Return the sounds of a score, as verovio plays it.

    Args:
        data: content of the file.
        form: `humdrum`, `musicxml` or `mei`.
    """
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"inputFrom": form})
    assert toolkit.loadData(data.decode())
    return of_midi(base64.b64decode(toolkit.renderToMIDI()))


def _of_track(track: Sequence[Any], ticks: int) -> Sounds:
    """Return the sounds of a track; of two sounds of one pitch, the earlier one ends first."""
    found: Sounds = []
    struck: defaultdict[int, list[int]] = defaultdict(list)
    now = 0
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            struck[message.note].append(now)
        elif message.type in {"note_on", "note_off"} and struck[message.note]:
            begin = struck[message.note].pop(0)
            found.append((Fraction(begin, ticks), Fraction(now, ticks), message.note))
    return found


def _plain(line: str) -> str:
    """Return a line of a tune without the signs that do not change the written notes."""
    if line.lstrip().startswith("%"):
        return line
    if field := _FIELD.match(line):
        return line if field[1] in _PLAYED else ""
    line = re.sub(r'"[^"]*"', "", line)
    parts = _INLINE.split(line)
    return "".join(
        (part if part[1] in _PLAYED else "") if number % 2 else _plain_music(part)
        for number, part in enumerate(parts)
    )


def _plain_music(text: str) -> str:
    text = re.sub(r"(\||\[)\s*[0-9]+(?:[,-][0-9]+)*\.?", lambda found: found[1].strip("["), text)
    text = re.sub(r"(?:\[\||:*\|[|:\]]*|::)", "|", text)
    text = re.sub(r"![^!|\s]+!", "", text)
    return re.sub(r"[.~H-Wh-w!]", "", text)


def _quarters(length: Any) -> Fraction:
    return Fraction(length).limit_denominator(10_000)
