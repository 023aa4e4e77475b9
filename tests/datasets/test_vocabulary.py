"""Tokens and their ids."""

import numpy as np
import pytest

from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError, VocabularyError

SONG = Vocabulary(
    ("c4", "d4", "e4", "f4", "g4", "a4", "b4", "c8", "d8", "e8", "f8", "g8", "a8", "b8"), "notes"
)


def test_decoding_gives_back_what_was_encoded():
    """For text and for notes."""
    text = "if you want 나비야 🦋"
    letters = Vocabulary.derive([("ship", text)], kind="text")

    assert letters.decode(letters.encode(text)) == list(text)
    assert letters.join(letters.parse(text, name="seed")) == text
    assert SONG.decode(SONG.encode(["g8", "e8"])) == ["g8", "e8"]
    assert SONG.join(SONG.parse("g8 | e8", name="seed")) == "g8 e8"


def test_the_lecture_numbers_its_notes_from_0_to_13():
    """The first window of E1 and its target."""
    assert SONG.parse("g8 e8 e4 f8 d8", name="seed").tolist() == [11, 9, 2, 10, 8]


@pytest.mark.parametrize(
    ("size", "dtype"), [(1, np.uint8), (256, np.uint8), (257, np.uint16), (65_537, np.uint32)]
)
def test_ids_are_of_the_smallest_type_that_holds_them(size, dtype):
    """V − 1 is the largest id."""
    tokens = tuple(map(chr, (*range(0xD800), *range(0xE000, 0xE000 + size))))[:size]

    ids = Vocabulary(tokens, "text").encode(tokens[-1])

    assert ids.dtype == dtype
    assert ids.tolist() == [size - 1]


def test_tokens_and_ids_are_joined_alike():
    """Text stands together, notes have a space between them."""
    assert SONG.join([11, 9]) == SONG.join(["g8", "e8"]) == "g8 e8"
    assert Vocabulary(("a", "b"), "text").join(np.array([1, 0])) == "ba"


def test_an_unknown_note_is_told_with_its_place_the_vocabulary_and_near_notes():
    """What was read, what there is, and what may have been meant."""
    with pytest.raises(VocabularyError) as raised:
        SONG.parse("g8 e8\n% a comment\n e4 fis8", name="seed")

    assert str(raised.value) == (
        "seed:3:5: note 'fis8' is not in the vocabulary (c4 d4 … b8); did you mean 'f8'?"
    )


def test_what_is_no_note_at_all_is_told_with_the_vocabulary_too():
    """The notation says what is wrong, the vocabulary what there is."""
    with pytest.raises(
        VocabularyError, match=r"^seed:1:4: 'h8': .* did you mean 'b8'\? \(the vocabulary is c4 d4 … b8\)$"
    ):
        SONG.parse("g8 h8", name="seed")


def test_an_unknown_character_is_told_with_its_place_and_its_name():
    """A character that cannot be seen has a name."""
    letters = Vocabulary(tuple(" abc"), "text")

    with pytest.raises(VocabularyError) as raised:
        letters.parse("ab\nc", name="seed")
    assert (
        str(raised.value) == r"seed:1:3: character '\n' (U+000A) is not in the vocabulary (' ' 'a' 'b' 'c')"
    )

    with pytest.raises(VocabularyError, match=r"^seed:1:2: .*U\+00A0 NO-BREAK SPACE.* did you mean ' '\?$"):
        letters.parse("a\u00a0b", name="seed")


def test_an_unknown_token_of_a_list_is_told_by_its_number():
    """Tokens that come from no text have no line."""
    with pytest.raises(VocabularyError, match=r"^token 2: note 'c1' "):
        SONG.encode(["c4", "c1"])


def test_a_declared_vocabulary_of_notes_must_be_notes():
    """It is read in the notation."""
    with pytest.raises(DataError, match="'C4'"):
        Vocabulary.declare(["C4"], kind="notes")


def test_an_empty_text_has_no_ids():
    """Shape (0,)."""
    assert SONG.parse("", name="seed").shape == (0,)
    assert Vocabulary(("a",), "text").parse("", name="seed").shape == (0,)
