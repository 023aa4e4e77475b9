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
line, whatever it quotes. `rnnlab.commands` prints it as it stands; every other exception is a bug and keeps
its traceback.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path

LONGEST_LINE = 1000
"""Characters of a message's line."""


class RnnlabError(Exception):
    """Something that the user can fix; its message is the whole report."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


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


class UsageError(RnnlabError):
    """A command line that cannot be."""

    exit_code = 2


class Interrupted(RnnlabError):
    """A command that a signal stopped after everything was saved.

    Args:
        message: what was saved and how to go on.
        signal_number: the signal; the exit code is 128 + this number.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
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
