"""Writing: from a trained model, and a seed as text, to samples as text."""

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
        sequence: the generated tokens, without the seed.
        text: the seed and the generated tokens as text, which is valid input again.
        log_probability: of all generated tokens together, in nats, under the model itself (temperature 1).
        log_probabilities: of each generated token.
    """

    sequence: tuple[str, ...]
    text: str
    log_probability: float
    log_probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Writing:
    """The samples of one `rnnlab generate`, and all that is needed to generate them again.

    Attributes:
        samples: the samples.
        settings: the complete settings: seed, length, temperature and so on.
        notes: remarks for the user, a sentence each.
        model_sha256: sha256 of the model.
        draws: whether tokens are drawn at random, so that samples may differ.
    """

    samples: tuple[Written, ...]
    settings: Generation
    notes: tuple[str, ...]
    model_sha256: str
    draws: bool


def generation_settings(configured: Generation, options: Mapping[str, Any]) -> Generation:
    """Return the configured settings, with each option that is not None in place of the configured one.

    Raises:
        UsageError: an option is out of the range that the configuration's schema gives; the first such
            option.
    """
    given = {name: value for name, value in options.items() if value is not None}
    settings = {**configured.model_dump(), **given}
    try:
        return Generation.model_validate(settings)
    except ValidationError as error:
        first = findings(error.errors(include_url=False), settings)[0]
        raise UsageError(f"generate: {'.'.join(map(str, first.path))}: {first.message}") from None


def write_samples(trained: TrainedModel, settings: Generation) -> Writing:
    """Generate samples after the seed of the settings.

    Raises:
        UsageError: there is no seed, or `stop` is not one token.
        VocabularyError: the seed has a token that is not in the vocabulary.
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
    """Return the token ids of a seed that is given as text or notes, (S,).

    Without a seed, a model of sequences with boundaries starts from a boundary token.

    Raises:
        UsageError: the seed is missing, or has no token.
        VocabularyError: the seed has a token that is not in the vocabulary.
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
    """Return the ids without a boundary token at the beginning."""
    return ids[1:] if ids[0] == vocabulary.boundary_id else ids


def _notes(seed_length: int, how: Decoding) -> tuple[str, ...]:
    if how.regime == "stream" or seed_length >= how.window:
        return ()
    return (
        f"the seed has {seed_length} of the {how.window} tokens of a window;"
        " the first steps see only what there is",
    )
