"""Commands that a message tells the user to type: as they are printed, a shell runs them.

Bash, zsh and ksh read `$'…'`, which stands for what a terminal cannot show or a message cannot hold.
"""

import shlex
from pathlib import PurePath

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
