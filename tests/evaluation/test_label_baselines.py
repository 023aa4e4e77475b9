"""Baselines of labels, by hand and against a naive Bayes written from its equation."""

import math
from collections import Counter

import numpy as np
import pytest

from rnnlab.evaluation.label_baselines import SMOOTHINGS, majority_class, naive_bayes

TEXTS = ["Anna", "anton", "Bob", "rob", "bo", "ann o"]
LABELS = np.array([0, 0, 2, 2, 2, 0])
HELD_OUT = ["ana", "bobo", "zz", "Rob Ann"]


def test_the_majority_class_by_hand():
    """Label 1 has 3 of 5 texts and is predicted 3 times, once right: its F1 is 2 · 1 / (3 + 1)."""
    baseline = majority_class(np.array([1, 0, 1, 1, 0]), np.array([0, 1, 0]), labels=3)

    assert baseline.accuracy == pytest.approx(1 / 3)
    assert baseline.macro_f1 == pytest.approx((0 + 1 / 2) / 2)
    assert baseline.loss == pytest.approx(-(2 * math.log(2 / 5) + math.log(3 / 5)) / 3)


def test_a_label_without_a_training_text_counts_as_wrong_and_not_in_the_loss():
    """Its probability would be 0, and the loss infinite; −1 is a label that the model does not know."""
    training = np.array([1, 0, 1])
    baseline = majority_class(training, np.array([1, 2, -1, 0]), labels=3)

    assert baseline.accuracy == 1 / 4
    assert baseline.loss == pytest.approx(-(math.log(2 / 3) + math.log(1 / 3)) / 2)
    assert majority_class(training, np.array([2]), labels=3).loss is None
    assert baseline.unlearnt == 1
    texts = ["a", "b", "c"]
    assert naive_bayes((texts, training), texts, np.array([2, -1, 2]), labels=3, token="word").unlearnt == 2


def grams_of(text, token):
    """All n-grams of a text: 1 to 4 characters with spaces around the text, or 1 to 2 words."""
    tokens, most = (list(f" {text} ".lower()), 4) if token == "character" else (text.lower().split(), 2)
    return [tuple(tokens[at : at + n]) for n in range(1, most + 1) for at in range(len(tokens) - n + 1)]


def equation(texts, labels, text, token, alpha):
    """P(label | text) ∝ P(label) Π (count of the n-gram with the label + α) / (all + α · n-grams)."""
    counts = {label: Counter() for label in set(labels.tolist())}
    for known, label in zip(texts, labels.tolist(), strict=True):
        counts[label].update(grams_of(known, token))
    kinds = set().union(*counts.values())
    joint = {}
    for label, of_label in counts.items():
        total = sum(of_label.values()) + alpha * len(kinds)
        likely = [(of_label[gram] + alpha) / total for gram in grams_of(text, token) if gram in kinds]
        joint[label] = math.prod(likely) * (labels == label).mean()
    return {label: share / sum(joint.values()) for label, share in joint.items()}


@pytest.mark.parametrize("token", ["character", "word"])
@pytest.mark.parametrize("text", HELD_OUT)
@pytest.mark.parametrize("target", [0, 2])
def test_naive_bayes_is_its_equation(token, text, target):
    """The loss of one text is −ln P(label | text); n-grams that the training part lacks do not count."""
    baseline = naive_bayes((TEXTS, LABELS), [text], np.array([target]), labels=4, token=token)

    expected = equation(TEXTS, LABELS, text, token, baseline.alpha)

    assert baseline.loss == pytest.approx(-math.log(expected[target]))
    assert baseline.accuracy == (max(expected, key=expected.get) == target)


def test_words_of_one_letter_and_punctuation_count():
    """A word is what stands between white space; scikit-learn's default would drop both."""
    texts, labels = ["a !", "b ?"] * 2, np.array([0, 1] * 2)

    assert naive_bayes((texts, labels), ["a", "?"], np.array([0, 1]), labels=2, token="word").accuracy == 1


@pytest.mark.parametrize("token", ["character", "word"])
def test_empty_texts_leave_the_majority_class(token):
    """Without any n-gram, P(label | text) = P(label)."""
    targets = np.array([0, 1])
    baseline = naive_bayes((["", " "], np.array([1, 1])), ["x", ""], targets, labels=2, token=token)

    expected = majority_class(np.array([1, 1]), targets, labels=2)
    assert (baseline.accuracy, baseline.macro_f1, baseline.loss) == (
        expected.accuracy,
        expected.macro_f1,
        expected.loss,
    )
    assert baseline.alpha == 1


def test_one_label_is_certain():
    """A training part of one label has the loss 0."""
    baseline = naive_bayes((["ab", "b"], np.array([1, 1])), ["a"], np.array([1]), labels=2, token="character")

    assert (baseline.accuracy, baseline.loss) == (1.0, pytest.approx(0.0, abs=1e-12))


RARE = ["anna", "annan", "hanna", "anan", "nana", "ana", "nan", "xo", "anno", "hana", "naan", "xio"]
RARE_LABELS = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1])


def right(alpha, known, held_out):
    """How many labels the equation predicts right."""
    return sum(
        max(found := equation(*known, text, "character", alpha), key=found.get) == label
        for text, label in zip(held_out[0], held_out[1].tolist(), strict=True)
    )


@pytest.mark.parametrize(
    ("validation", "alpha"),
    [
        (["xa", "oo", "ax"], 0.3),
        (["na", "an", "nn"], 1.0),
    ],
)
def test_the_validation_part_chooses_the_smoothing(validation, alpha):
    """The alpha with the most right labels; of equally good ones the largest."""
    known, held_out = (
        (RARE, RARE_LABELS),
        (validation, np.array([int("x" in text or "o" in text) for text in validation])),
    )

    chosen = naive_bayes(
        known, ["nox"], np.array([1]), labels=2, token="character", validation=held_out
    ).alpha

    assert chosen == max(SMOOTHINGS, key=lambda each: right(each, known, held_out)) == alpha


def test_without_a_validation_part_a_fifth_of_the_training_texts_chooses():
    """Equal texts stay on one side; then all texts are counted."""
    texts = ["anna", "hanna", "xo", "nana", "ox", "anna", "xoxo", "anan", "ana", "o", "xa", "ox"]
    labels = np.array([0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1])
    different = list(dict.fromkeys(texts))
    apart = [different.index(text) % 5 == 4 for text in texts]
    kept, held_out = (
        (
            [text for text, own in zip(texts, apart, strict=True) if own is side],
            labels[np.array(apart) == side],
        )
        for side in (False, True)
    )

    baseline = naive_bayes((texts, labels), ["xa"], np.array([1]), labels=2, token="character")

    assert held_out[0] == ["ox", "xa", "ox"]
    assert baseline.alpha == max(SMOOTHINGS, key=lambda each: right(each, kept, held_out))
    expected = equation(texts, labels, "xa", "character", baseline.alpha)
    assert baseline.loss == pytest.approx(-math.log(expected[1]))


def test_few_texts_choose_no_smoothing():
    """Fewer than five different ones."""
    assert (
        naive_bayes(
            (["ab", "b"] * 3, np.array([0, 1] * 3)), ["a"], np.array([0]), labels=2, token="character"
        ).alpha
        == 1
    )
