"""Predictions of a trained network for examples: the label, the tags or the target of each input."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rnnlab.datasets.examples import Sequences, TaskVocabularies, Words
from rnnlab.datasets.row_tokens import joined
from rnnlab.datasets.task_loading import vocabularies_from
from rnnlab.datasets.tokens import in_form
from rnnlab.engines.numpy import numpy_task_model
from rnnlab.engines.numpy.examples import NumpyTaskModel
from rnnlab.errors import UsageError
from rnnlab.models.model_file import TrainedTask

MOST_TARGET_TOKENS = 1000
"""Largest number of tokens of a target that is written."""


@dataclass(frozen=True)
class Prediction:
    """What the network predicts for one input.

    Attributes:
        input: the input as it was given.
        text: the label; or the tags, with spaces between them; or the target.
        labels: the most probable labels with their probabilities, the most probable first; empty for tags and
            pairs.
        tags: each tag with its probability, as many as tokens; empty for label and pairs.
        log_probability: logarithm of the probability of the target with its end, nats; None for label and
            tags.
        others: further targets of a beam search with their log-probabilities, the best first.
    """

    input: str
    text: str
    labels: tuple[tuple[str, float], ...] = ()
    tags: tuple[tuple[str, float], ...] = ()
    log_probability: float | None = None
    others: tuple[tuple[str, float], ...] = ()


def vocabularies_of(trained: TrainedTask) -> TaskVocabularies:
    """Return the vocabularies of a trained model."""
    return vocabularies_from(trained.experiment, trained.tokens, trained.targets, trained.characters)


def predict(
    trained: TrainedTask,
    texts: Sequence[str],
    *,
    top: int = 1,
    beam: int | None = None,
    places: Sequence[str] = (),
) -> list[Prediction]:
    """Return a prediction for each text.

    Args:
        trained: the model, of task label, tags or pairs.
        texts: the inputs, as they would stand in the data.
        top: number of labels, or of targets, that are returned with their probabilities.
        beam: for pairs: width of the beam search; None: `top`, or 1 for the greedy target.
        places: the place of each text for messages, such as `names.txt:3`, if the texts are lines of a file.

    Raises:
        UsageError: the task is from_label, which predicts no targets; an input has no token; or a beam is
            wanted for a task other than pairs.
    """
    task = trained.experiment.task
    if task == "from_label":
        raise UsageError("a model of task from_label writes sequences for a label; generate writes them")
    if beam is not None and task != "pairs":
        raise UsageError(f"beam: only pairs are written with a beam search, not the task {task}")
    vocabularies = vocabularies_of(trained)
    tokens = input_tokens(trained, vocabularies, texts, places)
    model = numpy_task_model(trained)
    if task == "label":
        return _labels(model, vocabularies, texts, tokens, top)
    if task == "tags":
        return _tags(model, vocabularies, texts, tokens)
    return _targets(model, vocabularies, texts, tokens, top=top, beam=beam or max(top, 1))


def input_tokens(
    trained: TrainedTask, vocabularies: TaskVocabularies, texts: Sequence[str], places: Sequence[str] = ()
) -> list[list[str]]:
    """Return the tokens of each input; `places` as for `predict`.

    Raises:
        UsageError: an input has no token.
    """
    form, found = getattr(trained.experiment.dataset, "normalize", None), []
    for number, text in enumerate(texts):
        tokens = vocabularies.inputs.split(in_form(text, form))
        if not tokens:
            place = places[number] if places else f"input {number + 1}"
            remedy = "; write an input on this line, or remove the line" if places else ""
            raise UsageError(
                f"{place}: expected at least one {vocabularies.inputs.kind}, received {text!r}{remedy}"
            )
        found.append(tokens)
    return found


def _labels(
    model: NumpyTaskModel,
    vocabularies: TaskVocabularies,
    texts: Sequence[str],
    tokens: Sequence[Sequence[str]],
    top: int,
) -> list[Prediction]:
    """Return the most probable label of each input."""
    logits = model.label_logits(_sequences(vocabularies, tokens))  # (K, L)
    chances = softmax(logits)
    order = np.argsort(-chances, axis=1, kind="stable")[:, :top]  # (K, top)
    found = []
    for text, own, best in zip(texts, chances, order, strict=True):
        ranked = tuple((vocabularies.targets.tokens[label], float(own[label])) for label in best.tolist())
        found.append(Prediction(text, ranked[0][0], labels=ranked))
    return found


def _tags(
    model: NumpyTaskModel,
    vocabularies: TaskVocabularies,
    texts: Sequence[str],
    tokens: Sequence[Sequence[str]],
) -> list[Prediction]:
    """Return the most probable tag of each token."""
    inputs, words = word_inputs(vocabularies, tokens)
    chances = softmax(model.tag_logits(inputs, words))  # (S, G)
    best = chances.argmax(axis=1)  # (S,)
    found = []
    for number, text in enumerate(texts):
        own = range(int(inputs.offsets[number]), int(inputs.offsets[number + 1]))
        tags = tuple(
            (vocabularies.targets.tokens[best[place]], float(chances[place, best[place]])) for place in own
        )
        found.append(Prediction(text, joined(tag for tag, _ in tags), tags=tags))
    return found


def _targets(
    model: NumpyTaskModel,
    vocabularies: TaskVocabularies,
    texts: Sequence[str],
    tokens: Sequence[Sequence[str]],
    *,
    top: int,
    beam: int,
) -> list[Prediction]:
    """Return the target of each input that a beam search finds to be the most probable."""
    searched = model.beam(_sequences(vocabularies, tokens), beam, MOST_TARGET_TOKENS)
    found = []
    for text, hypotheses in zip(texts, searched, strict=True):
        written = [(target_text(vocabularies, ids), score) for ids, score in hypotheses[: max(top, 1)]]
        (best, score), others = written[0], written[1:]
        found.append(Prediction(text, best, log_probability=score, others=tuple(others)))
    return found


def target_text(vocabularies: TaskVocabularies, ids: Iterable[int]) -> str:
    """Return the text of a target that a network has written."""
    return vocabularies.targets.join(vocabularies.targets.decode(ids))


def word_inputs(
    vocabularies: TaskVocabularies, tokens: Sequence[Sequence[str]]
) -> tuple[Sequences, Words | None]:
    """Return inputs as ids; if the model reads characters, as numbers of distinct words, and these words."""
    if vocabularies.characters is None:
        return _sequences(vocabularies, tokens), None
    distinct: dict[str, int] = {}
    numbers = [[distinct.setdefault(token, len(distinct)) for token in own] for own in tokens]
    words = Words.of(distinct, vocabularies.inputs, vocabularies.characters)
    return Sequences.of(numbers, vocabularies.inputs), words


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits, (…, V), in float64."""
    wide = logits.astype(np.float64)
    powers = np.exp(wide - wide.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _sequences(vocabularies: TaskVocabularies, tokens: Sequence[Sequence[str]]) -> Sequences:
    return Sequences.of([vocabularies.inputs.encode(own) for own in tokens], vocabularies.inputs)
