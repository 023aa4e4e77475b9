"""Baselines of the task `label` without a network: the majority class, and naive Bayes on n-grams."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.label_measures import Ids, measure_labels

HIGHEST_ORDERS = {"character": 4, "word": 2}
"""Largest number of tokens in the n-grams that naive Bayes counts, by the kind of the tokens."""

SMOOTHING = 0.1
"""Added to each count of naive Bayes. Adding 1, as Laplace did, hides rare labels: most n-grams are rare."""

MOST_COUNTS = 50_000_000
"""Largest number of counts (labels × n-grams) of naive Bayes, to limit its memory to about 1 GB."""

LogShares = NDArray[np.float64]


@dataclass(frozen=True)
class LabelBaseline:
    """The measures of predictions without a network.

    Attributes:
        accuracy: fraction of the labels that are predicted right, 0 to 1.
        macro_f1: mean F1 of the labels that occur among the targets, 0 to 1, as in `LabelMeasures`.
        loss: cross-entropy, nats per example whose label occurs in the training part; None if there is no
            such example. Labels that are not in the training part would have the probability 0.
    """

    accuracy: float
    macro_f1: float
    loss: float | None


def majority_class(training: Ids, targets: Ids, *, labels: int) -> LabelBaseline:
    """Return the measures of the most frequent label of the training part, predicted for every example.

    Of equally frequent labels the lowest is predicted. The probability of a label is its fraction of the
    training part.

    Args:
        training: (M,) the labels of the training part, M ≥ 1.
        targets: (K,) the labels to predict, K ≥ 1; −1 for a label that the model does not know.
        labels: number of labels L.
    """
    shares = _log_shares(training, labels)  # (L,)
    return _measured(training, targets, np.broadcast_to(shares, (len(targets), labels)))


def naive_bayes(
    training: tuple[Sequence[str], Ids],
    texts: Sequence[str],
    targets: Ids,
    *,
    labels: int,
    token: Literal["character", "word"],
) -> LabelBaseline:
    """Return the measures of multinomial naive Bayes on counts of n-grams.

    The n-grams are those of 1 to 4 characters, with a space before and after the text, or of 1 to 2 words.
    Upper and lower case are counted as one. scikit-learn's `CountVectorizer` counts, and its `MultinomialNB`
    learns, with `SMOOTHING` as its alpha (Manning, Raghavan & Schütze, 2008, section 13.2).

    Args:
        training: the M ≥ 1 texts of the training part, and their labels (M,).
        texts: the K ≥ 1 texts whose labels are predicted.
        targets: (K,) the labels to predict; −1 for a label that the model does not know.
        labels: number of labels L.
        token: what an n-gram consists of; a word is what stands between white space.
    """
    known_texts, known_labels = training
    logits = np.broadcast_to(_log_shares(known_labels, labels), (len(texts), labels))  # (K, L)
    if any(text.strip() for text in known_texts):  # without any n-gram, only the labels are left to count
        logits = _log_posteriors(known_texts, known_labels, texts, labels=labels, token=token)
    return _measured(known_labels, targets, logits)


def _log_shares(training: Ids, labels: int) -> LogShares:
    """Return the logarithm of the fraction of each label in the training part, (L,); −∞ if it is 0."""
    with np.errstate(divide="ignore"):
        shares: LogShares = np.log(np.bincount(training, minlength=labels) / len(training))
    return shares


def _log_posteriors(
    training: Sequence[str], known: Ids, texts: Sequence[str], *, labels: int, token: str
) -> LogShares:
    """Return the logarithm of P(label | text) by naive Bayes, (K, L); −∞ for labels without a text."""
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415 (slow)
    from sklearn.naive_bayes import MultinomialNB  # noqa: PLC0415 (slow)

    # A space before and after a text marks its first and its last character.
    analyzer: dict[str, Any] = {"analyzer": "char", "preprocessor": lambda text: f" {text.lower()} "}
    if token == "word":  # by default a word of scikit-learn has two letters or more, and no punctuation
        analyzer = {"analyzer": "word", "tokenizer": str.split, "token_pattern": None}
    counter = CountVectorizer(
        ngram_range=(1, HIGHEST_ORDERS[token]), max_features=max(MOST_COUNTS // labels, 1), **analyzer
    )
    model = MultinomialNB(alpha=SMOOTHING).fit(counter.fit_transform(training), known)
    logits = np.full((len(texts), labels), -np.inf)  # (K, L)
    logits[:, model.classes_] = model.predict_log_proba(counter.transform(texts))
    return logits


def _measured(training: Ids, targets: Ids, logits: LogShares) -> LabelBaseline:
    """Return the measures of predictions by logits (K, L), which are −∞ for labels without a text."""
    measures = measure_labels(targets, logits)
    learnt = measure_labels(np.where(np.isin(targets, training), targets, -1), logits)
    return LabelBaseline(measures.accuracy, measures.macro_f1, learnt.loss)
