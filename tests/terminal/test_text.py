"""Text on a terminal: no text controls it, elsewhere a text is not changed; columns and cutting."""

import json
import os
import pty
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from queue import SimpleQueue
from typing import BinaryIO

import pytest
from click.testing import CliRunner

from rnnlab.commands import COMMANDS, cli, run
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import cut, cut_in_the_middle, echo, padded, visible, width_of, wrapped
from tests.needs import needs
from tests.trained import SENTENCE, run_of

END = "\N{END OF TEXT}"
"""What no command sends."""

HOSTILE = "a\x1b[31mb\x07c\x9b2Jd\u202ee\x7ff"
SHOWN = "a\\x1b[31mb\\x07c\\x9b2Jd\\u202ee\\x7ff"
MODEL = SENTENCE.replace("if you want to build a ship", json.dumps(HOSTILE)).replace("if yo", '"a\\e[31"')


@contextmanager
def terminal() -> Iterator[Callable[[], str]]:
    """Makes stdout and stderr one terminal; gives what it was sent since the last call.

    It is read while it is written to, since it holds little.
    """
    outside, inside = pty.openpty()
    with (
        os.fdopen(outside, "rb", buffering=0) as screen,
        os.fdopen(inside, "w", encoding="utf-8") as stream,
        redirect_stdout(stream),
        redirect_stderr(stream),
    ):
        texts: SimpleQueue[str] = SimpleQueue()
        reader = threading.Thread(target=_read_until_closed, args=(screen, texts))
        reader.start()

        def sent() -> str:
            stream.write(END)
            stream.flush()
            return texts.get(timeout=60)

        try:
            yield sent
        finally:
            stream.close()
            reader.join()


def _read_until_closed(screen: BinaryIO, texts: SimpleQueue[str]) -> None:
    """Puts each text that ends with `END`; when the other side is closed, Linux raises an error."""
    data = b""
    with suppress(OSError):
        while piece := screen.read(4096):
            data += piece
            if data.endswith(END.encode()):
                texts.put(data.decode().removesuffix(END).replace("\r\n", "\n"))
                data = b""


def test_everything_that_steers_is_spelled_out():
    """C0 but tab and line feed, delete, C1 and whatever sets the direction of writing; nothing else."""
    spelled = {code for code in range(0x110000) if visible(chr(code)) != chr(code)}

    controls = {code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cc"} - {9, 10}
    marks = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    assert spelled == controls | marks


@pytest.mark.parametrize(
    ("text", "shown"),
    [(HOSTILE, SHOWN), ("\x85\u2066\u200f", r"\x85\u2066\u200f"), ("a\tb\nc é 나 🦋", "a\tb\nc é 나 🦋")],
)
def test_a_spelling_says_which_character_it_was(text, shown):
    """As Python writes it; what everyone can read stays."""
    assert visible(text) == shown


@pytest.mark.parametrize("err", [False, True])
def test_a_terminal_gets_it_spelled_out(err):
    """On stdout and on stderr."""
    with terminal() as sent:
        echo(HOSTILE, err=err)

        assert sent() == SHOWN + "\n"


@pytest.mark.parametrize("err", [False, True])
def test_a_pipe_gets_it_as_it_is(capsys, err):
    """Colours too: whoever reads it decides."""
    echo(HOSTILE, err=err)

    assert capsys.readouterr()[err] == HOSTILE + "\n"


def test_generated_text_is_spelled_out_on_a_terminal(rnnlab):
    """The seed with it, and nothing that was written steers."""
    run_of(MODEL)

    with terminal() as sent:
        assert run(["generate", "runs/song-1"]) == 0
        written = sent()

    assert written.startswith("a\\x1b[31")
    assert visible(written) == written


@pytest.mark.parametrize("command", ["generate", "evaluate", "describe"])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_no_command_steers_a_terminal(rnnlab, command, more):
    """Neither does its JSON, which means the same text all the same."""
    run_of(MODEL)

    with terminal() as sent:
        assert run([command, "runs/song-1", *more]) == 0
        written = sent()

    assert visible(written) == written
    assert "x1b" in written or "u001b" in written


@pytest.mark.parametrize("settings", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}])
def test_nothing_is_coloured(rnnlab, monkeypatch, settings):
    """Help, lists, errors: no command has colours, so that there is nothing for NO_COLOR to turn off."""
    run_of(SENTENCE)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with terminal() as sent:
        for line in (
            ["--help"],
            *([name, "--help"] for name in COMMANDS),
            ["runs"],
            ["runs", "show"],
            ["nope"],
        ):
            run(line)
        written = sent()

    assert "Usage: rnnlab runs" in written
    assert "\x1b" not in written


def test_a_file_gets_what_was_generated(rnnlab):
    """To the character, and the same in JSON."""
    run_of(MODEL)
    plain = CliRunner().invoke(cli, ["generate", "runs/song-1"]).stdout
    as_json = json.loads(CliRunner().invoke(cli, ["generate", "runs/song-1", "--json"]).stdout)

    assert plain.startswith("a\x1b[31")
    assert plain == as_json["samples"][0]["text"] + "\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "\x1b[2J"],
        ["describe", "\x1b[2J.yaml"],
        ["train", "\u202egnp.yaml"],
        ["\x1b[2J"],
        ["generate", "--\x1b[2J"],
        ["generate", "--length", "\x9b2J"],
    ],
)
def test_no_error_steers_a_terminal(rnnlab, arguments):
    """Names that were typed, or that a shell's `*` found, come back in messages."""
    with terminal() as sent:
        assert run(arguments) in (1, 2)
        written = sent()

    assert visible(written) == written
    assert r"\x1b[2J" in written or r"\u202egnp" in written or r"\x9b2J" in written


def test_the_live_line_steers_only_by_its_own_return(monkeypatch):
    """A name of a file stands in it."""
    monkeypatch.setattr("rnnlab.terminal.progress.PATIENCE_SECONDS", 0)
    with terminal() as sent:
        with ReadingReport(quiet=False) as reading:
            reading.show("reading \x1b[2J\r.txt", 0.5)
        lines = sent().split("\r")

    assert lines[1] == r"reading \x1b[2J\x0d.txt: 50 %"
    assert all(visible(line) == line for line in lines)


def in_a_shell(command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A line of bash, with `rnnlab` and `$PYTHON` in it."""
    line = f'set -o pipefail; rnnlab() {{ "$PYTHON" -m rnnlab "$@"; }}; {command}'
    environment = {**os.environ, "PYTHON": sys.executable, **settings}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment, check=False)


@needs("Linux")
@pytest.mark.parametrize("command", ["schema", "--help", "generate --help"])
def test_a_full_stdout_is_one_line(command):
    """Also where Click itself prints; Python has nothing to add when it ends."""
    done = in_a_shell(f"rnnlab {command} > /dev/full")

    assert (done.returncode, done.stderr) == (
        1,
        "stdout: cannot be written (No space left on device); free some space, or redirect it\n",
    )


@needs("Linux")
def test_a_full_stderr_does_not_cost_the_result(rnnlab):
    """What it would have said is lost, and the exit code is that of the work."""
    run_of(SENTENCE)

    done = in_a_shell("rnnlab generate 2> /dev/full")

    assert (done.returncode, done.stdout[:5]) == (0, "if yo")
    assert in_a_shell("rnnlab generate gone 2> /dev/full").returncode == 1


def test_a_closed_pipe_ends_quietly(rnnlab):
    """Whoever closed it has seen enough."""
    done = in_a_shell("rnnlab schema | true")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_closed_streams_are_no_error(rnnlab):
    """`>&-` and `2>&-`: nobody is listening, and that was asked for."""
    run_of(SENTENCE)

    assert in_a_shell("rnnlab generate >&- 2>&-").returncode == 0
    assert in_a_shell("rnnlab train gone.yaml >&- 2>&-").returncode == 2


def test_a_character_that_stdout_cannot_encode_is_one_line(rnnlab):
    """With the setting that helps."""
    run_of(SENTENCE.replace("if you want to build a ship", "나비야 나비야").replace("if yo", "나비야 나비"))

    done = in_a_shell("rnnlab generate runs/song-1", PYTHONIOENCODING="latin-1")

    assert (done.returncode, done.stderr) == (
        1,
        "stdout: U+B098 is not in its encoding, latin-1; set PYTHONIOENCODING=utf-8\n",
    )


@needs("Linux")
def test_a_name_that_is_not_unicode_can_be_printed(rnnlab):
    """Its bytes are spelled out, on stdout as in JSON."""
    run = run_of(SENTENCE)
    name = os.fsdecode(b"\xff")
    run.path.rename(name)

    assert rnnlab("evaluate", name, "--json").stdout.endswith('"run": "\\udcff"\n}\n')
    assert in_a_shell("rnnlab evaluate $'\\xff' --json").returncode == 0


BUTTERFLY = "나비야"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("song-1", 6),
        (BUTTERFLY, 6),
        (unicodedata.normalize("NFD", BUTTERFLY), 6),
        (unicodedata.normalize("NFD", "é"), 1),
        ("蝶々", 4),
        ("ﾁｮｳ", 3),
        ("🦋", 2),
        ("👨‍👩‍👧 and ❤️", 9),
        ("🇰🇷", 2),
        *[(letter, 1) for letter in "…→×·–—\N{NO-BREAK SPACE}"],
    ],
)
def test_a_text_takes_the_columns_of_its_letters(text, width):
    """East Asian wide ones two, combining marks none, composed or not; an emoji of several characters two."""
    assert width_of(text) == width


@pytest.mark.parametrize("columns", range(8))
@pytest.mark.parametrize("text", ["song-12", BUTTERFLY, "a나b비c야", "🦋🦋🦋🦋"])
@pytest.mark.parametrize("make", [cut, cut_in_the_middle])
def test_what_is_cut_fits(make, text, columns):
    """It is whole if it fits, and else says that it is not."""
    result = make(text, columns)

    assert width_of(result) <= columns
    assert result == text if width_of(text) <= columns else columns == 0 or "…" in result


def test_of_a_name_beginning_and_end_are_kept():
    """The number of a run is at its end."""
    assert cut_in_the_middle("nabiya_stateful_lstm-12", 12) == "nabiya_…m-12"


def test_padding_is_by_columns():
    """So that what stands below each other begins below each other."""
    assert padded(BUTTERFLY, 8) == "나비야  "
    assert padded(BUTTERFLY, 8, right=True) == "  나비야"
    assert padded(BUTTERFLY, 3) == BUTTERFLY


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one  two", 8, ["one  two"]),
        ("one  two", 5, ["one", "two"]),
        ("a\N{NO-BREAK SPACE}b c", 3, ["a\N{NO-BREAK SPACE}b", "c"]),
        ("abcdefgh ij", 3, ["abc", "def", "gh", "ij"]),
        ("나비야 나비야", 7, ["나비야", "나비야"]),
        ("나비야나비야", 5, ["나비", "야나", "비야"]),
        ("나비", 1, ["나", "비"]),
        ("a 나비야나비야", 5, ["a 나", "비야", "나비", "야"]),
        ("big song-twelve", 12, ["big", "song-twelve"]),
        ("  indented", 20, ["  indented"]),
        ("", 9, [""]),
        ("   ", 9, [""]),
    ],
)
def test_lines_are_broken_at_spaces(text, columns, lines):
    """A word that is wider than a line is broken; nothing else is lost than spaces at a break."""
    assert wrapped(text, columns) == lines
