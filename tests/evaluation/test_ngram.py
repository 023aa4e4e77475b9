"""N-gram models, against their equations."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.evaluation.ngram import NGrams, Smoothing, discounts, kneser_ney, train_ngrams, witten_bell

Gram = tuple[int, ...]


def models_of(*sequences: Sequence[int], vocab_size: int, most: int) -> NGrams:
    """The models of sequences; the first token of each is only context."""
    reach = np.concatenate([np.arange(len(sequence)) for sequence in sequences])
    return train_ngrams(np.concatenate(sequences), reach, vocab_size=vocab_size, most=most)


def probability(models: NGrams, smoothing: Smoothing, order: int, context: Gram, token: int) -> float:
    """P(token | context) of the model of an order."""
    ids = np.array([*context, token])
    return float(models.probabilities(ids, np.arange(len(ids)))[smoothing][order - 1, -1])


@pytest.mark.parametrize(
    ("order", "context", "token", "expected"),
    [
        (1, (), 1, (2 + 2 / 2) / (3 + 2)),
        (2, (0,), 1, (2 + 3 / 5) / (2 + 1)),
        (2, (1,), 1, (0 + 3 / 5) / (1 + 1)),
        (3, (0, 1), 0, (1 + (1 + 2 / 5) / (1 + 1)) / (1 + 1)),
        (3, (1, 1), 1, (0 + 3 / 5) / (1 + 1)),
        (3, (1,), 1, (0 + 3 / 5) / (1 + 1)),
    ],
)
def test_witten_bell_on_abab(order: int, context: Gram, token: int, expected: float) -> None:
    """The targets of a b a b are b, a, b; c(h w) + T(h) P(w | h') over c(h) + T(h), down to 1 / 2.

    Neither b b nor a lone b is a context of two tokens: there P(w | h) = P(w | h').
    """
    models = models_of([0, 1, 0, 1], vocab_size=2, most=3)

    assert probability(models, "witten_bell", order, context, token) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("order", "context", "token", "expected"),
    [(2, (0,), 1, 11 / 12), (2, (0,), 0, 1 / 12), (2, (1,), 1, 1 / 6), (2, (1,), 0, 5 / 6)],
)
def test_kneser_ney_on_abab(order: int, context: Gram, token: int, expected: float) -> None:
    """a b occurs twice, b a once: D = 1 / 3. a and b each follow one token: 1/4 + 1/2 · 1/2."""
    models = models_of([0, 1, 0, 1], vocab_size=2, most=2)

    assert probability(models, "kneser_ney", order, context, token) == pytest.approx(expected)


def random_sequences() -> list[NDArray[np.int64]]:
    """Tokens 0 to 3 with some order in them: each is likely to be the one before plus 1."""
    rng = np.random.default_rng(0)
    steps = rng.choice(4, p=[0.1, 0.6, 0.2, 0.1], size=400)
    return np.split(np.cumsum(steps) % 4, [1, 3, 50, 51, 200])


def grams_of(sequences: Sequence[NDArray[np.int64]], order: int) -> Counter[Gram]:
    """How often each n-gram occurs; the first token of a sequence is no unigram."""
    found: Counter[Gram] = Counter()
    for sequence in sequences:
        for end in range(max(order, 2), len(sequence) + 1):
            found[tuple(sequence[end - order : end].tolist())] += 1
    return found


def naive_witten_bell(counts: Callable[[int], Counter[Gram]], context: Gram, token: int) -> float:
    lower = naive_witten_bell(counts, context[1:], token) if context else 1 / 4
    after = {gram: n for gram, n in counts(len(context) + 1).items() if gram[:-1] == context}
    if not after:
        return lower
    return (after.get((*context, token), 0) + len(after) * lower) / (sum(after.values()) + len(after))


def naive_kneser_ney(
    sequences: Sequence[NDArray[np.int64]], context: Gram, token: int, *, highest: bool = True
) -> float:
    order = len(context) + 1
    counts = grams_of(sequences, order)
    if not highest:
        longer = grams_of(sequences, order + 1)
        beginnings = {tuple(s[:order].tolist()) for s in sequences if len(s) >= order > 1}
        counts = Counter(gram[1:] for gram in longer) + Counter(beginnings)
    taken = discounts(np.array(list(counts.values())))
    lower = naive_kneser_ney(sequences, context[1:], token, highest=False) if context else 1 / 4
    after = {gram: n for gram, n in counts.items() if gram[:-1] == context}
    if not after:
        return lower
    own = after.get((*context, token), 0)
    given = sum(taken[min(n, 3)] for n in after.values())
    return float((own - taken[min(own, 3)] + given * lower) / sum(after.values()))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_every_probability_is_that_of_the_equation(order: int) -> None:
    """Counted gram by gram: six sequences, of which one has one token, after contexts seen and unseen."""
    sequences = random_sequences()
    models = models_of(*sequences, vocab_size=4, most=4)
    counted = {n: grams_of(sequences, n) for n in range(1, 5)}

    for context in [(0, 1, 2), (1, 1, 1), (3, 0, 2), (2, 0, 3)]:
        seen = context[len(context) - order + 1 :]
        for token in range(4):
            assert probability(models, "witten_bell", order, context, token) == pytest.approx(
                naive_witten_bell(counted.__getitem__, seen, token), rel=1e-5
            )
            assert probability(models, "kneser_ney", order, context, token) == pytest.approx(
                naive_kneser_ney(sequences, seen, token), rel=1e-5
            )


@pytest.mark.parametrize("smoothing", ["witten_bell", "kneser_ney"])
def test_probabilities_sum_to_one(smoothing: Smoothing) -> None:
    """Over all V tokens, two of which never occur, for every order; after contexts with those, too."""
    rng = np.random.default_rng(1)
    models = models_of(*random_sequences(), vocab_size=6, most=8)

    for length in [0, 1, 4, 9]:
        for context in rng.integers(0, 6, (20, length)):
            ids = [np.array([*context, token]) for token in range(6)]
            likely = [models.probabilities(each, np.arange(length + 1))[smoothing][:, -1] for each in ids]
            assert np.min(likely) > 0
            assert np.sum(likely, axis=0) == pytest.approx(np.ones(8), rel=1e-6)


def test_models_end_where_sequences_do() -> None:
    """Sequences of two tokens have no n-grams of three."""
    models = models_of([0, 1], [1, 1], vocab_size=2, most=8)

    assert len(models.orders) == 2


def test_a_token_looks_no_further_than_its_reach() -> None:
    """With a reach of 1 a model of order 4 is that of order 2."""
    models = models_of(*random_sequences(), vocab_size=4, most=4)
    ids = np.array([0, 1, 2, 3, 1])

    near = models.probabilities(ids, np.minimum(np.arange(5), 1))
    for smoothing, likely in models.probabilities(ids, np.arange(5)).items():
        assert near[smoothing][3, -1] == likely[1, -1] != likely[3, -1]


COUNTS = np.array([2, 1, 0, 3])
CONTEXTS = np.array([0, 0, 0, 1])
"""After context 0 two tokens have followed, three times; after 1 one, three times; after 2 none."""


def test_witten_bell_leaves_one_for_each_kind_of_follower() -> None:
    """2, 1 and 0 of 3 + 2, and 2 of 5 are left; 3 of 3 + 1, and 1 of 4 is left; else everything is."""
    level = witten_bell(COUNTS, CONTEXTS, 3)

    assert level.shares == pytest.approx([2 / 5, 1 / 5, 0, 3 / 4])
    assert level.rests == pytest.approx([2 / 5, 1 / 4, 1])


def test_kneser_ney_takes_a_discount_off_each_count() -> None:
    """One n-gram occurs once, one twice: D = 1 / (1 + 2) off every count that is not 0."""
    level = kneser_ney(COUNTS, CONTEXTS, 3)

    assert level.shares == pytest.approx([(2 - 1 / 3) / 3, (1 - 1 / 3) / 3, 0, (3 - 1 / 3) / 3])
    assert level.rests == pytest.approx([2 / 9, 1 / 9, 1])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([1, 1, 1, 1, 2, 2, 2, 3, 3, 4], [0, 0.4, 1.2, 2.2]),
        ([1, 1, 1, 2, 5], [0, 0.6, 0.6, 0.6]),
        ([1, 1, 1, 2, 3], [0, 0.6, 0.6, 0.6]),
        ([1, 2, 3, 4, 4, 4, 4, 4, 4], [0, 1 / 3, 1 / 3, 1 / 3]),
        ([2, 3, 3, 9], [0, 0.5, 0.5, 0.5]),
        ([1, 1, 3, 4], [0, 0.5, 0.5, 0.5]),
    ],
    ids=[
        "three sizes",
        "none three times",
        "none four times",
        "3 − 4 D is below 0",
        "none once",
        "none twice",
    ],
)
def test_discounts_follow_from_how_many_occur_how_often(counts: list[int], expected: list[float]) -> None:
    """Chen & Goodman's equation 26; with n1 = 4, n2 = 3, n3 = 2, n4 = 1, Y = 4 / (4 + 6) and so on."""
    assert discounts(np.array(counts)) == pytest.approx(expected)
