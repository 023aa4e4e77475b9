"""No more than N tokens in a row from the training data, against a search that looks at every place."""

from itertools import product

import numpy as np
import pytest

from rnnlab.datasets.training_tokens import TokenSequences
from rnnlab.generation.constraints.copying import CopyLimit, IntervalCopyLimit
from rnnlab.music.notation import parse_token

NOTES = ["c4", "d4", "e4", "cis4", "des4", "c8", "e8", "r4", "r8", "<c e>4", "<d fis>4", "c4~", "c''4", "\n"]
PARSED = {token: parse_token(token) for token in NOTES[:-1]}


def stands_in(run: list[int], sequences: list[list[int]]) -> bool:
    """Whether a run stands in one of the sequences."""
    length = len(run)
    return any(
        each[begin : begin + length] == run for each in sequences for begin in range(len(each) - length + 1)
    )


def is_same_tune(one: list[str], other: list[str]) -> bool:
    """Whether some number of semitones moves one run of notes to the other."""
    if "\n" in one:
        return False
    heights = [[each.midi for token in run for each in PARSED[token].pitches] for run in (one, other)]
    shift = heights[1][0] - heights[0][0] if all(heights) else 0
    return moved(one, shift) == moved(other, 0)


def moved(tokens: list[str], shift: int) -> list[object]:
    """The sounds of tokens, so many semitones higher."""
    notes = [PARSED[token] for token in tokens]
    return [(note.duration, note.tied, [each.midi + shift for each in note.pitches]) for note in notes]


def random_sequences(rng: np.random.Generator, size: int) -> list[list[int]]:
    return [rng.integers(0, size, rng.integers(0, 30)).tolist() for _ in range(rng.integers(0, 5))]


@pytest.mark.parametrize("seed", range(20))
def test_a_token_is_forbidden_if_it_makes_a_run_that_is_too_long(seed):
    """Exactly the tokens are forbidden with which N + 1 last tokens stand in one sequence."""
    rng = np.random.default_rng(seed)
    size, longest = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    sequences = random_sequences(rng, size)
    limit = CopyLimit(TokenSequences.of(sequences), longest=longest, vocabulary_size=size)
    recent = np.array([*product(range(size), repeat=longest)])[:100]

    allowed = limit.allowed(recent)

    for lane, tokens in enumerate(recent.tolist()):
        wanted = [not stands_in([*tokens, token], sequences) for token in range(size)]
        assert allowed[lane].tolist() == wanted
    assert limit.has_dead_end == (not allowed.any(axis=1).all())


def test_earlier_tokens_do_not_matter_and_fewer_forbid_nothing():
    """Only the last N tokens are looked at; with fewer no run can be too long yet."""
    limit = CopyLimit(TokenSequences.of([[0, 1, 2, 0, 1, 3]]), longest=2, vocabulary_size=5)

    assert limit.context == 2
    assert limit.allowed(np.array([[4, 4, 0, 1]])).tolist() == [[True, True, False, False, True]]
    assert limit.allowed(np.array([[1]])).all()
    assert limit.allowed(np.zeros((3, 0), np.int64)).shape == (3, 5)


def test_a_run_does_not_go_over_the_end_of_a_sequence():
    """The first token of a sequence does not follow the last of the sequence before."""
    limit = CopyLimit(TokenSequences.of([[0, 1], [2, 0]]), longest=2, vocabulary_size=3)

    assert limit.allowed(np.array([[0, 1], [1, 2]])).all()


@pytest.mark.parametrize("seed", range(20))
def test_a_note_is_forbidden_if_it_makes_a_tune_that_is_too_long_in_any_key(seed):
    """Exactly the tokens are forbidden with which N + 1 last notes are a moved run of the training data."""
    rng = np.random.default_rng(seed)
    tokens = [*rng.permutation(NOTES)[: rng.integers(2, len(NOTES) + 1)].tolist()]
    longest = int(rng.integers(1, 4))
    playable = [number for number, token in enumerate(tokens) if token != "\n"]
    sequences = [[playable[each % len(playable)] for each in one] for one in random_sequences(rng, 50)]
    limit = IntervalCopyLimit(TokenSequences.of(sequences), longest=longest, tokens=tokens)
    runs = [
        [tokens[each] for each in one[begin : begin + longest + 1]]
        for one in sequences
        for begin in range(len(one) - longest)
    ]
    recent = rng.integers(0, len(tokens), (10, longest))
    recent[:5] = [one[:longest] for one in sequences if len(one) >= longest][:1] or recent[:5]

    allowed = limit.allowed(recent)

    for lane, own in enumerate(recent.tolist()):
        names = [tokens[each] for each in own]
        wanted = [not any(is_same_tune([*names, token], run) for run in runs) for token in tokens]
        assert allowed[lane].tolist() == wanted


def test_a_tune_of_the_training_data_may_not_be_played_in_another_key():
    """c d e and f g a have the same intervals; with another rhythm they are another tune."""
    tokens = ["c4", "d4", "e4", "f4", "g4", "a4", "a8", "r4"]
    limit = IntervalCopyLimit(TokenSequences.of([[0, 1, 2]]), longest=2, tokens=tokens)

    allowed = limit.allowed(np.array([[3, 4], [0, 1], [0, 2]]))

    forbidden = [[tokens[number] for number in np.flatnonzero(~lane)] for lane in allowed]
    assert forbidden == [["a4"], ["e4"], []]


def test_a_dead_end_is_known_before_anything_is_written():
    """With two tokens that both follow a run no token is left; a boundary, which follows none, always is."""
    sequences = TokenSequences.of([[0, 0, 1], [0, 0, 0]])

    assert CopyLimit(sequences, longest=2, vocabulary_size=2).has_dead_end
    assert not CopyLimit(sequences, longest=2, vocabulary_size=3).has_dead_end
    assert IntervalCopyLimit(sequences, longest=2, tokens=["c4", "d4"]).has_dead_end
    assert not IntervalCopyLimit(sequences, longest=2, tokens=["c4", "d4", "\n"]).has_dead_end
