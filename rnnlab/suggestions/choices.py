"""The settings that suit data of a size: those that `datasets/loading.py` chooses, and the others."""

from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment, NoSplit
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.suggestions.survey import Survey
from rnnlab.suggestions.yaml_text import quoted

UNITS, MOST_UNITS = ((2_000, 64), (300_000, 128), (20_000_000, 256)), 512
"""Units of the layer for at most so many tokens, and beyond."""

DROPOUT, MOST_WITH_DROPOUT = 0.2, 2_000_000
"""Against learning by heart; more tokens than so many are not learnt by heart."""

BY_HEART_EPOCHS = 200
"""For data of which nothing can be held out, less than a thousand tokens: the loss is then below 0.1."""

LARGEST_ONE_HOT = 128
"""Tokens of a vocabulary up to which each has an input of its own."""

SHORTEST, LONGEST = 100, 2000
"""Tokens that are generated at most, where sequences end by themselves: twice the longest, within these."""

TEXT_TEMPERATURE, NOTES_TEMPERATURE, BY_HEART_TEMPERATURE = 0.8, 1.0, 0.8
"""What samples are drawn with; of sequences that were learnt by heart, each sample is then another of them.

Of 20 melodies by models of 25 and of 382 chorales, so many notes belong to a run of five equal ones or more:
1 to 2 % at temperature 1, and 3 % in the chorales themselves; 5 to 7 % at 0.8; 97 to 100 % at 0.
"""

_SEED_CHARACTERS, _SEED_NOTES = 20, 4
_LENGTHS = {"text": 400, "notes": 100}


@dataclass(frozen=True)
class Choices:
    """Data as it was seen, and what was chosen for it.

    Attributes:
        survey: what the files are.
        corpus: what is in them.
        experiment: with what was chosen by size.
        is_by_heart: whether there is too little to hold anything out.
        epochs: passes over it.
        units: of the one layer.
        dropout: 0..1.
        encoding: of a token.
        seed: what to generate from; empty where sequences begin by themselves.
        length: the most tokens to generate.
        temperature: of samples; 0 where the data, learnt by heart, is to be written itself.
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
    """The choices for data, which is read for it.

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
    """Return how the data begins: the first notes, or the first words of the first line."""
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
    """0 only where one sequence was learnt by heart: of several, each sample would be the same one."""
    if by_heart:
        return BY_HEART_TEMPERATURE if corpus.has_boundaries else 0.0
    return NOTES_TEMPERATURE if kind == "notes" else TEXT_TEMPERATURE
