"""From a trained model and a seed as text to samples as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from rnnlab.config.problems import findings
from rnnlab.config.schema import Generation
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import Argument, UsageError, VocabularyError
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class Written:
    """One sample.

    Attributes:
        sequence: the tokens that were generated, without the seed.
        text: the seed and what was generated after it, as valid input again.
        log_probability: of the generated tokens, in nats, under the model itself.
        log_probabilities: of each of them.
    """

    sequence: tuple[str, ...]
    text: str
    log_probability: float
    log_probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Writing:
    """What `rnnlab generate` wrote, and what it takes to write it again.

    Attributes:
        samples: as many as asked for.
        settings: seed, length, temperature and so on, nothing left open.
        notes: what the user should know, a sentence each.
        model_sha256: of the model.
        draws: whether tokens are drawn, so that samples may differ.
    """

    samples: tuple[Written, ...]
    settings: Generation
    notes: tuple[str, ...]
    model_sha256: str
    draws: bool


def generation_settings(configured: Generation, options: Mapping[str, Any]) -> Generation:
    """The configured settings with those that were given (not None) in their place.

    Raises:
        UsageError: the first that is out of its range in the configuration's schema, and what was expected.
    """
    given = {name: value for name, value in options.items() if value is not None}
    settings = {**configured.model_dump(), **given}
    try:
        return Generation.model_validate(settings)
    except ValidationError as error:
        first = findings(error.errors(include_url=False), settings)[0]
        raise UsageError(f"generate: {'.'.join(map(str, first.path))}: {first.message}") from None


def write_samples(trained: TrainedModel, settings: Generation) -> Writing:
    """Samples that follow the seed.

    Raises:
        UsageError: no seed, or a `stop` that is not one token.
        VocabularyError: a token that the model does not know.
    """
    experiment = trained.experiment
    dataset = experiment.dataset
    vocabulary = Vocabulary.of(trained.tokens, dataset)
    seed = seed_ids(settings.seed, vocabulary)
    temperature = settings.temperature
    if temperature is None:
        temperature = experiment.generation.temperature
    how = Decoding(
        regime=experiment.regime,
        window=dataset.window,
        length=settings.length,
        sampling=Sampling(temperature or 0.0, settings.top_k, settings.top_p),
        samples=settings.samples,
        random_seed=settings.random_seed,
        stop=_stop_id(settings.stop, vocabulary),
    )
    samples = tuple(
        Written(
            tuple(vocabulary.decode(sample.ids)),
            vocabulary.join(_without_boundary([*seed.tolist(), *sample.ids], vocabulary)),
            sample.log_probability,
            sample.log_probabilities,
        )
        for sample in decode(numpy_model(trained), seed, how)
    )
    return Writing(samples, settings, _notes(len(seed), how), trained.sha256, how.sampling.draws)


def seed_ids(seed: str | None, vocabulary: Vocabulary) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The token ids (S,) that a seed, given as text or notes, begins with; a boundary alone needs none.

    Raises:
        UsageError: no seed where it needs one, or one without a token.
        VocabularyError: a token that the model does not know.
    """
    if seed is None and vocabulary.boundary_id is not None:
        return np.array([vocabulary.boundary_id])
    if seed is None:
        example = vocabulary.tokens[0]
        give = Argument("seed", example)
        raise UsageError("no seed: the configuration has none; give the start, e.g.: ", give)
    ids = vocabulary.parse(seed, name="seed")
    if not len(ids):
        raise UsageError(Argument("seed"), ": expected at least one token, received none")
    return vocabulary.begun(ids).astype(np.int64)


def _stop_id(stop: str | None, vocabulary: Vocabulary) -> int | None:
    if stop is None:
        return vocabulary.boundary_id
    try:
        ids = vocabulary.parse(stop, name="stop")
    except VocabularyError as error:
        raise UsageError(Argument("stop"), f": {error}") from None
    if len(ids) != 1:
        raise UsageError(Argument("stop"), f": expected one token, received {len(ids)}: {stop!r}")
    return int(ids[0])


def _without_boundary(ids: list[int], vocabulary: Vocabulary) -> list[int]:
    """The ids without the boundary that they begin with."""
    return ids[1:] if ids[0] == vocabulary.boundary_id else ids


def _notes(seed_length: int, how: Decoding) -> tuple[str, ...]:
    if how.regime == "stream" or seed_length >= how.window:
        return ()
    return (
        f"the seed has {seed_length} of the {how.window} tokens of a window;"
        " the first steps see only what there is",
    )
