"""The errors that a user can cause and can fix.

    RnnlabError            exit code 1: something could not be read or done
      DataError            the data is missing, empty, not UTF-8, too short, or holds a bad note; or a library
                           for a format of music, pictures or exports is not installed
        MissingFile        a file does not exist
        DownloadError      a URL cannot be downloaded, or gives other bytes than expected
        VocabularyError    the vocabulary lacks a token
      ModelFileError       a model file is damaged, or not one of rnnlab
      RunError             there is no run yet; a folder is not a run, is in use, or is not the user's own;
                           or a file cannot be written
      TrainingError        a training diverged, its process was killed, or it cannot be resumed; or a callback
                           cannot be imported, or raised an exception
      OutputError          stdout cannot take the result, an exported model differs from rnnlab's model, or a
                           file from its replay
      ConfigError          exit code 2: a configuration or a `--set` is wrong
      UsageError           exit code 2: the arguments of a command or a function are wrong
      Interrupted          exit code 130 or 143: a signal ended a training, and everything is saved

A message is one line: the setting, or the file and place; what was expected; what was received; the remedy.
A ConfigError has a line for each mistake. A message names arguments and functions of Python;
`commands/hints.py` puts options and commands in their place. A ValueError or a TypeError is a mistake in a
Python call. Any other exception is a bug and keeps its traceback.
"""

import difflib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

LONGEST_LINE = 1000
"""Largest number of characters of a message line."""


@dataclass(frozen=True)
class Argument:
    """The name of an argument as a part of a message; on the command line it is the option of that name.

    Attributes:
        name: the name in Python.
        value: a value that is shown with the name; if it is None, only the name is shown. On the command line
            True is not shown either.
    """

    name: str
    value: object = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value!r}"


@dataclass(frozen=True)
class Call:
    """A call of a function as a part of a message; on the command line it is the command that does the same.

    Attributes:
        function: name of the function of `rnnlab`.
        argument: the first argument.
    """

    function: str
    argument: str

    def __str__(self) -> str:
        return f"rnnlab.{self.function}({self.argument!r})"


Part = str | Argument | Call


class RnnlabError(Exception):
    """An error that the user can fix; its message is printed without a traceback.

    Args:
        parts: the parts of the message, in order.
    """

    exit_code = 1

    def __init__(self, *parts: Part) -> None:
        super().__init__(one_line("".join(map(str, parts))))
        self.parts = parts


class DataError(RnnlabError):
    """Data that cannot be read or is too small for its use, or a format whose library is not installed."""


class MissingFile(DataError):
    """A file that does not exist.

    Args:
        message: the message.
        path: the file; `places_named` in `config/reading.py` looks for it in the YAML.
    """

    def __init__(self, message: str, path: Path = Path()) -> None:
        super().__init__(message)
        self.path = path


class DownloadError(DataError):
    """A file that cannot be downloaded, or has other bytes than expected."""


class VocabularyError(DataError):
    """A token that the vocabulary lacks."""


class ModelFileError(RnnlabError):
    """A model file that is damaged, or not one of rnnlab."""


class RunError(RnnlabError):
    """A run folder that does not exist, is in use or is not the user's own; or a file that cannot be written.

    A folder that is not a run is a RunError, too.
    """


class TrainingError(RnnlabError):
    """Training that cannot start or cannot go on."""


class OutputError(RnnlabError):
    """A result that cannot be printed, or an exported model or a replayed file that differs."""


class ConfigError(RnnlabError):
    """A configuration with mistakes; the message has a line for each."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        Exception.__init__(self, "\n".join(map(one_line, lines)))
        self.parts = ()


class UsageError(RnnlabError):
    """Arguments of a command or a function that are wrong, or contradict each other."""

    exit_code = 2


class Interrupted(RnnlabError):
    """A training that a signal ended, with everything saved.

    Args:
        message: the progress of the training, and that the training is saved.
        signal_number: the signal; the exit code is 128 + this number.
        more: parts that follow the message, such as how to resume.
    """

    def __init__(self, message: str, signal_number: int, *more: Part) -> None:
        super().__init__(message, *more)
        self.exit_code = 128 + signal_number


def one_line(text: str) -> str:
    """Return a text on one line: invisible characters are escaped.

    A text of more than `LONGEST_LINE` characters gets an ellipsis in place of its middle.
    """
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    half = LONGEST_LINE // 2
    return text if len(text) <= LONGEST_LINE else f"{text[: half - 1]}…{text[-half:]}"


def near(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return at most `count` known words that are spelled like a word, the most similar first."""
    return difflib.get_close_matches(word, list(known), n=count, cutoff=0.5)


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 window`, `2,000 windows`, `3 batches`, `0 copies`.

    Args:
        number: the number; of semitones it may be negative.
        noun: the noun in the singular.
        plural: the noun in the plural; left out, it is made by the rules of English.
    """
    return f"{number:,} {noun if abs(number) == 1 else plural or _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in {*"aeiou"}:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "tch", "sh")) else f"{noun}s"


_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def command_line(*words: str | PurePath) -> str:
    """Return the command `rnnlab` with its words, quoted for a shell by `shell_word`."""
    return " ".join(["rnnlab", *map(shell_word, words)])


def shell_word(word: str | PurePath) -> str:
    """Return a text or a path as one word of a shell.

    A path that begins with `-` gets `./` before it, so that it is not read as an option. A text with
    invisible characters becomes `$'…'` with escapes, which bash, zsh and ksh read.
    """
    text = str(word)
    if isinstance(word, PurePath) and text.startswith("-"):
        text = f"./{text}"
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def _escaped(letter: str) -> str:
    """Return a character within `$'…'`; an invisible one as escapes of its bytes, valid in any locale."""
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    if "\udc80" <= letter <= "\udcff":  # a byte of a file's name that is not UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
