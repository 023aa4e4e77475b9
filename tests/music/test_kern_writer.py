"""What is written in kern, and that it comes back."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.kern import read_kern
from rnnlab.music.kern_writer import write_kern
from rnnlab.music.reading import Reading
from rnnlab.music.tune import parse_tune, tune_text
from tests.music.drawn_tunes import TUNE, drawn_tune, notes_without_metre
from tests.music.sounding import sounds


def reread(data):
    """The one tune of what was written."""
    (tune,) = read_kern(data, name="a", reading=Reading(polyphony="chords"))
    assert not isinstance(tune, DataError), tune
    return tune


def test_kern_has_an_event_a_line():
    """Lengths are reciprocals; a tie is opened and closed."""
    assert write_kern(TUNE).decode().split("\n") == [
        "**kern", "*MM96", "4c", "8.cc#", "12D-", "2r", "[4c 4e##", "8%5c] 8%5g", "2ccc", "8BB--", "*-", "",
    ]  # fmt: skip
    assert tune_text(reread(write_kern(TUNE))) == tune_text(TUNE)


@pytest.mark.parametrize("random_seed", range(20))
def test_notes_come_back_to_the_token_without_a_metre(random_seed):
    """Spelling, ties, tuplets, chords and the tempo."""
    tune = notes_without_metre(random_seed)

    assert tune_text(reread(write_kern(tune))) == tune_text(tune)


def test_with_a_metre_it_has_bar_lines():
    """Notes are divided there; the key has its signature and its tonic."""
    tune = parse_tune("c8 d4. % meter 2/8, key es major", name="a")

    assert write_kern(tune).decode().split("\n") == [
        "**kern", "*M2/8", "*k[b-e-a-]", "*E-:", "=1", "8c", "[8d", "=2", "4d]", "==", "*-", "",
    ]  # fmt: skip


@pytest.mark.parametrize("random_seed", range(60))
def test_tunes_sound_as_they_did(random_seed):
    """And have their metre, key, tempo and pick-up."""
    tune = drawn_tune(random_seed)

    back = reread(write_kern(tune))

    assert sounds(back) == sounds(tune)
    assert (back.meter, back.key, back.tempo, back.pickup) == (tune.meter, tune.key, tune.tempo, tune.pickup)
