"""Measures of written targets, by hand and against an edit distance written from its recurrence."""

import functools

import numpy as np
import pytest

from rnnlab.evaluation import pair_measures
from rnnlab.evaluation.pair_measures import (
    WrittenTargets,
    edit_distance,
    measure_pairs,
    measure_written,
    nearest_source,
    nearest_sources,
)


def recurrence(first, second):
    """Levenshtein's distance: d(i, j) = min(d(i−1, j) + 1, d(i, j−1) + 1, d(i−1, j−1) + [a ≠ b])."""

    @functools.cache
    def distance(i, j):
        if not i or not j:
            return i + j
        changed = distance(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, changed)

    return distance(len(first), len(second))


def random_lists(count, seed, most=9):
    """Lists of 0 to `most` words that share letters, so that a comparison of texts would differ."""
    rng = np.random.default_rng(seed)
    words = ["a", "aa", "ab", "b", "ba", "é", "AH0"]
    return [rng.choice(words, size=rng.integers(0, most + 1)).tolist() for _ in range(count)]


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("kitten", "sitting", 3),
        (["AH", "B"], ["AH", "P", "B"], 1),
        (["new", "york"], ["newyork"], 2),  # one word replaced, one deleted
        (["banana"], ["bandana"], 1),  # words, not letters
        ([], ["x", "y"], 2),
        ("", "", 0),
    ],
)
def test_the_edit_distance_counts_tokens(first, second, distance):
    """A token is inserted, deleted or replaced as a whole, in either direction."""
    assert edit_distance(first, second) == edit_distance(second, first) == distance


@pytest.mark.parametrize("seed", range(3))
def test_the_edit_distance_is_its_recurrence(seed):
    """On random lists of words."""
    pairs = list(zip(random_lists(60, seed), random_lists(60, seed + 100), strict=True))

    assert [edit_distance(*pair) for pair in pairs] == [recurrence(*pair) for pair in pairs]


def test_three_targets_by_hand():
    """1 edit and 2 edits over 3 + 2 + 1 tokens, not the mean of 1/3, 0 and 2."""
    targets = [["A", "B", "C"], ["D", "E"], ["F"]]
    written = [["A", "C"], ["D", "E"], ["F", "G", "H"]]

    assert measure_written(targets, written) == WrittenTargets(
        exact_match=1 / 3, token_error_rate=3 / 6, exact=1, edits=3, tokens=6, counted=3
    )


def test_a_token_written_as_unknown_is_an_error():
    """The target has a token that the vocabulary lacks; `UNKNOWN` stands for it only in the loss."""
    assert measure_written([["rare", "x"]], [["<unknown>", "x"]]).edits == 1


def test_empty_targets_have_an_error_rate():
    """The number of edits, without a division by 0."""
    assert measure_written(["", ""], ["", ""]).token_error_rate == 0
    assert measure_written(["", ""], ["ab", ""]).token_error_rate == 2


def test_measures_with_teacher_forcing_count_end():
    """Three tokens and two ENDs; a beam is measured as the greedy targets are."""
    measures = measure_pairs(
        ["ab", "c"],
        ["ab", "d"],
        beam=["ab", "c"],
        is_right=np.array([True, True, False, False, True]),
        costs=np.array([0.5, 0.5, 1, 2, 1], np.float32),
    )

    assert (measures.accuracy, measures.loss, measures.counted) == (3 / 5, 1.0, 5)
    assert (measures.greedy.exact_match, measures.greedy.token_error_rate) == (1 / 2, 1 / 3)
    assert measures.beam == measure_written(["ab", "c"], ["ab", "c"])


@pytest.mark.parametrize("tokens", [3, 6])
def test_costs_without_end_or_with_padding_are_refused(tokens):
    """Three tokens and two ENDs are five."""
    with pytest.raises(ValueError, match="5 with END"):
        measure_pairs(
            ["ab", "c"], ["ab", "c"], beam=None, is_right=np.ones(tokens, bool), costs=np.ones(tokens)
        )


@pytest.mark.parametrize("lists", [([], []), (["a"], [])])
def test_as_many_written_as_true_targets_are_needed(lists):
    """No target has no exact match."""
    with pytest.raises(ValueError, match="needs K of both"):
        measure_written(*lists)


def test_the_nearest_source_by_hand():
    """cat is as near to cot as to cut, and cot comes first; the second cot never counts."""
    training = [("dog", "D"), ("cot", "C1"), ("cut", "C2"), ("cot", "C3"), ("caterpillar", "X")]
    baseline = nearest_source(training, ["cat", "dog", "caterpilar"], ["C1", "D", "XY"])

    assert baseline.written == measure_written(["C1", "D", "XY"], ["C1", "D", "X"])
    assert (baseline.sources, baseline.left_out) == (5, 0)


@pytest.mark.parametrize("block", [1, 100, 1 << 24])
def test_the_nearest_source_is_that_of_the_recurrence(block, monkeypatch):
    """The first of the nearest ones, also if the sources are read in blocks, or if nothing is in common."""
    monkeypatch.setattr(pair_measures, "BLOCK", block)
    training, sources = random_lists(40, 1, most=5), [*random_lists(30, 2, most=5), ["new", "words"]]
    expected = []
    for source in sources:
        distances = [recurrence(source, known) for known in training]
        expected.append(distances.index(min(distances)))

    assert nearest_sources(training, sources).tolist() == expected


def test_more_words_than_two_bytes_have_values():
    """Each word is one character, however many there are."""
    words = [f"word{number}" for number in range(70_000)]

    assert [edit_distance(words, [words[number], *words[1:]]) for number in (0, 128, 256, 65_536)] == [
        0,
        1,
        1,
        1,
    ]
    assert nearest_sources([[word, "x"] for word in words], [words[-1:], words[:1]]).tolist() == [69_999, 0]


def test_training_pairs_beyond_the_limit_are_left_out(monkeypatch):
    """Two tokens of a source times 3 + 3 tokens of the first two training sources are 12 pairs of tokens."""
    monkeypatch.setattr(pair_measures, "MOST_STEPS", 12)
    training = [("abc", "1"), ("abd", "2"), ("xy", "3")]

    baseline = nearest_source(training, ["xy"], ["3"])

    assert (baseline.sources, baseline.left_out, baseline.written.exact) == (2, 1, 0)
