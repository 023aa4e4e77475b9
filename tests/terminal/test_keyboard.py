"""Keys that are typed at a pseudo-terminal."""

import os
import pty
import termios

import pytest

from rnnlab.terminal.keyboard import BACKSPACE, END_OF_INPUT, ENTER, LEFT, Keyboard


@pytest.fixture
def person(monkeypatch):
    """The descriptor with which a person types at the terminal that is stdin."""
    outside, inside = pty.openpty()
    with os.fdopen(inside, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield outside
    os.close(outside)


def test_each_key_is_read_by_itself(person):
    """Also keys that come together, of several bytes or of an escape sequence."""
    with Keyboard() as keyboard:
        os.write(person, "a나\x1b[D\x1bOD\x7f\b\r\n\x04\x1b[1;5C\x1b[3~1".encode())

        keys = [keyboard.key() for _ in range(12)]

    assert keys[:9] == ["a", "나", LEFT, LEFT, BACKSPACE, BACKSPACE, ENTER, ENTER, END_OF_INPUT]
    assert keys[9:] == ["\x1b[1;5C", "\x1b[3~", "1"]


def test_escape_alone_is_a_key(person):
    """It does not wait for the rest of a sequence."""
    with Keyboard() as keyboard:
        os.write(person, b"\x1b")

        assert keyboard.key() == "\x1b"


def test_bytes_that_are_no_text_are_one_unknown_key(person):
    """And the next key is read as it is."""
    with Keyboard() as keyboard:
        os.write(person, b"\xffa")

        assert [keyboard.key(), keyboard.key()] == ["\ufffd", "a"]


def test_the_terminal_is_as_before_also_after_an_error(person):
    """Within the block keys are not shown and not gathered into lines."""
    before, within = termios.tcgetattr(person), []

    def failing() -> None:
        with Keyboard():
            within.append(termios.tcgetattr(person)[3])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()

    (flags,) = within
    assert not flags & (termios.ECHO | termios.ICANON)
    assert flags & termios.ISIG
    assert termios.tcgetattr(person) == before


def test_keys_that_were_typed_before_are_kept(person):
    """While the program was loading."""
    os.write(person, b"q")

    with Keyboard() as keyboard:
        assert keyboard.key() == "q"


def test_a_line_is_asked_for_between_keys(person, capsys):
    """It is shown while it is typed; its end is not part of it."""
    with Keyboard() as keyboard:
        os.write(person, b"a")
        first = keyboard.key()
        os.write(person, "g8 나\n".encode())
        line = keyboard.line("beginning: ")
        os.write(person, b"b")
        last = keyboard.key()

    assert (first, line, last) == ("a", "g8 나", "b")
    assert capsys.readouterr().err == "beginning: "


def test_the_end_of_the_input_is_no_line(monkeypatch, person):
    """As after Ctrl-D on an empty line."""
    with Keyboard() as keyboard:
        monkeypatch.setattr("sys.stdin.readline", lambda: "", raising=False)

        assert keyboard.line("") is None
