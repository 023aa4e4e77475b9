"""Measures of predicted tags: accuracy of tokens, sequences and unseen tokens, F1 of each tag, and loss.

A target −1 is a tag that the model does not know, so its prediction is always wrong. The baseline predicts
the most frequent tag of each token.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.label_measures import ClassFigures, Ids, class_figures, macro_f1

MOST_CONFUSED = 20
"""Most pairs of a true and a predicted tag that are kept."""


@dataclass(frozen=True)
class TagMeasures:
    """The measures of the predicted tags of K sequences with S tokens.

    Attributes:
        accuracy: fraction of the S tags that are predicted right, 0 to 1.
        sequence_accuracy: fraction of the K sequences whose tags are all predicted right, 0 to 1.
        unseen_accuracy: accuracy on the tokens that the training part does not have, 0 to 1; None if there
            are none.
        loss: cross-entropy, nats per token whose tag the model knows; None if there is no such token, or for
            a baseline without probabilities.
        macro_f1: mean of the F1 of the tags that occur among the targets, 0 to 1.
        tags: the figures of each tag, by its id.
        confused: the most frequent mistakes, (true tag, predicted tag, number of tokens), at most
            `MOST_CONFUSED`, the most frequent first; without tokens whose tag the model does not know.
        counted: number of tokens S.
        correct: number of tokens whose tag is predicted right.
        sequences: number of sequences K.
        unseen: number of tokens that the training part does not have.
    """

    accuracy: float
    sequence_accuracy: float
    unseen_accuracy: float | None
    loss: float | None
    macro_f1: float
    tags: tuple[ClassFigures, ...]
    confused: tuple[tuple[int, int, int], ...]
    counted: int
    correct: int
    sequences: int
    unseen: int


def measure_tags(
    targets: Ids,
    predicted: Ids,
    *,
    offsets: NDArray[np.int64],
    unseen: NDArray[np.bool_],
    tags: int,
    costs: NDArray[np.floating[Any]] | None = None,
) -> TagMeasures:
    """Return the measures of S ≥ 1 predicted tags, the sequences one after another and without padding.

    Args:
        targets: (S,) the true tag of each token, or −1.
        predicted: (S,) the predicted tags, 0 to `tags` − 1.
        offsets: (K + 1,) sequence k has the tokens from offsets[k] up to offsets[k + 1] − 1. A sequence
            without tokens counts as predicted right.
        unseen: (S,) whether the training part lacks the token, from `are_unseen`.
        tags: number of tags.
        costs: (S,) cross-entropy of each target, nats; that of a target −1 is not read. None: no loss.

    Raises:
        ValueError: there is no token, or the arrays differ in S.
    """
    arrays = [targets, predicted, unseen] if costs is None else [targets, predicted, unseen, costs]
    if {len(each) for each in arrays} != {int(offsets[-1])} or not len(targets):
        raise ValueError(f"arrays of {[len(each) for each in arrays]} for S = {offsets[-1]}, at least 1")
    is_right = predicted == targets  # (S,)
    wrong_before = np.append(0, np.cumsum(~is_right))  # (S + 1,) number of wrong tags before each token
    wrong = wrong_before[offsets[1:]] - wrong_before[offsets[:-1]]  # (K,)
    is_known, figures = targets >= 0, class_figures(targets, predicted, classes=tags)
    return TagMeasures(
        accuracy=float(is_right.mean()),
        sequence_accuracy=float((wrong == 0).mean()),
        unseen_accuracy=float(is_right[unseen].mean()) if unseen.any() else None,
        loss=float(costs[is_known].mean(dtype=np.float64)) if costs is not None and is_known.any() else None,
        macro_f1=macro_f1(figures),
        tags=figures,
        confused=_confused(targets[is_known & ~is_right], predicted[is_known & ~is_right]),
        counted=len(targets),
        correct=int(np.count_nonzero(is_right)),
        sequences=len(wrong),
        unseen=int(np.count_nonzero(unseen)),
    )


def _confused(targets: Ids, predicted: Ids) -> tuple[tuple[int, int, int], ...]:
    """Return the most frequent mistakes of tokens that are predicted wrong, (M,) true and predicted tags."""
    counts = Counter(zip(targets.tolist(), predicted.tolist(), strict=True))
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple((wanted, found, times) for (wanted, found), times in ordered[:MOST_CONFUSED])


def are_unseen(tokens: Sequence[str], training: Iterable[str]) -> NDArray[np.bool_]:
    """Return whether each of S tokens is absent from the training part, compared by its text, (S,)."""
    seen = set(training)
    return np.fromiter((token not in seen for token in tokens), np.bool_, len(tokens))


def most_frequent_tags(training: tuple[Sequence[str], Ids], tokens: Sequence[str]) -> NDArray[np.int64]:
    """Return the most frequent tag of each of S tokens in the training part, (S,).

    For a token that the training part lacks it is the most frequent tag of the training part. Of equally
    frequent tags that which comes first in the training part is taken.

    Args:
        training: the M ≥ 1 tokens of the training part, and their tags (M,).
        tokens: the S tokens to tag.
    """
    words, tags = training[0], training[1].tolist()
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for word, tag in zip(words, tags, strict=True):
        counts[word][tag] += 1
    best = {word: of_word.most_common(1)[0][0] for word, of_word in counts.items()}
    otherwise = Counter(tags).most_common(1)[0][0]
    return np.fromiter((best.get(token, otherwise) for token in tokens), np.int64, len(tokens))
