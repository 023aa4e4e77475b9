"""Measures of written targets: exact match, token error rate, and loss and accuracy with teacher forcing.

Targets are compared as lists of the tokens that stand in the data. A token that the model wrote as `UNKNOWN`
therefore never equals a token that the vocabulary lacks. The baseline copies the target of the training
source that is nearest by edit distance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tokens = Sequence[str]
"""A list of tokens; a text is the list of its characters."""

MOST_STEPS = 150_000_000_000
"""Most pairs of tokens that `nearest_source` compares: about a minute on two cores."""

BLOCK = 1 << 24
"""Number of edit distances in memory at one time."""


@dataclass(frozen=True)
class WrittenTargets:
    """How K targets that were written compare with the true targets.

    Attributes:
        exact_match: fraction of the targets that are written without a mistake, 0 to 1.
        token_error_rate: edits per token of the true targets: the sum of all edit distances (Levenshtein,
            1966: insertions, deletions and substitutions of one token) over the sum of all lengths. It is
            above 1 if more is written wrong than there is. `END` is not counted.
        exact: number of targets without a mistake.
        edits: sum of the edit distances.
        tokens: number of tokens of the true targets.
        counted: number of targets K.
    """

    exact_match: float
    token_error_rate: float
    exact: int
    edits: int
    tokens: int
    counted: int


@dataclass(frozen=True)
class PairMeasures:
    """The measures of K pairs.

    Attributes:
        greedy: the targets written with the most probable token at each step (beam 1).
        beam: the targets written with a beam search; None if there was none.
        accuracy: fraction of the target tokens that are the most probable token with teacher forcing, 0 to 1.
            `END` of each target is counted as a token; padding is not counted.
        loss: cross-entropy with teacher forcing, nats per token. `END` of each target is counted as a token;
            padding is not counted.
        counted: number of tokens with `END` that `accuracy` and `loss` count.
    """

    greedy: WrittenTargets
    beam: WrittenTargets | None
    accuracy: float
    loss: float
    counted: int


@dataclass(frozen=True)
class NearestSource:
    """The baseline that copies the target of the nearest training source.

    Attributes:
        written: its targets, compared with the true ones.
        sources: number of training pairs that were compared, the first ones.
        left_out: number of training pairs after those, which were left out to limit the time.
    """

    written: WrittenTargets
    sources: int
    left_out: int


def measure_pairs(
    targets: Sequence[Tokens],
    greedy: Sequence[Tokens],
    *,
    beam: Sequence[Tokens] | None,
    is_right: NDArray[np.bool_],
    costs: NDArray[np.floating[Any]],
) -> PairMeasures:
    """Return the measures of K ≥ 1 pairs.

    Args:
        targets: the K true targets, without `END`.
        greedy: the K targets written with beam 1.
        beam: the K targets written with a beam search; None if there was none.
        is_right: (S + K,) whether each target token, and `END` of each target, is the most probable token
            with teacher forcing, without padding.
        costs: (S + K,) cross-entropy of the same tokens, nats.

    Raises:
        ValueError: the number of targets or of tokens differs.
    """
    tokens = sum(map(len, targets)) + len(targets)
    if len(is_right) != tokens or len(costs) != tokens:
        raise ValueError(f"{len(is_right)} and {len(costs)} figures for {tokens} with END")
    return PairMeasures(
        greedy=measure_written(targets, greedy),
        beam=None if beam is None else measure_written(targets, beam),
        accuracy=float(is_right.mean()),
        loss=float(costs.mean(dtype=np.float64)),
        counted=tokens,
    )


def measure_written(targets: Sequence[Tokens], written: Sequence[Tokens]) -> WrittenTargets:
    """Return the exact match and the token error rate of K ≥ 1 written targets.

    If all true targets are empty, the token error rate is the number of edits.

    Args:
        targets: the K true targets, without `END`.
        written: the K written targets, without `END`.

    Raises:
        ValueError: there is no target, or the lists differ in K.
    """
    if not targets or len(targets) != len(written):
        raise ValueError(f"{len(targets)} true and {len(written)} written: needs K of both, at least 1")
    distances = [edit_distance(*pair) for pair in zip(targets, written, strict=True)]
    exact, edits, tokens = distances.count(0), sum(distances), sum(map(len, targets))
    return WrittenTargets(
        exact_match=exact / len(targets),
        token_error_rate=edits / max(tokens, 1),
        exact=exact,
        edits=edits,
        tokens=tokens,
        counted=len(targets),
    )


def edit_distance(first: Tokens, second: Tokens) -> int:
    """Return the least number of tokens to insert, delete or replace that makes one list the other."""
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 (slow)

    letters = _letters([first])
    return int(Levenshtein.distance(_spelled(first, letters), _spelled(second, letters)))


def nearest_source(
    training: Sequence[tuple[Tokens, Tokens]], sources: Sequence[Tokens], targets: Sequence[Tokens]
) -> NearestSource:
    """Return the baseline: for each source, the target of the training source with the least edit distance.

    Of several nearest training sources the first is taken.

    Args:
        training: the M ≥ 1 sources of the training part with their targets.
        sources: the K ≥ 1 sources to read.
        targets: the K true targets.
    """
    steps = np.cumsum([len(source) for source, _ in training]) * max(sum(map(len, sources)), 1)  # (M,)
    kept = max(int(np.searchsorted(steps, MOST_STEPS, side="right")), 1)
    nearest = nearest_sources([source for source, _ in training[:kept]], sources)
    written = measure_written(targets, [training[number][1] for number in nearest.tolist()])
    return NearestSource(written, kept, len(training) - kept)


def nearest_sources(training: Sequence[Tokens], sources: Sequence[Tokens]) -> NDArray[np.int64]:
    """Return the index of the training source with the least edit distance to each of K sources, (K,).

    Of several nearest training sources the first is taken.

    Args:
        training: the M ≥ 1 sources of the training part.
        sources: the K sources.
    """
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 (slow)
    from rapidfuzz.process import cdist  # noqa: PLC0415 (slow)

    letters = _letters(sources)
    distinct: dict[str, int] = {}  # the first index of each distinct training source, D of them
    for number, source in enumerate(training):
        distinct.setdefault(_spelled(source, letters), number)
    known, firsts = list(distinct), np.fromiter(distinct.values(), np.int64, len(distinct))  # (D,)
    rows = max(BLOCK // len(known), 1)
    found = np.zeros(len(sources), np.int64)  # (K,)
    for begin in range(0, len(sources), rows):
        asked = [_spelled(source, letters) for source in sources[begin : begin + rows]]
        distances = cdist(asked, known, scorer=Levenshtein.distance, dtype=np.int32, workers=-1)  # (rows, D)
        found[begin : begin + rows] = firsts[distances.argmin(axis=1)]
    return found


def _letters(lists: Iterable[Tokens]) -> dict[str, str]:
    """Return a character of its own for each distinct token, so that rapidfuzz compares tokens as characters.

    A word would otherwise be compared letter by letter. Character 0 is left for all other tokens.
    """
    letters: dict[str, str] = {}
    for tokens in lists:
        for token in tokens:
            letters.setdefault(token, chr(len(letters) + 1))
    return letters


def _spelled(tokens: Tokens, letters: dict[str, str]) -> str:
    """Return tokens as one character each; a token without a character of its own is character 0."""
    return "".join(letters.get(token, "\0") for token in tokens)
