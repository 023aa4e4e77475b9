"""From logits to a token id, each draw worked out by hand."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.errors import ModelFileError
from rnnlab.generation.sampling import (
    Sampling,
    choose,
    every_log_probability,
    log_probabilities,
    probabilities,
    uniform_streams,
)

EIGHTHS = np.array([[1 / 8, 1 / 2, 1 / 8, 1 / 4]])
"""Probabilities of four tokens; from the most probable on they are tokens 1, 3, 0, 2."""

WARM = Sampling(temperature=1.0)
SWEEP = np.linspace(0, 1, 1001)[:-1]


def draw(probabilities: NDArray[Any], sampling: Sampling, uniforms: list[float] | NDArray[Any]) -> list[int]:
    """What each uniform number draws from the same probabilities, (1, V)."""
    logits = np.log(np.repeat(probabilities, len(uniforms), axis=0)).astype(np.float32)
    drawn: list[int] = choose(logits, sampling, np.asarray(uniforms, float)).tolist()
    return drawn


def test_greedy_takes_the_most_probable() -> None:
    """Temperature 0, which is the default: whatever is drawn, for each lane its own."""
    logits = np.array([[0.1, 3, 2], [5, -1, 4.9], [0, 0, 1]], np.float32)

    assert choose(logits, Sampling(), np.array([0.0, 0.5, 0.99])).tolist() == [1, 0, 2]


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(1.0, top_k=1), Sampling(1.0, top_p=1e-9)])
def test_of_equal_logits_the_lower_id_comes_first(sampling: Sampling) -> None:
    """Greedy, or cut down to one token: a tie does not depend on the machine."""
    logits = np.full((1, 500), 2, np.float32)
    logits[0, ::2] = 1

    assert choose(logits, sampling, np.array([0.9])).tolist() == [1]


def test_draws_invert_the_cumulated_probabilities() -> None:
    """By id: up to 1/8 token 0, to 5/8 token 1, to 6/8 token 2, to 1 token 3."""
    uniforms = [0, 0.124, 0.126, 0.624, 0.626, 0.749, 0.751, 0.999999]

    assert draw(EIGHTHS, WARM, uniforms) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_cut_leaves_the_order_of_the_rest() -> None:
    """Of the three most probable tokens, 0, 1 and 3, none has moved: 1/7, 4/7 and 2/7."""
    uniforms = [0, 0.142, 0.144, 0.71, 0.72, 0.999999]

    assert draw(EIGHTHS, Sampling(1.0, top_k=3), uniforms) == [0, 0, 1, 1, 3, 3]


def test_a_bound_belongs_to_the_token_after_it() -> None:
    """Exactly 1/2 of two equal tokens is the second's: intervals are closed below."""
    assert choose(np.zeros((2, 2)), WARM, np.array([0.5, np.nextafter(0.5, 0)])).tolist() == [1, 0]


def test_the_largest_uniform_draws_a_token_that_can_be_drawn() -> None:
    """1 − 2⁻⁵³ draws the last token with any weight, never one that was cut off."""
    largest = np.nextafter(1.0, 0)
    logits = np.log(np.random.default_rng(0).dirichlet(np.ones(7), 500))

    drawn = choose(logits, Sampling(1.0, top_k=3), np.full(500, largest))

    assert (drawn == np.argsort(-logits, axis=-1)[:, :3].max(axis=-1)).all()


def test_temperature_divides_the_logits() -> None:
    """At temperature 1/2 probabilities are squared: 4 : 1 becomes 16 : 1; at 2 it becomes 2 : 1."""
    odds = np.array([[4 / 5, 1 / 5]])

    for temperature, share in [(0.5, 16 / 17), (1, 4 / 5), (2, 2 / 3)]:
        assert draw(odds, Sampling(temperature), [share - 1e-4, share + 1e-4]) == [0, 1]


@pytest.mark.parametrize("temperature", [1e-3, 1e-300, 5e-324])
def test_next_to_no_temperature_is_greedy(temperature: float) -> None:
    """No overflow on the way (warnings are errors): what is less probable has no weight."""
    assert set(draw(EIGHTHS, Sampling(temperature), SWEEP)) == {1}


def test_great_temperature_is_uniform() -> None:
    """Each of four tokens has a quarter of the draws."""
    drawn = draw(EIGHTHS, Sampling(1e6), SWEEP)

    assert [drawn.count(token) for token in range(4)] == pytest.approx([250] * 4, abs=1)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
def test_top_k_draws_the_k_most_probable_and_no_other(k: int) -> None:
    """All of them, in the proportions that they had."""
    drawn = draw(EIGHTHS, Sampling(1.0, top_k=k), SWEEP)
    kept = [1, 3, 0, 2][:k]
    mass = sum(EIGHTHS[0, kept])

    assert set(drawn) == set(kept)
    for token in kept:
        assert drawn.count(token) == pytest.approx(1000 * EIGHTHS[0, token] / mass, abs=1)


@pytest.mark.parametrize(
    ("p", "nucleus"),
    [
        (0.01, {1}),
        (0.499, {1}),
        (0.501, {1, 3}),
        (0.749, {1, 3}),
        (0.751, {1, 3, 0}),
        (0.876, {1, 3, 0, 2}),
        (1.0, {1, 3, 0, 2}),
    ],
)
def test_top_p_draws_exactly_the_nucleus(p: float, nucleus: set[int]) -> None:
    """The fewest most probable tokens whose probabilities reach P: the token that crosses P is in it."""
    assert set(draw(EIGHTHS, Sampling(1.0, top_p=p), SWEEP)) == nucleus


def test_probabilities_that_reach_p_exactly_are_enough() -> None:
    """Two of four equal tokens are half of the mass: no third is drawn."""
    drawn = choose(np.zeros((1000, 4)), Sampling(1.0, top_p=0.5), SWEEP)

    assert set(drawn.tolist()) == {0, 1}


def test_top_p_looks_at_what_top_k_has_left() -> None:
    """1/2 and 1/4 are 2/3 and 1/3 of the two that are left, so that 0.6 keeps only the first."""
    assert set(draw(EIGHTHS, Sampling(1.0, top_k=2, top_p=0.6), SWEEP)) == {1}
    assert set(draw(EIGHTHS, Sampling(1.0, top_p=0.6), SWEEP)) == {1, 3}


def test_top_p_looks_at_tempered_probabilities() -> None:
    """Temperature comes first: at 1/2, 4 : 1 is 16 : 1, and 0.9 is reached by one token."""
    odds = np.array([[4 / 5, 1 / 5]])

    assert set(draw(odds, Sampling(0.5, top_p=0.9), SWEEP)) == {0}
    assert set(draw(odds, Sampling(1.0, top_p=0.9), SWEEP)) == {0, 1}


def test_lanes_are_drawn_apart() -> None:
    """Each lane by its own logits and its own uniform number."""
    logits = np.random.default_rng(0).normal(size=(20, 6))
    uniforms = np.random.default_rng(1).random(20)
    sampling = Sampling(0.8, top_k=5, top_p=0.9)

    together = choose(logits, sampling, uniforms)

    alone = [choose(logits[i : i + 1], sampling, uniforms[i : i + 1])[0] for i in range(20)]
    assert together.tolist() == alone
    assert len(set(alone)) > 2


def test_probabilities_sum_to_one() -> None:
    """Over the V tokens, for logits of any size."""
    for scale, shift in itertools.product([1e-3, 1, 1e3], [-1e4, 0, 1e4]):
        logits = (shift + scale * np.random.default_rng(0).normal(size=(1, 9))).astype(np.float32)

        scores = log_probabilities(np.repeat(logits, 9, axis=0), np.arange(9))

        assert np.exp(scores).sum() == pytest.approx(1)


def test_log_probability_is_the_models_own() -> None:
    """In nats: of the token that was chosen, in each lane."""
    scores = log_probabilities(np.log(np.repeat(EIGHTHS, 2, axis=0)) + 5, np.array([3, 0]))

    assert scores == pytest.approx([-np.log(4), -np.log(8)])


def test_log_probabilities_leave_the_logits_alone() -> None:
    """Logits in double precision are not shifted in place."""
    logits = np.array([[1.0, 2.0]])

    log_probabilities(logits, np.array([0]))

    assert logits.tolist() == [[1.0, 2.0]]


def take(random_seed: int, lanes: int, count: int) -> NDArray[np.float64]:
    return np.array(list(itertools.islice(uniform_streams(random_seed, lanes), count)))


def test_a_lanes_numbers_do_not_depend_on_how_many_lanes_there_are() -> None:
    """The first of five lanes draws what a single one draws, far past what is drawn at once."""
    assert (take(3, 5, 600)[:, :2] == take(3, 2, 600)).all()


def test_the_random_seed_fixes_the_numbers_of_each_lane() -> None:
    """The same seed gives the same numbers; another seed, or another lane, others."""
    numbers = take(3, 2, 300)

    assert (numbers == take(3, 2, 300)).all()
    assert (numbers != take(4, 2, 300)).all()
    assert (numbers[:, 0] != numbers[:, 1]).all()
    assert len(np.unique(numbers)) == 600
    assert ((numbers >= 0) & (numbers < 1)).all()


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_are_no_numbers_cannot_be_drawn_from(lanes, value):
    """The remedy is said, where an id beyond the vocabulary would be drawn."""
    logits = np.full((lanes, 4), value, np.float32)

    with (
        np.errstate(invalid="ignore"),
        pytest.raises(ModelFileError, match="the model's logits are not numbers"),
    ):
        choose(logits, Sampling(temperature=1.0), np.full(lanes, 0.5))


@pytest.mark.parametrize(
    ("p", "kept"), [(0.0, {0, 1, 2, 3}), (0.2, {0, 1, 2}), (0.249, {0, 1, 2}), (0.251, {0, 1}), (1.0, {0})]
)
def test_min_p_draws_what_has_a_share_of_the_largest_probability(p: float, kept: set[int]) -> None:
    """1/2, 1/4, 1/8 and 1/16: those of at least P times 1/2 are kept."""
    logits = np.log(np.array([[8.0, 4.0, 2.0, 1.0]]))
    found = probabilities(logits, Sampling(1.0, min_p=p))

    assert {*np.flatnonzero(found[0]).tolist()} == kept
    assert found.sum() == pytest.approx(1)


def test_min_p_looks_at_tempered_probabilities() -> None:
    """At temperature 1/2 the shares are squares: 1, 1/4, 1/16."""
    logits = np.log(np.array([[4.0, 2.0, 1.0]]))

    assert np.count_nonzero(probabilities(logits, Sampling(0.5, min_p=0.2))) == 2
    assert np.count_nonzero(probabilities(logits, Sampling(1.0, min_p=0.2))) == 3


def test_top_p_looks_at_what_min_p_has_left() -> None:
    """0.5 and 0.3 reach 0.8 of all, and 0.842 of the three that are at least 0.2 times 0.5."""
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))

    assert np.count_nonzero(probabilities(logits, Sampling(1.0, top_p=0.84))) == 3
    assert np.count_nonzero(probabilities(logits, Sampling(1.0, top_p=0.84, min_p=0.2))) == 2


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_log_probabilities_of_no_numbers_are_refused(value: float) -> None:
    """One logit that is no number spoils all."""
    with pytest.raises(ModelFileError, match="logits are not numbers"):
        every_log_probability(np.array([[0.0, value, 1.0]]))
