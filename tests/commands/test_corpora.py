"""Folders of music from the command line: described, measured, moved and augmented."""

import json
from pathlib import Path

import mido
import pytest

from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune
from tests.trained import run_of

PAGE = """
dataset:
  kind: notes
  path: tunes
  window: 2
  transpose: c
  augment: {semitones: -1..1}
  split: {kind: sequences, validation: 0.34, shuffle: false}
model: {kind: lstm, units: 2}
training: {batch_size: 1}
"""

C_MAJOR = "c4 d4 e4 f4 g4 g4 a4 b4 c'4 g4 e4 c4"
D_MAJOR = "d4 e4 fis4 g4 a4 a4 b4 cis'4 d'4 a4 fis4 d4"


@pytest.fixture
def tunes(rnnlab):
    """Three tunes, of which one is in another key, and a file that is none."""
    Path("tunes").mkdir()
    for name, text in (("a", C_MAJOR), ("b", D_MAJOR), ("d", D_MAJOR)):
        Path(f"tunes/{name}.mid").write_bytes(write_midi(parse_tune(text, name=name)))
    Path("tunes/c.mid").write_bytes(b"MThd")


@pytest.mark.usefixtures("tunes")
def test_describe_shows_what_was_left_out_moved_and_copied(rnnlab):
    """The parts are of the data as it is; the copies are said beside them."""
    Path("page.yaml").write_text(PAGE)

    lines = " ".join(rnnlab("describe", "page.yaml").stdout.split())
    described = json.loads(rnnlab("describe", "page.yaml", "--json").stdout)["dataset"]

    assert "36 notes from" in lines
    assert "parts train 24 tokens, validation 12 tokens" in lines
    left_out, moved, equal, copied = described["notes"][1:]
    assert "sequences of the validation part that are also in the train part: 1 of 1" in equal
    assert "c.mid: not a MIDI file" in left_out
    assert moved == "each sequence is moved to the tonic c, by semitones: 2 by -2, 1 by 0"
    assert copied == (
        "train is read with 2 transposed copies of it, by -1, +1 semitone: 72 tokens instead of 24"
    )
    assert all(note in lines for note in (moved, copied))
    assert described["splits"] == {"train": {"tokens": 24}, "validation": {"tokens": 12}}


@pytest.mark.usefixtures("tunes")
def test_evaluate_moves_what_it_measures_and_copies_nothing(rnnlab):
    """Its own data, and any file; what was left out is said on stderr."""
    run_of(PAGE)
    Path("e.notes").write_text(D_MAJOR.replace("fis", "ges"))

    own = rnnlab("evaluate", "--json")
    train = rnnlab("evaluate", "--split", "train", "--json")
    other = rnnlab("evaluate", "--data", "e.notes", "--json")
    folder = rnnlab("evaluate", "--data", "tunes", "--json")

    assert json.loads(own.stdout)["tokens"] == 11
    assert json.loads(train.stdout)["tokens"] == 22
    assert json.loads(other.stdout)["loss"] == pytest.approx(json.loads(own.stdout)["loss"])
    assert json.loads(own.stdout)["baselines"]["transposed_copies"] == 0
    assert "counted on the training part without its transposed copies" in " ".join(
        rnnlab("evaluate").stdout.split()
    )
    for answer in (own, folder):
        assert "c.mid: not a MIDI file" in answer.stderr
        assert "moved to the tonic c" in answer.stderr


TWO_HANDS = """dataset: {kind: notes, path: tunes, window: 2}
model: {kind: lstm, units: 2}
training: {batch_size: 1}
"""


def two_hands(path):
    """MIDI from elsewhere: a melody with a bass, drums, a pitch bend, a note without length, two tempi."""
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    conductor = [mido.MetaMessage("set_tempo", tempo=500_000), mido.MetaMessage("set_tempo", tempo=400_000)]
    melody = [mido.Message("pitchwheel", pitch=100)]
    for pitch in (60, 62, 64, 65, 67):
        melody += [mido.Message("note_on", note=pitch), mido.Message("note_off", note=pitch, time=480)]
    melody += [mido.Message("note_on", note=60), mido.Message("note_off", note=60)]
    bass = [mido.Message("note_on", note=36), mido.Message("note_off", note=36, time=480)]
    drums = [each.copy(channel=9) for each in bass]
    file.tracks += [mido.MidiTrack(messages) for messages in (conductor, melody, bass, drums)]
    file.save(path)


KINDS = {
    "notes below others": 2,
    "notes without length": 2,
    "notes of percussion": 2,
    "pitch bends": 2,
    "later tempi": 2,
}
SENTENCE = (
    "left out of 2 files: 2 notes below others, 2 notes without length, 2 notes of percussion, 2 pitch bends,"
    " 2 later tempi"
)


def test_what_was_left_out_of_a_folder_is_one_sentence_on_every_path(rnnlab):
    """By kind, summed over the files; with --json the counts stand beside the sentence."""
    Path("tunes").mkdir()
    for name in ("a", "b"):
        two_hands(f"tunes/{name}.mid")
    Path("page.yaml").write_text(TWO_HANDS)
    run_of(TWO_HANDS)

    described = rnnlab("describe", "page.yaml")
    as_json = json.loads(rnnlab("describe", "page.yaml", "--json").stdout)["dataset"]
    evaluated = rnnlab("evaluate", "--data", "tunes", "--json")
    per_token = rnnlab("evaluate", "--per-token", "--json")
    new = rnnlab("new", "tunes", "--output", "new.yaml")
    converted = rnnlab("convert", "tunes", "out.notes")

    assert SENTENCE in " ".join(described.stdout.split())
    for answer in (evaluated, per_token, new):
        assert SENTENCE in " ".join(answer.stderr.split())
    for found in (as_json, json.loads(evaluated.stdout), json.loads(per_token.stdout)):
        assert found["left_out"] == KINDS
        assert SENTENCE in found["notes"]
    assert all(f"2 {kind} left out" in converted.stderr for kind in KINDS)


def test_a_file_whose_notes_are_all_read_is_no_matter_for_a_sentence(rnnlab):
    """And the mapping is empty."""
    Path("tunes").mkdir()
    Path("tunes/a.mid").write_bytes(write_midi(parse_tune(C_MAJOR, name="a")))
    Path("page.yaml").write_text(TWO_HANDS)

    described = json.loads(rnnlab("describe", "page.yaml", "--json").stdout)["dataset"]

    assert described["left_out"] == {}
    assert not any("left out" in note for note in described["notes"])
