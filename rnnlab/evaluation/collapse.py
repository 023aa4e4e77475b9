"""Collapse: a generated sequence that repeats itself to its end, with the likely cause and the remedy.

Three kinds are told apart:

one_token    one token alone, a loop of period 1
loop         a few tokens that follow each other again and again
low_entropy  no exact loop, but nearly all the model writes is its own text again, and it is certain of it

A loop that is as long in the training data is no collapse, if this data can be read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.errors import count_of
from rnnlab.evaluation.repetition import (
    ALWAYS,
    LEAST_TURNS,
    Ids,
    Kind,
    Repetition,
    distinct_ngrams,
    longest_run,
    repeated_ngrams,
    repetition_in,
)
from rnnlab.generation.writing import Writing

if TYPE_CHECKING:
    from rnnlab.datasets.corpus import Corpus  # which `generate` loads only for a sample that looks stuck

MOST_SHOWN = {"note": 12, "token": 40}
"""Most notes, or characters, of a loop that are shown."""


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

    def described(self, noun: str) -> str:
        """Return what repeats itself, how often, and from where on; `noun` is `note` or `token`."""
        begin = f"from generated {noun} {self.start:,} on"
        if self.period is None or self.repeats is None:
            return f"{begin} nearly all of it was written before, and the model is certain of it"
        most = MOST_SHOWN[noun]
        shown = " ".join(self.tokens[:most])
        if noun == "token":
            shown = repr("".join(self.tokens[:most]))
        if self.kind == "one_token":
            return f"{begin} only {shown}, {count_of(self.length, 'time')}"
        more = " …" if self.period > most else ""
        return f"{begin} a loop of {count_of(self.period, noun)}, {shown}{more}, {self.repeats:,.3g} times"


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


def collapses_of(
    experiment: Experiment | TaskExperiment,
    writing: Writing,
    *,
    data: "Corpus | None" = None,
    losses: tuple[float | None, float | None] = (None, None),
) -> list[Collapse | None]:
    """Return the collapse of each sample of a model, or None; the arguments are those of `collapse_of`."""
    settings = writing.settings
    known = Circumstances.of(
        experiment,
        draws=writing.draws,
        temperature=settings.temperature,
        top_k=settings.top_k,
        losses=losses,
    )
    return [
        collapse_of(each.sequence, [-score for score in each.log_probabilities], known, data)
        for each in writing.samples
    ]


def collapse_of(
    sequence: Sequence[str],
    surprises: Sequence[float],
    circumstances: Circumstances,
    data: "Corpus | None" = None,
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


def _is_usual(found: Repetition, sequence: Sequence[str], data: "Corpus") -> bool:
    """Whether the data repeats itself as much as a sample, or the sample repeats most of the data."""
    part = sequence[found.start : found.start + found.length]
    known = {token: token_id for token_id, token in enumerate(data.vocabulary.tokens)}
    ids = np.array([known.get(token, -1) for token in part], np.int64)
    if _plays_it_all(ids, data):
        return True
    if found.period is None:
        return _most_repeated(data, len(sequence)) >= ALWAYS
    _, longest = longest_run(data.ids, found.period)
    # Data that is mostly a loop may go on for ever; fewer turns in the data are no loop.
    if longest >= max(min(found.length, len(data.ids) / 2), LEAST_TURNS * found.period):
        return True
    return _is_a_whole_sequence(ids[: found.period], data)


def _plays_it_all(ids: Ids, data: "Corpus") -> bool:
    """Whether a part longer than the data has half of its n-grams: it cannot but repeat the data."""
    if len(data.ids) > len(ids):
        return False
    own, all_of_it = distinct_ngrams(ids), distinct_ngrams(data.ids.astype(np.int64))
    return len(own & all_of_it) >= max(len(all_of_it) / 2, 1)


def _is_a_whole_sequence(turn: Ids, data: "Corpus") -> bool:
    """Whether a turn of a loop, begun at any of its tokens, is a whole sequence of the data: played again."""
    around = int(data.has_boundaries)  # a boundary before and after each sequence is none of its tokens
    starts = data.starts[data.ends - data.starts == len(turn) + 2 * around] + around
    if not len(starts):
        return False
    wholes = data.ids[starts[:, None] + np.arange(len(turn))]  # (K, P)
    return any((wholes == np.roll(turn, shift)).all(axis=1).any() for shift in range(len(turn)))


def _most_repeated(data: "Corpus", length: int) -> float:
    """Return the largest share of n-grams that have occurred before, of up to 50 parts of the data."""
    starts = np.linspace(0, max(len(data.ids) - length, 0), 50).astype(np.int64)
    shares = (repeated_ngrams(data.ids[start : start + length]) for start in np.unique(starts))
    return max((float(share.mean()) for share in shares if len(share)), default=0.0)
