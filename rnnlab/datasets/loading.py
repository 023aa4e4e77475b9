"""Everything that training reads of a dataset, checked before anything slow is started."""

from dataclasses import dataclass, replace

from rnnlab.config.schema import Experiment
from rnnlab.datasets.augmentation import augmented
from rnnlab.datasets.batching import Batches, make_batches, reading_order
from rnnlab.datasets.corpus import Corpus, drawn, load_corpus
from rnnlab.datasets.fitting import fitted
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.splits import Splits, split_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import ConfigError, VocabularyError, count_of

MOST_STEPS = 2**31 - 1
"""Steps of a training, which numbers them with 32 bits."""


@dataclass(frozen=True)
class Data:
    """A corpus and its parts.

    Attributes:
        experiment: the configuration, with what it left open chosen for this data.
        corpus: the data as it is, without copies.
        splits: its parts.
    """

    experiment: Experiment
    corpus: Corpus
    splits: Splits

    def as_trained_on(self) -> "Data":
        """The data as training reads them: with the transposed copies of `dataset.augment`.

        Raises:
            DataError: a copy has a note that is not in the vocabulary, or that MIDI has not.
        """
        corpus, parts = augmented(self.corpus, self.splits.parts, self.experiment)
        return replace(self, corpus=corpus, splits=replace(self.splits, parts=parts))


def load_data(experiment: Experiment, *, report: Report = unreported) -> Data:
    """The data of an experiment, and the experiment as it fits them; each part makes at least one batch.

    Args:
        experiment: the configuration.
        report: is told how far it is.

    Raises:
        DataError: the data cannot be read or downloaded, or a part is too short.
        ConfigError: a setting cannot stand beside what was chosen, there are too many training steps, or a
            seed or a stop of the configuration is not in the vocabulary.
    """
    corpus = load_corpus(experiment.dataset, report=report)
    check_generation(experiment, corpus.vocabulary)
    is_open = "split" not in experiment.dataset.model_fields_set
    experiment, notes = fitted(experiment, corpus)
    if is_open:
        corpus = drawn(corpus, experiment.dataset.split)
    splits = split_corpus(corpus, experiment)
    data = Data(experiment, corpus, splits)
    read = data.as_trained_on()
    require_readable(read)
    notes += splits.notes + _said_of_copies(data, read)
    return replace(data, splits=replace(splits, notes=notes))


def check_generation(experiment: Experiment, vocabulary: Vocabulary) -> None:
    """Refuse a seed, or a token to stop at, with which the trained model could not write.

    Raises:
        ConfigError: every such setting, a line each.
    """
    generation, samples = experiment.generation, experiment.training.samples
    settings = {
        "training.samples.seed": samples.seed if samples else None,
        "generation.seed": generation.seed,
        "generation.stop": generation.stop,
    }
    problems = []
    for key, text in settings.items():
        if text is None:
            continue
        try:
            tokens = len(vocabulary.parse(text, name=key.rpartition(".")[2]))
        except VocabularyError as error:
            remedy = " or" if str(error).endswith("?") else ";"
            problems.append(f"{key}: {error}{remedy} set it to tokens of the data, or to null")
            continue
        if key.endswith("stop") and tokens != 1:
            problems.append(f"{key}: expected one token, received {tokens}: {text!r}")
        elif not tokens:
            problems.append(f"{key}: expected at least one token, received none")
    if problems:
        raise ConfigError(*problems)


def require_readable(data: Data) -> None:
    """Refuse data of which a part is too short to be trained on or measured, or training too long.

    Args:
        data: as training reads them.

    Raises:
        DataError: the part, by how much it is too short, and what to set.
        ConfigError: how many epochs there may be.
    """
    for name, part in data.splits.parts.items():
        if name == "train":
            _check_steps(make_batches(part, data.corpus, data.experiment), data.experiment)
        else:
            reading_order(part, data.corpus, data.experiment)


def _check_steps(batches: Batches, experiment: Experiment) -> None:
    """Refuse a training of more steps than can be numbered.

    Args:
        batches: of the part that is trained on.
        experiment: the configuration, with its epochs.

    Raises:
        ConfigError: how many epochs there may be.
    """
    epochs, most = experiment.training.epochs, MOST_STEPS // batches.steps
    if epochs > most:
        raise ConfigError(
            f"training.epochs: {count_of(epochs, 'epoch')} of {count_of(batches.steps, 'step')} are"
            f" {epochs * batches.steps:,} steps, expected at most {MOST_STEPS:,}; set it to {most:,} or less,"
            " or make training.batch_size larger"
        )


def _said_of_copies(data: Data, read: Data) -> tuple[str, ...]:
    """A sentence on how much the copies add."""
    shifts = data.experiment.dataset.shifts
    if not shifts:
        return ()
    each = ", ".join(f"{shift:+d}" for shift in shifts)
    each += " semitone" if {abs(shift) for shift in shifts} == {1} else " semitones"
    parts = data.splits.parts["train"], read.splits.parts["train"]
    if data.experiment.regime == "stream":
        before, after = (part.end - part.begin for part in parts)
        unit = "token"
    else:
        before, after = (part.window_count for part in parts)
        unit = "window"
    copies = "a transposed copy" if len(shifts) == 1 else count_of(len(shifts), "transposed copy")
    return (f"train is read with {copies} of it, by {each}: {count_of(after, unit)} for {before:,}",)
