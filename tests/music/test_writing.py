"""Which extension is written by what."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.tune import Tune, parse_tune
from rnnlab.music.writing import WRITTEN, written

TUNE = parse_tune("c4 <c e>8*2/3 r2 % tempo 96", name="a")

BEGINNINGS = {
    ".notes": b"c4 <c e>8*2/3 r2 % tempo 96\n",
    ".txt": b"c4 <c e>8*2/3 r2 % tempo 96\n",
    ".mid": b"MThd",
    ".midi": b"MThd",
    ".ly": b"\\version",
    ".svg": b"<svg ",
    ".png": b"\x89PNG\r\n",
    ".wav": b"RIFF",
    ".abc": b"X:1\n",
    ".krn": b"**kern\n",
}


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_each_extension_has_its_format(suffix):
    """By how its files begin."""
    assert written([TUNE], suffix).startswith(BEGINNINGS[suffix])


def test_every_extension_is_listed():
    """MusicXML needs music21, which is no part of what tests have."""
    assert {*BEGINNINGS, ".musicxml", ".xml"} == set(WRITTEN)


@pytest.mark.parametrize("suffix", [suffix for suffix in WRITTEN if suffix not in {".notes", ".txt"}])
def test_only_note_text_holds_several_tunes_or_none(suffix):
    """Any other format is of one."""
    with pytest.raises(DataError, match=f"^2 tunes, and a {suffix} file holds one; write them to a .notes"):
        written([TUNE, TUNE], suffix)
    with pytest.raises(DataError, match=r"^b: expected at least one note, received none$"):
        written([Tune("b", ())], suffix)


def test_a_tempo_that_is_given_overrules_the_tunes():
    """In every format that says it."""
    assert b"tempo 60" in written([TUNE], ".svg", tempo=60)
    assert b"tempo 4 = 60" in written([TUNE], ".ly", tempo=60)
    assert len(written([TUNE], ".wav", tempo=60)) > len(written([TUNE], ".wav"))
