"""Writing for a label: sequences that a model of task from_label generates, with or without a beginning."""

from collections.abc import Sequence

import numpy as np

from rnnlab.config.schema import Generation
from rnnlab.datasets.examples import END, TokenSet
from rnnlab.datasets.tokens import in_form
from rnnlab.datasets.vocabulary import LINE_BREAK, Vocabulary
from rnnlab.engines.numpy import numpy_task_model
from rnnlab.engines.numpy.examples import decoder_stepper
from rnnlab.errors import Argument, UsageError, count_of, near
from rnnlab.generation.constraints.copying import Kept, copy_rules
from rnnlab.generation.constraints.demands import Demands
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.particles import Steered
from rnnlab.generation.prediction import vocabularies_of
from rnnlab.generation.settings import decoding_of, is_steered, with_content
from rnnlab.generation.steering import Steering
from rnnlab.generation.writing import Writing, Written, satisfied, steered_notes
from rnnlab.models.model_file import TrainedTask

MOST_LABELS = 30
"""Most labels that a message lists."""


def write_for_label(
    trained: TrainedTask, label: str | None, settings: Generation, training: Kept | None = None
) -> Writing:
    """Generate sequences for a label, each up to `END`, or up to `settings.length` tokens after the seed.

    Args:
        trained: the model, of task from_label.
        label: the label.
        settings: the settings; `seed` is the beginning of every sequence.
        training: the training data, which `max_copy` needs.

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
    settings = with_content(settings, kind="text", boundary=LINE_BREAK)
    vocabularies = vocabularies_of(trained)
    targets, number = vocabularies.targets, label_id(label, vocabularies.inputs.tokens)
    seed = in_form(settings.seed or "", getattr(experiment.dataset, "normalize", None))
    begun = begun_ids(seed, targets)
    how = decoding_of(
        settings, experiment.generation, regime="stream", window=1, stop=targets.ids[END], kind="text"
    )
    read = np.array([len(targets) + number, *begun], np.int64)  # the labels stand after the tokens
    model = decoder_stepper(numpy_task_model(trained), number)
    if is_steered(settings):
        vocabulary = _vocabulary(targets)
        demands = Demands(settings.constraints, vocabulary)
        demands.check()
        rules = copy_rules(settings.constraints, vocabulary.tokens, training)
        steering = Steering(demands, how, settings, rules)
        found = steering.samples(model, read)
    else:
        found = [Steered(each, None, None) for each in decode(model, read, how)]
    notes = [*steered_notes(found, settings), *_notes(found, how)]
    written = tuple(_written(each, begun, targets, settings) for each in found)
    return Writing(written, settings, tuple(notes), trained.sha256, how.sampling.draws)


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


def begun_ids(seed: str, targets: TokenSet) -> list[int]:
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


def _vocabulary(targets: TokenSet) -> Vocabulary:
    """Return the tokens of the targets as a vocabulary of characters.

    A token that is no character, such as `END`, becomes a character for private use, which no text has.

    Raises:
        UsageError: the tokens are words.
    """
    if targets.kind != "character":
        raise UsageError(
            "constraints are for characters and notes, and this model writes words; leave them out"
        )
    private = map(chr, range(0xF0000, 0x10FFFE))
    return Vocabulary(tuple(token if len(token) == 1 else next(private) for token in targets.tokens), "text")


def _written(each: Steered, begun: Sequence[int], targets: TokenSet, settings: Generation) -> Written:
    """Return a sample as text, with the beginning of the sequence."""
    sample = each.sample
    return Written(
        tuple(targets.decode(sample.ids)),
        targets.join(targets.decode([*begun, *sample.ids])),
        sample.log_probability,
        sample.log_probabilities,
        satisfied(each, settings),
    )


def _notes(found: Sequence[Steered], how: Decoding) -> tuple[str, ...]:
    """Return a note on the samples that did not end within the length."""
    cut = sum(len(each.sample.ids) == how.length for each in found)
    if not cut:
        return ()
    within = f"did not end within {count_of(how.length, 'token')}; give a larger length"
    return (f"{cut} of {count_of(len(found), 'sample')} {within}",)
