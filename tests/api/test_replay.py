"""`rnnlab.replay`: a file made again in Python."""

from pathlib import Path

import pytest

import rnnlab
from rnnlab.api.replay import _first_difference
from rnnlab.commands import run as command_line
from tests.trained import SENTENCE, SONG, run_of


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_file_is_made_again():
    """The bytes, the recipe and the model; nothing is written, and nothing is printed."""
    run = run_of(SONG)
    assert command_line(["generate", "--temperature", "1", "--random-seed", "3", "--output", "a.abc"]) == 0
    before = sorted(Path().rglob("*"))

    again = rnnlab.replay("a.abc")

    assert again.data == Path("a.abc").read_bytes()
    assert (again.is_same, again.difference, again.is_plain) == (True, "", False)
    assert (again.model, again.recipe.settings.random_seed) == (run.path, 3)
    assert sorted(Path().rglob("*")) == before


def test_a_file_that_differs_is_no_error():
    """The difference is a sentence, and the bytes are those of the recipe."""
    run_of(SENTENCE)
    assert command_line(["generate", "--output", "a.txt"]) == 0
    written = Path("a.txt").read_bytes()
    Path("a.txt").write_bytes(b"x" + written[1:])

    again = rnnlab.replay(Path("a.txt"), model="runs/song-1")

    assert (again.is_same, again.is_plain) == (False, True)
    assert again.difference.startswith("differs from what its recipe gives, from byte 1 on; ")
    assert again.data == written


@pytest.mark.parametrize("at", [0, 1, 65_535, 65_536, 65_537, 140_000])
def test_the_first_byte_that_differs_is_found(at):
    """Whether a byte is another one, or the content ends; it is counted from 1."""
    one = bytes(range(250)) * 600

    assert _first_difference(one, one[:at] + b"\xff" + one[at + 1 :]) == at + 1
    assert _first_difference(one, one[:at]) == at + 1
    assert _first_difference(one[:at], one) == at + 1


def test_what_cannot_be_made_again_is_an_error_in_the_words_of_python():
    """A lost model is named with the argument that names another."""
    run = run_of(SONG)
    assert command_line(["generate", "--output", "a.notes"]) == 0
    run.path.rename("runs/.hidden")

    with pytest.raises(rnnlab.RunError, match="name the run or the model file: model='RUN'"):
        rnnlab.replay("a.notes")
    with pytest.raises(rnnlab.DataError, match="expected a file that ends with"):
        rnnlab.replay("a.doc")
