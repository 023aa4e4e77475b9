"""Parts of a corpus and their windows."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.parts import (
    accuracy_ceiling,
    part_of_tokens,
    part_of_windows,
    require_windows,
    whole,
    windows_array,
)
from rnnlab.errors import DataError


def test_windows_begin_at_every_token_that_leaves_room_for_their_target(numbered):
    """S − T windows of T inputs and a target."""
    part = whole(numbered(10), window=4)

    assert part.window_starts.tolist() == [0, 1, 2, 3, 4, 5]
    assert part.window_count == 6


def test_windows_never_cross_the_start_of_a_sequence(numbered):
    """A window and its target lie in one sequence; a sequence that is too short has none."""
    corpus = numbered(5, 2, 3, 4)

    part = whole(corpus, window=2)

    ends = part.window_starts + 2
    sequence = np.searchsorted(corpus.starts, part.window_starts, side="right")
    assert part.window_starts.tolist() == [0, 1, 2, 7, 10, 11]
    assert (sequence == np.searchsorted(corpus.starts, ends, side="right")).all()


@pytest.mark.parametrize(("begin", "end"), [(0, 14), (3, 9), (6, 6), (4, 14), (0, 8)])
def test_windows_lie_wholly_inside_their_part(numbered, begin, end):
    """Just those windows of the corpus that have their first token and their target in the range."""
    corpus = numbered(5, 2, 3, 4)
    everything = whole(corpus, window=2).window_starts

    part = part_of_tokens(corpus, "validation", begin, end, window=2)

    assert part.window_starts.tolist() == [
        start for start in everything if begin <= start and start + 2 < end
    ]


def test_chosen_windows_are_kept_in_the_order_of_the_corpus(numbered):
    """Training in order means in the order of the text."""
    part = part_of_windows(numbered(10), "train", np.array([5, 0, 3]))

    assert part.window_starts.tolist() == [0, 3, 5]
    assert part.window_count == 3


def test_a_corpus_too_short_for_its_window_is_told_by_how_much(numbered):
    """What is needed, what there is, and what to set."""
    corpus = numbered(3, 7)

    with pytest.raises(DataError) as raised:
        require_windows(whole(corpus, window=10), corpus, window=10)

    assert str(raised.value) == (
        "the train part is too short: dataset.window 10 and a target need 11 tokens in one sequence,"
        " the longest has 7, 4 too few; add data, or set dataset.window to 6 or less"
    )
    assert whole(corpus, window=6).window_count == 1


def test_a_held_out_part_too_short_for_its_window_is_told_what_setting_to_change(numbered):
    """The setting is a fraction, or names files."""
    corpus = numbered(20)

    with pytest.raises(DataError, match=r"validation part .* or make dataset\.split\.validation larger$"):
        require_windows(part_of_tokens(corpus, "validation", 18, 20, window=4), corpus, window=4)


NABIYA = Path(__file__).parents[2] / "data" / "nabiya.notes"
LECTURE_NOTES = "c4, d4, e4, f4, g4, a4, b4, c8, d8, e8, f8, g8, a8, b8"
SHIP = (
    "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks"
    " and work, but rather teach them to long for the endless immensity of the sea."
)


@pytest.fixture
def song(experiment):
    """The windows of E1, (50, 5)."""
    dataset = f"kind: notes, path: '{NABIYA}', vocabulary: [{LECTURE_NOTES}], window: 4, target: next"
    corpus = load_corpus(experiment(dataset, training="batching: windows, batch_size: 1").dataset)
    return windows_array(corpus, whole(corpus, window=4), 4)


def test_the_song_has_the_lecture_s_windows(song):
    """E1: shape (50, 5), and its first rows."""
    assert song.shape == (50, 5)
    assert song[:5].tolist() == [
        [11, 9, 2, 10, 8],
        [9, 2, 10, 8, 1],
        [2, 10, 8, 1, 7],
        [10, 8, 1, 7, 8],
        [8, 1, 7, 8, 9],
    ]


def test_the_sentence_has_the_lecture_s_windows(experiment):
    """E5: 170 windows of 10, from `if you wan → n` shifted by one to `f the sea.`."""
    corpus = load_corpus(experiment(f'kind: text, inline: "{SHIP}", window: 10').dataset)

    windows = windows_array(corpus, whole(corpus, window=10), 10)

    assert len(corpus.vocabulary) == 25
    assert windows.shape == (170, 11)
    assert corpus.vocabulary.join(windows[0]) == "if you want"
    assert corpus.vocabulary.join(windows[-1]) == "of the sea."


def test_a_part_s_windows_are_its_own(numbered):
    """A row for each window start, in order."""
    corpus = numbered(10)

    assert windows_array(corpus, part_of_windows(corpus, "train", np.array([6, 2])), 2).tolist() == [
        [2, 3, 4],
        [6, 7, 8],
    ]
    assert windows_array(corpus, whole(corpus, window=10), 10).shape == (0, 11)


def test_no_model_that_sees_four_notes_gets_more_than_46_of_50_right(song):
    """E1: four windows of the song are followed by different notes."""
    assert accuracy_ceiling(song) == (46, 50)


def test_the_ceiling_is_the_most_frequent_target_of_each_input():
    """Worked by hand: 1 2 is followed by 3, 3 and 4; 2 2 by 5."""
    windows = np.array([[1, 2, 3], [2, 2, 5], [1, 2, 4], [1, 2, 3]])

    assert accuracy_ceiling(windows) == (3, 4)


@pytest.mark.parametrize("target", ["next", "shifted"])
@pytest.mark.parametrize("shape", [(1, 2), (60, 4), (200, 6), (0, 5)])
def test_the_ceiling_equals_a_count_by_hand(target, shape):
    """For each time step that counts, over each distinct beginning of a window."""
    windows = np.random.default_rng(0).integers(0, 3, shape).astype(np.uint8)
    steps = range(1, shape[1]) if target == "shifted" else [shape[1] - 1]
    correct = 0
    for seen in steps:
        followers: dict[tuple[int, ...], Counter[int]] = {}
        for row in windows.tolist():
            followers.setdefault(tuple(row[:seen]), Counter())[row[seen]] += 1
        correct += sum(counter.most_common(1)[0][1] for counter in followers.values())

    assert accuracy_ceiling(windows, target=target) == (correct, shape[0] * len(steps))
