"""The section `dataset`: what is read, and how it is cut and encoded."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from rnnlab.config.section import RandomSeed, Section, Share, one_or_many

DEFAULT_EMBEDDING_SIZE = 32
MOST_EMBEDDING_SIZE = 1024
_STRINGS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


class NoSplit(Section):
    """Everything is trained on."""

    kind: Literal["none"] = Field("none", description="No part of the data is held out.")
    allow_overlap: bool = Field(
        False,
        description="In `evaluate --folds`, keep training windows that share tokens with a held-out one.",
    )


class ContiguousSplit(Section):
    """Training first, then validation, then test, cut on a token."""

    kind: Literal["contiguous"] = Field(description="Hold out the end of the data.")
    validation: Share = Field(0.1, description="Share of the tokens held out for validation, 0 to 1.")
    test: Share = Field(0.0, description="Share of the tokens, after those, held out for testing, 0 to 1.")


class StratifiedShuffleSplit(Section):
    """Windows drawn at random, each target token in proportion."""

    kind: Literal["stratified_shuffle"] = Field(description="Hold out windows drawn at random.")
    validation: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.3, description="Share of the windows held out, 0 to 1."
    )
    splits: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="How many splits are drawn.")
    use: Annotated[int, Field(ge=0, le=999)] = Field(
        0, description="Number of the split that is used, from 0."
    )
    random_seed: RandomSeed = Field(0, description="The number that fixes which windows are drawn.")
    allow_overlap: bool = Field(
        False, description="Keep training windows that share tokens with a held-out one, as the lectures do."
    )


Split = Annotated[NoSplit | ContiguousSplit | StratifiedShuffleSplit, Field(discriminator="kind")]


def _file_name(value: Any) -> Any:
    if value == "" or (isinstance(value, str) and "\0" in value):
        raise PydanticCustomError("path", "expected a path, received {path}", {"path": repr(value)})
    return value


Paths = Annotated[
    tuple[Annotated[Path, Field(strict=False), BeforeValidator(_file_name)], ...],
    Field(min_length=1, max_length=10_000),
    BeforeValidator(one_or_many),
    WithJsonSchema(_STRINGS),
]


class _Dataset(Section):
    """What both kinds of data have."""

    kind: str
    path: Paths | None = Field(
        None, description="File, or list of files, relative to this YAML file; each is one sequence."
    )
    inline: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="The data itself, instead of a path."
    )
    window: Annotated[int, Field(ge=1, le=65_536)] = Field(
        64, description="Time steps of one training example."
    )
    target: Literal["next", "shifted"] = Field(
        "shifted",
        description="What is predicted: the token after the window, or the one after each of its steps.",
    )
    embedding_size: Annotated[int, Field(ge=1, le=MOST_EMBEDDING_SIZE)] | None = Field(
        None,
        description="Numbers per token of encoding `embedding`; if left out, 32, or the last layer's units"
        " where weights are tied.",
    )
    split: Split = Field(NoSplit(), description="Which part of the data is held out.")


def _characters(value: Any) -> Any:
    """A tuple of characters from a list of them, or from a string of them."""
    return tuple(value) if isinstance(value, str) else one_or_many(value)


def _single_characters(tokens: tuple[str, ...]) -> tuple[str, ...]:
    for token in tokens:
        if len(token) != 1:
            raise PydanticCustomError(
                "token", "expected single characters, received {token}", {"token": repr(token)}
            )
    return _distinct(tokens)


def _words(value: Any) -> Any:
    """A tuple of note tokens from a list of them, or from a string of them."""
    return tuple(value.split()) if isinstance(value, str) else one_or_many(value)


def _distinct(tokens: tuple[str, ...]) -> tuple[str, ...]:
    for token, times in Counter(tokens).items():
        if times > 1:
            raise PydanticCustomError(
                "token", "expected each token once, received {token} twice", {"token": repr(token)}
            )
    return tokens


_Tokens = Annotated[tuple[str, ...], Field(min_length=1, max_length=65_536)]


class TextDataset(_Dataset):
    """Characters."""

    kind: Literal["text"] = Field(description="The data is text; a token is a character.")
    vocabulary: (
        Annotated[
            _Tokens,
            BeforeValidator(_characters),
            AfterValidator(_single_characters),
            WithJsonSchema(_STRINGS),
        ]
        | None
    ) = Field(None, description="The characters by id, as a string or a list; left out, those of the data.")
    encoding: Literal["one_hot", "scalar", "embedding"] = Field(
        "one_hot",
        description="How the network sees a token: a one-hot row, id / largest id, or a learnt row.",
    )


class NotesDataset(_Dataset):
    """Notes, chords and rests."""

    kind: Literal["notes"] = Field(description="The data is note text; a token is a note, a chord or a rest.")
    vocabulary: (
        Annotated[_Tokens, BeforeValidator(_words), AfterValidator(_distinct), WithJsonSchema(_STRINGS)]
        | None
    ) = Field(None, description="The notes by id, as a list or a string; left out, those of the data.")
    encoding: Literal["one_hot", "scalar", "embedding", "pitch_duration"] = Field(
        "one_hot",
        description="How the network sees a token: a one-hot row, id / largest id, a learnt row,"
        " or (pitch, duration).",
    )
