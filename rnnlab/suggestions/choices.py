"""The settings that `rnnlab new` chooses by the size of the data, beside those of `datasets/loading.py`."""

from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment, NoSplit
from rnnlab.config.writing import yaml_line
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.loading import load_data
from rnnlab.errors import DataError
from rnnlab.files import Report, unreported
from rnnlab.suggestions.survey import Survey

UNITS, MOST_UNITS = ((2_000, 64), (300_000, 128), (20_000_000, 256)), 512
"""Pairs (tokens, units): the units of the layer for data of at most so many tokens; and the units beyond."""

DROPOUT, MOST_WITH_DROPOUT = 0.2, 2_000_000
"""The dropout rate against overfitting; data of more tokens than this gets no dropout."""

BY_HEART_EPOCHS = 200
"""Epochs for data too small to hold any out (less than a thousand tokens); the loss is below 0.1 then."""

LARGEST_ONE_HOT = 128
"""The largest vocabulary that is encoded one-hot; a larger one gets an embedding."""

SHORTEST, LONGEST = 100, 2000
"""Bounds of `generation.length` for data of sequences with an end: twice the longest, within these."""

TEXT_TEMPERATURE, NOTES_TEMPERATURE, BY_HEART_TEMPERATURE = 0.8, 1.0, 0.8
"""Temperatures of samples. Where several sequences were learnt by heart, a draw gives one or another of them.

Measured on 20 melodies each of models of 25 and of 382 chorales, the share of notes in a run of five or more
equal notes: 1 to 2 % at temperature 1 (3 % in the chorales themselves), 5 to 7 % at 0.8, 97 to 100 % at 0.
"""

_SEED_CHARACTERS, _SEED_NOTES = 20, 4
_LENGTHS = {"text": 400, "notes": 100}


@dataclass(frozen=True)
class Choices:
    """The settings chosen for some data.

    Attributes:
        survey: the kind and the unit of the data.
        corpus: the data.
        experiment: a configuration with the settings that `datasets/loading.py` chooses by size.
        is_by_heart: whether the data is too small to hold any out, and is learnt by heart.
        epochs: passes over the data.
        units: units of the one layer.
        dropout: dropout rate, 0 to 1.
        encoding: `one_hot` or `embedding`.
        seed: the seed for generation; empty if each sequence has a beginning of its own.
        length: the most tokens to generate.
        temperature: temperature of samples; 0 for one sequence learnt by heart, which is then repeated.
    """

    survey: Survey
    corpus: Corpus
    experiment: Experiment
    is_by_heart: bool
    epochs: int
    units: int
    dropout: float
    encoding: str
    seed: str
    length: int
    temperature: float


def choices_for(survey: Survey, *, report: Report = unreported) -> Choices:
    """Read the data of a survey and choose settings for it.

    Raises:
        DataError: the data cannot be read, or is too short.
    """
    text = f"""
dataset: {{kind: {survey.kind}, path: {quoted(str(survey.path))}, unit: {survey.unit}}}
model: {{kind: lstm, units: 1}}
"""
    data = load_data(parse_experiment(text, name="page", folder=Path.cwd()), report=report)
    corpus, tokens = data.corpus, len(data.corpus.ids)
    by_heart = isinstance(data.experiment.dataset.split, NoSplit)
    return Choices(
        survey,
        corpus,
        data.experiment,
        by_heart,
        epochs=BY_HEART_EPOCHS if by_heart else data.experiment.training.epochs,
        units=next((units for most, units in UNITS if tokens <= most), MOST_UNITS),
        dropout=0.0 if by_heart or tokens > MOST_WITH_DROPOUT else DROPOUT,
        encoding="one_hot" if len(corpus.vocabulary) <= LARGEST_ONE_HOT else "embedding",
        seed="" if corpus.has_boundaries else beginning(corpus, survey.kind),
        length=_length(corpus, survey.kind),
        temperature=_temperature(corpus, survey.kind, by_heart=by_heart),
    )


def beginning(corpus: Corpus, kind: str) -> str:
    """Return the beginning of the data as a seed: its first notes, or the first words of its first line."""
    if kind == "notes":
        return corpus.vocabulary.join(corpus.ids[:_SEED_NOTES])
    beginning = corpus.vocabulary.join(corpus.ids[:1000])
    line = next((line for line in beginning.splitlines() if line.strip()), beginning)
    words, space, _ = line[:_SEED_CHARACTERS].rpartition(" ")
    is_whole = len(line) <= _SEED_CHARACTERS or not words.strip()
    return line[:_SEED_CHARACTERS] if is_whole else words + space


def _length(corpus: Corpus, kind: str) -> int:
    if not corpus.has_boundaries:
        return _LENGTHS[kind]
    return min(max(2 * int((corpus.ends - corpus.starts).max()), SHORTEST), LONGEST)


def _temperature(corpus: Corpus, kind: str, *, by_heart: bool) -> float:
    """Return the temperature: 0 only for one sequence learnt by heart; of several it would repeat one."""
    if by_heart:
        return BY_HEART_TEMPERATURE if corpus.has_boundaries else 0.0
    return NOTES_TEMPERATURE if kind == "notes" else TEXT_TEMPERATURE


def quoted(text: str) -> str:
    """Return a text as a YAML scalar that is read back as it is: plain where that is safe, else quoted.

    Raises:
        DataError: it is a name that is not Unicode, which YAML cannot say.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"{text}: the name is not UTF-8, and a page cannot say it; rename it") from None
    return yaml_line(text)
