"""Settings that `rnnlab new` chooses for the data, in addition to those of `datasets/loading.py`."""

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
"""Pairs (tokens, units): units of the layer for data of at most so many tokens; and the units for more."""

DROPOUT, MOST_WITH_DROPOUT = 0.2, 2_000_000
"""Dropout rate against overfitting, and the largest number of tokens of data that is trained with dropout."""

BY_HEART_EPOCHS = 200
"""Epochs for data too small for a validation set (under 1,000 tokens); the training loss gets below 0.1."""

LARGEST_ONE_HOT = 128
"""Size of the largest vocabulary that is encoded one-hot; a larger vocabulary gets an embedding."""

SHORTEST, LONGEST = 100, 2000
"""Bounds of `generation.length` for data with boundaries: twice the longest sequence, with its boundary
tokens, within these bounds."""

TEXT_TEMPERATURE, NOTES_TEMPERATURE, BY_HEART_TEMPERATURE = 0.8, 1.0, 0.8
"""Temperatures of samples of text, of notes, and of a model that memorises several sequences.

The fraction of notes in a run of five or more equal notes was measured on 20 melodies of each of two models,
trained on 25 and on 382 chorales: 1 to 2 % at temperature 1, 5 to 7 % at 0.8, 97 to 100 % at 0. In the
chorales it is 3 %. A memorising model repeats one sequence at temperature 0; at 0.8 the draw chooses one.
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
        is_by_heart: whether the data is too small for a validation set; the model then memorises the data.
        epochs: number of epochs.
        units: number of units of the only layer.
        dropout: dropout rate, 0 to 1.
        encoding: `one_hot` or `embedding`.
        seed: the seed for generation; empty if the data has boundaries between sequences.
        length: number of tokens to generate; with boundaries, the largest number.
        temperature: temperature of samples; 0 if the model memorises data without boundaries.
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
    """Read the data of a survey, and return the settings chosen for this data.

    Raises:
        DataError: the data cannot be read, is too short, or its path is not valid Unicode.
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
    """Return the beginning of the data as a seed: the first 4 notes, or the beginning of the first line.

    The first line with a visible character counts, within the first 1,000 characters. Its beginning has at
    most 20 characters and whole words, except if the first word is longer; the space after it is kept.
    """
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
    """Return the temperature: 0 only if the model memorises data without boundaries between sequences.

    With boundaries, temperature 0 would give the same sequence in every sample.
    """
    if by_heart:
        return BY_HEART_TEMPERATURE if corpus.has_boundaries else 0.0
    return NOTES_TEMPERATURE if kind == "notes" else TEXT_TEMPERATURE


def quoted(text: str) -> str:
    """Return a text as a YAML scalar from which YAML reads the same text: plain if possible, else quoted.

    Raises:
        DataError: the text, a file name, is not valid Unicode, and YAML cannot express it.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"{text}: the name is not UTF-8, and YAML cannot express it; rename the file"
        ) from None
    return yaml_line(text)
