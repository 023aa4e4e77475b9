"""Originality: what samples have in common with the training data, beside what held-out data has.

For each sample: the longest run of tokens that stands verbatim in the training data, the share of its n-grams
that are new, and the passage of the training data at the longest run. Other data of the same kind also shares
runs with the training data: so the same figures are computed for held-out stretches as long as the samples.

A token is copied at length n if it lies in a run of n or more tokens that stands in the training data, or in
a whole sample of fewer tokens that stands there. The judgement compares the share of copied tokens at one n:
the shortest at which at most a tenth of the held-out data is copied, and that a typical sample is as long as.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.examples import TokenSet
from rnnlab.datasets.training_tokens import AnyIds, TokenSequences, TrainingTokens
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import count_of
from rnnlab.evaluation.verbatim import verbatim_runs
from rnnlab.generation.writing import Written
from rnnlab.models.model_file import Trained, TrainedTask

NGRAMS = (2, 4, 8, 16, 32)
"""Lengths n of the n-grams, in tokens."""

MOST_STRETCHES, MOST_STRETCH_TOKENS = 200, 100_000
"""Largest number of held-out stretches, and of their tokens; there is always one stretch."""

AROUND = 40
"""Number of tokens of a passage before and after a copy."""

SELDOM, MOSTLY = 0.1, 0.5
"""Largest share of copied tokens that is called seldom, and smallest share that makes a copyist."""

FEW_TOKENS = 100
"""Samples of fewer tokens together do not allow a sure judgement."""

Verdict = Literal["copyist", "in part", "original"]
Shares = dict[int, float | None]


@dataclass(frozen=True)
class LongestCopy:
    """The longest run of tokens that stands verbatim in the training data.

    Attributes:
        length: number of tokens.
        text: the text of the run.
        place: where its first token stands in the training data, such as `song.txt:3:14`.
    """

    length: int
    text: str
    place: str


@dataclass(frozen=True)
class NearestPassage:
    """The passage of the training data around the longest copy of a sample.

    Attributes:
        text: the copy, and at most `AROUND` tokens of its sequence before and after it.
        place: where the passage begins.
        agreement: share of the tokens of the sample that equal those of the training data, if the two are
            laid side by side so that the copy agrees, 0 to 1.
    """

    text: str
    place: str
    agreement: float


@dataclass(frozen=True)
class SampleOriginality:
    """What one sample has in common with the training data.

    Attributes:
        tokens: number of tokens of the sample.
        longest_copy: its longest copy; None if no token of it stands in the training data.
        new_ngrams: for each n, the share of its n-grams that the training data does not have, 0 to 1; None
            if it has no n-gram.
        copied: for each n, the share of its tokens that are copied at length n, 0 to 1; None without a token.
        nearest: the passage around the longest copy; None without a copy.
    """

    tokens: int
    longest_copy: LongestCopy | None
    new_ngrams: Shares
    copied: Shares
    nearest: NearestPassage | None


@dataclass(frozen=True)
class HeldOutOriginality:
    """What stretches of held-out data have in common with the training data.

    Attributes:
        part: the part of the data, validation or test.
        stretches: number of stretches.
        tokens: number of tokens of all stretches.
        longest_copy: the longest copy of all stretches.
        median_length: median of the lengths of the longest copies of the stretches.
        new_ngrams: as for a sample, of all stretches together.
        copied: as for a sample, of all stretches together.
    """

    part: str
    stretches: int
    tokens: int
    longest_copy: LongestCopy | None
    median_length: float
    new_ngrams: Shares
    copied: Shares


@dataclass(frozen=True)
class OriginalityReport:
    """The originality of samples.

    Attributes:
        samples: the figures of each sample.
        held_out: the figures of held-out data; None if nothing is held out.
        noun: the word for a token: character, word or note.
        verdict: `copyist`, `in part` or `original`.
        judgement: the verdict as a sentence, with the figures that it is based on.
    """

    samples: tuple[SampleOriginality, ...]
    held_out: HeldOutOriginality | None
    noun: str
    verdict: Verdict
    judgement: str


def originality_of(
    samples: Sequence[Sequence[int] | AnyIds],
    kept: TrainingTokens,
    text_of: Callable[[Sequence[int]], str],
) -> OriginalityReport:
    """Return the originality of samples.

    Args:
        samples: the token ids of each sample; a negative id, as for a boundary, ends every run.
        kept: the training data, and the held-out data.
        text_of: returns the text of token ids.
    """
    own = [np.asarray(each, np.int64) for each in samples]
    held = _stretches(kept, [len(each) for each in own])
    figures = _figures([*own, *held], kept, text_of)
    written, others = figures[: len(own)], figures[len(own) :]
    held_out = _held_out(kept.part, others) if others else None
    verdict, judgement = _judged([each.result for each in written], _joint(written), held_out, kept)
    return OriginalityReport(tuple(each.result for each in written), held_out, kept.noun, verdict, judgement)


def originality_of_samples(
    trained: Trained, samples: Sequence[Written], kept: TrainingTokens
) -> OriginalityReport:
    """Return the originality of samples of a model: of what it generated, without the seed.

    Args:
        trained: the model, of task next_token or from_label.
        samples: what it generated.
        kept: what it was trained on.
    """
    text_of: Callable[[Sequence[int]], str]
    if isinstance(trained, TrainedTask):
        targets = TokenSet(trained.targets, getattr(trained.experiment.dataset, "token", "word"))
        tokens, boundary = trained.targets, None
        text_of = lambda ids: targets.join(targets.decode(ids))  # noqa: E731
    else:
        vocabulary = Vocabulary.of(trained.tokens, trained.experiment.dataset)
        tokens, boundary = trained.tokens, vocabulary.boundary
        text_of = vocabulary.join
    number = {token: index for index, token in enumerate(tokens) if token != boundary}
    return originality_of([[number.get(each, -1) for each in one.sequence] for one in samples], kept, text_of)


@dataclass(frozen=True)
class _Figures:
    """The figures of a sample, and the counts that the shares are made of.

    Attributes:
        result: the figures.
        known: for each n, how many n-grams stand in the training data, and how many there are.
        copied: for each n, how many tokens are copied, and how many there are.
    """

    result: SampleOriginality
    known: dict[int, tuple[int, int]]
    copied: dict[int, tuple[int, int]]


def _figures(
    samples: Sequence[AnyIds], kept: TrainingTokens, text_of: Callable[[Sequence[int]], str]
) -> list[_Figures]:
    """Return the figures of each sample."""
    runs = verbatim_runs(samples, kept.train, NGRAMS)
    figures = []
    for number, ids in enumerate(samples):
        length, begin = int(runs.longest[number]), int(runs.begins[number])
        tokens = int((ids >= 0).sum())
        known, copied = {}, {}
        for n in NGRAMS:
            flags = runs.known[n][number]
            known[n] = (int(flags.sum()), _ngrams(ids, n))
            copied[n] = (_covered(flags, n) if tokens >= n else tokens * (0 < tokens <= length), tokens)
        longest, nearest = None, None
        if length:
            sequence, token = int(runs.sequences[number]), int(runs.tokens[number])
            text = text_of(ids[begin : begin + length].tolist())
            longest = LongestCopy(length, text, kept.place(sequence, token))
            nearest = _passage(ids, begin, length, kept, sequence, token, text_of)
        new = {n: 1 - part / whole if whole else None for n, (part, whole) in known.items()}
        result = SampleOriginality(tokens, longest, new, _shares(copied), nearest)
        figures.append(_Figures(result, known, copied))
    return figures


def _ngrams(ids: AnyIds, n: int) -> int:
    """Return the number of n-grams of a sample that have no negative id."""
    if len(ids) < n:
        return 0
    borders = np.concatenate([[0], np.cumsum(ids < 0)])
    return int((borders[n:] == borders[:-n]).sum())


def _covered(flags: NDArray[np.bool_], n: int) -> int:
    """Return the number of tokens that lie in an n-gram of which the flag is set."""
    # how many flagged n-grams are open at each token
    change = np.zeros(len(flags) + n, np.int64)
    change[: len(flags)] += flags
    change[n:] -= flags
    return int((np.cumsum(change) > 0).sum())


def _passage(
    ids: AnyIds,
    begin: int,
    length: int,
    kept: TrainingTokens,
    sequence: int,
    token: int,
    text_of: Callable[[Sequence[int]], str],
) -> NearestPassage:
    """Return the passage of the training data around a copy.

    Args:
        ids: the sample.
        begin: index of the first token of the copy in the sample.
        length: number of tokens of the copy.
        kept: the training data.
        sequence: index of the sequence in which the copy stands.
        token: index of its first token there.
        text_of: returns the text of token ids.
    """
    source = kept.train[sequence]
    first, last = max(token - AROUND, 0), min(token + length + AROUND, len(source))
    # the sample beside the sequence, as far as both go
    shift = token - begin
    low, high = max(0, -shift), min(len(ids), len(source) - shift)
    equal = int((ids[low:high] == source[low + shift : high + shift]).sum())
    text = text_of(source[first:last].tolist())
    return NearestPassage(text, kept.place(sequence, first), equal / max(int((ids >= 0).sum()), 1))


def _stretches(kept: TrainingTokens, lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return stretches of held-out data, spread evenly, as long as samples.

    If samples are whole sequences, such as lines, so are the stretches; a longer one is cut to the length of
    the longest sample.

    Args:
        kept: the held-out data.
        lengths: number of tokens of each sample.
    """
    held, wanted = kept.held_out, [each for each in lengths if each]
    if not len(held) or not wanted:
        return []
    mean = max(sum(wanted) // len(wanted), 1)
    count = max(min(MOST_STRETCHES, MOST_STRETCH_TOKENS // mean), 1)
    if kept.is_whole:
        numbers = np.unique(np.linspace(0, len(held) - 1, min(5 * count, len(held))).astype(np.int64))
        return [held[number][: max(wanted)].astype(np.int64) for number in numbers.tolist()]
    flat = _with_borders(held)
    count = max(min(count, len(flat) // mean), 1)
    sizes = [min(wanted[number % len(wanted)], len(flat)) for number in range(count)]
    begins = np.linspace(0, len(flat) - max(sizes), count).astype(np.int64)
    return [flat[begin : begin + size] for begin, size in zip(begins.tolist(), sizes, strict=True)]


def _with_borders(sequences: TokenSequences) -> NDArray[np.int64]:
    """Return the ids of sequences with a −1 between two of them."""
    ids: NDArray[np.int64] = np.insert(sequences.ids.astype(np.int64), sequences.offsets[1:-1], -1)
    return ids


def _shares(counts: dict[int, tuple[int, int]]) -> Shares:
    return {n: part / whole if whole else None for n, (part, whole) in counts.items()}


def _joint(figures: Sequence[_Figures]) -> Shares:
    """Return the share of copied tokens at each n, of samples together."""
    return _shares(_summed([each.copied for each in figures]))


def _summed(counts: Sequence[dict[int, tuple[int, int]]]) -> dict[int, tuple[int, int]]:
    return {n: (sum(each[n][0] for each in counts), sum(each[n][1] for each in counts)) for n in NGRAMS}


def _held_out(part: str, figures: Sequence[_Figures]) -> HeldOutOriginality:
    """Return the figures of all stretches together."""
    copies = [each.result.longest_copy for each in figures]
    known = _shares(_summed([each.known for each in figures]))
    return HeldOutOriginality(
        part=part,
        stretches=len(figures),
        tokens=sum(each.result.tokens for each in figures),
        longest_copy=max(filter(None, copies), key=lambda copy: copy.length, default=None),
        median_length=median(copy.length if copy else 0 for copy in copies),
        new_ngrams={n: None if share is None else 1 - share for n, share in known.items()},
        copied=_joint(figures),
    )


def _judged(
    samples: Sequence[SampleOriginality],
    copied: Shares,
    held_out: HeldOutOriginality | None,
    kept: TrainingTokens,
) -> tuple[Verdict, str]:
    """Return the verdict, and a sentence with its reason.

    Args:
        samples: the figures of each sample.
        copied: share of copied tokens at each n, of all samples.
        held_out: the figures of held-out data.
        kept: the training data.
    """
    held = held_out.copied if held_out else {}
    typical = median(each.tokens for each in samples) if samples else 0
    lengths = [n for n in NGRAMS if n <= typical] or [NGRAMS[0]]
    n = next((n for n in lengths if (held.get(n, 1.0) or 0.0) <= SELDOM), lengths[-1])
    own, others = copied[n] or 0.0, held.get(n) or 0.0
    verdict: Verdict = "original"
    if own >= MOSTLY and own >= 2 * others:
        verdict = "copyist"
    elif own > max(2 * others, others + SELDOM):
        verdict = "in part"
    said = {"copyist": "A copyist", "in part": "Copied in part", "original": "Not a copyist"}[verdict]
    reason = f"{own:.0%} of the written {kept.noun}s lie in runs of {n} or more that the training data has"
    beside = (
        f"of the held-out {kept.noun}s {others:.0%} do" if held_out else "nothing is held out to compare with"
    )
    few = sum(each.tokens for each in samples)
    unsure = f"; {count_of(few, kept.noun)} are few: write more to be sure" if few < FEW_TOKENS else ""
    return verdict, f"{said}: {reason}; {beside}{unsure}."
