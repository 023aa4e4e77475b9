"""`rnnlab generate --interactive` at a pseudo-terminal, with models of random weights."""

import os
import pty
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from rnnlab.commands.interactive import GOING_BACK, KEYS, MANY, QUITTING
from rnnlab.terminal.text import width_of
from tests.at_a_terminal import Terminal, terminal
from tests.documentation import ROOT
from tests.trained import SONG, STREAM, run_of
from tests.trained_tasks import FROM_LABEL, task_run_of

KOREAN = """
dataset: {kind: text, inline: "나비야 나비야 이리 날아 오너라 노랑나비 흰나비 춤을 추며 오너라", window: 5}
model: {kind: gru, units: 5}
generation: {seed: 나비야}
"""

LEFT, BACKSPACE = "\x1b[D", "\x7f"


@pytest.fixture
def session(rnnlab, monkeypatch):
    """Runs `generate --interactive` with keys that are typed; gives the answer, and the terminal."""

    def call(*keys: str, options: tuple[str, ...] = (), columns: int = 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        with terminal(monkeypatch, *keys) as screen:
            answer = rnnlab("generate", "--interactive", *options)
        assert not screen.keys
        return answer, screen

    return call


def text_of(picture: list[str]) -> str:
    """The text of a picture: its lines up to the first empty one."""
    return "".join(picture[: picture.index("")])


def alternatives(picture: list[str]) -> list[str]:
    """The tokens of the numbered lines."""
    return [line.split()[1] for line in picture if line[:1].isdigit() and line[1:3] == "  "]


def test_only_drawing_prints_what_generate_prints(rnnlab, session):
    """Space, Enter, ten and fifty at once; the text alone is on stdout."""
    run_of(SONG)
    drawn = ("--temperature", "1", "--random-seed", "4")

    answer, _ = session("\r", " ", "\r", "n", "m", "q", options=drawn)

    wanted = rnnlab("generate", *drawn, "--length", "62")
    assert (answer.exit_code, answer.stdout) == (0, wanted.stdout)


def test_a_picture_shows_the_text_the_alternatives_and_the_keys(session):
    """Notes with spaces, five numbered lines with the more probable first, and at temperature 0 one drawn."""
    run_of(SONG)

    _, screen = session("g8 e8\n", "q")

    (picture,) = screen.pictures
    assert picture[:3] == ["g8 e8 _", "", "Next token: by the model | as drawn, temperature 0"]
    rows = picture[3:8]
    assert [row[:3] for row in rows] == ["1  ", "2  ", "3  ", "4  ", "5  "]
    assert rows[0].endswith("% | 100.0 %")
    assert all(row.endswith("% |       -") for row in rows[1:])
    shares = [float(row.split(" %")[0].split()[-1]) for row in rows]
    assert shares == sorted(shares, reverse=True)
    bars = [row.count("=") for row in rows]
    assert bars == [round(30 * share / 100) for share in shares]
    assert screen.shown.endswith(f"\r\x1b[{len(picture) - 1}A\x1b[J")  # nothing is left of it
    assert picture[-1].split("  ") == [
        *("1-5 take", "space draw", "n draw 10", "m draw 50", "b back", "e new beginning", "q quit")
    ]


def test_without_settings_of_drawing_each_token_has_one_probability(session):
    """At temperature 1 without top-k and the like a token is drawn with the model's probability."""
    run_of(SONG)

    _, screen = session("\n", "q", options=("--temperature", "1"))

    assert "Next token: by the model" in screen.pictures[0]
    assert "|" not in "".join(screen.pictures[0])


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_number_takes_that_alternative(session, number):
    """It stands at the end of the text then."""
    run_of(SONG)

    answer, screen = session("\n", str(number), "q")

    taken = alternatives(screen.pictures[0])[number - 1]
    assert text_of(screen.pictures[1]) == f"g8 e8 e4 f8 {taken} _"
    assert answer.stdout == f"g8 e8 e4 f8 {taken}\n"


@pytest.mark.parametrize("back", ["b", LEFT, BACKSPACE], ids=["b", "left", "backspace"])
def test_a_key_goes_back(session, back):
    """By one token, with the picture of before; at the beginning it does nothing."""
    run_of(SONG)

    answer, screen = session("\n", "1", "2", back, back, back, "q")

    first, one, _, again, start, end = screen.pictures
    assert (again, start, end) == (one, first, first)
    assert answer.stdout == "g8 e8 e4 f8\n"


def test_a_key_without_a_meaning_does_nothing(session):
    """Nor does an unknown key of several characters."""
    run_of(SONG)

    answer, screen = session("\n", "x", "6", "\x1b[1;5C", "나", "q")

    assert all(picture == screen.pictures[0] for picture in screen.pictures)
    assert answer.stdout == "g8 e8 e4 f8\n"


def test_a_beginning_with_an_unknown_token_is_asked_for_again(session):
    """The token is named in a line, and nothing is lost."""
    run_of(SONG)

    answer, screen = session("g8 x8\n", "g8 a8\n", "g8 d8\n", "q")

    said = [line for line in screen.shown.splitlines() if line.startswith("seed:")]
    assert [line[:9] for line in said] == ["seed:1:4:", "seed:1:4:"]
    assert "did you mean" in said[1]
    assert answer.stdout == "g8 d8\n"


def test_e_begins_anew_and_an_empty_line_is_the_configured_seed(session):
    """The random numbers begin anew too, so that drawing gives what `generate` gives."""
    run_of(SONG)
    options = ("--temperature", "1")

    answer, screen = session("\n", "n", "e", "c8\n", "1", "e", "\n", "n", "q", options=options)

    assert "beginning [g8 e8 e4 f8]: " in screen.shown
    assert text_of(screen.pictures[2]) == "c8 _"
    assert screen.pictures[1] == screen.pictures[-1]
    assert answer.stdout == f"{text_of(screen.pictures[1]).removesuffix(' _')}\n"


def test_a_given_seed_is_not_asked_for(session):
    """And one that the model cannot write is refused as by `generate`."""
    run_of(SONG)

    answer, screen = session("q", options=("--seed", "d4"))
    refused, _ = session(options=("--seed", "x8"))

    assert answer.stdout == "d4\n"
    assert "beginning [" not in screen.shown
    assert refused.exit_code == 1


def test_wide_letters_fit_forty_columns(session):
    """Each takes two; a text of many lines shows its last ones."""
    run_of(KOREAN)

    answer, screen = session("\n", *"mmmmm", "q", options=("--temperature", "1"), columns=40)

    lines = [line for picture in screen.pictures for line in picture]
    assert max(map(width_of, lines)) in {38, 39}
    shares = [line.split(" %")[0] for line in lines if line[1:3] == "  " and line[0].isdigit()]
    assert {width_of(share) for share in shares} == {37}  # " %" takes the other two
    assert all("q quit" in picture[-1] for picture in screen.pictures)
    written = answer.stdout.removesuffix("\n")
    assert len(written) == 3 + 250
    assert f"{written}_".endswith(text_of(screen.pictures[-1]))
    assert len(text_of(screen.pictures[-1])) > 100


def test_a_text_that_has_ended_can_be_taken_back(session):
    """The stop token is `(end)` among the alternatives; after it nothing can be added."""
    run_of(STREAM)
    _, before = session("q", options=("--seed", "the"))
    stop = alternatives(before.pictures[0])[1].strip("'")

    answer, screen = session("2", " ", "n", "1", "b", "q", options=("--seed", "the", "--stop", stop))

    first, ended, *others, last = screen.pictures
    assert alternatives(first)[1] == "(end)"
    assert ended[:3] == ["the", "", "The text has ended."]
    assert ended[-1] == "b back  e new beginning  q quit"
    assert (others, last) == ([ended] * 3, first)
    assert answer.stdout == "the\n"


def test_the_recipe_of_a_replaced_text_is_removed(session):
    """It would generate the former text."""
    run_of(KOREAN)
    Path("new.txt.recipe.json").touch()

    answer, _ = session("\n", "q", options=("--output", "new.txt", "--overwrite"))

    assert answer.exit_code == 0
    assert [path.name for path in Path.cwd().glob("new*")] == ["new.txt"]


def test_a_model_for_labels_writes_for_its_label(rnnlab, session):
    """Without a beginning, up to its end."""
    task_run_of(FROM_LABEL)
    options = ("--label", "Polish", "--temperature", "1", "--random-seed", "3")

    answer, screen = session("\n", "m", "m", "q", options=options)

    assert "beginning: " in screen.shown
    assert answer.stdout == rnnlab("generate", *options, "--length", "100").stdout


@pytest.mark.parametrize(
    ("page", "name"),
    [(SONG, "new.notes"), (SONG, "new.krn"), (KOREAN, "new.txt")],
    ids=["notes", "kern", "text"],
)
def test_the_text_is_written_into_a_file(rnnlab, session, page, name):
    """Without a recipe, since no settings generate it again; and only with --overwrite over another file."""
    run_of(page)
    answer, _ = session("\n", "1", "q", options=("--output", name))
    again, _ = session(options=("--output", name))

    assert (answer.exit_code, again.exit_code) == (0, 2)
    written = Path(name).read_text() if page is KOREAN else rnnlab("convert", name, "-").stdout
    assert written == answer.stdout


@pytest.mark.parametrize(
    "options",
    [
        *(["--samples", "2"], ["--json"], ["--length", "4"], ["--beam", "2"], ["--particles", "9"]),
        *(["--must", "g8"], ["--key", "c"], ["--bars", "2"], ["--max-copy", "3"]),
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_are_refused(session, options):
    """In a line that names the option."""
    run_of(SONG)

    answer, screen = session(options=tuple(options))

    assert answer.exit_code == 2
    assert screen.shown.splitlines()[1:] == [
        f"{options[0]} does not go with --interactive, which writes one text token by token; leave one out"
    ]


@pytest.mark.parametrize("name", ["stdin", "stderr"])
def test_a_terminal_is_needed(rnnlab, monkeypatch, name):
    """For the keys and for the picture; the line names the stream that is none."""
    run_of(SONG)

    with (
        terminal(monkeypatch) as screen,
        Path(os.devnull).open("r+") as nothing,
        monkeypatch.context() as patch,
    ):
        patch.setattr(f"sys.{name}", nothing)
        answer = rnnlab("generate", "runs/song-1", "--interactive")

    assert answer.exit_code == 2
    if name == "stdin":
        assert "and stdin is none; leave --interactive out, or do not redirect it\n" in screen.shown


def test_what_was_configured_and_is_left_out_is_named(session):
    """Constraints and beam search are no part of a session."""
    run_of(SONG, "generation.beam=3")

    _, screen = session("\n", "q")

    assert "leaves out the constraints and the beam search" in screen.shown


def test_the_end_of_the_input_ends_the_session(session):
    """Before there is a text it is an interruption; later the text is printed."""
    run_of(SONG)

    none, _ = session("\x04")
    some, _ = session("\n", "1", "\x04")

    assert (none.exit_code, none.stdout) == (130, "")
    assert (some.exit_code, some.stdout[:11]) == (0, "g8 e8 e4 f8")


@pytest.mark.parametrize("name", ["ctrl-c", "SIGTERM"])
def test_a_signal_restores_the_terminal(rnnlab, name):
    """The exit code is that of the signal, and typed letters are shown again."""
    run_of(SONG)
    outside, inside = pty.openpty()
    before, path = termios.tcgetattr(inside), os.ttyname(inside)
    words = f"{sys.executable} -m rnnlab generate runs/song-1 --interactive --seed g8"
    process = subprocess.Popen(
        ["sh", "-c", f"exec {words} <{path} 2>{path}"],
        stdout=subprocess.PIPE,
        start_new_session=True,  # the first terminal that it opens sends its signals
        env={**os.environ, "TERM": "xterm"},
    )
    screen = Terminal(outside, ["\x03"] if name == "ctrl-c" else [])
    reader = threading.Thread(target=screen.serve, daemon=True)
    reader.start()
    while name == "SIGTERM" and not screen.pictures and process.poll() is None:
        reader.join(0.05)
    if name == "SIGTERM":
        process.terminate()
    try:
        stdout, _ = process.communicate(timeout=60)
    finally:
        process.kill()

    assert (process.returncode, stdout) == (130 if name == "ctrl-c" else 143, b"")
    assert termios.tcgetattr(inside) == before
    os.close(inside)
    reader.join()
    assert screen.shown.endswith("\ninterrupted\n")


def test_the_page_shows_the_keys_as_they_are():
    """The last line of a picture, and each key in the table."""
    page = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")

    assert f"\n{'  '.join(KEYS)}\n</pre>" in page
    rows = [line.partition(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    for key in [*MANY, *(GOING_BACK & {"b"}), "e", *(QUITTING & {"q"})]:
        assert any(f"`{key}`" in row for row in rows)
