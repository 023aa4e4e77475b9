"""Parts of a corpus and their windows."""

import numpy as np
import pytest

from rnnlab.datasets.parts import part_of_tokens, part_of_windows, require_windows, whole
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


def test_a_held_out_part_too_short_for_its_window_is_told_what_fraction_to_set(numbered):
    """The fraction is what made it short."""
    corpus = numbered(20)

    with pytest.raises(DataError, match=r"validation part .* dataset\.split\.validation a larger fraction$"):
        require_windows(part_of_tokens(corpus, "validation", 18, 20, window=4), corpus, window=4)
