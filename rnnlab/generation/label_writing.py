"""Writing for a label: sequences that a model of task from_label generates, with or without a beginning."""

from collections.abc import Sequence

import numpy as np

from rnnlab.config.schema import Generation
from rnnlab.datasets.examples import END, TokenSet
from rnnlab.datasets.tokens import in_form
from rnnlab.engines.numpy import numpy_task_model
from rnnlab.engines.numpy.examples import decoder_stepper
from rnnlab.errors import Argument, UsageError, count_of, near
from rnnlab.generation.decoding import Decoding, Sample, decode
from rnnlab.generation.prediction import vocabularies_of
from rnnlab.generation.sampling import Sampling
from rnnlab.generation.writing import Writing, Written
from rnnlab.models.model_file import TrainedTask

MOST_LABELS = 30
"""Most labels that a message lists."""


def write_for_label(trained: TrainedTask, label: str | None, settings: Generation) -> Writing:
    """Generate sequences for a label, each up to `END`, or up to `settings.length` tokens after the seed.

    Args:
        trained: the model, of task from_label.
        label: the label.
        settings: the settings; `seed` is the beginning of every sequence.

    Raises:
        UsageError: the label is missing, or the model does not have it; a token of the seed is not in the
            vocabulary; the settings have `stop`; or the model is of another task.
        ModelFileError: a token cannot be drawn, because logits are not numbers; see `choose`.
    """
    experiment = trained.experiment
    if experiment.task != "from_label":
        raise UsageError(f"a model of task {experiment.task} reads an input and writes nothing; use predict")
    if settings.stop is not None:
        raise UsageError(
            Argument("stop"),
            ": a sequence of task from_label ends by itself; leave ",
            Argument("stop"),
            " out",
        )
    vocabularies = vocabularies_of(trained)
    targets, number = vocabularies.targets, label_id(label, vocabularies.inputs.tokens)
    seed = in_form(settings.seed or "", getattr(experiment.dataset, "normalize", None))
    begun = _begun(seed, targets)
    temperature = settings.temperature
    if temperature is None:
        temperature = experiment.generation.temperature
    how = Decoding(
        regime="stream",
        window=1,
        length=settings.length,
        sampling=Sampling(temperature or 0.0, settings.top_k, settings.top_p),
        samples=settings.samples,
        random_seed=settings.random_seed,
        stop=targets.ids[END],
    )
    read = np.array([len(targets) + number, *begun], np.int64)  # the labels stand after the tokens
    samples = decode(decoder_stepper(numpy_task_model(trained), number), read, how)
    written = tuple(_written(sample, begun, targets) for sample in samples)
    return Writing(written, settings, _notes(samples, how), trained.sha256, how.sampling.draws)


def label_id(label: str | None, labels: Sequence[str]) -> int:
    """Return the id of a label.

    Raises:
        UsageError: the label is missing, or not one of `labels`; the message has the most similar ones, or
            else all, up to `MOST_LABELS`.
    """
    if label is not None and label in labels:
        return labels.index(label)
    more = f" and {len(labels) - MOST_LABELS:,} more" if len(labels) > MOST_LABELS else ""
    there_are = f"there are {', '.join(labels[:MOST_LABELS])}{more}"
    if label is None:
        raise UsageError("no label: give one, e.g.: ", Argument("label", labels[0]), f"; {there_are}")
    close = near(label, labels, 1)
    hint = f"did you mean {close[0]!r}?" if close else there_are
    raise UsageError(Argument("label"), f": the model has no label {label!r}; {hint}")


def _begun(seed: str, targets: TokenSet) -> list[int]:
    """Return the token ids of the beginning of a sequence.

    Raises:
        UsageError: a token is not in the vocabulary.
    """
    tokens = targets.split(seed)
    lacking = [token for token in tokens if token not in targets.ids or token == END]
    if lacking:
        close = near(lacking[0], targets.tokens, 1)
        hint = f"did you mean {close[0]!r}?" if close else "leave it out"
        raise UsageError(
            Argument("seed"), f": the model cannot write the {targets.kind} {lacking[0]!r}; {hint}"
        )
    return targets.encode(tokens)


def _written(sample: Sample, begun: Sequence[int], targets: TokenSet) -> Written:
    """Return a sample as text, with the beginning of the sequence."""
    return Written(
        tuple(targets.decode(sample.ids)),
        targets.join(targets.decode([*begun, *sample.ids])),
        sample.log_probability,
        sample.log_probabilities,
    )


def _notes(samples: Sequence[Sample], how: Decoding) -> tuple[str, ...]:
    """Return a note on the samples that did not end within the length."""
    cut = sum(len(sample.ids) == how.length for sample in samples)
    if not cut:
        return ()
    within = f"did not end within {count_of(how.length, 'token')}; give a larger length"
    return (f"{cut} of {count_of(len(samples), 'sample')} {within}",)
