"""Text as YAML on one line."""

import re

from rnnlab.config.yaml_tree import plain_value
from rnnlab.errors import DataError

_PLAIN = re.compile(r"[A-Za-z_./][\w./-]*")


def quoted(text: str) -> str:
    """A text as a YAML scalar that is read back as it is: plain where that is safe, else in double quotes.

    Raises:
        DataError: it is a name that is not Unicode, which YAML cannot say.
    """
    if _PLAIN.fullmatch(text) and text.isprintable() and plain_value(text) == text:
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"{text}: the name is not UTF-8, and a page cannot say it; rename it") from None
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    return f"\\U{ord(letter):08x}"
