"""The examples of an experiment: rows are read, split into parts, and written as token ids.

The vocabularies come from the train part. An input token, or a word of a target, that the train part has once
is `UNKNOWN`: so `UNKNOWN` is trained. Labels and tags are those of all parts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnnlab.config.report import shown
from rnnlab.config.task_data import GeneratedDataset, RowsDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.example_splits import fold_rows, shown_names, split_rows
from rnnlab.datasets.examples import (
    END,
    MOST_SPELLED,
    UNKNOWN,
    Examples,
    Kind,
    Numbers,
    Sequences,
    TaskVocabularies,
    TokenSet,
    Words,
)
from rnnlab.datasets.generated import Generator
from rnnlab.datasets.row_tokens import kinds_of, tokens_of_text, whole_text
from rnnlab.datasets.rows import Row, Rows, read_rows
from rnnlab.errors import Argument, DataError, UsageError, near
from rnnlab.files import Report, unreported

NO_LABEL = -1
"""The id of a label or a tag that the vocabulary lacks: every prediction for it is wrong."""


def load_examples(
    experiment: TaskExperiment,
    vocabularies: TaskVocabularies | None = None,
    *,
    report: Report = unreported,
) -> Examples:
    """Return the examples of an experiment, with their parts.

    With `model.characters`, the inputs are numbers of distinct words, and `Examples.words` spells them.

    Args:
        experiment: the configuration.
        vocabularies: those of a trained model; None for those of the train part. A label or a tag that a
            trained model does not know has the id `NO_LABEL`, and a note counts it.
        report: receives the progress.

    Raises:
        DataError: the data cannot be read or split, the train part has fewer than two labels or tags, or the
            model does not know a label from which it is to write.
        ConfigError: there are too few different examples to generate.
    """
    dataset = experiment.dataset
    if isinstance(dataset, GeneratedDataset):
        return Generator(dataset).examples()
    found = read_rows(dataset, report=report)
    parts, notes = split_rows(found.rows, dataset)
    spelled = experiment.model.characters
    return _encoded_rows(found, dataset, parts, notes, vocabularies, spelled=spelled)


def fold_examples(experiment: TaskExperiment, folds: int) -> Iterator[Examples]:
    """Yield the examples of each fold of a cross-validation, with the fold as their validation part.

    `dataset.split` is not applied, and `training.random_seed` draws the folds. Each fold has vocabularies of
    its own, those of its train part. The notes are the same for all folds.

    Args:
        experiment: the configuration.
        folds: number of folds, 2 or more.

    Raises:
        UsageError: the examples are generated.
        DataError: the data cannot be read, there is too little of it for so many folds, or the train part of
            a fold has fewer than two labels or tags.
    """
    dataset = experiment.dataset
    if isinstance(dataset, GeneratedDataset):
        raise UsageError(
            Argument("folds"),
            f": expected examples from files, received generated ones ({dataset.name}); measure the test part"
            " instead: dataset.held_out sets the number of its examples",
        )
    found = read_rows(dataset)
    held_out, notes = fold_rows(found.rows, dataset, folds=folds, random_seed=experiment.training.random_seed)
    everything = np.arange(len(found.rows))
    for held in held_out:
        parts = {"train": np.setdiff1d(everything, held), "validation": held}
        fold = _encoded_rows(found, dataset, parts, (), None, spelled=experiment.model.characters)
        yield replace(fold, notes=(*found.notes, *notes))


def _encoded_rows(
    found: Rows,
    dataset: RowsDataset,
    parts: Mapping[str, Numbers],
    notes: tuple[str, ...],
    vocabularies: TaskVocabularies | None,
    *,
    spelled: bool,
) -> Examples:
    """Return rows as examples; vocabularies that are None come from the train part.

    Raises:
        DataError: as for `load_examples`.
    """
    kinds = kinds_of(dataset)
    inputs, targets = _tokens_of_rows(found.rows, kinds)
    if vocabularies is None:
        if dataset.task in ("label", "tags"):
            _require_labels(targets, parts["train"], dataset.task)
        vocabularies = _derived(kinds, inputs, targets, parts["train"], spelled=spelled)
        notes += _notes_of_vocabularies(vocabularies, inputs, targets, parts["train"])
    else:
        notes += _notes_of_lacking(vocabularies, inputs, targets, dataset.task)
    numbers, words = _input_ids(inputs, vocabularies, found.rows)
    return Examples(
        Sequences.of(numbers, vocabularies.inputs),
        Sequences.of(_encoded(targets, vocabularies.targets), vocabularies.targets),
        [(whole_text(row.input), whole_text(row.target)) for row in found.rows],
        tuple(found.names),
        found.sha256,
        parts,
        words,
        (*found.notes, *notes),
    )


def _tokens_of_rows(
    rows: Sequence[Row], kinds: tuple[Kind, Kind]
) -> tuple[list[Sequence[str]], list[Sequence[str]]]:
    """Return the tokens of each input and of each target.

    Raises:
        DataError: a target has the word that stands for its end.
    """
    inputs = [tokens_of_text(row.input, kinds[0]) for row in rows]
    targets = [tokens_of_text(row.target, kinds[1]) for row in rows]
    if kinds[1] == "word":
        _refuse_end(rows, targets)
    return inputs, targets


def _refuse_end(rows: Sequence[Row], targets: Sequence[Sequence[str]]) -> None:
    """Refuse a target with the word that stands for its end.

    Raises:
        DataError: the message names the row.
    """
    for row, words in zip(rows, targets, strict=True):
        if END in words:
            raise DataError(
                f"{row.name}:{row.line}: expected words other than {END}, which stands for the end of a"
                f" target, received {shown(row.target)}; remove {END}"
            )


def _derived(
    kinds: tuple[Kind, Kind],
    inputs: Sequence[Sequence[str]],
    targets: Sequence[Sequence[str]],
    train: Numbers,
    *,
    spelled: bool,
) -> TaskVocabularies:
    """Return the vocabularies of the train part.

    Args:
        kinds: what a token of an input is, and what a token of a target is.
        inputs: the tokens of K inputs.
        targets: the tokens of K targets.
        train: numbers of the examples of the train part.
        spelled: whether the characters of the words are read.
    """
    counts = _counts(inputs, train)
    characters = Counter[str]()
    for word, times in counts.items() if spelled else ():
        for character in word[:MOST_SPELLED]:
            characters[character] += times
    own = _labels(inputs) if kinds[0] == "label" else (UNKNOWN, *_kept(counts))
    if kinds[1] == "label":
        written = _labels(targets)
    else:
        least = 2 if kinds[1] == "word" else 1
        written = (END, UNKNOWN, *_kept(_counts(targets, train), least))
    return TaskVocabularies(
        TokenSet(own, kinds[0]),
        TokenSet(written, kinds[1]),
        TokenSet((UNKNOWN, *_kept(characters)), "character") if spelled else None,
    )


def _counts(sequences: Sequence[Sequence[str]], numbers: Iterable[int]) -> Counter[str]:
    """Return how often some of the sequences have each token."""
    counts = Counter[str]()
    for number in numbers:
        counts.update(sequences[number])
    return counts


def _kept(counts: Mapping[str, int], least: int = 2) -> list[str]:
    """Return the tokens that occur at least `least` times, sorted."""
    return sorted(token for token, times in counts.items() if times >= least and token not in (UNKNOWN, END))


def _labels(sequences: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({label for labels in sequences for label in labels}))


def _require_labels(targets: Sequence[Sequence[str]], train: Numbers, task: str) -> None:
    """Refuse a train part with one label or one tag.

    Raises:
        DataError: the message names the label.
    """
    known = _labels(targets[number] for number in train)
    if len(known) < 2:
        noun = "tag" if task == "tags" else "label"
        raise DataError(
            f"the train part: expected at least two {noun}s, received one: {shown_names(known)}; add examples"
            f" with another {noun}"
        )


def _encoded(
    sequences: Sequence[Sequence[str]], tokens: TokenSet, rows: Sequence[Row] = ()
) -> list[Sequence[int]]:
    """Return the ids of K sequences; a label that the vocabulary lacks is `NO_LABEL`.

    Args:
        sequences: the tokens of each sequence.
        tokens: the vocabulary.
        rows: for labels from which a model writes: the K rows, for messages; then every label must be known.

    Raises:
        DataError: the vocabulary lacks a label of a row.
    """
    if tokens.kind != "label":
        return [tokens.encode(each) for each in sequences]
    ids = tokens.ids
    for row, (label, *_) in zip(rows, sequences, strict=False):
        if label not in ids:
            close = near(label, tokens.tokens, 1)
            remedy = f"write {close[0]!r}, or leave the row out" if close else "leave the row out"
            raise DataError(
                f"{row.name}:{row.line}: expected a label of the model, received {label!r}; {remedy}"
            )
    return [[ids.get(label, NO_LABEL) for label in each] for each in sequences]


def _input_ids(
    inputs: Sequence[Sequence[str]], vocabularies: TaskVocabularies, rows: Sequence[Row]
) -> tuple[list[Sequence[int]], Words | None]:
    """Return the ids of each input; if words are spelled, their numbers and their characters.

    Raises:
        DataError: the vocabulary lacks a label from which a model is to write.
    """
    tokens, characters = vocabularies.inputs, vocabularies.characters
    if characters is None:
        return _encoded(inputs, tokens, rows), None
    distinct: dict[str, int] = {}
    numbers: list[Sequence[int]] = [
        [distinct.setdefault(word, len(distinct)) for word in each] for each in inputs
    ]
    return numbers, Words.of(distinct, tokens, characters)


def _notes_of_vocabularies(
    vocabularies: TaskVocabularies,
    inputs: Sequence[Sequence[str]],
    targets: Sequence[Sequence[str]],
    train: Numbers,
) -> tuple[str, ...]:
    """Return notes on the tokens that become `UNKNOWN`, and on labels that only held-out parts have."""
    notes = []
    for name, tokens, sequences in (
        ("input", vocabularies.inputs, inputs),
        ("target", vocabularies.targets, targets),
    ):
        counts = _counts(sequences, train)
        if tokens.kind == "label":
            lacking = [label for label in tokens.tokens if label not in counts]
            what = "that are never predicted" if name == "target" else "that are not trained"
            if lacking:
                notes.append(f"labels {what}, because the train part lacks them: {shown_names(lacking)}")
        elif once := sum(token not in tokens.ids for token in counts):
            notes.append(
                f"tokens of {name}s that the train part has once, read as {UNKNOWN}: {once:,} of"
                f" {len(counts):,} different ones"
            )
    return tuple(notes)


def _notes_of_lacking(
    vocabularies: TaskVocabularies,
    inputs: Sequence[Sequence[str]],
    targets: Sequence[Sequence[str]],
    task: str,
) -> tuple[str, ...]:
    """Return notes on the tokens of the data that the vocabularies of a model lack."""
    notes = []
    for name, tokens, sequences in (
        ("input tokens", vocabularies.inputs, inputs),
        ("tags" if task == "tags" else "labels", vocabularies.targets, targets),
    ):
        is_label = tokens.kind == "label"
        noun = name if is_label or name == "input tokens" else "target tokens"
        counts = _counts(sequences, range(len(sequences)))
        lacking = Counter({token: times for token, times in counts.items() if token not in tokens.ids})
        if not lacking or (is_label and name == "input tokens"):
            continue  # a label from which a model writes must be known
        effect = "counted as wrong" if is_label else f"read as {UNKNOWN}"
        notes.append(
            f"{noun} that the model does not know, {effect}: {lacking.total():,} of {counts.total():,}:"
            f" {shown_names([token for token, _ in lacking.most_common()])}"
        )
    return tuple(notes)
