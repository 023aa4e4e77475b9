"""Targets, how often each is one, and how much there is before it to look at."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.schema import Experiment
from rnnlab.datasets import targets
from rnnlab.datasets.batches import gather, make_batches, reading_order
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.parts import part_of_windows, whole
from rnnlab.datasets.splits import split_corpus
from rnnlab.datasets.targets import is_target, ranges_read, reaches, target_blocks
from tests.evaluation.digits import STATEFUL, STREAM, digits, digits_corpus

SHIFTED = ("dataset.target=shifted",)
REGIMES = [(), SHIFTED, STATEFUL, (*STATEFUL, *SHIFTED), STREAM]
LINES = ("dataset.inline=013\n2\n12044\n12", "dataset.unit=line")


def counted(experiment: Experiment, *, most_reach: int = 3) -> tuple[list[int], list[list[int]]]:
    """The places that are targets, each as often as it is one; and for each reach its places."""
    corpus = load_corpus(experiment.dataset)
    order = reading_order(split_corpus(corpus, experiment).parts["train"], corpus, experiment)
    by_reach: list[list[int]] = [[] for _ in range(most_reach + 1)]
    for block in target_blocks(corpus, order, target=experiment.dataset.target, most_reach=most_reach):
        for reach, row in enumerate(block.times):
            by_reach[reach] += (block.first + np.repeat(np.arange(len(row)), row)).tolist()
    return sorted(itertools.chain.from_iterable(by_reach)), by_reach


def gathered(experiment: Experiment) -> list[int]:
    """The places of the targets that the batches of training count."""
    corpus = load_corpus(experiment.dataset)
    batches = make_batches(split_corpus(corpus, experiment).parts["train"], corpus, experiment)
    places: list[int] = []
    for starts, counts in zip(*batches.epoch(0), strict=True):
        batch = gather(
            corpus, starts, counts, window=batches.window, target=experiment.dataset.target, first=True
        )
        after = starts[:, None] + 1 + np.arange(batches.window)
        places += after[batch.weights > 0].tolist()
    return sorted(places)


@pytest.mark.parametrize("settings", REGIMES)
@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("at_once", [2, 1 << 18])
def test_they_are_those_of_training(
    settings: tuple[str, ...], lanes: int, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the regime: three sequences, one of them too short for a window; in blocks of any size."""
    monkeypatch.setattr(targets, "TOKENS_AT_ONCE", at_once)
    experiment = digits(
        "0131204", "12", "4312", settings=(*settings, f"training.batch_size={lanes}"), folder=tmp_path
    )

    places, _ = counted(experiment)

    assert places == gathered(experiment)


@pytest.mark.parametrize("settings", REGIMES)
@pytest.mark.parametrize("lanes", [1, 3])
def test_the_end_of_a_line_is_a_target(settings: tuple[str, ...], lanes: int) -> None:
    """As in training."""
    experiment = digits("0", settings=(*settings, *LINES, f"training.batch_size={lanes}"))

    assert counted(experiment)[0] == gathered(experiment)


def test_the_end_of_a_line_looks_back_to_its_beginning() -> None:
    """| 0 1 3 | 2 | …: the 0 has one token before it, the boundary before the 2 four, and the 2 one again."""
    one_lane = (*STREAM, "training.batch_size=1")

    _, by_reach = counted(digits("0", settings=(*one_lane, *LINES)), most_reach=6)

    assert by_reach == [[], [1, 5, 7, 13], [2, 6, 8, 14], [3, 9, 15], [4, 10], [11], [12]]


def test_a_stream_looks_back_to_the_beginning_of_its_sequence(tmp_path: Path) -> None:
    """0 1 3 1 2 | 4 3: reach 1, 2 and 3 or more; the 4, at place 5, is nobody's target."""
    one_lane = (*STREAM, "training.batch_size=1")

    _, by_reach = counted(digits("01312", "43", settings=one_lane, folder=tmp_path))

    assert by_reach == [[], [1, 6], [2], [3, 4]]


@pytest.mark.parametrize("lanes", [1, 2, 64])
def test_a_stream_looks_back_to_its_beginning_however_many_lanes_training_has(lanes: int) -> None:
    """0 1 3 1 2: the network that is measured has read all tokens before a target, so n-grams may too."""
    _, by_reach = counted(digits("01312", settings=(*STREAM, f"training.batch_size={lanes}")))

    assert by_reach == [[], [1], [2], [3, 4]]


def test_a_window_looks_back_to_its_own_beginning() -> None:
    """Windows of two: 0 1 → 1 3, 1 3 → 3 1, 3 1 → 1 2; `next` counts the second of each."""
    assert counted(digits("01312", settings=SHIFTED))[1] == [[], [1, 2, 3], [2, 3, 4], []]
    assert counted(digits("01312"))[1] == [[], [], [2, 3, 4], []]


def test_windows_with_a_state_look_back_to_the_first() -> None:
    """The state of 0 1 is there when 1 3 is read."""
    assert counted(digits("01312", settings=STATEFUL))[1] == [[], [], [2], [3, 4]]


def test_a_reach_ends_where_a_sequence_begins(tmp_path: Path) -> None:
    """0 1 3 | 1 2 4: no token of one sequence before a token of the next."""
    corpus = digits_corpus("013", "124", folder=tmp_path)
    places = np.arange(6)

    assert is_target(corpus, places).tolist() == [False, True, True, False, True, True]
    assert reaches(corpus, places)[is_target(corpus, places)].tolist() == [1, 2, 1, 2]


def test_what_windows_read_is_put_together() -> None:
    """Windows of two tokens and a target at 0, 1, 2 and 6: tokens 0 to 4, and 6 to 8."""
    corpus = digits_corpus("0131204431")
    part = part_of_windows(corpus, "train", np.array([6, 0, 2, 1]))

    assert ranges_read(part, window=2, regime="windows").tolist() == [[0, 5], [6, 9]]
    assert ranges_read(whole(corpus, window=2), window=2, regime="windows").tolist() == [[0, 10]]
    assert ranges_read(whole(corpus, window=99), window=99, regime="windows").tolist() == []
    assert ranges_read(whole(corpus, window=99), window=99, regime="stream").tolist() == [[0, 10]]
