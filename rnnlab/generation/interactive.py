"""Writing one token at a time: each token is drawn or chosen by a person, who can go back.

`Continuation` is one text that is being written. `InteractiveModel` begins such texts with a trained model.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Generation
from rnnlab.datasets.examples import END
from rnnlab.datasets.tokens import in_form
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines import Ids, Logits, Stepper
from rnnlab.engines.numpy import numpy_model, numpy_task_model
from rnnlab.engines.numpy.examples import decoder_stepper
from rnnlab.generation.decoding import Decoding
from rnnlab.generation.label_writing import begun_ids, label_id
from rnnlab.generation.prediction import vocabularies_of
from rnnlab.generation.repetition import RepeatedRuns
from rnnlab.generation.sampling import Sampling, choose, probabilities, uniform_streams
from rnnlab.generation.settings import decoding_of
from rnnlab.generation.sources import LogitSource, source_of
from rnnlab.generation.writing import decoding_with, seed_ids, without_boundary
from rnnlab.models.model_file import Trained, TrainedModel, TrainedTask

KEPT_EVERY = 32
"""Number of tokens between two kept places. Going back reads fewer tokens than this again."""


@dataclass(frozen=True)
class Alternative:
    """A token that can come next.

    Attributes:
        token: its id.
        probability: its probability under the model, at temperature 1 without top-k, top-p, min-p and DRY.
        drawn: the probability with which it is drawn under the settings; 0 if they exclude it.
    """

    token: int
    probability: float
    drawn: float


@dataclass(frozen=True, eq=False)
class _Place:
    """What is known after `length` tokens; the logits are (1, V)."""

    length: int
    source: LogitSource
    repetition: RepeatedRuns | None
    logits: Logits


class Continuation:
    """A text that is written token after token.

    Whoever only draws gets the tokens of `decode` with the same settings. Each draw takes the next number of
    the random generator. Going back does not give a number back, so the next draw can give another token.

    Args:
        model: the model.
        seed: the ids that the text begins with, at least one, (S,).
        how: the regime, window, sampling, random seed, stop token and penalty on repetition; the length, the
            number of samples and the rules are not used.

    Attributes:
        seed: the ids that the text begins with, (S,).
    """

    def __init__(self, model: Stepper, seed: Ids, how: Decoding) -> None:
        self.seed, self._how, self._ids = seed, how, list[int]()
        self._uniforms = uniform_streams(how.random_seed, 1)
        self._source = source_of(model, seed[None], regime=how.regime, window=how.window)
        self._repetition = RepeatedRuns.of(how.dry, seed[None])
        self._logits = self._source.start().copy()  # (1, V)
        self._kept = [self._here()]

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids after the seed; the last one may be the stop token."""
        return tuple(self._ids)

    @property
    def ended(self) -> bool:
        """Whether the last token is the stop token, after which nothing comes."""
        return bool(self._ids) and self._ids[-1] == self._how.stop

    def likeliest(self, count: int) -> list[Alternative]:
        """Return the `count` most probable next tokens under the model, the most probable first.

        Of equally probable tokens, the lower id comes first.

        Raises:
            ModelFileError: the logits are not numbers.
        """
        chances = probabilities(self._logits, Sampling(temperature=1.0))[0]  # (V,)
        drawn = self._drawn_with()
        order = np.argsort(-self._logits[0], kind="stable")[:count]
        return [Alternative(int(i), float(chances[i]), float(drawn[i])) for i in order]

    def draw(self) -> int:
        """Draw the next token as `decode` does, add it, and return its id.

        Raises:
            ValueError: the text has ended.
            ModelFileError: the logits are not numbers.
        """
        self._check_goes_on()
        token = int(choose(self._scored(), self._how.sampling, next(self._uniforms))[0])
        self._add(token)
        return token

    def take(self, token: int) -> None:
        """Add a token that a person chose; it may be one that would never be drawn.

        Raises:
            ValueError: the text has ended, or no token has this id.
        """
        self._check_goes_on()
        if not 0 <= token < self._logits.shape[1]:
            raise ValueError(f"expected an id from 0 to {self._logits.shape[1] - 1}, received {token}")
        self._add(token)

    def back(self) -> bool:
        """Take the last token away; return whether there was one after the seed."""
        if not self._ids:
            return False
        if self.ended:  # the model has not read the stop token
            self._ids.pop()
            return True
        self._ids.pop()
        while self._kept[-1].length > len(self._ids):
            self._kept.pop()
        place = self._kept[-1]
        self._source, self._repetition = place.source.twin(), copy.copy(place.repetition)
        self._logits = place.logits
        for token in self._ids[place.length :]:
            self._read(token)
        return True

    def _check_goes_on(self) -> None:
        if self.ended:
            raise ValueError("the text has ended; go back before more is added")

    def _scored(self) -> NDArray[np.floating]:
        """Return the logits with the penalty on repetition, (1, V)."""
        return self._logits if self._repetition is None else self._repetition.lowered(self._logits)

    def _drawn_with(self) -> NDArray[np.float64]:
        """Return the probability with which each token is drawn, (V,)."""
        scored, sampling = self._scored(), self._how.sampling
        if sampling.draws:
            return np.asarray(probabilities(scored, sampling)[0])
        drawn = np.zeros(scored.shape[1])
        drawn[choose(scored, sampling, np.zeros(1))] = 1
        return drawn

    def _add(self, token: int) -> None:
        self._ids.append(token)
        if not self.ended:
            self._read(token)
            if len(self._ids) % KEPT_EVERY == 0:
                self._kept.append(self._here())

    def _read(self, token: int) -> None:
        ids = np.array([token])
        if self._repetition is not None:
            self._repetition.add(ids)
        self._logits = self._source.feed(ids).copy()  # the next call may overwrite them

    def _here(self) -> _Place:
        return _Place(len(self._ids), self._source.twin(), copy.copy(self._repetition), self._logits)


@dataclass(frozen=True, eq=False)
class InteractiveModel:
    """A trained model with the settings of generation, as a session at a terminal uses it.

    Attributes:
        model: the model, which reads ids.
        how: how tokens are chosen.
        tokens: the tokens by id, (V,).
        noun: what a token is: `character`, `word` or `note`.
        read: returns the ids of a beginning, (S,); None stands for no beginning.
        joined: returns the text of ids.
    """

    model: Stepper
    how: Decoding
    tokens: tuple[str, ...]
    noun: str
    read: Callable[[str | None], Ids]
    joined: Callable[[Sequence[int]], str]

    @staticmethod
    def of(trained: Trained, settings: Generation, label: str | None = None) -> "InteractiveModel":
        """Return a trained model with settings, which must have no constraints and no beam search.

        Args:
            trained: the model, of task next_token or from_label.
            settings: the settings.
            label: the label of a model of task from_label; None for other models.

        Raises:
            UsageError: the label is missing or unknown, or `stop` is not one token.
        """
        if isinstance(trained, TrainedTask):
            return _for_label(trained, settings, label)
        return _for_next_token(trained, settings)

    def begin(self, text: str | None) -> Continuation:
        """Return a continuation of a beginning, as `generate` would begin it; None for no beginning.

        Raises:
            UsageError: the beginning is needed and missing, or has a token that the model cannot write.
            VocabularyError: the beginning has a token that is not in the vocabulary.
        """
        return Continuation(self.model, self.read(text), self.how)

    def text_of(self, continuation: Continuation) -> str:
        """Return the beginning and what follows it as text, without the stop token."""
        ids = continuation.ids[:-1] if continuation.ended else continuation.ids
        return self.joined([*continuation.seed.tolist(), *ids])


def _for_next_token(trained: TrainedModel, settings: Generation) -> InteractiveModel:
    vocabulary = Vocabulary.of(trained.tokens, trained.experiment.dataset)
    how = decoding_with(trained, settings, vocabulary)
    return InteractiveModel(
        numpy_model(trained),
        how,
        vocabulary.tokens,
        "note" if vocabulary.kind == "notes" else "character",
        lambda text: seed_ids(text, vocabulary),
        lambda ids: vocabulary.join(without_boundary([*ids], vocabulary)),
    )


def _for_label(trained: TrainedTask, settings: Generation, label: str | None) -> InteractiveModel:
    vocabularies, form = vocabularies_of(trained), getattr(trained.experiment.dataset, "normalize", None)
    targets, number = vocabularies.targets, label_id(label, vocabularies.inputs.tokens)
    how = decoding_of(
        settings,
        trained.experiment.generation,
        regime="stream",
        window=1,
        stop=targets.ids[END],
        kind="text",
    )
    first = len(targets) + number  # the labels stand after the tokens
    return InteractiveModel(
        decoder_stepper(numpy_task_model(trained), number),
        how,
        targets.tokens,
        targets.kind,
        lambda text: np.array([first, *begun_ids(in_form(text or "", form), targets)], np.int64),
        lambda ids: targets.join(targets.decode(ids[1:])),
    )
