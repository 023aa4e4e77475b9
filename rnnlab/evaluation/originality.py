"""Originality: what samples have in common with the training data, beside what held-out data has.

For each sample: the longest run of tokens that stands verbatim in the training data, the share of its n-grams
that are new, and the passage of the training data at the longest run. Other data of the same kind also shares
runs with the training data: so the same figures are computed for held-out stretches as long as the samples.

A token is copied at length n if it lies in a run of n or more tokens that stands in the training data, or in
a whole sample of fewer tokens that stands there. The judgement compares the share of copied tokens at one n:
the shortest at which at most a tenth of the held-out data is copied, and that a typical sample is as long as.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.examples import TokenSet
from rnnlab.datasets.training_tokens import AnyIds, TokenSequences, TrainingTokens
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import count_of
from rnnlab.evaluation.verbatim import VerbatimRuns, verbatim_runs
from rnnlab.generation.writing import Written
from rnnlab.models.model_file import Trained, TrainedTask

NGRAMS = (2, 4, 8, 16, 32)
"""Lengths n of the n-grams, in tokens."""

MOST_STRETCHES, MOST_STRETCH_TOKENS = 100, 100_000
"""Largest number of held-out stretches, and of their tokens; there is always one stretch."""

AROUND = 40
"""Number of tokens of a passage before and after a copy."""

SELDOM, MOSTLY = 0.1, 0.5
"""Largest share of copied tokens that is called seldom, and smallest share that makes a copyist."""

FEW_TOKENS = 100
"""Samples of fewer tokens together do not allow a sure judgement."""

Verdict = Literal["copyist", "in part", "original"]
Shares = dict[int, float | None]
Counts = dict[int, tuple[int, int]]


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
    all_ = [*own, *_stretches(kept, [len(each) for each in own])]
    measured = _Measured(all_, kept, verbatim_runs(all_, kept.train, NGRAMS), text_of)
    written, stretches = range(len(own)), range(len(own), len(all_))
    figures = tuple(map(measured.figures, written))
    held_out = _held_out(measured, stretches) if stretches else None
    copied = _shares(_summed(measured.copied[: len(own)]))
    verdict, judgement = _judged(figures, copied, held_out, kept)
    return OriginalityReport(figures, held_out, kept.noun, verdict, judgement)


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


@dataclass(frozen=True, eq=False)
class _Measured:
    """Samples, and their runs in the training data.

    Attributes:
        samples: the token ids of each sample.
        kept: the training data.
        runs: the longest run and the known n-grams of each sample.
        text_of: returns the text of token ids.
    """

    samples: Sequence[AnyIds]
    kept: TrainingTokens
    runs: VerbatimRuns
    text_of: Callable[[Sequence[int]], str]

    def tokens(self, number: int) -> int:
        """Return the number of tokens of a sample, without borders."""
        return int((self.samples[number] >= 0).sum())

    @cached_property
    def known(self) -> list[Counts]:
        """For each sample and each n: how many n-grams stand in the training data, and how many there are."""
        return [
            {n: (int(self.runs.known[n][number].sum()), _ngrams(ids, n)) for n in NGRAMS}
            for number, ids in enumerate(self.samples)
        ]

    @cached_property
    def copied(self) -> list[Counts]:
        """For each sample and each n: how many tokens are copied, and how many there are."""
        counts = []
        for number, longest in enumerate(self.runs.longest.tolist()):
            tokens = self.tokens(number)
            whole = tokens * (0 < tokens <= longest)
            flags = {n: self.runs.known[n][number] for n in NGRAMS}
            counts.append(
                {n: (_covered(each, n) if tokens >= n else whole, tokens) for n, each in flags.items()}
            )
        return counts

    def longest_copy(self, number: int) -> LongestCopy | None:
        """Return the longest copy of a sample; None if it has none."""
        length, begin = int(self.runs.longest[number]), int(self.runs.begins[number])
        if not length:
            return None
        text = self.text_of(self.samples[number][begin : begin + length].tolist())
        place = self.kept.place(int(self.runs.sequences[number]), int(self.runs.tokens[number]))
        return LongestCopy(length, text, place)

    def nearest(self, number: int) -> NearestPassage | None:
        """Return the passage of the training data around the longest copy; None without a copy."""
        ids, length, begin = (
            self.samples[number],
            int(self.runs.longest[number]),
            int(self.runs.begins[number]),
        )
        if not length:
            return None
        sequence, token = int(self.runs.sequences[number]), int(self.runs.tokens[number])
        source = self.kept.train[sequence]
        first, last = max(token - AROUND, 0), min(token + length + AROUND, len(source))
        # the sample beside the sequence, as far as both go
        shift = token - begin
        low, high = max(0, -shift), min(len(ids), len(source) - shift)
        equal = int((ids[low:high] == source[low + shift : high + shift]).sum())
        text = self.text_of(source[first:last].tolist())
        return NearestPassage(text, self.kept.place(sequence, first), equal / self.tokens(number))

    def figures(self, number: int) -> SampleOriginality:
        """Return the figures of a sample."""
        return SampleOriginality(
            tokens=self.tokens(number),
            longest_copy=self.longest_copy(number),
            new_ngrams=_new(self.known[number]),
            copied=_shares(self.copied[number]),
            nearest=self.nearest(number),
        )


def _ngrams(ids: AnyIds, n: int) -> int:
    """Return the number of n-grams of a sample that have no negative id."""
    if len(ids) < n or (ids >= 0).all():
        return max(len(ids) - n + 1, 0)
    borders = np.concatenate([[0], np.cumsum(ids < 0)])
    return int((borders[n:] == borders[:-n]).sum())


def _covered(flags: NDArray[np.bool_], n: int) -> int:
    """Return the number of tokens that lie in an n-gram of which the flag is set."""
    if not flags.any():
        return 0
    # how many flagged n-grams are open at each token
    change = np.zeros(len(flags) + n, np.int64)
    change[: len(flags)] += flags
    change[n:] -= flags
    return int((np.cumsum(change) > 0).sum())


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


def _shares(counts: Counts) -> Shares:
    return {n: part / whole if whole else None for n, (part, whole) in counts.items()}


def _new(known: Counts) -> Shares:
    """Return the shares of the n-grams that are new."""
    return {n: None if share is None else 1 - share for n, share in _shares(known).items()}


def _summed(counts: Iterable[Counts]) -> Counts:
    """Return the counts of samples together."""
    each = list(counts)
    return {n: (sum(one[n][0] for one in each), sum(one[n][1] for one in each)) for n in NGRAMS}


def _held_out(measured: _Measured, numbers: Sequence[int]) -> HeldOutOriginality:
    """Return the figures of stretches together; `numbers` are theirs among the samples."""
    lengths = [int(measured.runs.longest[number]) for number in numbers]
    return HeldOutOriginality(
        part=measured.kept.part,
        stretches=len(numbers),
        tokens=sum(map(measured.tokens, numbers)),
        longest_copy=measured.longest_copy(numbers[lengths.index(max(lengths))]),
        median_length=median(lengths),
        new_ngrams=_new(_summed(measured.known[number] for number in numbers)),
        copied=_shares(_summed(measured.copied[number] for number in numbers)),
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
