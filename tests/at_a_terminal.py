"""A command at a pseudo-terminal: what a person types, and what the terminal shows."""

import os
import pty
import re
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker

import pytest

WAITING = (b"\x1b[J", b"]: ", b"beginning: ")
"""The last characters of what a session draws before it waits for a key or for a line."""

SILENCE_SECONDS = 60
"""A session that waits so long for a key that no test types would wait for ever."""


@dataclass
class Terminal:
    """A pseudo-terminal, and what was written on it.

    Attributes:
        outside: the descriptor of the person's side.
        keys: keys and lines to type, each as soon as the session waits.
        patience: seconds of silence after which the person hangs up.
    """

    outside: int
    keys: list[str]
    patience: float = SILENCE_SECONDS
    _pieces: list[bytes] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """All that was written, with the line breaks of a text."""
        return b"".join(self._pieces).decode().replace("\r\n", "\n")

    @property
    def pictures(self) -> list[list[str]]:
        """The lines of each picture, without what moves the cursor; a cleared screen is none."""
        found = (each.rpartition("\r")[2] for each in self.shown.split("\x1b[J")[:-1])
        return [lines.split("\n") for each in found if (lines := re.sub(r"\x1b\[\d*[A-Z]", "", each))]

    def serve(self) -> None:
        """Read until the other side is closed (an error on Linux), and type. After a silence, hang up."""
        with suppress(OSError):
            while select.select([self.outside], [], [], self.patience)[0]:
                piece = os.read(self.outside, 4096)
                self._pieces.append(piece)
                if self.keys and b"".join(self._pieces[-2:]).endswith(WAITING):
                    os.write(self.outside, self.keys.pop(0).encode())
        os.close(self.outside)


@contextmanager
def terminal(
    monkeypatch: pytest.MonkeyPatch, *keys: str, patience: float = SILENCE_SECONDS
) -> Iterator[Terminal]:
    """Makes stdin and stderr one terminal, at which keys are typed; a training needs more patience."""
    resource_tracker.ensure_running()  # else it starts with the first worker, and keeps this terminal open
    outside, inside = pty.openpty()
    screen = Terminal(outside, [*keys], patience)
    reader = threading.Thread(target=screen.serve)
    with (
        os.fdopen(os.dup(inside), encoding="utf-8") as stdin,
        os.fdopen(inside, "w", encoding="utf-8") as stderr,
        monkeypatch.context() as patch,
    ):
        patch.setenv("TERM", "xterm")
        patch.setattr("sys.stdin", stdin)
        patch.setattr("sys.stderr", stderr)
        reader.start()
        yield screen
    reader.join()
