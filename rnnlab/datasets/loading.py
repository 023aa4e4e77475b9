"""The data of an experiment: read, split, and checked before the training begins.

A stream may leave settings out (`Experiment.left_to_data`); they are chosen here by the size of the data. So
four keys (`dataset.kind`, `dataset.path`, `model.kind`, `model.units`) are enough to train well on ten
kilobytes and on a hundred megabytes. Settings that are given stay as they are, and `config.yaml` in the run
folder has all of them written out.
"""

from dataclasses import dataclass, replace
from typing import Any

from rnnlab.config.dataset import ContiguousSplit, NoSplit, SequencesSplit
from rnnlab.config.optimizer import Adam, CosineSchedule
from rnnlab.config.schema import FITTED_SETTINGS, Experiment, FittedExperiment, NotesDataset
from rnnlab.config.section import Section
from rnnlab.datasets.batches import Batches, make_batches, reading_order
from rnnlab.datasets.corpus import Corpus, drawn, load_corpus
from rnnlab.datasets.splits import Splits, split_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import ConfigError, VocabularyError, count_of
from rnnlab.files import Report, unreported

MOST_STEPS = 2**31 - 1
"""Largest number of steps of a training: a step has a number of 32 bits."""


@dataclass(frozen=True)
class Data:
    """A corpus and its parts.

    Attributes:
        experiment: the configuration, fitted to this data.
        corpus: the data; only in the result of `as_trained_on` with the copies of `dataset.augment`.
        splits: the parts of the corpus.
    """

    experiment: FittedExperiment
    corpus: Corpus
    splits: Splits

    def as_trained_on(self) -> "Data":
        """Return the data that training reads: the data with the copies of `dataset.augment`, if any.

        Raises:
            DataError: a note that training reads has a copy outside the range of MIDI.
            VocabularyError: a note that training reads has a copy that is not in the vocabulary.
        """
        if not self.experiment.dataset.shifts:
            return self
        from rnnlab.datasets.augmentation import augmented  # noqa: PLC0415 (most data has no copies)

        corpus, parts = augmented(self.corpus, self.splits.parts, self.experiment)
        return replace(self, corpus=corpus, splits=replace(self.splits, parts=parts))


def load_data(experiment: Experiment, *, report: Report = unreported) -> Data:
    """Return the data of an experiment, and the experiment fitted to the data.

    The training part has at least one batch, and each other part at least one window, or, read as a stream,
    one target.

    Args:
        experiment: the configuration.
        report: receives the progress.

    Raises:
        DataError: the data cannot be read, downloaded, split or transposed, or a part is too short.
        VocabularyError: a token of the data, or of a copy, is not in the declared vocabulary.
        ConfigError: a setting contradicts what was chosen, there are too many training steps, or
            `check_generation` refuses a seed or the stop token of the configuration.
    """
    corpus = load_corpus(experiment.dataset, report=report)
    check_generation(experiment, corpus.vocabulary)
    complete, notes = fitted(experiment, corpus)
    if "split" in experiment.left_to_data:
        corpus = drawn(corpus, complete.dataset.split)
    splits = split_corpus(corpus, complete)
    data = Data(complete, corpus, splits)
    read = data.as_trained_on()
    require_readable(read)
    notes += splits.notes + _said_of_copies(data, read)
    return replace(data, splits=replace(splits, notes=notes))


def check_generation(experiment: Experiment, vocabulary: Vocabulary) -> None:
    """Refuse a seed that is empty or not in the vocabulary, and a stop that is not one token of it.

    Raises:
        ConfigError: a setting is wrong; the message has a line for each wrong setting.
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
    """Refuse data with a part that is too short to train on or to measure, and a training of too many steps.

    Args:
        data: the data as training reads it.

    Raises:
        DataError: a part is too short; the message says what the part needs, and which setting to change.
        ConfigError: there are too many steps; the message gives the largest number of epochs.
    """
    for name, part in data.splits.parts.items():
        if name == "train":
            _check_steps(make_batches(part, data.corpus, data.experiment), data.experiment)
        else:
            reading_order(part, data.corpus, data.experiment)


def _check_steps(batches: Batches, experiment: Experiment) -> None:
    """Refuse a training of more than `MOST_STEPS` steps.

    Raises:
        ConfigError: the message gives the largest number of epochs.
    """
    epochs, most = experiment.training.epochs, MOST_STEPS // batches.steps
    if epochs > most:
        raise ConfigError(
            f"training.epochs: {count_of(epochs, 'epoch')} of {count_of(batches.steps, 'step')} are"
            f" {epochs * batches.steps:,} steps, expected at most {MOST_STEPS:,}; set it to {most:,} or less,"
            " or make training.batch_size larger"
        )


def _said_of_copies(data: Data, read: Data) -> tuple[str, ...]:
    """Return a sentence on the number of tokens or windows with the copies; empty if there are no copies."""
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
    return (f"train is read with {copies} of it, by {each}: {count_of(after, unit)} instead of {before:,}",)


HELD_OUT, LEAST_HELD_OUT = 0.1, 100
"""Fraction of the data for validation. If it has fewer tokens than `LEAST_HELD_OUT`, no data is held out."""

LONGEST_WINDOW, MOST_LANES, LEAST_STEPS = 64, 32, 16
"""Largest window and largest number of lanes that are chosen. If an epoch had fewer steps than `LEAST_STEPS`,
there are fewer lanes, and then a shorter window."""

TOKENS_WANTED, MOST_EPOCHS = 6_000_000, 60
"""The number of epochs is chosen so that training reads about `TOKENS_WANTED` tokens in all of them; it is
from 1 to `MOST_EPOCHS`."""

OPTIMIZER = Adam(name="adam", learning_rate=0.004, global_clipnorm=1.0)
SCHEDULE = CosineSchedule(kind="cosine", warmup=0.05)


def fitted(experiment: Experiment, corpus: Corpus) -> tuple[FittedExperiment, tuple[str, ...]]:
    """Return the experiment with the settings that depend on its data, and a sentence on what was chosen.

    If the experiment leaves no setting to the size of its data, there is no sentence.

    Args:
        experiment: the configuration. Only a stream leaves settings to the size of its data; the metre of
            notes is taken from the files in every regime.
        corpus: its data, before it is split.

    Raises:
        ConfigError: a setting of the configuration contradicts what was chosen.
    """
    experiment = _in_meter(experiment, corpus)
    left = experiment.left_to_data
    if not left:
        return FittedExperiment.of(experiment), ()
    choices = _choices(experiment, corpus)
    sections: dict[str, Section] = {}
    for section, names in FITTED_SETTINGS.items():
        chosen = {name: choices[name] for name in names if name in left}
        sections[section] = getattr(experiment, section).model_copy(update=chosen)
    copies = count_of(len(experiment.dataset.shifts), "copy") if experiment.dataset.shifts else ""
    size = count_of(len(corpus.ids), "token") + (f" and {copies} of those trained on" if copies else "")
    said = ", ".join(f"{name} {_shown(choices[name])}" for name in left)
    complete = FittedExperiment.of(experiment.replaced(**sections))
    return complete, (f"not set, so chosen for {size}: {said}",)


def _choices(experiment: Experiment, corpus: Corpus) -> dict[str, Any]:
    """Return a value for each setting that a stream may leave out; they fit the settings that are given."""
    dataset, training, left = experiment.dataset, experiment.training, experiment.left_to_data
    split = _split(corpus) if "split" in left else dataset.split
    targets = max(int(len(corpus.ids) * (1 - _share(split))) * (1 + len(dataset.shifts)) - 1, 1)
    window, lanes = dataset.window, training.batch_size
    if "window" in left:
        window = min(LONGEST_WINDOW, max(targets // LEAST_STEPS, 1))
    if "batch_size" in left:
        lanes = min(MOST_LANES, max(targets // (window * LEAST_STEPS), 1))
    epochs = min(MOST_EPOCHS, max(round(TOKENS_WANTED / targets), 1))
    return {
        "split": split,
        "window": window,
        "batch_size": lanes,
        "epochs": epochs,
        "optimizer": OPTIMIZER,
        "schedule": SCHEDULE,
    }


def _in_meter(experiment: Experiment, corpus: Corpus) -> Experiment:
    """Return the experiment with the metre of its files, if it has none itself and the files agree on one."""
    dataset = experiment.dataset
    if not isinstance(dataset, NotesDataset) or dataset.reading.meter or not corpus.meter:
        return experiment
    reading = dataset.reading.model_copy(update={"meter": corpus.meter})
    return experiment.model_copy(update={"dataset": dataset.model_copy(update={"reading": reading})})


def _split(corpus: Corpus) -> NoSplit | ContiguousSplit | SequencesSplit:
    """Return a split with a tenth of the data for validation; no validation part if the data is too short."""
    if len(corpus.ids) * HELD_OUT < LEAST_HELD_OUT:
        return NoSplit()
    if corpus.has_boundaries and len(corpus.starts) * HELD_OUT >= 1:
        return SequencesSplit(kind="sequences", validation=HELD_OUT)
    return ContiguousSplit(kind="contiguous", validation=HELD_OUT)


def _share(split: Section) -> float:
    """Return the fraction of the data that a split holds out, 0 to 1; 0 for a split into files."""
    shares = (getattr(split, part, 0.0) for part in ("validation", "test"))
    return sum(share for share in shares if isinstance(share, float))


def _shown(value: Any) -> str:
    """Return a chosen value as text: an optimizer with its rate, a number, or the kind of a section."""
    if isinstance(value, Adam):
        return f"{value.name} with rate {value.learning_rate:g}"
    return str(value if isinstance(value, int) else value.kind)
