"""Text on a terminal: how it is printed, how many columns it takes, and how it is cut to fit.

A text that a model wrote, a token or the name of a file may hold control characters that clear a screen or
change the direction of writing. `echo` spells them out for a terminal, as in `\\x1b`; a file or a pipe gets
the text as it is. Widths are those of wcwidth: two columns for a wide East Asian character and for an emoji
of several characters, none for a mark that combines with a letter.
"""

import errno
import os
import re
import sys
import textwrap
from contextlib import suppress
from typing import TextIO

import click

from rnnlab.errors import OutputError

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters: C0 without tab and line feed, delete, C1, and marks of the direction of writing."""

_HALVES = re.compile("[\ud800-\udfff]")
"""Surrogates, which Python puts in place of bytes of a file name that are not UTF-8; no stream takes them."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

ELLIPSIS = "…"

_NARROW = str.maketrans(dict.fromkeys(f"{ELLIPSIS}\N{NO-BREAK SPACE}→×·–—", "-"))
"""Frequent non-ASCII characters of one column; for any other, wcwidth is loaded, which takes 40 ms."""


def echo(text: str, *, err: bool = False) -> None:
    """Print a text and a line break on stdout or stderr; for a terminal, control characters are spelled out.

    Raises:
        OutputError: a character is not in the encoding of stdout.
        OSError: stdout cannot be written.
    """
    shown = visible(text) if is_terminal(sys.stderr if err else sys.stdout) else text
    write(f"{shown}\n", err=err)


def visible(text: str) -> str:
    """Return the text with its control characters spelled out, as in `\\x1b`."""
    return STEERING.sub(_spelled, text)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether the stream is a terminal; a stream that the caller has closed is None."""
    return stream is not None and stream.isatty()


def terminal_columns(*, err: bool = False) -> int | None:
    """Return the width of the terminal behind stdout or stderr; None if there is no terminal.

    The environment variable `COLUMNS` takes precedence, also without a terminal.
    """
    if (own := os.environ.get("COLUMNS", "")).isdecimal() and int(own) > 0:
        return int(own)
    stream = sys.stderr if err else sys.stdout
    if not is_terminal(stream):
        return None
    with suppress(OSError, ValueError, AttributeError):
        return os.get_terminal_size(stream.fileno()).columns or None
    return None


def flush() -> None:
    """Flush stdout and stderr; errors are ignored."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def write(text: str, *, err: bool = False) -> None:
    """Print a text; surrogates are escaped. If stderr cannot be written, the text is lost without an error.

    Raises:
        OutputError: a character is not in the encoding of stdout.
        OSError: stdout cannot be written.
    """
    try:
        click.echo(_HALVES.sub(_spelled, text), err=err, nl=False, color=True)  # False would strip colours
    except UnicodeEncodeError as error:
        character = f"U+{ord(error.object[error.start]):04X}"
        raise OutputError(
            f"stdout: {character} is not in its encoding, {error.encoding}; set PYTHONIOENCODING=utf-8"
        ) from None
    except OSError:
        if not err:
            raise


def failure_of_stdout(error: OSError) -> str | None:
    """Return the message if stdout cannot be written (full or broken disk); None for any other error.

    An error that names a file is not one of stdout.
    """
    if error.filename is not None or error.errno not in _FULL:
        return None
    return f"stdout: cannot be written ({error.strerror}); free some space, or redirect it"


def width_of(text: str) -> int:
    """Return the number of columns that a text takes."""
    if _is_narrow(text):
        return len(text)
    from wcwidth import width

    return width(text)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Return the text, padded to a width with spaces after it, or before it if `right`."""
    spaces = " " * (columns - width_of(text))
    return spaces + text if right else text + spaces


def cut(text: str, columns: int) -> str:
    """Return the text; if it is wider than `columns`, with an ellipsis in place of its end.

    For 0 columns or fewer, return an empty text.
    """
    if width_of(text) <= columns:
        return text
    return _part(text, 0, columns - 1) + ELLIPSIS if columns > 0 else ""


def cut_in_the_middle(text: str, columns: int) -> str:
    """Return the text; if it is wider than `columns`, with an ellipsis in place of its middle.

    The name of a run keeps its number at the end."""
    width = width_of(text)
    if width <= columns:
        return text
    end = _part(text, width - columns // 3, width)
    return cut(text, columns - width_of(end)) + end


def wrapped(text: str, columns: int) -> list[str]:
    """Return one line or more of at most `columns`, broken at spaces, or inside a word that is too wide."""
    wrap = textwrap.wrap
    if not _is_narrow(text):
        from wcwidth import wrap
    return wrap(text, columns, tabsize=1, break_on_hyphens=False) or [""]


def _spelled(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _part(text: str, begin: int, end: int) -> str:
    """Return the part of a text between two columns; if wcwidth is needed, without spaces at the cut."""
    if _is_narrow(text):
        return text[begin:end]
    from wcwidth import clip

    part = clip(text, begin, end)
    return part.lstrip() if begin else part.rstrip()


def _is_narrow(text: str) -> bool:
    """Return whether all characters are known to take one column: those of ASCII and of `_NARROW`."""
    return text.translate(_NARROW).isascii()
