"""Files that rnnlab writes, read by other programs: the same pitches, begins and ends."""

import pytest

from rnnlab.music.files import written
from rnnlab.music.score import mei_of
from tests.music.drawn_tunes import drawn_tune
from tests.music.others import as_written, equal, of_abc2midi, of_midi, of_music21, of_verovio
from tests.music.sounding import sounds
from tests.needs import needs

CHUNK = 25
CHUNKS = pytest.mark.parametrize("first", range(0, 300, CHUNK))
"""300 tunes in every format."""

MISREAD_BY_MUSIC21 = (158,)
"""Random seeds. After `=F,2 [^Fcb]` music21 reads the next F as natural; abc2midi reads it as sharp."""


def different(first, read):
    """The random seeds of the tunes whose sounds the other program reads differently."""
    seeds = range(first, first + CHUNK)
    return [seed for seed in seeds if not equal(read(drawn_tune(seed)), sounds(drawn_tune(seed)))]


@needs("abc2midi")
@CHUNKS
def test_abc_is_read_by_abc2midi(first):
    """The tunes have tuplets, ties across bar lines, chords, accidentals in every key and pick-ups."""
    assert not different(first, lambda tune: of_abc2midi(as_written(written([tune], ".abc").decode())))


@CHUNKS
def test_abc_is_read_by_music21(first):
    """Tunes with a tied chord are skipped here: music21 cannot read it in ABC, but abc2midi can."""

    def read(tune):
        is_known = not any(note.tied and len(note.pitches) > 1 for note in tune.notes)
        return of_music21(written([tune], ".abc"), "abc") if is_known else sounds(tune)

    assert different(first, read) == [seed for seed in MISREAD_BY_MUSIC21 if first <= seed < first + CHUNK]


@CHUNKS
def test_midi_is_read_by_mido(first):
    """The times of the MIDI file are exact."""
    assert not different(first, lambda tune: of_midi(written([tune], ".mid")))


@pytest.mark.parametrize("reader", [of_music21, of_verovio])
@pytest.mark.parametrize(("suffix", "form"), [(".krn", "humdrum"), (".musicxml", "musicxml")])
@CHUNKS
def test_kern_and_musicxml_are_read_by_music21_and_verovio(first, suffix, form, reader):
    """Each of the two formats is read by both programs."""
    assert not different(first, lambda tune: reader(written([tune], suffix), form))


@CHUNKS
def test_scores_sound_as_they_are_drawn(first):
    """Verovio plays the MEI of each tune as the tune sounds."""
    assert not different(first, lambda tune: of_verovio(mei_of(tune), "mei"))
