"""Transposed copies of the training part: `dataset.augment`.

The data is split before the copies are made: so no note of the validation or test part has a copy in the
training part, and these two parts have no copies. A copy is made by a table that maps each token id to the id
of the transposed token.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.targets import ranges_read
from rnnlab.datasets.tokens import Ids
from rnnlab.datasets.vocabulary import Vocabulary, transposed_token
from rnnlab.errors import DataError, VocabularyError, count_of


def augmented(
    corpus: Corpus, parts: dict[str, Part], experiment: Experiment
) -> tuple[Corpus, dict[str, Part]]:
    """Return the corpus with the copies before the data, and its parts; train also has the copies.

    Without copies in the configuration, the corpus and its parts are returned unchanged. With copies, the
    corpus has no `held_out` and no `order`.

    Args:
        corpus: the data, S tokens.
        parts: the parts of the corpus by name; train begins with the first token.
        experiment: the configuration; its `dataset.augment` gives the semitones of each copy.

    Raises:
        DataError: a token that training reads has a copy outside the range of MIDI.
        VocabularyError: a token that training reads has a copy that the vocabulary lacks.
    """
    shifts, train = experiment.dataset.shifts, parts["train"]
    if not shifts:
        return corpus, parts
    # L tokens are copied; the boundary at the end of the training part belongs to the next part
    length = train.end - corpus.has_boundaries
    # one table for each of the C copies: the id of each token, transposed
    read = _tokens_read(corpus, train, experiment)
    tables = [_table(corpus.vocabulary, read, shift) for shift in shifts]  # C times (V,)
    # the copies one after another, then the data itself
    ids = np.concatenate([*(table[corpus.ids[:length]] for table in tables), corpus.ids])  # (C·L + S,)
    # each copy begins L tokens after the one before it, and so do its sequences
    offsets = length * np.arange(len(shifts) + 1)  # (C + 1,)
    own = corpus.starts[corpus.starts < length]
    starts = np.concatenate([*(own + offset for offset in offsets[:-1]), corpus.starts + offsets[-1]])
    # the other parts move behind the copies; train has all copies and its own tokens
    copied = replace(corpus, ids=ids, starts=starts, held_out={}, order=None)
    behind = {name: _moved(part, int(offsets[-1])) for name, part in parts.items()}
    runs = np.concatenate([train.runs + offset for offset in offsets])
    return copied, {**behind, "train": replace(train, end=train.end + int(offsets[-1]), runs=runs)}


def _moved(part: Part, offset: int) -> Part:
    """Return a part that lies `offset` tokens further on."""
    return replace(part, begin=part.begin + offset, end=part.end + offset, runs=part.runs + offset)


def _tokens_read(corpus: Corpus, train: Part, experiment: Experiment) -> NDArray[np.int64]:
    """Return the distinct ids among the tokens that training reads."""
    seen = np.zeros(len(corpus.vocabulary), np.bool_)
    for begin, end in ranges_read(train, window=experiment.dataset.window, regime=experiment.regime):
        seen[corpus.ids[begin:end]] = True
    return np.flatnonzero(seen)


def _table(vocabulary: Vocabulary, read: NDArray[np.int64], semitones: int) -> Ids:
    """Return, for each token id, the id of the transposed token, (V,); 0 for ids that are not in `read`."""
    table = np.zeros(len(vocabulary), vocabulary.id_type)
    index = {token: number for number, token in enumerate(vocabulary.tokens)}
    way = f"{'+' * (semitones > 0)}{count_of(semitones, 'semitone')}"
    for number in read.tolist():
        token = vocabulary.tokens[number]
        other = token if token == vocabulary.boundary else transposed_token(token, semitones)
        if other is None:
            raise DataError(
                f"dataset.augment: {token!r} by {way} is outside the pitches 0 to 127 of MIDI; set smaller"
                " intervals"
            )
        if other not in index:
            raise VocabularyError(
                f"dataset.augment: {token!r} by {way} is {other!r}, which is not in the"
                f" vocabulary ({vocabulary.summary}); add it to dataset.vocabulary, or leave"
                " dataset.vocabulary out"
            )
        table[number] = index[other]
    return table
