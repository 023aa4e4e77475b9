"""Runs that stand verbatim in a training text, against a search that looks at every place."""

import numpy as np
import pytest

from rnnlab.datasets.training_tokens import TokenSequences
from rnnlab.evaluation import verbatim
from rnnlab.evaluation.verbatim import verbatim_runs

LENGTHS = (1, 2, 4, 8, 16, 32)
Place = tuple[int, int]


def first_place(run: list[int], text: list[list[int]]) -> Place | None:
    """The first sequence and token at which a run stands."""
    places = (
        (number, begin)
        for number, sequence in enumerate(text)
        for begin in range(len(sequence) - len(run) + 1)
        if sequence[begin : begin + len(run)] == run
    )
    return next(places, None)


def longest_run(sample: list[int], text: list[list[int]]) -> tuple[int, int, Place]:
    """The length of the longest run, where it begins in the sample, and where it stands first."""
    for length in range(len(sample), 0, -1):
        for begin in range(len(sample) - length + 1):
            if place := first_place(sample[begin : begin + length], text):
                return length, begin, place
    return 0, 0, (-1, -1)


@pytest.mark.parametrize("seed", range(60))
def test_runs_are_those_that_a_plain_search_finds(monkeypatch, seed):
    """Of random texts and samples, in blocks of any size, with each way to look up and to list places."""
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(verbatim, "_BLOCK", int(rng.integers(1, 9)))
    monkeypatch.setattr(verbatim, "_DIRECT", int(rng.choice([0, 1 << 22])))
    monkeypatch.setattr(verbatim, "_FEW", int(rng.choice([1, 8, 100])))
    size = int(rng.integers(1, 5))
    text = [rng.integers(0, size, rng.integers(0, 25)).tolist() for _ in range(rng.integers(0, 5))]
    samples = [rng.integers(-1, size + 1, rng.integers(0, 25)).tolist() for _ in range(rng.integers(0, 5))]
    if text and samples and seed % 2:
        samples[0] = [*samples[0][:3], *text[0], *samples[0][3:]]

    found = verbatim_runs([np.array(each, np.int64) for each in samples], TokenSequences.of(text), LENGTHS)

    for number, sample in enumerate(samples):
        length, begin, place = longest_run(sample, text)
        assert (found.longest[number], found.begins[number]) == (length, begin)
        assert (found.sequences[number], found.tokens[number]) == place
        for n in LENGTHS:
            grams = [sample[begin : begin + n] for begin in range(len(sample) - n + 1)]
            assert found.known[n][number].tolist() == [first_place(gram, text) is not None for gram in grams]


def test_a_long_copy_is_found_to_the_token():
    """A thousand tokens of a text, between tokens that do not go on as it does."""
    text = np.random.default_rng(0).integers(0, 3, 5000)
    before, after = (int(text[place]) for place in (1233, 2234))
    sample = np.concatenate([[(before + 1) % 3], text[1234:2234], [(after + 1) % 3]])

    found = verbatim_runs([sample], TokenSequences.of([text[:100], text[100:]]), (32,))

    assert (found.longest.tolist(), found.begins.tolist()) == ([1000], [1])
    assert (found.sequences.tolist(), found.tokens.tolist()) == ([1], [1134])
    assert found.known[32][0].sum() == 1000 - 31


def test_numbers_of_one_slot_are_told_apart():
    """Numbers that the hash puts into one slot go to the next table; every other number is unknown."""
    numbers = np.unique(np.random.default_rng(0).integers(0, 1 << 40, 5000))
    table = verbatim._HashTable(numbers)

    assert table.look_up(numbers).tolist() == [*range(1, len(numbers) + 1)]
    assert len(table._tables) > 1
    others = np.setdiff1d(np.arange(10_000), numbers)
    assert not table.look_up(others).any()
