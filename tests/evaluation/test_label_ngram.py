"""Losses of sequences by label, by hand and against n-gram models of one label."""

import math

import numpy as np
import pytest

from rnnlab.evaluation import label_ngram
from rnnlab.evaluation.label_ngram import best_ngram, measure_from_label
from rnnlab.evaluation.ngram import train_ngrams


def of(*sequences):
    """Sequences as arrays of ids."""
    return [np.array(each, np.int32) for each in sequences]


SEQUENCES = of([2, 3], [2], [3, 3, 3])
OWNERS = np.array([0, 2, 0])
COSTS = np.array([1.0, 2.0, 3.0, 10.0, 20.0, 1.0, 1.0, 1.0, 1.0])
TRAINING = of([2, 3, 2], [3, 3], [2, 2, 2, 2]), np.array([0, 0, 2])


def measured(**changes):
    """The measures of the sequences above."""
    settings = {"training": TRAINING, "labels": 3, "vocab_size": 4}
    return measure_from_label(COSTS, SEQUENCES, OWNERS, **settings | changes)


def test_losses_of_labels_by_hand():
    """Label 0: 1 + 2 + 3 and 4 · 1 over 3 + 4 tokens; label 2: 10 + 20 over 2. END is the last of each."""
    measures = measured()

    assert measures.labels[0].loss == pytest.approx(10 / 7)
    assert (measures.labels[0].tokens, measures.labels[0].sequences) == (7, 2)
    assert measures.labels[1] is None
    assert (measures.labels[2].loss, measures.labels[2].tokens) == (15, 2)
    assert (measures.loss, measures.tokens) == (pytest.approx(40 / 9), 9)


def test_the_ngram_loss_of_all_labels_is_weighted_by_tokens():
    """7 tokens of label 0 and 2 tokens of label 2."""
    measures = measured()
    first, last = measures.labels[0].ngram, measures.labels[2].ngram

    assert measures.ngram_loss == pytest.approx((7 * first.loss + 2 * last.loss) / 9)


def test_an_ngram_model_counts_the_sequences_of_its_label_alone():
    """Other sequences of label 2 leave the model of label 0 as it is."""
    others = of([2, 3, 2], [3, 3], [3, 0, 1]), TRAINING[1]

    assert measured(training=others).labels[0].ngram == measured().labels[0].ngram
    assert measured(training=others).labels[2].ngram != measured().labels[2].ngram


def test_labels_below_their_ngram_model_are_counted():
    """A loss of 15 nats is above it, and a label without sequences is neither."""
    assert measured().labels[0].ngram.loss < 10 / 7
    assert measured().below_ngram == 0
    low = measure_from_label(COSTS / 100, SEQUENCES, OWNERS, training=TRAINING, labels=3, vocab_size=4)
    assert low.below_ngram == 2


def test_the_best_ngram_by_hand():
    """After the beginning comes 2, and after 2 comes END, each once; V = 4.

    Order 1, Witten–Bell: (1 + 2 / 4) / (2 + 2) = 3/8 each. Order 2: (1 + 3/8) / (1 + 1) = 11/16 each.
    Order 2, Kneser–Ney, D = 1/2: 1/2 + 1/2 · (1/2 · 1/2 + 1/2 · 1/4) = 11/16. Order 3 for END, with the
    complete context: Witten–Bell (1 + 11/16) / 2 = 27/32.
    """
    best = best_ngram(of([2]), of([2]), vocab_size=4)

    assert (best.order, best.smoothing) == (3, "witten_bell")
    assert best.loss == pytest.approx(-(math.log(11 / 16) + math.log(27 / 32)) / 2, rel=1e-6)


def test_end_is_a_token_and_the_beginning_a_context():
    """Of sequences that are all 2 or all 3, either begins half of them: then each token is nearly certain."""
    sequences = of(*[[2, 2, 2], [3, 3, 3]] * 50)
    best = best_ngram(sequences, sequences, vocab_size=4)

    assert best.loss == pytest.approx(
        math.log(2) / 4, rel=0.05
    )  # ln 2 for the first of four tokens, 0 for END


@pytest.mark.parametrize("order", [1, 2, 5])
def test_probabilities_of_all_tokens_sum_to_one(order):
    """Of END, UNKNOWN and every token, at each place of a sequence: the loss is that of a distribution."""
    training, context = of([2, 3, 2], [3, 3], [3, 4, 1]), [2, 3]
    ids, reach = label_ngram._read(training)
    models = train_ngrams(ids, reach, vocab_size=5, most=8)
    for length in (0, 1, 2):
        begun = [0, *context[:length]]
        sums = {"witten_bell": 0.0, "kneser_ney": 0.0}
        for token in range(5):
            found = models.probabilities(np.array([*begun, token]), np.arange(len(begun) + 1))
            for smoothing, by_order in found.items():
                sums[smoothing] += by_order[min(order, len(by_order)) - 1, -1]
        assert sums == pytest.approx({"witten_bell": 1, "kneser_ney": 1}, rel=1e-6)


def test_a_label_without_training_sequences_has_even_probabilities():
    """1 / V for every token; an empty sequence is END alone."""
    assert best_ngram([], of([2, 3], []), vocab_size=8).loss == pytest.approx(math.log(8))


def test_at_most_the_last_tokens_are_counted(monkeypatch):
    """The last 4 tokens with the beginning: END 3 3 END, as if the first sequence did not exist."""
    whole = best_ngram(of([3, 3]), SEQUENCES, vocab_size=4)
    monkeypatch.setattr(label_ngram, "MOST_TOKENS", 4)

    assert best_ngram(of([2, 2, 2], [3, 3]), SEQUENCES, vocab_size=4) == whole


def test_a_sequence_that_the_limit_cuts_begins_with_context(monkeypatch):
    """Of END 2 3 END the last 3 tokens: 2 is the context of 3, and no token comes before it."""
    monkeypatch.setattr(label_ngram, "MOST_TOKENS", 3)
    models = train_ngrams(np.array([2, 3, 0]), np.array([0, 1, 2]), vocab_size=4, most=8)
    found = models.probabilities(np.array([0, 3, 0]), np.arange(3))
    lowest = min((-np.log(by_order[:, 1:])).mean(axis=1).min() for by_order in found.values())

    assert best_ngram(of([2, 3]), of([3]), vocab_size=4).loss == pytest.approx(lowest)


@pytest.mark.parametrize("costs", [COSTS[:-1], COSTS[:6]])
def test_costs_without_end_are_refused(costs):
    """Six tokens and three ENDs are nine."""
    with pytest.raises(ValueError, match="9 with END"):
        measure_from_label(costs, SEQUENCES, OWNERS, training=TRAINING, labels=3, vocab_size=4)
