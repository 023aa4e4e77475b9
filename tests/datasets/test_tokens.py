"""Characters as tokens."""

import time
import tracemalloc

import numpy as np
import pytest

from rnnlab.datasets.tokens import Characters, Notes
from rnnlab.errors import DataError


def test_characters_are_ordered_by_code_point():
    """Every character that occurs, once, from every text."""
    assert Characters().distinct([("one", "나비야 b"), ("two", "a🦋b\n")]) == (
        "\n",
        " ",
        "a",
        "b",
        "나",
        "비",
        "야",
        "🦋",
    )


@pytest.mark.parametrize("known", ["abc", "cab나🦋\x00", "".join(map(chr, range(256)))])
def test_the_index_of_a_character_is_its_place_among_the_known(known):
    """V stands for a character that is not among V known ones, below, between or above them."""
    text = "\x00a나🦋b" + known + "\U0010ffff가\x01" + "\ud800"

    ids = Characters().look_up(text, tuple(known))

    assert ids.tolist() == [known.find(character) % (len(known) + 1) for character in text]


def test_blocks_are_joined_without_a_seam():
    """A text longer than a block is encoded like a short one."""
    text = "abcdefg" * 400_000

    ids = Characters().look_up(text, tuple("abcdefg"))

    assert (ids == np.tile(np.arange(7), 400_000)).all()


def test_twenty_megabytes_are_encoded_at_once_and_in_little_memory():
    """Beyond the ids themselves only a few blocks are held."""
    text = "if you want to build a ship, " * 700_000
    known = Characters().distinct([("ship", text)])
    tracemalloc.start()
    begin = time.perf_counter()

    ids = Characters().look_up(text, known)

    elapsed = time.perf_counter() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ids.nbytes == len(text)
    assert peak < len(text) + 32_000_000
    assert elapsed < 2


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("a", "'a'"),
        ("\t", "'\\t' (U+0009)"),
        ("\u200b", "'\\u200b' (U+200B ZERO WIDTH SPACE)"),
        ("а", "'а' (U+0430 CYRILLIC SMALL LETTER A)"),
    ],
)
def test_what_cannot_be_seen_is_named(character, shown):
    """A character that looks like nothing, or like another, is shown by its Unicode name."""
    assert Characters().show(character) == shown


@pytest.mark.parametrize(
    ("character", "near"),
    [("Q", ["q"]), ("é", ["e"]), ("É", ["é", "e"]), ("’", ["'"]), ("—", ["-"]), ("z", [])],
)
def test_near_characters_are_what_a_keyboard_may_have_changed(character, near):
    """Case, accents and typographic marks."""
    assert Characters().near(character, tuple("qeé'-")) == near


def test_the_place_of_a_character_is_its_line_and_column():
    """Counted from 1, in code points."""
    assert [Characters().place("ab\n나c", index) for index in (0, 1, 3, 4)] == ["1:1", "1:2", "2:1", "2:2"]


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
