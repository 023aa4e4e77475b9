"""Which earlier tokens counted for a prediction: each is taken away in turn, and the network reads on.

A token is taken away by occlusion (Zeiler and Fergus, 2014; for words Li, Monroe and Jurafsky, 2016,
"Understanding neural networks through representation erasure"): the mean encoding stands in its place.
The encodings are one_hot, scalar, embedding or pitch_duration, and the first layer is linear in them, so the
mean encoding gives the mean of the pre-activations.

All variants are lanes of one batch. A lane equals the unchanged text up to the token that it lacks, so it
begins there, as a copy of the unchanged lane.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines import Logits, State, Stepper
from rnnlab.engines.numpy import encodings_of, numpy_model
from rnnlab.engines.numpy.equation import Floats
from rnnlab.engines.numpy.stack import on_one_thread
from rnnlab.errors import Argument, ModelFileError, UsageError, VocabularyError, count_of
from rnnlab.models.model_file import TrainedModel
from rnnlab.processes import cores
from rnnlab.tracing.reading import Ids, TraceInput, reading_of, with_boundaries

Shares = NDArray[np.float64]
"""The share of each token in some tokens, (V,); they sum to 1."""

NEXT = "next"
"""Stands for the token that follows in the input, in place of a token."""

MOST_TAKEN = 500
"""Number of tokens that are taken away if no places are given: the last ones before the prediction."""

MOST_LANES = 2_000
"""Largest number of tokens that are taken away."""

_BLOCK = 16
"""Time steps after which lanes that begin there join the batch."""

_STEPS_OF_A_CORE = 20_000
"""Time steps of all lanes together for which another core is worth while."""


@dataclass(frozen=True, eq=False)
class Influence:
    """The influence of K earlier tokens on the log-probability of one token.

    Attributes:
        step: number of tokens of the input before the prediction.
        of: the token whose log-probability is explained.
        came: the token that follows in the input; None if the input ends there.
        log_probability: log-probability of `of` after the unchanged input, nats.
        best: the most probable token after the unchanged input.
        first: place in the input of the first token that is taken away, from 0.
        tokens: the K tokens, each of which is taken away.
        without: (K,) log-probability of `of` without each of these tokens, nats.
        mean: the tokens over which the mean encoding is taken: those of the training data, or all tokens of
            the vocabulary, each once.
        kind: `text` or `notes`.
        notes: sentences for the user on what was read and taken away.
    """

    step: int
    of: str
    came: str | None
    log_probability: float
    best: str
    first: int
    tokens: tuple[str, ...]
    without: NDArray[np.float64]
    mean: Literal["training", "vocabulary"]
    kind: str
    notes: tuple[str, ...]

    @property
    def values(self) -> NDArray[np.float64]:
        """By how many nats each token raises the log-probability of `of`, (K,); negative if it lowers it."""
        return self.log_probability - self.without

    def strongest(self, count: int) -> list[int]:
        """Return the indices of the `count` tokens with the largest influence, either way, largest first."""
        order: list[int] = np.argsort(-np.abs(self.values), kind="stable").tolist()
        return order[:count]


def influence(
    model: TrainedModel,
    text: str,
    *,
    step: int | None = None,
    of: str | None = None,
    places: range | None = None,
    most: int = MOST_TAKEN,
    shares: Shares | None = None,
    runs_on: bool = False,
) -> Influence:
    """Return the influence of the earlier tokens of a text on one prediction.

    Args:
        model: the network, trained or not.
        text: characters or notes.
        step: number of tokens before the prediction, from 1; None: all tokens of the text.
        of: the token to explain; `next`: the one that follows in the text; None: the most probable one.
        places: the tokens to take away, from 0; None: the last ones before the prediction.
        most: largest number of tokens that are taken away if `places` is None.
        shares: the share of each token in the training data; None: all tokens of the vocabulary alike.
        runs_on: whether the state is carried over the whole text, whatever the regime.

    Raises:
        UsageError: the text is empty, there is no such step, place or token, or there are too many places.
        VocabularyError: a token is not in the vocabulary.
        ModelFileError: a logit is not a number.
    """
    vocabulary = Vocabulary.of(model.tokens, model.experiment.dataset)
    ids = vocabulary.begun(vocabulary.parse(text, name="input")).astype(np.int64)  # (S,)
    step = _checked_step(step, len(ids))
    read = _read_from(step, model, runs_on=runs_on)
    taken = _taken(places, read, step, most)
    within = np.arange(taken.start, taken.stop) - read  # (K,) places in the read tokens
    logits = _logits(model, vocabulary, ids[read:step], within, shares=shares, runs_on=runs_on)
    scores = _log_softmax(logits)  # (1 + K, V)
    token_id = _explained(of, vocabulary, scores[0], ids[step:])
    return Influence(
        step=step,
        of=model.tokens[token_id],
        came=model.tokens[ids[step]] if step < len(ids) else None,
        log_probability=float(scores[0, token_id]),
        best=model.tokens[int(scores[0].argmax())],
        first=taken.start,
        tokens=tuple(vocabulary.decode(ids[taken.start : taken.stop])),
        without=scores[1:, token_id],
        mean="vocabulary" if shares is None else "training",
        kind=model.experiment.dataset.kind,
        notes=_notes(read, taken, step, shares),
    )


def tokens_before(model: TrainedModel, text: str, step: int | None) -> int:
    """Return the number of tokens of a text before a prediction: `step`, or all if it is None.

    Raises:
        UsageError: the text is empty, or has fewer tokens.
        VocabularyError: a token is not in the vocabulary.
    """
    vocabulary = Vocabulary.of(model.tokens, model.experiment.dataset)
    return _checked_step(step, len(vocabulary.begun(vocabulary.parse(text, name="input"))))


def shares_of(ids: NDArray[np.integer], vocab_size: int) -> Shares:
    """Return the share of each of V tokens in token ids (S,)."""
    counts = np.bincount(ids, minlength=vocab_size)  # (V,)
    shares: Shares = counts / counts.sum()
    return shares


def _checked_step(step: int | None, tokens: int) -> int:
    if not tokens:
        raise UsageError(Argument("input"), ": expected at least one token, received none")
    if step is not None and not 1 <= step <= tokens:
        raise UsageError(Argument("step"), f": the input has {count_of(tokens, 'token')}, received {step}")
    return step or tokens


def _read_from(step: int, model: TrainedModel, *, runs_on: bool) -> int:
    """Return the place of the first token that the network reads before the prediction.

    As in `generate`, a network in the regime `windows` reads only the last window. An MLP never runs on.
    """
    has_state = model.experiment.model.kind != "mlp"
    if model.experiment.regime != "windows" or (runs_on and has_state):
        return 0
    return max(step - model.experiment.dataset.window, 0)


def _taken(places: range | None, read: int, step: int, most: int) -> range:
    """Return the places of the tokens to take away."""
    if places is None:
        return range(max(read, step - most), step)
    if not read <= places.start < places.stop <= step:
        raise UsageError(
            Argument("steps"),
            f": the prediction reads the tokens {read + 1} to {step}, received {places.start + 1} to"
            f" {places.stop}",
        )
    if len(places) > MOST_LANES:
        raise UsageError(
            Argument("steps"), f": expected at most {MOST_LANES:,} tokens, received {len(places):,}"
        )
    return places


def _explained(of: str | None, vocabulary: Vocabulary, scores: NDArray[np.float64], after: Ids) -> int:
    """Return the id of the token to explain; `after` has the ids of the input after the prediction."""
    if of is None:
        return int(scores.argmax())
    if of == NEXT:
        if not len(after):
            raise UsageError(
                Argument("of", NEXT),
                ": no token follows the last one of the input; give an earlier ",
                Argument("step"),
            )
        return int(after[0])
    if of == vocabulary.boundary and vocabulary.boundary_id is not None:
        return vocabulary.boundary_id
    try:
        ids = vocabulary.parse(of, name="of")
    except VocabularyError as error:
        raise UsageError(Argument("of"), f": {error}") from None
    if len(ids) != 1:
        raise UsageError(Argument("of"), f": expected one token, or {NEXT}, received {of!r}")
    return int(ids[0])


def _logits(
    model: TrainedModel,
    vocabulary: Vocabulary,
    ids: Ids,
    places: NDArray[np.int64],
    *,
    shares: Shares | None,
    runs_on: bool,
) -> Logits:
    """Return the logits after the tokens (S,), and those without the token at each place, (1 + K, V)."""
    table = encodings_of(model)  # (V, D)
    mean = table.mean(axis=0) if shares is None else shares @ table  # (D,)
    reading = reading_of(len(ids), model.experiment, runs_on=runs_on)
    starts = with_boundaries(reading, ids[reading.places][None], vocabulary.boundary_id)[0]  # (T,)
    texts = _Variants(ids, reading, starts, places, missing=len(model.tokens))
    logits = _run_in_groups(model, mean[None].astype(np.float32), texts)
    if not np.isfinite(logits).all():
        raise ModelFileError(
            "the model's values are not numbers: its weights are too large, or its training diverged;"
            " train again with a smaller training.optimizer.learning_rate"
        )
    return logits


@dataclass(frozen=True, eq=False)
class _Variants:
    """A text, and the same text without one of K tokens.

    Attributes:
        ids: the tokens of the text, (S,).
        reading: the T time steps.
        starts: (T,) whether the state is zeroed before each step.
        places: (K,) the tokens to take away, ascending.
        missing: the id that reads the mean encoding.
    """

    ids: Ids
    reading: TraceInput
    starts: NDArray[np.bool_]
    places: NDArray[np.int64]
    missing: int


@on_one_thread
def _run_in_groups(model: TrainedModel, mean: Floats, texts: _Variants) -> Logits:
    """Return the logits after the text and after each variant, (1 + K, V); each core runs a part of these."""
    taken, count = texts.places, len(texts.places)
    groups = min(cores(), 1 + count * len(texts.reading) // _STEPS_OF_A_CORE)

    def run(group: int) -> Logits:
        # An engine writes into arrays of its own, so each thread has one.
        return _run(numpy_model(model, mean), replace(texts, places=taken[group::groups]))

    with ThreadPoolExecutor(groups) as pool:
        found = list(pool.map(run, range(groups)))
    logits = np.empty((1 + count, found[0].shape[1]), np.float32)
    logits[0] = found[0][0]
    for group, each in enumerate(found):
        logits[1 + group :: groups] = each[1:]
    return logits


def _run(engine: Stepper, texts: _Variants) -> Logits:
    """Run the text and its K variants as lanes of one batch; return their last logits, (1 + K, V)."""
    state, places, steps = engine.zero_state(1), texts.places, len(texts.reading)
    first = np.unique(texts.reading.places, return_index=True)[1][places]  # (K,) first step that differs
    block = _BLOCK if state else steps  # an MLP reads its window at once
    logits = np.empty((0, 0, 0), np.float32)
    for begin in range(0, steps, block):
        read = texts.reading.places[begin : begin + block]  # (B,)
        lanes = int(np.searchsorted(first, begin + block))  # n variants that differ by the end of the block
        state = _widened(state, 1 + lanes)
        ids = np.tile(texts.ids[read], (1 + lanes, 1))  # (1 + n, B)
        ids[1:][read == places[:lanes, None]] = texts.missing
        resets = np.tile(texts.starts[begin : begin + block], (1 + lanes, 1))  # (1 + n, B)
        resets[:, :1] &= begin > 0  # the state is zero at the beginning
        logits, state = engine.forward(ids, resets, state, last_only=True)
    return logits[:, -1]


def _widened(state: State, lanes: int) -> State:
    """Return a state of N lanes: those of a state of fewer, and copies of its first lane after them."""
    return tuple(
        tuple(
            np.concatenate([part, np.broadcast_to(part[:1], (lanes - len(part), part.shape[1]))])
            for part in layer
        )
        for layer in state
    )


def _log_softmax(logits: Logits) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    scores: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return scores


def _notes(read: int, taken: range, step: int, shares: Shares | None) -> tuple[str, ...]:
    notes = []
    if read:
        notes.append(f"the prediction reads only the last {count_of(step - read, 'token')}")
    if len(taken) < step - read:
        notes.append(
            f"tokens {taken.start + 1} to {taken.stop} of {step} are taken away;"
            " the option steps chooses others"
        )
    if shares is None:
        notes.append(
            "the training data is not read, so the mean encoding is that of the vocabulary, each token once"
        )
    return tuple(notes)
