"""Notes as tokens."""

import pytest

from rnnlab.datasets.notes import Notes
from rnnlab.errors import DataError


def test_notes_are_ordered_longest_first_and_low_before_high():
    """Every note that occurs, once, in its one spelling."""
    texts = [("one", "g8 e8 r4 | c8*3"), ("two", "es8 c4. ees8 g8 % c1")]

    assert Notes().distinct(texts) == ("c4.", "r4", "ees8", "e8", "g8")


def test_a_bad_note_is_told_by_file_and_place():
    """The first bad note of the first file that has one."""
    with pytest.raises(DataError, match=r"^two:2:1: 'h8'"):
        Notes().distinct([("one", "g8"), ("two", "g8\nh8")])


def test_the_index_of_a_note_is_its_place_among_the_known():
    """V stands for a note that is not among V known ones."""
    assert Notes().look_up(["e8", "c8", "fis8"], ("c8", "d8", "e8")).tolist() == [2, 0, 3]


def test_a_declared_vocabulary_keeps_its_order_and_spells_out_its_notes():
    """The ids are the reader's choice, the spellings are not."""
    assert Notes().declared(["g8", "es4", "c8*3"]) == ("g8", "ees4", "c4.")


def test_two_spellings_of_one_note_are_refused():
    """One note has one id."""
    with pytest.raises(DataError, match="'es4' and 'ees4' are the same note"):
        Notes().declared(["es4", "c4", "ees4"])


def test_a_declared_token_that_is_no_note_is_told_by_its_setting():
    """No file has it."""
    with pytest.raises(DataError, match=r"^dataset\.vocabulary: 'h4': "):
        Notes().declared(["c4", "h4"])


def test_near_notes_are_spelled_alike():
    """What a newcomer may have meant."""
    assert Notes().near("fis8", ("c4", "f8", "g8"))[0] == "f8"
