"""DRY: what would prolong a repetition is made less likely."""

import math

import numpy as np
import pytest

from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.repetition import Penalty, RepeatedRuns
from rnnlab.generation.sampling import Sampling
from tests.generation.tiny_models import SecondOrderModel

V = 4


def lowered_by_hand(penalty: Penalty, ids: list[int]) -> list[float]:
    """What each token's logit loses: for each earlier place, how long a run ends before it."""
    longest = dict.fromkeys(range(V), 0)
    for place in range(1, len(ids)):
        length = 0
        while length < place and ids[place - 1 - length] == ids[len(ids) - 1 - length]:
            length += 1
        longest[ids[place]] = max(longest[ids[place]], length)
    return [
        penalty.multiplier * penalty.base ** (length - penalty.allowed_length)
        if length >= penalty.allowed_length
        else 0.0
        for length in longest.values()
    ]


def test_a_case_worked_by_hand() -> None:
    """0 1 2 3 0 1 2: three tokens stood before, and 3 followed; its logit loses 0.5 · 2^(3 − 2) = 1."""
    repetition = RepeatedRuns(Penalty(0.5, 2.0, 2), np.array([[0, 1, 2, 3, 0, 1, 2]]))

    assert repetition.lowered(np.zeros((1, V), np.float32)).tolist() == [[0, 0, 0, -1]]


def test_a_repetition_of_the_allowed_length_costs_the_multiplier() -> None:
    """One token shorter costs nothing."""
    ids = np.array([[0, 1, 3, 0, 1]])

    assert RepeatedRuns(Penalty(0.5, 2.0, 2), ids).lowered(np.zeros((1, V), np.float32))[0, 3] == -0.5
    assert RepeatedRuns(Penalty(0.5, 2.0, 3), ids).lowered(np.zeros((1, V), np.float32))[0, 3] == 0


def test_repetitions_may_overlap() -> None:
    """1 1 1 1: the last three stood one token earlier, and 1 followed."""
    repetition = RepeatedRuns(Penalty(1.0, 2.0, 1), np.array([[1, 1, 1, 1]]))

    assert repetition.lowered(np.zeros((1, V), np.float32)).tolist() == [[0, -4, 0, 0]]


@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_the_longest_earlier_match_counts(allowed: int) -> None:
    """By brute force, token after token, in lanes side by side that are copied now and then."""
    rng = np.random.default_rng(allowed)
    penalty, lanes = Penalty(0.8, 1.75, allowed), rng.integers(V, size=(8, 1))
    repetition = RepeatedRuns(penalty, lanes)
    for step in range(40):
        logits = rng.normal(size=(8, V)).astype(np.float32)
        expected = logits - np.array([lowered_by_hand(penalty, lane) for lane in lanes.tolist()])
        assert repetition.lowered(logits) == pytest.approx(expected)

        if step % 5 == 0:
            chosen = rng.integers(8, size=8)
            lanes = lanes[chosen]
            repetition.select(chosen)
        ids = rng.integers(V, size=8) if step % 3 else lanes[:, -1]
        lanes = np.append(lanes, ids[:, None], axis=1)
        repetition.add(ids)


def test_the_logits_are_not_changed() -> None:
    """The log-probability of a sample is that of the model, without the penalty."""
    logits = np.ones((1, V), np.float32)
    RepeatedRuns(Penalty(5.0, 2.0, 1), np.array([[1, 1, 1]])).lowered(logits)

    assert (logits == 1).all()


def test_a_long_repetition_is_no_overflow() -> None:
    """The penalty grows exponentially, and stays a number."""
    repetition = RepeatedRuns(Penalty(0.8, 100.0, 1), np.ones((1, 2000), np.int64))

    assert math.isfinite(repetition.lowered(np.zeros((1, V), np.float32))[0, 1])


def test_no_penalty_is_no_work() -> None:
    """Without a penalty, or with a multiplier of 0."""
    assert RepeatedRuns.of(None, np.zeros((1, 1), np.int64)) is None
    assert RepeatedRuns.of(Penalty(0.0, 1.75, 2), np.zeros((1, 1), np.int64)) is None


def test_greedy_writing_leaves_its_loop() -> None:
    """A second-order model that always writes the same token; with DRY it writes others too."""
    model = SecondOrderModel(V)
    model.table[:, :, 2] = 5
    plain = Decoding("stream", 1, 40, Sampling(0.0))
    steered = Decoding("stream", 1, 40, Sampling(0.0), dry=Penalty(0.8, 1.75, 4))

    assert {*decode(model, np.array([0]), plain)[0].ids} == {2}
    assert len({*decode(model, np.array([0]), steered)[0].ids}) > 1
