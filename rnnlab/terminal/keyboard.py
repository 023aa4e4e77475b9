"""Keys that are typed at a terminal, each read as soon as it is typed."""

import codecs
import os
import select
import sys
from types import TracebackType
from typing import Any

import click

from rnnlab.terminal.text import write

try:
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment]

LEFT, BACKSPACE, ENTER, END_OF_INPUT = "left", "backspace", "enter", "end of input"
"""The keys that are no character."""

ESCAPE_SECONDS = 0.05
"""Seconds within which the other bytes of a key follow an escape byte."""

_NAMES = {
    **dict.fromkeys(("\x1b[D", "\x1bOD", "\xe0K", "\x00K"), LEFT),
    **dict.fromkeys(("\x7f", "\b"), BACKSPACE),
    **dict.fromkeys(("\r", "\n"), ENTER),
    **dict.fromkeys(("\x04", "\x1a"), END_OF_INPUT),
}

_WITHOUT = ("VSUSP", "VQUIT")
"""Control characters without a meaning while keys are read: after these, a terminal would stay as it is."""


class Keyboard:
    """The keys of the terminal behind stdin.

    Within the `with` block a typed key is not shown. At its end, also by an exception, the terminal is as it
    was before. On Windows, which has no termios, Click reads the keys.
    """

    def __enter__(self) -> "Keyboard":
        if termios is not None:
            self._stdin = sys.stdin.fileno()
            self._before = termios.tcgetattr(self._stdin)
            self._set(self._for_keys())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if termios is not None:
            self._set(self._before)

    def key(self) -> str:
        """Wait for a key; return its character, or its name if it has none, such as `LEFT`."""
        typed = click.getchar() if termios is None else self._sequence()
        return _NAMES.get(typed, typed)

    def line(self, prompt: str) -> str | None:
        """Ask for a line on stderr, shown while it is typed; return it without its end, or None."""
        if termios is not None:
            self._set(self._before)
        try:
            write(prompt, err=True)
            line = sys.stdin.readline()
        finally:
            if termios is not None:
                self._set(self._for_keys())
        return line.rstrip("\r\n") if line else None

    def _set(self, settings: list[Any]) -> None:
        termios.tcsetattr(self._stdin, termios.TCSADRAIN, settings)  # what was typed ahead is kept

    def _for_keys(self) -> list[Any]:
        """Return the settings with which each byte is read at once and is not shown."""
        *flags, characters = self._before
        flags[3] &= ~(termios.ICANON | termios.ECHO)
        own = [*characters]
        own[termios.VMIN], own[termios.VTIME] = 1, 0
        for name in _WITHOUT:
            own[getattr(termios, name)] = bytes([os.fpathconf(self._stdin, "PC_VDISABLE")])
        return [*flags, own]

    def _sequence(self) -> str:
        """Return one character, or all characters of a key that begins with an escape."""
        typed = self._character()
        while typed.startswith("\x1b") and not _is_whole(typed) and self._waits():
            typed += self._character()
        return typed

    def _waits(self) -> bool:
        return bool(select.select([self._stdin], [], [], ESCAPE_SECONDS)[0])

    def _character(self) -> str:
        """Read one character of UTF-8; at the end of the input, return the character of Ctrl-D."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            byte = os.read(self._stdin, 1)
            if not byte:
                return "\x04"
            if character := decoder.decode(byte):
                return character[-1]


def _is_whole(typed: str) -> bool:
    """Return whether an escape sequence has its last character: a letter or a tilde, after `[` or `O`."""
    return len(typed) > 2 and (typed[-1].isalpha() or typed[-1] == "~")
