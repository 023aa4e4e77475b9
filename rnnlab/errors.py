"""The errors that a user can cause and can fix.

    RnnlabError            exit code 1: something that was read or done failed
      DataError            a corpus is missing, empty, not UTF-8, too short, or holds a bad note
        MissingFile        a file that is not there
        DownloadError      a url that cannot be had, or gives other bytes than those that were promised
        VocabularyError    a token that the vocabulary lacks
      ModelFileError       a damaged or foreign model file
      RunError             no run yet, a folder that is not a run, a folder that cannot be written
      TrainingError        a run that diverged, a callback that cannot be imported
      OutputError          stdout that cannot take what is to be printed
      ConfigError          exit code 2: a YAML file or a `--set` says something that cannot be
      UsageError           exit code 2: what was typed on the command line cannot be
      Interrupted          exit code 130 or 143: stopped by a signal, with everything saved

A message names the setting or the file and place, what was expected, what was received and the remedy: in one
line, whatever it quotes. It names arguments and functions as they are in Python; `rnnlab.commands` prints it
with options and commands in their place. All other exceptions are bugs and keep their traceback.

Commands that a message tells the user to type: as they are printed, a shell runs them.

Bash, zsh and ksh read `$'…'`, which stands for what a terminal cannot show or a message cannot hold.
"""

import difflib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

LONGEST_LINE = 1000
"""Characters of a message's line."""


@dataclass(frozen=True)
class Argument:
    """An argument of a function, as a part of a message; the commands have an option of its name.

    Attributes:
        name: as in Python.
        value: what to give it, or what it was given; None names it alone.
    """

    name: str
    value: object = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value!r}"


@dataclass(frozen=True)
class Call:
    """A function to call, as a part of a message; there is a command that does the same.

    Attributes:
        function: of `rnnlab`.
        argument: its first.
    """

    function: str
    argument: str

    def __str__(self) -> str:
        return f"rnnlab.{self.function}({self.argument!r})"


Part = str | Argument | Call


class RnnlabError(Exception):
    """Something that the user can fix; its message is the whole report.

    Args:
        parts: of the message, which follow one another.
    """

    exit_code = 1

    def __init__(self, *parts: Part) -> None:
        super().__init__(one_line("".join(map(str, parts))))
        self.parts = parts


class DataError(RnnlabError):
    """A corpus that cannot be read or is too small for what is asked of it."""


class MissingFile(DataError):
    """A file that is not there.

    Args:
        message: the line.
        path: the file.
    """

    def __init__(self, message: str, path: Path = Path()) -> None:
        super().__init__(message)
        self.path = path


class DownloadError(DataError):
    """A file that cannot be downloaded, or is not the one that was meant."""


class VocabularyError(DataError):
    """A token that the vocabulary lacks."""


class ModelFileError(RnnlabError):
    """A model file that is damaged, or is not one of ours."""


class RunError(RnnlabError):
    """A run folder that does not exist, is not one, or cannot be written."""


class TrainingError(RnnlabError):
    """Training that cannot start or cannot go on."""


class OutputError(RnnlabError):
    """A result that stdout cannot take."""


class ConfigError(RnnlabError):
    """A configuration that cannot be; one line for each thing that is wrong with it."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        Exception.__init__(self, "\n".join(map(one_line, lines)))
        self.parts = ()


class UsageError(RnnlabError):
    """A command line that cannot be."""

    exit_code = 2


class Interrupted(RnnlabError):
    """A command that a signal stopped after everything was saved.

    Args:
        message: what was saved and how to go on.
        signal_number: the signal; the exit code is 128 + this number.
        more: parts that follow the message.
    """

    def __init__(self, message: str, signal_number: int, *more: Part) -> None:
        super().__init__(message, *more)
        self.exit_code = 128 + signal_number


def one_line(text: str) -> str:
    """The text with escapes for what cannot be seen or breaks a line; its middle is cut out if it is long."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    half = LONGEST_LINE // 2
    return text if len(text) <= LONGEST_LINE else f"{text[: half - 1]}…{text[-half:]}"


def near(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words that are spelled most like a word, nearest first, at most `count`."""
    return difflib.get_close_matches(word, list(known), n=count, cutoff=0.5)


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 window`, `2,000 windows`, `3 batches`, `0 copies`.

    Args:
        number: of the things; of semitones, also less than 0.
        noun: of one of them.
        plural: of several; left out, as English makes it of the noun's last letters.
    """
    return f"{number:,} {noun if abs(number) == 1 else plural or _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in {*"aeiou"}:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "tch", "sh")) else f"{noun}s"


_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def command_line(*words: str | PurePath) -> str:
    """The `rnnlab` command of some words; a path never begins with a dash, which would make it an option."""
    return " ".join(["rnnlab", *map(shell_word, words)])


def shell_word(word: str | PurePath) -> str:
    """A text or a path as one word of a shell."""
    text = str(word)
    if isinstance(word, PurePath) and text.startswith("-"):
        text = f"./{text}"
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def _escaped(letter: str) -> str:
    """A character within `$'…'`; what cannot be seen byte by byte, which no locale changes."""
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    if "\udc80" <= letter <= "\udcff":  # a byte of a file's name that is not UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
