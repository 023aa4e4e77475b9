"""A trained network for examples, step by step: the alignment of a written target, and the labels on the way.

The alignment is the weight that attention gives each token of the source while the network writes a token of
the target (Luong et al., 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.examples import END
from rnnlab.engines.numpy import numpy_task_model
from rnnlab.errors import UsageError
from rnnlab.generation.prediction import (
    MOST_TARGET_TOKENS,
    input_tokens,
    softmax,
    vocabularies_of,
    word_inputs,
)
from rnnlab.models.model_file import TrainedTask

Shares = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Alignment:
    """The weights of attention while a target is written.

    Attributes:
        source: the tokens of the source, as they were given, (T,).
        written: the tokens of the target that the network writes, and `END`, (U + 1,).
        weights: the weight of each token of the source for each written token, (U + 1, T), 0 to 1; the sum of
            each row is 1.
        text: the written target as text.
        log_probability: logarithm of the probability of the target with its end, nats.
    """

    source: tuple[str, ...]
    written: tuple[str, ...]
    weights: Shares
    text: str
    log_probability: float


@dataclass(frozen=True, eq=False)
class Chances:
    """The probabilities of labels or tags after the tokens of one input.

    Attributes:
        tokens: the tokens of the input, as they were given, (T,).
        labels: all labels or tags, (L,).
        shares: for label, the probability of each label for the tokens up to this one; for tags, the
            probability of each tag of this token, given all tokens; (T', L), 0 to 1.
        steps: the T' tokens of `shares`, from 0.
    """

    tokens: tuple[str, ...]
    labels: tuple[str, ...]
    shares: Shares
    steps: range


def align(
    trained: TrainedTask, texts: Sequence[str], *, most_tokens: int = MOST_TARGET_TOKENS
) -> list[Alignment]:
    """Return the alignment of each source with the target that the network writes greedily.

    Args:
        trained: the model, of task pairs with attention.
        texts: the sources, as they would stand in the data.
        most_tokens: most tokens of a written target.

    Raises:
        UsageError: the model has no attention, or a source has no token.
    """
    if trained.experiment.model.attention == "none":
        raise UsageError("the model has no attention (model.attention), so there is no alignment")
    vocabularies = vocabularies_of(trained)
    tokens = input_tokens(trained, vocabularies, texts)
    model, (inputs, _) = numpy_task_model(trained), word_inputs(vocabularies, tokens)
    written, scores = model.greedy(inputs, most_tokens)
    found = []
    for number, (source, ids, score) in enumerate(zip(tokens, written, scores.tolist(), strict=True)):
        target = vocabularies.targets.decode(ids)
        weights = model.alignment(inputs[number], np.array(ids, np.int64))  # (U + 1, T)
        text = vocabularies.targets.join(target)
        found.append(Alignment(tuple(source), (*target, END), weights, text, score))
    return found


def chances_on_the_way(trained: TrainedTask, text: str, steps: range | None = None) -> Chances:
    """Return the probabilities of the labels after each token of an input.

    A network for label reads the beginning of the input up to each token as an input of its own, so that
    pooling and the layer that reads backwards see no later token.

    Args:
        trained: the model, of task label or tags.
        text: the input, as it would stand in the data.
        steps: the tokens to return, from 0; None for all.

    Raises:
        UsageError: the input has no token.
    """
    vocabularies = vocabularies_of(trained)
    (tokens,) = input_tokens(trained, vocabularies, [text])
    shown, model = steps if steps is not None else range(len(tokens)), numpy_task_model(trained)
    if trained.experiment.task == "label":
        inputs, words = word_inputs(vocabularies, [tokens[: step + 1] for step in shown])
        logits = model.label_logits(inputs, words)  # (T', L)
    else:
        logits = model.tag_logits(*word_inputs(vocabularies, [tokens]))[shown.start : shown.stop]  # (T', G)
    return Chances(tuple(tokens), vocabularies.targets.tokens, softmax(logits), shown)
