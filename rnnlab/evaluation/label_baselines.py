"""Baselines of the task `label` without a network: the majority class, and naive Bayes on n-grams."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.label_measures import Ids, measure_labels

HIGHEST_ORDERS = {"character": 4, "word": 2}
"""Largest number of tokens in the n-grams that naive Bayes counts, by the kind of the tokens."""

SMOOTHINGS = (1.0, 0.3, 0.1, 0.03, 0.01)
"""What may be added to each count of naive Bayes. Adding 1, as Laplace did, hides rare labels: most n-grams
are rare. Of equally good ones the first is chosen."""

LEFT_OUT = 5
"""One of so many different training texts is left out to choose the smoothing, if there are no others."""

MOST_COUNTS = 50_000_000
"""Largest number of counts (labels × n-grams) of naive Bayes, to limit its memory to about 1 GB."""

LogShares = NDArray[np.float64]

Labelled = tuple[Sequence[str], Ids]
"""M texts, and their labels (M,)."""


@dataclass(frozen=True)
class LabelBaseline:
    """The measures of predictions without a network.

    Attributes:
        accuracy: fraction of the labels that are predicted right, 0 to 1.
        macro_f1: mean F1 of the labels that occur among the targets, 0 to 1, as in `LabelMeasures`.
        loss: cross-entropy, nats per example whose label occurs in the training part; None if there is no
            such example. Labels that are not in the training part would have the probability 0.
        unlearnt: number of examples whose label the model knows, but the training part lacks. The loss of the
            network counts them, so it can be compared with `loss` only if there are none.
    """

    accuracy: float
    macro_f1: float
    loss: float | None
    unlearnt: int


@dataclass(frozen=True)
class NaiveBayes(LabelBaseline):
    """The measures of predictions by naive Bayes.

    Attributes:
        alpha: what was added to each count, one of `SMOOTHINGS`.
    """

    alpha: float


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
    training: Labelled,
    texts: Sequence[str],
    targets: Ids,
    *,
    labels: int,
    token: Literal["character", "word"],
    validation: Labelled | None = None,
) -> NaiveBayes:
    """Return the measures of multinomial naive Bayes on counts of n-grams.

    The n-grams are those of 1 to 4 characters, with a space before and after the text, or of 1 to 2 words.
    Upper and lower case are counted as one. scikit-learn's `CountVectorizer` counts, and its `MultinomialNB`
    learns (Manning, Raghavan & Schütze, 2008, section 13.2). Its alpha is the one of `SMOOTHINGS` with the
    highest accuracy on the validation part.

    Args:
        training: the M ≥ 1 texts of the training part, and their labels (M,).
        texts: the K ≥ 1 texts whose labels are predicted.
        targets: (K,) the labels to predict; −1 for a label that the model does not know.
        labels: number of labels L.
        token: what an n-gram consists of; a word is what stands between white space.
        validation: the texts and labels of the validation part. None: every fifth different text of the
            training part takes its place, and only the others are counted to choose alpha.
    """
    known_texts, known_labels = training
    counted = _Ngrams.counted(training, labels=labels, token=token)
    if counted is None:  # without any n-gram, only the labels are left to count
        shares = np.broadcast_to(_log_shares(known_labels, labels), (len(texts), labels))  # (K, L)
        found = _measured(known_labels, targets, shares)
        return NaiveBayes(found.accuracy, found.macro_f1, found.loss, found.unlearnt, SMOOTHINGS[0])
    if validation is None:
        kept, validation = _apart(known_texts, known_labels)
        alpha = _best_smoothing(_Ngrams.counted(kept, labels=labels, token=token), validation)
    else:
        alpha = _best_smoothing(counted, validation)
    found = _measured(known_labels, targets, counted.log_posteriors(counted.counts_of(texts), alpha))
    return NaiveBayes(found.accuracy, found.macro_f1, found.loss, found.unlearnt, alpha)


def _log_shares(training: Ids, labels: int) -> LogShares:
    """Return the logarithm of the fraction of each label in the training part, (L,); −∞ if it is 0."""
    with np.errstate(divide="ignore"):
        shares: LogShares = np.log(np.bincount(training, minlength=labels) / len(training))
    return shares


def _apart(texts: Sequence[str], labels: Ids) -> tuple[Labelled, Labelled]:
    """Return training texts in two parts, with their labels: every fifth different text is in the second."""
    numbers: dict[str, int] = {}
    own = np.array([numbers.setdefault(text, len(numbers)) for text in texts])  # (M,)
    is_apart = own % LEFT_OUT == LEFT_OUT - 1
    kept, apart = (
        ([texts[number] for number in np.flatnonzero(chosen).tolist()], labels[chosen])
        for chosen in (~is_apart, is_apart)
    )
    return kept, apart


def _best_smoothing(counted: "_Ngrams | None", validation: Labelled) -> float:
    """Return the alpha with the highest accuracy; the first if there are no n-grams or no texts."""
    texts, targets = validation
    if counted is None or not len(texts):
        return SMOOTHINGS[0]
    counts = counted.counts_of(texts)
    accuracies = [
        float(np.mean(counted.log_posteriors(counts, alpha).argmax(axis=1) == targets))
        for alpha in SMOOTHINGS
    ]
    return SMOOTHINGS[int(np.argmax(accuracies))]


@dataclass(frozen=True, eq=False)
class _Ngrams:
    """The n-grams of training texts.

    Attributes:
        counter: scikit-learn's `CountVectorizer`, which knows the n-grams of these texts.
        counts: how often each text has each n-gram, a sparse matrix (M, n-grams).
        known: the label of each text, (M,).
        labels: number of labels L.
    """

    counter: Any
    counts: Any
    known: Ids
    labels: int

    @staticmethod
    def counted(training: Labelled, *, labels: int, token: str) -> "_Ngrams | None":
        """Return the n-grams of texts; None if no text has any."""
        from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415 (slow)

        texts, known = training
        if not any(text.strip() for text in texts):
            return None
        # A space before and after a text marks its first and its last character.
        analyzer: dict[str, Any] = {"analyzer": "char", "preprocessor": lambda text: f" {text.lower()} "}
        if token == "word":  # by default a word of scikit-learn has two letters or more, and no punctuation
            analyzer = {"analyzer": "word", "tokenizer": str.split, "token_pattern": None}
        counter = CountVectorizer(
            ngram_range=(1, HIGHEST_ORDERS[token]), max_features=max(MOST_COUNTS // labels, 1), **analyzer
        )
        return _Ngrams(counter, counter.fit_transform(texts), known, labels)

    def counts_of(self, texts: Sequence[str]) -> Any:
        """Return how often each text has each n-gram, a sparse matrix (K, n-grams)."""
        return self.counter.transform(texts)

    def log_posteriors(self, counts: Any, alpha: float) -> LogShares:
        """Return the logarithm of P(label | text), (K, L), of counts (K, n-grams).

        It is −∞ for labels without a training text.
        """
        from sklearn.naive_bayes import MultinomialNB  # noqa: PLC0415 (slow)

        model = MultinomialNB(alpha=alpha).fit(self.counts, self.known)
        logits = np.full((counts.shape[0], self.labels), -np.inf)  # (K, L)
        logits[:, model.classes_] = model.predict_log_proba(counts)
        return logits


def _measured(training: Ids, targets: Ids, logits: LogShares) -> LabelBaseline:
    """Return the measures of predictions by logits (K, L), which are −∞ for labels without a text."""
    measures = measure_labels(targets, logits)
    learnt = measure_labels(np.where(np.isin(targets, training), targets, -1), logits)
    return LabelBaseline(
        measures.accuracy, measures.macro_f1, learnt.loss, unlearnt=measures.known - learnt.known
    )
