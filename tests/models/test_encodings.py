"""What a network sees of a token."""

import numpy as np
import pytest

from rnnlab.models.encodings import encoding_table

SONG = tuple("c4 d4 e4 f4 g4 a4 b4 c8 d8 e8 f8 g8 a8 b8".split())


def table(encoding: str, *tokens: str) -> list[list[float]]:
    rows = encoding_table(encoding, tokens)
    assert rows is not None
    assert rows.dtype == np.float32
    result: list[list[float]] = rows.tolist()
    return result


def test_one_hot_is_a_row_with_a_single_one() -> None:
    """Row i is 1 in column i, else 0."""
    assert table("one_hot", "a", "b", "c") == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_scalar_is_the_id_over_the_largest_id() -> None:
    """E1: the fourteen notes are 0, 1/13 … 1."""
    assert np.ravel(table("scalar", *SONG)) == pytest.approx(np.arange(14) / 13)


def test_scalar_of_a_single_token_is_zero() -> None:
    """No division by the largest id, 0."""
    assert table("scalar", "a") == [[0]]


def test_an_embedding_has_no_fixed_table() -> None:
    """Its rows are weights."""
    assert encoding_table("embedding", ("a", "b")) is None


def test_pitch_goes_from_the_lowest_note_to_the_highest() -> None:
    """0 and 1, and in between as many semitones as there are: c d e of an octave are 0, 2/12 and 4/12."""
    pitches = [row[0] for row in table("pitch_duration", "c4", "d4", "e4", "c'4")]

    assert pitches == pytest.approx([0, 2 / 12, 4 / 12, 1])


def test_duration_is_a_share_of_the_longest() -> None:
    """A dotted half is 1, a quarter a third of it, a triplet eighth a ninth."""
    durations = [row[1] for row in table("pitch_duration", "c2.", "c4", "c8*2/3")]

    assert durations == pytest.approx([1, 1 / 3, 1 / 9])


def test_the_notes_of_the_song_all_look_different() -> None:
    """E1 with pitch and duration: fourteen codes, fourteen rows, two durations."""
    rows = table("pitch_duration", *SONG)

    assert len({tuple(row) for row in rows}) == 14
    assert {row[1] for row in rows} == {1.0, 0.5}
    assert rows[0][0] == rows[7][0] == 0.0
    assert rows[6][0] == rows[13][0] == 1.0


def test_a_rest_is_below_every_pitch() -> None:
    """−1, and it does not move the lowest note from 0."""
    assert table("pitch_duration", "r4", "c4", "b4") == [[-1, 1], [0, 1], [1, 1]]


def test_a_chord_is_heard_at_its_highest_note() -> None:
    """`<c g>4` looks like `g4`."""
    rows = table("pitch_duration", "c4", "<c g>4", "g4", "b4")

    assert rows[1] == rows[2]


@pytest.mark.parametrize("tokens", [("c4",), ("c4", "c8"), ("r4", "r8")])
def test_one_pitch_or_none_divides_by_nothing(tokens: tuple[str, ...]) -> None:
    """A single pitch is 0; rests alone are −1."""
    assert {row[0] for row in table("pitch_duration", *tokens)} == {-1.0 if "r4" in tokens else 0.0}
