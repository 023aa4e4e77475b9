"""The section `dataset` of the tasks other than `next_token`: examples, each an input with its target.

| task         | input          | target          | shape in the lectures       |
|--------------|----------------|-----------------|-----------------------------|
| `label`      | a sequence     | one label       | many to one                 |
| `tags`       | a sequence     | a tag per token | many to many, in step       |
| `pairs`      | a source       | another sequence| many to many, after reading |
| `from_label` | a label        | a sequence      | one to many                 |

The examples are rows of files, or `kind: generated` draws them.
"""

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from rnnlab.config.dataset import (
    KEEP,
    MOST_EMBEDDING_SIZE,
    FilesSplit,
    NoSplit,
    SequencesSplit,
    Sha256,
    StratifiedSplit,
    Url,
)
from rnnlab.config.section import Paths, RandomSeed, Section, folder_of_all, one_or_many, relative

Task = Literal["label", "tags", "pairs", "from_label"]

DIAGRAMS = {
    "next_token": "many to many, in step: after each token, the next one",
    "label": "many to one: a sequence, then its label",
    "tags": "many to many, in step: a tag for each token",
    "pairs": "many to many, after reading: a source, then its target",
    "from_label": "one to many: a label, then a sequence",
}
"""The lectures' diagram of each task, in words."""

TokenKind = Literal["character", "word"]

_TOKEN = "A token is a character, or a word: what stands between white space."

TaskSplit = Annotated[
    NoSplit | SequencesSplit | FilesSplit | StratifiedSplit,
    Field(discriminator="kind"),
]


class Columns(Section):
    """The names of the columns of CSV files, or of files whose first row has the names."""


class LabelColumns(Columns):
    """The columns of a label and its sequence."""

    sequence: Annotated[str, Field(min_length=1)] = Field(description="Name of the column of the sequences.")
    label: Annotated[str, Field(min_length=1)] = Field(description="Name of the column of the labels.")


class PairColumns(Columns):
    """The columns of a source and its target."""

    source: Annotated[str, Field(min_length=1)] = Field(description="Name of the column of the sources.")
    target: Annotated[str, Field(min_length=1)] = Field(description="Name of the column of the targets.")


_Encoding = Annotated[
    Literal["one_hot", "embedding"],
    Field(description="The vector of a token: a one-hot vector, or a learnt vector."),
]
_EmbeddingSize = Annotated[
    int,
    Field(ge=1, le=MOST_EMBEDDING_SIZE, description="Size of the learnt vector of a token."),
]


class TaskDataset(Section):
    """The settings that all datasets of examples have in common."""

    kind: str

    @property
    def files(self) -> dict[str, tuple[Path, ...]]:
        """The files of each part, by the name of the part; empty if no file is read."""
        return {}

    @property
    def folder(self) -> Path:
        """The innermost folder that holds all files of the dataset; the root folder if there are no files."""
        return folder_of_all(chain.from_iterable(self.files.values()))

    @property
    def named(self) -> Self:
        """The dataset with paths relative to `folder`: they stay the same if all files move together."""
        return self

    def has_part(self, name: str) -> bool:
        """Whether there is a part: train, validation or test."""
        raise NotImplementedError


class RowsDataset(TaskDataset):
    """The settings of examples that are read from files."""

    kind: Literal["text"] = Field(description="The examples are rows of text files.")
    task: str
    path: Paths | None = Field(
        None,
        description="File, folder or pattern such as `rows/*.tsv`, or a list of them, relative to this YAML"
        " file; a file whose name ends in .gz is unpacked.",
    )
    inline: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="The rows themselves, in place of a path."
    )
    url: Url | None = Field(
        None,
        description="Address of a file of at most 2 GiB, in place of a path: https, or file:///path.",
    )
    sha256: Sha256 | None = Field(
        None, description="Digest of the file at the url, as `sha256sum FILE` prints it."
    )
    normalize: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = Field(
        None,
        description="Normalization form of Unicode in which data and inputs are read, in training and later.",
    )
    encoding: _Encoding = "embedding"
    embedding_size: _EmbeddingSize = 32
    split: TaskSplit = Field(
        SequencesSplit(kind="sequences", validation=0.1),
        description="Which examples are held out for validation and testing. Equal inputs are always in one"
        " part.",
    )

    @property
    def files(self) -> dict[str, tuple[Path, ...]]:
        """The files of each part, by the name of the part; a part without files is missing."""
        files = {"train": self.path or ()}
        if isinstance(self.split, FilesSplit):
            files |= {"validation": self.split.validation or (), "test": self.split.test or ()}
        return {part: paths for part, paths in files.items() if paths}

    @property
    def named(self) -> Self:
        """The dataset with paths relative to `folder`: they stay the same if all files move together."""
        update: dict[str, Any] = {"path": self._from_folder(self.path)}
        if isinstance(self.split, FilesSplit):
            held_out = {part: self._from_folder(getattr(self.split, part)) for part in ("validation", "test")}
            update["split"] = self.split.model_copy(update=held_out)
        return self.model_copy(update=update)

    def has_part(self, name: str) -> bool:
        """Whether the split makes a part: train, validation or test."""
        return name == "train" or bool(getattr(self.split, name, None))

    def _from_folder(self, paths: tuple[Path, ...] | None) -> tuple[Path, ...] | None:
        return paths and tuple(Path(relative(path, self.folder)) for path in paths)


_STRATIFIED = StratifiedSplit(kind="stratified", validation=0.1)


class LabelDataset(RowsDataset):
    """A sequence and its label."""

    task: Literal["label"] = Field(
        description="Many to one: rows `label TAB sequence`, or a folder with a subfolder or a file for each"
        " label. The network reads the sequence, and then chooses a label."
    )
    token: TokenKind = Field("character", description=_TOKEN)
    columns: LabelColumns | None = Field(None, description="The columns of CSV files with names.")
    split: TaskSplit = Field(
        _STRATIFIED,
        description="Which examples are held out for validation and testing. Equal inputs are always in one"
        " part.",
    )


class FromLabelDataset(RowsDataset):
    """A label and a sequence that the network writes for it."""

    task: Literal["from_label"] = Field(
        description="One to many: the same files as for `label`. The network reads the label, and writes the"
        " sequence."
    )
    token: TokenKind = Field("character", description=_TOKEN)
    columns: LabelColumns | None = Field(None, description="The columns of CSV files with names.")
    split: TaskSplit = Field(
        _STRATIFIED,
        description="Which examples are held out for validation and testing. Equal sequences of a label are"
        " always in one part.",
    )
    keep: bool = Field(True, description=KEEP)


class TagsDataset(RowsDataset):
    """A tag for each token of a sequence."""

    task: Literal["tags"] = Field(
        description="Many to many, in step: rows `token TAB tag`, with an empty line between two sequences."
    )


class PairsDataset(RowsDataset):
    """A source and its target."""

    task: Literal["pairs"] = Field(
        description="Many to many, after reading: rows `source TAB target`. An encoder reads the source, and"
        " a decoder writes the target."
    )
    source_token: TokenKind = Field("character", description=f"In sources: {_TOKEN[0].lower()}{_TOKEN[1:]}")
    target_token: TokenKind = Field("character", description=f"In targets: {_TOKEN[0].lower()}{_TOKEN[1:]}")
    columns: PairColumns | None = Field(None, description="The columns of CSV files with names.")


_LENGTH = Annotated[int, Field(ge=1, le=10_000)]

_LENGTH_SCHEMA = {"type": "integer", "minimum": 1, "maximum": 10_000}

_Lengths = Annotated[
    tuple[_LENGTH, ...],
    Field(max_length=100),
    BeforeValidator(one_or_many),
    WithJsonSchema({"anyOf": [_LENGTH_SCHEMA, {"type": "array", "items": _LENGTH_SCHEMA, "maxItems": 100}]}),
]

_LONGEST_NUMBER = 3
"""Most digits of the numbers of `addition`, if `longest` is left out."""


class GeneratedDataset(TaskDataset):
    """Examples that are drawn at random: tasks that show what a cell can do."""

    kind: Literal["generated"] = Field(description="The examples are drawn at random, without end.")
    name: Literal["parity", "copy", "adding", "brackets", "addition", "dates"] = Field(
        description="`parity` (label): is the number of ones odd? `copy` (pairs): the source again. `adding`"
        " (label): the sum of the two marked digits. `brackets` (tags): the bracket that must close next."
        " `addition` (pairs): the sum of two numbers. `dates` (pairs): a written date as year-month-day."
    )
    shortest: _LENGTH = Field(
        1, description="Shortest example to train on: tokens; for addition, digits of each number."
    )
    longest: _LENGTH = Field(
        20,
        description="Longest example to train on: tokens; for addition, digits of each number, and left out,"
        " 3 digits.",
    )
    test_lengths: _Lengths = Field(
        (), description="Lengths to test at beside the training lengths, such as [20, 40, 100]."
    )
    examples: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        10_000, description="Number of examples of an epoch."
    )
    fresh: bool = Field(
        True, description="Whether each epoch draws new examples; with false, all epochs read the same."
    )
    held_out: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        1_000, description="Number of examples to validate on, and of the test set at each length."
    )
    random_seed: RandomSeed = Field(0, description="The seed with which the examples are drawn.")
    encoding: _Encoding = "embedding"
    embedding_size: _EmbeddingSize = 32

    @model_validator(mode="before")
    @classmethod
    def _few_digits(cls, values: Any) -> Any:
        """Return the settings of addition with numbers of at most 3 digits, if `longest` is left out."""
        if isinstance(values, Mapping) and values.get("name") == "addition" and "longest" not in values:
            return {**values, "longest": _LONGEST_NUMBER}
        return values

    @property
    def task(self) -> Task:
        """The task that the examples are for."""
        return GENERATED_TASKS[self.name]

    @property
    def url(self) -> None:
        """No address: nothing is read."""
        return None

    def has_part(self, name: str) -> bool:
        """Whether there is a part: there are always train, validation and test."""
        return name in {"train", "validation", "test"}


GENERATED_TASKS: dict[str, Task] = {
    "parity": "label",
    "adding": "label",
    "brackets": "tags",
    "copy": "pairs",
    "addition": "pairs",
    "dates": "pairs",
}
"""The task of each name of `kind: generated`."""
