"""Collapse: a generated sequence that repeats itself to its end, with the likely cause and the remedy.

Three kinds are told apart:

one_token    one token alone, a loop of period 1
loop         a few tokens that follow each other again and again
low_entropy  no exact loop, but nearly all the model writes is its own text again, and it is certain of it

The thresholds were chosen on windows of 50, 200 and 600 tokens of the butterfly song, Shakespeare, a story,
Python source and Bach's chorales. Three turns or more cover at most 36 of 600 tokens of text (a refrain). In
the chorales, written as sixteenths, a held note covers up to 44 tokens. Data with such notes is why a loop is
compared with the training data, if it can be read: what is as long there is no collapse.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.errors import count_of

Ids = NDArray[np.integer[Any]]
Kind = Literal["one_token", "loop", "low_entropy"]

LEAST_TURNS = 3
"""Fewest turns of a loop."""

LEAST_TOKENS = 16
"""Fewest tokens of a loop that takes up half of a sample."""

LONG_LOOP = 64
"""Fewest tokens of a loop that takes up less than half of a sample, and does not end before the sample."""

LONGEST_PERIOD = 1_000
"""Longest period that is looked for."""

_LONGEST_SAMPLE = 20_000
"""Number of tokens at the end of a sample in which a period is looked for."""

_NGRAM = 8
_LEAST_OF_TEXT = 64
_REPEATED = 0.95
_NEARLY_NOTHING = 0.1
"""For `low_entropy`: length of the n-grams that occur again, fewest tokens, the share of n-grams that are not
new, and the largest mean surprise in nats."""


@dataclass(frozen=True)
class Repetition:
    """A part of a sample that repeats itself.

    Attributes:
        kind: one token, a loop, or a text of low entropy.
        start: index of the first token of the part, from 0.
        length: number of tokens of the part.
        period: number of tokens of a turn; None for `low_entropy`.
    """

    kind: Kind
    start: int
    length: int
    period: int | None


@dataclass(frozen=True)
class Collapse:
    """A sample that is stuck.

    Attributes:
        kind: one token, a loop, or a text of low entropy.
        start: the generated token with which the repetition begins, counted from 1.
        period: number of tokens of a turn; None for `low_entropy`.
        repeats: number of turns, the last of which may be cut; None for `low_entropy`.
        length: number of tokens that repeat themselves.
        tokens: the tokens of one turn; empty for `low_entropy`.
        cause: the likely cause, a phrase.
        setting: the one setting to change, such as `generation.temperature`.
        value: the value to set it to, as in YAML.
    """

    kind: Kind
    start: int
    period: int | None
    repeats: float | None
    length: int
    tokens: tuple[str, ...]
    cause: str
    setting: str
    value: str

    @property
    def remedy(self) -> str:
        """The setting and its value, in the words of the YAML."""
        return f"{self.setting}: {self.value}"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What is measured of a model and of the way it wrote.

    Attributes:
        draws: whether tokens are drawn at random; False is greedy decoding.
        temperature: the temperature; 0 is greedy.
        top_k: the number of tokens that can be drawn; None for all.
        window: number of tokens that each step reads from a zero state; None if the state is carried.
        scalar: whether a token is encoded as one number, so that tokens with near numbers look alike.
        notes: whether the tokens are notes.
        dropout: the fraction of the outputs that dropout sets to zero in training.
        epochs: number of epochs of the training.
        train_loss: training loss of the epoch whose weights are kept, nats per token; None if not known.
        held_out_loss: validation loss of this epoch; None if not known.
    """

    draws: bool
    temperature: float = 0.0
    top_k: int | None = None
    window: int | None = None
    scalar: bool = False
    notes: bool = False
    dropout: float = 0.0
    epochs: int = 1
    train_loss: float | None = None
    held_out_loss: float | None = None

    @staticmethod
    def of(
        experiment: Experiment | TaskExperiment,
        *,
        draws: bool,
        temperature: float | None,
        top_k: int | None = None,
        losses: tuple[float | None, float | None] = (None, None),
    ) -> "Circumstances":
        """Return the circumstances of samples of a model; `losses` are (training, held-out) or None."""
        tokens = experiment if isinstance(experiment, Experiment) else None
        return Circumstances(
            draws=draws,
            temperature=temperature or 0.0,
            top_k=top_k,
            window=tokens.dataset.window if tokens and tokens.regime == "windows" else None,
            scalar=tokens is not None and tokens.dataset.encoding == "scalar",
            notes=tokens is not None and tokens.dataset.kind == "notes",
            dropout=experiment.model.dropout,
            epochs=experiment.training.epochs,
            train_loss=losses[0],
            held_out_loss=losses[1],
        )


def collapse_of(
    sequence: Sequence[str],
    surprises: Sequence[float],
    circumstances: Circumstances,
    data: Corpus | None = None,
) -> Collapse | None:
    """Return the collapse of a sample; None if there is none, or if the training data repeats itself as much.

    Args:
        sequence: the generated tokens.
        surprises: −ln of the probability of each of these tokens, nats; empty if they are not known.
        circumstances: what is measured of the model and of the way it wrote.
        data: the training data; None if it is not read.
    """
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(token, len(numbers)) for token in sequence], np.int64)
    found = repetition_in(ids, np.asarray(surprises, np.float64))
    if found is None or (data is not None and _is_usual(found, sequence, data)):
        return None
    cause, setting, value = cause_of(circumstances)
    turn = sequence[found.start : found.start + (found.period or 0)]
    return Collapse(
        kind=found.kind,
        start=found.start + 1,
        period=found.period,
        repeats=found.length / found.period if found.period else None,
        length=found.length,
        tokens=tuple(turn),
        cause=cause,
        setting=setting,
        value=value,
    )


SHORT_WINDOW = 16
"""A window of fewer tokens than this cannot tell how often the model has written them."""

MEMORISED = 1.5
"""A held-out loss that is this many times the training loss, and more, is far above it."""

_FAR = 0.3
"""Nats by which the held-out loss must be above the training loss, too, since both may be near 0."""

_LOW_TEMPERATURE = 0.7


Cause = tuple[str, str, str]
"""A likely cause, the one setting to change, and its value."""


def cause_of(known: Circumstances) -> Cause:
    """Return the likely cause of a collapse, with the one setting to change and its value.

    The causes come in the order of what they explain: a short window from a zero state sends even drawn
    samples in circles, greedy decoding any model, and the others only some.
    """
    return next(_causes(known))


def _causes(known: Circumstances) -> Iterator[Cause]:
    noun = "note" if known.notes else "token"
    window = known.window or 0
    forgets = f"each step reads only the last {count_of(window, noun)}, since no state is carried"
    if 0 < window < SHORT_WINDOW:
        yield forgets, "dataset.window", str(2 * window)
    if not known.draws and known.top_k == 1 and known.temperature:
        yield "greedy decoding: only one token can be drawn at each step", "generation.top_k", "10"
    if not known.draws:
        yield f"greedy decoding: always the most probable {noun}", "generation.temperature", "1"
    train, held_out = known.train_loss, known.held_out_loss
    if train is not None and held_out is not None and held_out > max(MEMORISED * train, train + _FAR):
        far = f"the held-out loss, {held_out:.3g} nats, is far above the training loss, {train:.3g}"
        yield far, "model.dropout", f"{min(known.dropout + 0.3, 0.7):g}"
    if known.scalar:
        yield "scalar encoding: tokens with near numbers look nearly alike", "dataset.encoding", "one_hot"
    if known.temperature < _LOW_TEMPERATURE:
        nearly = f"temperature {known.temperature:g} draws nearly always the most probable {noun}"
        yield nearly, "generation.temperature", "1"
    if window:
        yield forgets, "dataset.window", str(2 * window)
    unknown = "none of the known ones; the model itself expects it, as after a short training"
    yield unknown, "training.epochs", str(2 * known.epochs)


def repetition_in(ids: Ids, surprises: NDArray[np.float64]) -> Repetition | None:
    """Return the part of a sample that repeats itself, or None; the thresholds are above.

    Args:
        ids: the tokens, (S,).
        surprises: −ln of the probability of each token, nats, (S,); empty if they are not known.
    """
    return _loop_in(ids) or (_low_entropy_in(ids, surprises) if len(surprises) else None)


def longest_run(ids: Ids, period: int) -> tuple[int, int]:
    """Return (start, length) of the longest part of ids (S,) that repeats itself after `period` tokens.

    The length counts the first turn, too. Without such a part it is 0.
    """
    same = np.zeros(max(len(ids) - period, 0) + 2, np.int8)  # with a False at each end
    same[1:-1] = ids[period:] == ids[: max(len(ids) - period, 0)]
    edges = np.flatnonzero(np.diff(same))  # where equality begins and ends, by turns
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    longest = int(lengths.argmax())
    return int(edges[2 * longest]), int(lengths[longest]) + period


def _loop_in(ids: Ids) -> Repetition | None:
    """Return the loop that a sample ends in, else the loop that is most of it; None if there is neither.

    Of equally long loops it is that of the shortest period.
    """
    skipped = max(len(ids) - _LONGEST_SAMPLE, 0)
    end = ids[skipped:]
    last, most = (
        (0, 0, 1),
        (0, 0, 1),
    )  # (length, start, period) of the loop at the end, and of the longest one
    for period in range(1, min(len(end) // LEAST_TURNS, LONGEST_PERIOD) + 1):
        begin = _begin_of_last(end, period)
        if len(end) - begin > max(last[0], LEAST_TURNS * period - 1):
            last = len(end) - begin, begin, period
        start, length = longest_run(end, period)
        if length > max(most[0], LEAST_TURNS * period - 1):
            most = length, start, period
    if skipped and last[0] == len(end):  # it may have begun before the part that was looked at
        begin = _begin_of_last(ids, last[2])
        last = len(ids) - begin, begin - skipped, last[2]
    half = max(LEAST_TOKENS, len(ids) / 2)
    for (length, start, period), least in ((last, min(LONG_LOOP, half)), (most, half)):
        if length >= least:
            return Repetition("one_token" if period == 1 else "loop", skipped + start, length, period)
    return None


def _begin_of_last(ids: Ids, period: int) -> int:
    """Return where the part at the end of ids (S,) begins in which each token equals the one `period` before.

    Without such a part, that is the last turn.
    """
    different = np.flatnonzero(ids[period:] != ids[: max(len(ids) - period, 0)])
    return int(different[-1]) + 1 if len(different) else 0


def _low_entropy_in(ids: Ids, surprises: NDArray[np.float64]) -> Repetition | None:
    """Return the end of a sample whose n-grams have nearly all occurred, and whose surprise is nearly 0."""
    repeated = repeated_ngrams(ids)  # (S − n + 1,)
    if len(repeated) < _LEAST_OF_TEXT:
        return None
    shares = np.cumsum(repeated[::-1])[::-1] / np.arange(len(repeated), 0, -1)  # from each place to the end
    enough = np.flatnonzero(shares >= _REPEATED)
    if not len(enough):
        return None
    start = int(enough[0])
    length = len(ids) - start
    is_certain = surprises[start:].mean() < _NEARLY_NOTHING
    if length < max(_LEAST_OF_TEXT, len(ids) / 2) or not is_certain:
        return None
    return Repetition("low_entropy", start, length, None)


def repeated_ngrams(ids: Ids) -> NDArray[np.bool_]:
    """Return whether the n-gram that begins at each token has occurred before, (S − n + 1,); n is 8."""
    if len(ids) < _NGRAM:
        return np.zeros(0, np.bool_)
    windows = np.lib.stride_tricks.sliding_window_view(ids, _NGRAM)  # (S − n + 1, n)
    _, first = np.unique(windows, axis=0, return_index=True)
    repeated = np.ones(len(windows), np.bool_)
    repeated[first] = False
    return repeated


def _is_usual(found: Repetition, sequence: Sequence[str], data: Corpus) -> bool:
    """Whether the training data repeats itself as much as a sample."""
    if found.period is None:
        return _most_repeated(data, len(sequence)) >= _REPEATED
    _, longest = longest_run(data.ids, found.period)
    if longest >= min(found.length, _of_the_longest_sequence(data)):
        return True
    turn = sequence[found.start : found.start + found.period]
    return _is_a_whole_sequence(turn, data)


def _of_the_longest_sequence(data: Corpus) -> int:
    """Return the length of a loop that is most of the longest sequence: such data is a loop itself."""
    longest = int((data.ends - data.starts).max())
    return max(longest * 9 // 10, LEAST_TOKENS)


def _is_a_whole_sequence(turn: Sequence[str], data: Corpus) -> bool:
    """Whether a turn of a loop, begun at any of its tokens, is a whole sequence of the data: played again."""
    known = {token: token_id for token_id, token in enumerate(data.vocabulary.tokens)}
    ids = np.array([known.get(token, -1) for token in turn])  # (P,)
    starts = data.starts[data.ends - data.starts == len(ids)]
    if not len(starts):
        return False
    wholes = data.ids[starts[:, None] + np.arange(len(ids))]  # (K, P)
    return any((wholes == np.roll(ids, shift)).all(axis=1).any() for shift in range(len(ids)))


def _most_repeated(data: Corpus, length: int) -> float:
    """Return the largest share of n-grams that have occurred before, of up to 50 parts of the data."""
    starts = np.linspace(0, max(len(data.ids) - length, 0), 50).astype(np.int64)
    shares = (repeated_ngrams(data.ids[start : start + length]) for start in np.unique(starts))
    return max((float(share.mean()) for share in shares if len(share)), default=0.0)
