"""The section `dataset`: what is read, and how it is cut and encoded.

The section `dataset.split`: which part of the data is held out.

The addresses that data may be downloaded from.

That is `https:`, and `file:` for a file of this machine. `http:` is for a server on this very machine alone,
such as tests start: what comes from there passes no wire on which anyone could read it or change it.
"""

import re
from collections import Counter
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from rnnlab.config.music import Augmentation, MusicReading, Transpose
from rnnlab.config.report import shown
from rnnlab.config.section import (
    STRINGS,
    Paths,
    RandomSeed,
    Section,
    Share,
    folder_of_all,
    one_or_many,
    relative,
)


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
    gap: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = Field(
        None,
        description="Tokens left out before each held-out part; left out, `window` of them. With lines and"
        " documents, which are not cut in two, none.",
    )


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


class SequencesSplit(Section):
    """Whole sequences (files, lines or documents), drawn at random."""

    kind: Literal["sequences"] = Field(description="Hold out whole sequences: files, lines or documents.")
    validation: Share = Field(0.1, description="Share of the sequences held out for validation, 0 to 1.")
    test: Share = Field(0.0, description="Share of the sequences held out for testing, 0 to 1.")
    shuffle: bool = Field(True, description="Draw them at random, or take the last of the data.")
    random_seed: RandomSeed = Field(0, description="The number that fixes which sequences are drawn.")
    unique: bool = Field(
        False,
        description="Keep equal sequences in one part, or in one fold, so that none that is held out is"
        " trained on.",
    )


class FilesSplit(Section):
    """Files of their own, beside `dataset.path`."""

    kind: Literal["files"] = Field(description="The held-out parts are files of their own.")
    validation: Paths | None = Field(None, description="File, or list of files, to validate on.")
    test: Paths | None = Field(None, description="File, or list of files, to test on.")


Split = Annotated[
    NoSplit | ContiguousSplit | SequencesSplit | FilesSplit | StratifiedShuffleSplit,
    Field(discriminator="kind"),
]


DEFAULT_EMBEDDING_SIZE = 32
MOST_EMBEDDING_SIZE = 1024

BOUNDARIES = {"line": "\n", "document": "\x03"}
"""The token between two lines, and between two documents: U+0003, which ASCII calls the end of a text."""

_UNIT = (
    "What begins from a zero state: with `line` and `document` every line, or file, which then has a token"
    " before and after it that is learnt like any other, so that what is generated ends; else each file."
)

SOURCES = ("path", "inline", "url")
"""The keys that say where the data is; a dataset has one of them."""


def _address(url: str) -> str:
    if problem := address_problem(url):
        raise PydanticCustomError("url", "{problem}, received {url}", {"problem": problem, "url": shown(url)})
    return url


def _digest(value: Any) -> str:
    """A digest in small letters."""
    if not (isinstance(value, str) and re.fullmatch("[0-9a-fA-F]{64}", value)):
        raise PydanticCustomError(
            "sha256", "expected 64 hexadecimal digits in quotes, received {value}", {"value": shown(value)}
        )
    return value.lower()


Url = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "format": "uri"})]
Sha256 = Annotated[
    str, BeforeValidator(_digest), WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})
]


class _Dataset(Section):
    """What both kinds of data have."""

    kind: str
    unit: str
    path: Paths | None = Field(
        None,
        description="File, folder or pattern such as `tunes/*.txt`, or a list of them, relative to this YAML"
        " file; a name that ends in .gz is unpacked.",
    )
    inline: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="The data itself, instead of a path."
    )
    url: Url | None = Field(
        None,
        description="Address of a file of at most 2 GiB, instead of a path: https, or file:///path.",
    )
    sha256: Sha256 | None = Field(
        None, description="Digest of the bytes that the url must give, as `sha256sum FILE` prints it."
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

    @property
    def form(self) -> str | None:
        """The normalization form of Unicode in which text is read, if it is changed."""
        return getattr(self, "normalize", None)

    @property
    def files(self) -> dict[str, tuple[Path, ...]]:
        """The files of each part that has files of its own; what is not held out is `train`."""
        files = {"train": self.path or ()}
        if isinstance(self.split, FilesSplit):
            files |= {"validation": self.split.validation or (), "test": self.split.test or ()}
        return {part: paths for part, paths in files.items() if paths}

    def has_part(self, name: str) -> bool:
        """Whether the split makes a part: train, validation or test."""
        return name == "train" or bool(getattr(self.split, name, None))  # a share, or files

    @property
    def folder(self) -> Path:
        """The innermost folder that holds all of its files."""
        return folder_of_all(chain.from_iterable(self.files.values()))

    @property
    def named(self) -> Self:
        """The same with paths from that folder on: which data it is, and not where it lies."""
        update: dict[str, Any] = {"path": self._from_folder(self.path)}
        if isinstance(self.split, FilesSplit):
            held_out = {part: self._from_folder(getattr(self.split, part)) for part in ("validation", "test")}
            update["split"] = self.split.model_copy(update=held_out)
        return self.model_copy(update=update)

    @property
    def shifts(self) -> tuple[int, ...]:
        """The semitones of each transposed copy that the training part has."""
        return ()

    @property
    def boundary(self) -> str | None:
        """The token that begins and ends every sequence, if the unit has one."""
        return BOUNDARIES.get(self.unit)

    def _from_folder(self, paths: tuple[Path, ...] | None) -> tuple[Path, ...] | None:
        return paths and tuple(Path(relative(path, self.folder)) for path in paths)


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
    unit: Literal["character", "line", "document"] = Field("character", description=_UNIT)
    vocabulary: (
        Annotated[
            _Tokens,
            BeforeValidator(_characters),
            AfterValidator(_single_characters),
            WithJsonSchema(STRINGS),
        ]
        | None
    ) = Field(None, description="The characters by id, as a string or a list; left out, those of the data.")
    encoding: Literal["one_hot", "scalar", "embedding"] = Field(
        "one_hot",
        description="How the network sees a token: a one-hot row, id / largest id, or a learnt row.",
    )
    normalize: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = Field(
        None,
        description="Normalization form of Unicode in which data and seeds are read, also with the trained"
        " model, so that a letter with an accent is written in one way.",
    )


class NotesDataset(_Dataset):
    """Notes, chords and rests."""

    kind: Literal["notes"] = Field(description="The data is note text; a token is a note, a chord or a rest.")
    unit: Literal["note", "line", "document"] = Field("note", description=_UNIT)
    vocabulary: (
        Annotated[_Tokens, BeforeValidator(_words), AfterValidator(_distinct), WithJsonSchema(STRINGS)] | None
    ) = Field(None, description="The notes by id, as a list or a string; left out, those of the data.")
    encoding: Literal["one_hot", "scalar", "embedding", "pitch_duration"] = Field(
        "one_hot",
        description="How the network sees a token: a one-hot row, id / largest id, a learnt row,"
        " or (pitch, duration).",
    )
    reading: MusicReading = Field(MusicReading(), description="What is read of MIDI files and scores.")
    transpose: Transpose | None = Field(
        None,
        description="Semitones that all the data is moved by, such as -3, or a tonic that each sequence is"
        " moved to in its own mode, such as c.",
    )
    augment: Augmentation = Field(Augmentation(), description="What the training part holds beside itself.")

    @property
    def shifts(self) -> tuple[int, ...]:
        """The semitones of each transposed copy that the training part has."""
        return self.augment.semitones


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_CHARACTERS = 2000

_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""The characters of RFC 3986, section 2."""


def address_problem(url: str) -> str:
    """What was expected of an address in place of this one; empty where nothing is wrong with it."""
    if len(url) > MOST_CHARACTERS:
        return f"expected an address of at most {MOST_CHARACTERS:,} characters"
    if not _URL.fullmatch(url):
        return "expected an address, with %XX for spaces and what is not ASCII"
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no port
    except ValueError:
        return "expected an address with a host and a port that can be"
    return _problem_of_parts(parts)


def may_redirect(url: str, target: str) -> bool:
    """Whether a server may send whoever asks it on to a target: to https, or from this machine to itself."""
    if address_problem(target):
        return False
    begin, end = urlsplit(url), urlsplit(target)
    return end.scheme == "https" if begin.scheme == "https" else _is_loopback(end)


def name_of(url: str) -> str:
    """The last part of an address that has a name."""
    parts = urlsplit(url)
    return PurePosixPath(parts.path).name or parts.netloc


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK


def _problem_of_parts(parts: SplitResult) -> str:
    if parts.scheme == "file":
        is_here = parts.netloc in ("", "localhost") and parts.path.startswith("/")
        return "" if is_here else "expected file:///path/to/it, with the whole path"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "expected an address that begins with https:// and a host, or with file:///"
    if parts.username is not None or parts.password is not None:
        return "expected an address without a name or a password, which every run would show"
    if parts.scheme == "http" and not _is_loopback(parts):
        return "expected https (http is for 127.0.0.1, localhost and [::1] alone)"
    return ""
