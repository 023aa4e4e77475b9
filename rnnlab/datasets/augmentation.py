"""The training part with transposed copies of itself before it: `dataset.augment`.

The parts are made first. So no copy of anything that is held out is trained on, and what is held out is
measured as it is. A copy is a table on token ids: what each token of the vocabulary is, transposed.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.targets import ranges_read
from rnnlab.datasets.tokens import Ids
from rnnlab.datasets.transposition import transposed_token
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError, VocabularyError, count_of


def augmented(
    corpus: Corpus, parts: dict[str, Part], experiment: Experiment
) -> tuple[Corpus, dict[str, Part]]:
    """The corpus with the transposed copies before everything else, and its parts, of which train has them.

    Args:
        corpus: the data, of S tokens.
        parts: of it, by name; train begins with the first token.
        experiment: the configuration; its `dataset.augment` says which copies there are.

    Raises:
        DataError: a token that is trained on leaves MIDI's range.
        VocabularyError: the vocabulary lacks a token of a copy.
    """
    shifts, train = experiment.dataset.shifts, parts["train"]
    if not shifts:
        return corpus, parts
    length = train.end - corpus.has_boundaries  # the boundary after it begins what follows
    read = _tokens_read(corpus, train, experiment)
    tables = [_table(corpus.vocabulary, read, shift) for shift in shifts]
    offsets = length * np.arange(len(shifts) + 1)
    ids = np.concatenate([*(table[corpus.ids[:length]] for table in tables), corpus.ids])
    own = corpus.starts[corpus.starts < length]
    starts = np.concatenate([*(own + offset for offset in offsets[:-1]), corpus.starts + offsets[-1]])
    copied = replace(corpus, ids=ids, starts=starts, held_out={}, order=None)
    behind = {name: _moved(part, int(offsets[-1])) for name, part in parts.items()}
    runs = np.concatenate([train.runs + offset for offset in offsets])
    return copied, {**behind, "train": replace(train, end=train.end + int(offsets[-1]), runs=runs)}


def _moved(part: Part, offset: int) -> Part:
    return replace(part, begin=part.begin + offset, end=part.end + offset, runs=part.runs + offset)


def _tokens_read(corpus: Corpus, train: Part, experiment: Experiment) -> NDArray[np.int64]:
    """The ids that occur in what training reads."""
    seen = np.zeros(len(corpus.vocabulary), np.bool_)
    for begin, end in ranges_read(train, window=experiment.dataset.window, regime=experiment.regime):
        seen[corpus.ids[begin:end]] = True
    return np.flatnonzero(seen)


def _table(vocabulary: Vocabulary, read: NDArray[np.int64], semitones: int) -> Ids:
    """The id of each token, transposed, (V,); of one that is not read, any."""
    table = np.zeros(len(vocabulary), vocabulary.id_type)
    index = {token: number for number, token in enumerate(vocabulary.tokens)}
    way = f"{'+' * (semitones > 0)}{count_of(semitones, 'semitone')}"
    for number in read.tolist():
        token = vocabulary.tokens[number]
        other = token if token == vocabulary.boundary else transposed_token(token, semitones)
        if other is None:
            raise DataError(
                f"dataset.augment: {token!r} by {way} is outside MIDI's 0 to 127; augment it by less"
            )
        if other not in index:
            raise VocabularyError(
                f"dataset.augment: {token!r} by {way} is {other!r}, which is not in the"
                f" vocabulary ({vocabulary.summary}); add it to dataset.vocabulary, or leave that out"
            )
        table[number] = index[other]
    return table
