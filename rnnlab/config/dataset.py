"""The section `dataset`, with its split: the data, and how it is cut and encoded.

Data may be downloaded from an address with `https:`, or with `file:` for a file of this machine. `http:` is
allowed only for a server on this machine, such as one that a test starts: no data crosses a network then.
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
    """The section `dataset.split` for data without a held-out part."""

    kind: Literal["none"] = Field("none", description="No part of the data is held out.")
    allow_overlap: bool = Field(
        False,
        description="In `evaluate --folds`, keep training windows that share tokens with a held-out window.",
    )


class ContiguousSplit(Section):
    """Train, then validation, then test, in the order of the data.

    The data is cut between two tokens, or, with boundary tokens, between two sequences.
    """

    kind: Literal["contiguous"] = Field(description="Hold out the end of the data.")
    validation: Share = Field(0.1, description="Fraction of the tokens held out for validation, 0 to 1.")
    test: Share = Field(
        0.0, description="Fraction of the tokens, after the validation part, held out for testing, 0 to 1."
    )
    gap: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = Field(
        None,
        description="Number of tokens that are skipped before each held-out part; left out, `window`. With"
        " unit `line` or `document`, the data is cut between sequences, without a gap.",
    )


class StratifiedShuffleSplit(Section):
    """Windows drawn at random; each target token has about the same fraction of the windows in both parts."""

    kind: Literal["stratified_shuffle"] = Field(description="Hold out windows drawn at random.")
    validation: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.3, description="Fraction of the windows held out, 0 to 1."
    )
    splits: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="Number of splits that are drawn.")
    use: Annotated[int, Field(ge=0, le=999)] = Field(
        0, description="Number of the split that is used, from 0."
    )
    random_seed: RandomSeed = Field(0, description="The seed with which windows are drawn.")
    allow_overlap: bool = Field(
        False,
        description="Keep training windows that share tokens with a held-out window; with false, they are"
        " left out.",
    )


class SequencesSplit(Section):
    """Held-out parts of whole sequences (files, tunes, lines or documents): random ones, or the last."""

    kind: Literal["sequences"] = Field(description="Hold out whole sequences: files, lines or documents.")
    validation: Share = Field(0.1, description="Fraction of the sequences held out for validation, 0 to 1.")
    test: Share = Field(0.0, description="Fraction of the sequences held out for testing, 0 to 1.")
    shuffle: bool = Field(True, description="Draw the sequences at random; otherwise hold out the last ones.")
    random_seed: RandomSeed = Field(0, description="The seed with which sequences are drawn.")
    unique: bool = Field(
        False,
        description="Put equal sequences into one part, or one fold, so that no held-out sequence is also"
        " trained on.",
    )


class FilesSplit(Section):
    """Held-out parts in files of their own; `dataset.path` names the files to train on."""

    kind: Literal["files"] = Field(description="The held-out parts are files of their own.")
    validation: Paths | None = Field(None, description="File, or list of files, to validate on.")
    test: Paths | None = Field(None, description="File, or list of files, to test on.")


class StratifiedSplit(Section):
    """Examples drawn at random; each label has about the same fraction of the examples in every part."""

    kind: Literal["stratified"] = Field(description="Hold out examples drawn at random, label by label.")
    validation: Share = Field(0.1, description="Fraction of the examples held out for validation, 0 to 1.")
    test: Share = Field(0.0, description="Fraction of the examples held out for testing, 0 to 1.")
    random_seed: RandomSeed = Field(0, description="The seed with which examples are drawn.")


Split = Annotated[
    NoSplit | ContiguousSplit | SequencesSplit | FilesSplit | StratifiedShuffleSplit,
    Field(discriminator="kind"),
]


DEFAULT_EMBEDDING_SIZE = 32
MOST_EMBEDDING_SIZE = 1024

BOUNDARIES = {"line": "\n", "document": "\x03"}
"""The boundary token of each unit: a line break for lines; U+0003, ASCII's end of text, for documents."""

_UNIT = (
    "What one sequence is; the state is zero at the beginning of a sequence. `line`: each line; `document`:"
    " each file or tune. A boundary token stands before and after each such sequence, so that the network"
    " learns where a text ends. Otherwise each file or tune is a sequence, without boundary tokens."
)

KEEP = "Whether the run folder keeps the token ids of the data, to say what generated text copies from them."

SOURCES = ("path", "inline", "url")
"""The keys that name the source of the data; a dataset has exactly one of them."""


def _address(url: str) -> str:
    if problem := address_problem(url):
        raise PydanticCustomError("url", "{problem}, received {url}", {"problem": problem, "url": shown(url)})
    return url


def _digest(value: Any) -> str:
    """Return a SHA-256 in lower case; refuse a value that is not a string of 64 hexadecimal digits."""
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
    """The settings that text and notes have in common."""

    kind: str
    unit: str
    path: Paths | None = Field(
        None,
        description="File, folder or pattern such as `tunes/*.txt`, or a list of them, relative to this YAML"
        " file; a file whose name ends in .gz is unpacked.",
    )
    inline: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="The data itself, in place of a path."
    )
    url: Url | None = Field(
        None,
        description="Address of a file of at most 2 GiB, in place of a path: https, or file:///path.",
    )
    sha256: Sha256 | None = Field(
        None, description="Digest of the file at the url, as `sha256sum FILE` prints it."
    )
    window: Annotated[int, Field(ge=1, le=65_536)] = Field(
        64, description="Number of time steps of one training example, T."
    )
    target: Literal["next", "shifted"] = Field(
        "shifted",
        description="The targets: the token after the window, or the token after each time step.",
    )
    embedding_size: Annotated[int, Field(ge=1, le=MOST_EMBEDDING_SIZE)] | None = Field(
        None,
        description="Size of the vector of a token, for encoding `embedding`; left out, 32, or the units of"
        " the last layer with `model.tie_weights`.",
    )
    split: Split = Field(
        NoSplit(), description="Which parts of the data are held out for validation and testing."
    )
    keep: bool = Field(True, description=KEEP)

    @property
    def form(self) -> str | None:
        """The Unicode normalization form of the text that is read; None if the text is read unchanged."""
        return getattr(self, "normalize", None)

    @property
    def files(self) -> dict[str, tuple[Path, ...]]:
        """The files of each part, by the name of the part; a part without files is missing."""
        files = {"train": self.path or ()}
        if isinstance(self.split, FilesSplit):
            files |= {"validation": self.split.validation or (), "test": self.split.test or ()}
        return {part: paths for part, paths in files.items() if paths}

    def has_part(self, name: str) -> bool:
        """Whether the split makes a part: train, validation or test."""
        return name == "train" or bool(getattr(self.split, name, None))  # a share, or files

    @property
    def folder(self) -> Path:
        """The innermost folder that holds all files of the dataset; the root folder if there are no files.

        If the files are on several drives, it is the folder of the first path.
        """
        return folder_of_all(chain.from_iterable(self.files.values()))

    @property
    def named(self) -> Self:
        """The dataset with paths relative to `folder`: they stay the same if all files move together."""
        update: dict[str, Any] = {"path": self._from_folder(self.path)}
        if isinstance(self.split, FilesSplit):
            held_out = {part: self._from_folder(getattr(self.split, part)) for part in ("validation", "test")}
            update["split"] = self.split.model_copy(update=held_out)
        return self.model_copy(update=update)

    @property
    def shifts(self) -> tuple[int, ...]:
        """The semitones of each transposed copy of the training part; text has no copies."""
        return ()

    @property
    def boundary(self) -> str | None:
        """The token before and after every sequence; None unless the unit is `line` or `document`."""
        return BOUNDARIES.get(self.unit)

    def _from_folder(self, paths: tuple[Path, ...] | None) -> tuple[Path, ...] | None:
        return paths and tuple(Path(relative(path, self.folder)) for path in paths)


def _characters(value: Any) -> Any:
    """Return a string as a tuple of its characters, and a list of characters as a tuple."""
    return tuple(value) if isinstance(value, str) else one_or_many(value)


def _single_characters(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tokens; refuse a token that is not a single character, and a repeated token."""
    for token in tokens:
        if len(token) != 1:
            raise PydanticCustomError(
                "token", "expected single characters, received {token}", {"token": repr(token)}
            )
    return _distinct(tokens)


def _words(value: Any) -> Any:
    """Return a string as a tuple of its words, and a list of note tokens as a tuple."""
    return tuple(value.split()) if isinstance(value, str) else one_or_many(value)


def _distinct(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tokens; refuse a repeated token."""
    for token, times in Counter(tokens).items():
        if times > 1:
            raise PydanticCustomError(
                "token", "expected each token once, received {token} more than once", {"token": repr(token)}
            )
    return tokens


_NEXT_TOKEN = (
    "What the targets are: the next token. Other tasks of `kind: text` are label, tags, pairs and from_label;"
    " they have other settings."
)

_Tokens = Annotated[tuple[str, ...], Field(min_length=1, max_length=65_536)]


class TextDataset(_Dataset):
    """The section `dataset` for text: a token is a character."""

    kind: Literal["text"] = Field(description="The data is text; a token is a character.")
    task: Literal["next_token"] = Field("next_token", description=_NEXT_TOKEN)
    unit: Literal["character", "line", "document"] = Field("character", description=_UNIT)
    vocabulary: (
        Annotated[
            _Tokens,
            BeforeValidator(_characters),
            AfterValidator(_single_characters),
            WithJsonSchema(STRINGS),
        ]
        | None
    ) = Field(
        None,
        description="The characters in the order of their ids, as a string or a list; left out, those of the"
        " data.",
    )
    encoding: Literal["one_hot", "scalar", "embedding"] = Field(
        "one_hot",
        description="The vector of a token: a one-hot vector, the number id / largest id, or a learnt"
        " vector.",
    )
    normalize: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = Field(
        None,
        description="Normalization form of Unicode in which data and seeds are read, in training and later,"
        " so that a letter with an accent has one spelling.",
    )


class NotesDataset(_Dataset):
    """The section `dataset` for music: a token is a note, a chord or a rest."""

    kind: Literal["notes"] = Field(
        description="The data is note text, MIDI files or scores; a token is a note, a chord or a rest."
    )
    task: Literal["next_token"] = Field("next_token", description=_NEXT_TOKEN)
    unit: Literal["note", "line", "document"] = Field("note", description=_UNIT)
    vocabulary: (
        Annotated[_Tokens, BeforeValidator(_words), AfterValidator(_distinct), WithJsonSchema(STRINGS)] | None
    ) = Field(
        None,
        description="The notes in the order of their ids, as a list or a string; left out, those of the"
        " data.",
    )
    encoding: Literal["one_hot", "scalar", "embedding", "pitch_duration"] = Field(
        "one_hot",
        description="The vector of a token: a one-hot vector, the number id / largest id, a learnt vector, or"
        " (pitch, duration).",
    )
    reading: MusicReading = Field(
        MusicReading(), description="Which notes are read from MIDI files and scores."
    )
    transpose: Transpose | None = Field(
        None,
        description="Semitones by which all data is transposed, such as -3; or a tonic, such as c, to which"
        " each sequence is transposed; a sequence in major stays in major.",
    )
    augment: Augmentation = Field(Augmentation(), description="Transposed copies of the training part.")

    @property
    def shifts(self) -> tuple[int, ...]:
        """The semitones of each transposed copy of the training part."""
        return self.augment.semitones


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_CHARACTERS = 2000

_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""The characters of RFC 3986, section 2."""


def address_problem(url: str) -> str:
    """Return what was expected of an address; empty if the address is valid."""
    if len(url) > MOST_CHARACTERS:
        return f"expected an address of at most {MOST_CHARACTERS:,} characters"
    if not _URL.fullmatch(url):
        return "expected an address, with %XX for spaces and for characters outside ASCII"
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no port
    except ValueError:
        return "expected an address with a valid host and port"
    return _problem_of_parts(parts)


def may_redirect(url: str, target: str) -> bool:
    """Whether a redirect is allowed: from https to https; from any other address to this machine."""
    if address_problem(target):
        return False
    begin, end = urlsplit(url), urlsplit(target)
    return end.scheme == "https" if begin.scheme == "https" else _is_loopback(end)


def name_of(url: str) -> str:
    """Return the file name at the end of an address; the host, with its port, if there is no file name."""
    parts = urlsplit(url)
    return PurePosixPath(parts.path).name or parts.netloc


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK


def _problem_of_parts(parts: SplitResult) -> str:
    """Return what is expected of the parts of an address; empty if they are valid.

    The scheme, the host and the path of a file are checked, and that there is no name or password.
    """
    if parts.scheme == "file":
        is_here = parts.netloc in ("", "localhost") and parts.path.startswith("/")
        return "" if is_here else "expected file:// and an absolute path, as in file:///path/to/file"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "expected an address that begins with https:// and a host, or with file:///"
    if parts.username is not None or parts.password is not None:
        return "expected an address without a name or a password, because every run would show them"
    if parts.scheme == "http" and not _is_loopback(parts):
        return "expected https (http is allowed only for 127.0.0.1, localhost and [::1])"
    return ""
