"""The scripts of the page that plays, in node: their own tests, and the MIDI files that they write."""

import io
import json
import re
import subprocess
from fractions import Fraction

import mido
import pytest

from rnnlab.music.melody import Reading
from rnnlab.music.meter import parse_meter
from rnnlab.music.midi import read_midi, write_midi
from rnnlab.music.notation import parse_token
from rnnlab.music.tune import Tune
from tests.needs import ROOT, needs

PIECES = {
    "song": "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4",
    "ties": "c4~ c8 d8~ d8 <c e>4~ <c e>8 r4 g,2",
    "rests": "r8 r4 c8 r4 r8",
    "triplets": "c8*2/3 d8*2/3 e8*2/3 <c e g>4. bes,16 cis'''1",
}


@needs("node")
def test_the_tests_of_the_modules():
    """`node --test` passes on every module of the page that needs no browser."""
    files = sorted(map(str, (ROOT / "tests/exports/page").glob("*.test.js")))

    done = subprocess.run(
        ["node", "--test", *files], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.parametrize("piece", PIECES)
@needs("node")
def test_a_midi_file(piece):
    """The page's MIDI file has the notes of rnnlab's own, and rnnlab reads it again as the same tokens."""
    notes = tuple(parse_token(token) for token in _tokens(PIECES[piece]))
    sounds = [
        {
            "pitches": [pitch.midi for pitch in note.pitches],
            "quarters": float(4 * note.duration),
            "tied": note.tied,
        }
        for note in notes
    ]

    data = _midi_of(sounds, {"tempo": 96, "meter": "3/4", "name": "piece"})

    own = write_midi(Tune("piece", notes, tempo=96, meter=parse_meter("3/4")))
    assert _strikes(data) == _strikes(own)
    read = read_midi(data, name="piece", reading=Reading())
    assert (read.notes, read.tempo, str(read.meter)) == (notes, 96, str(parse_meter("3/4")))


def _tokens(text):
    return re.findall(r"<[^>]*>\S*|\S+", text)


def _midi_of(sounds, settings):
    module = (ROOT / "rnnlab/exports/page/midi.js").as_uri()
    script = f"""
        import {{midiOf}} from {json.dumps(module)};
        process.stdout.write(midiOf({json.dumps(sounds)}, {json.dumps(settings)}));
    """
    command = ["node", "--input-type=module", "--eval", script]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def _strikes(data):
    """The notes of a MIDI file as (begin, end, pitch), times in quarter notes, by mido."""
    file = mido.MidiFile(file=io.BytesIO(data))
    (track,) = file.tracks
    now, begun, found = 0, {}, []
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            begun[message.note] = now
        elif message.type in {"note_on", "note_off"}:
            found.append((begun.pop(message.note), now, message.note))
    assert not begun
    return sorted(
        (Fraction(a, file.ticks_per_beat), Fraction(b, file.ticks_per_beat), c) for a, b, c in found
    )
