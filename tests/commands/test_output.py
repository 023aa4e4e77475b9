"""`rnnlab generate --output`: samples as files, with models of random weights."""

from pathlib import Path

import pytest

from rnnlab.music.files import read_tunes
from rnnlab.music.notation import parse_notes
from rnnlab.music.tune import parse_tune
from tests.trained import SENTENCE, SONG, run_of

LINES = """
dataset: {kind: notes, unit: line, inline: "g8 e8\\nd8 <c e>4~\\nc8*2/3"}
model: {kind: lstm, units: 4}
"""
LONG = """
dataset: {kind: notes, window: 2, inline: "g8 c1*9999 e8 c1*9999 g8 c1*9999"}
model: {kind: lstm, units: 4}
generation: {seed: g8 e8, length: 5}
"""
THREE = ["--temperature", "1", "--samples", "3"]


@pytest.mark.parametrize("extension", ["mid", "ly", "svg", "png", "wav", "txt", "notes"])
def test_a_sample_is_written_as_its_extension_says(rnnlab, extension):
    """The text on stdout is the same; what was written is said on stderr."""
    run_of(SONG)
    plain = rnnlab("generate", "runs/song-1")

    answer = rnnlab("generate", "runs/song-1", "--output", f"song.{extension}")

    assert (answer.exit_code, answer.stdout) == (0, plain.stdout)
    assert answer.stderr == f"song.{extension}: 1 tune, 13 events\n"
    assert Path(f"song.{extension}").stat().st_size > 30
    if extension in {"mid", "notes"}:
        (tune,) = read_tunes(Path(f"song.{extension}"))
        assert tune.notes == parse_tune(plain.stdout, name="a").notes


def test_note_text_has_a_tune_a_line(rnnlab):
    """However samples are divided on stdout; the last line is the recipe."""
    run_of(SONG)

    answer = rnnlab("generate", "runs/song-1", *THREE, "--output", "new.notes")

    *tunes, recipe = Path("new.notes").read_text().splitlines()
    assert tunes == answer.stdout.rstrip().split("\n\n")
    assert recipe.startswith("% rnnlab: recipe {")
    assert answer.stderr == "new.notes: 3 tunes, 39 events\n"


def test_the_metre_is_that_of_the_option_or_of_the_configuration(rnnlab):
    """The option counts before the configuration; it stands in the file and in its recipe."""
    run_of(SONG.replace("window: 4", "window: 4\n  reading: {meter: 2/4}"))

    for options, meter in ([], "2/4"), (["--meter", "6/8"], "6/8"):
        rnnlab("generate", *options, "--output", "a.notes", "--overwrite")

        notes, recipe = Path("a.notes").read_text().splitlines()
        assert notes.endswith(f" % meter {meter}")
        assert f'"meter":"{meter}"' in recipe


def test_other_files_are_numbered(rnnlab):
    """One for each sample, in order."""
    run_of(LINES, name="lines")

    answer = rnnlab("generate", "runs/lines-1", *THREE, "--output", "new.mid")

    names = ["new-1.mid", "new-2.mid", "new-3.mid"]
    assert [line.partition(":")[0] for line in answer.stderr.splitlines()] == names
    tunes = [read_tunes(Path(name))[0].notes for name in names]
    assert [len(tune) for tune in tunes] == [len(parse_notes(line)) for line in answer.stdout.splitlines()]
    assert not Path("new.mid").exists()


def test_a_model_of_text_writes_a_text_file(rnnlab):
    """What stdout got."""
    run_of(SENTENCE, name="text")

    answer = rnnlab("generate", "runs/text-1", *THREE, "--output", "new.txt")

    assert Path("new.txt").read_text() == answer.stdout
    assert answer.stderr == (
        f"new.txt: {len(answer.stdout) - 1} characters; its recipe is in new.txt.recipe.json\n"
    )


def test_a_sample_that_cannot_be_written_does_not_stop_the_others(rnnlab):
    """It is told which, and why; the text was on stdout all the same."""
    run_of(LONG, name="long")

    answer = rnnlab("generate", "runs/long-1", *THREE, "--output", "new.wav")
    alone = rnnlab("generate", "runs/long-1", "--temperature", "1", "--output", "new.wav")

    assert (answer.exit_code, answer.stdout.count("\n\n")) == (1, 2)
    assert [path.name for path in Path().glob("*.wav")] == ["new-2.wav"]
    assert answer.stderr == (
        "new-2.wav: 1 tune, 7 events\n"
        "2 of 3 files are not written: sample 1: the tune lasts 39,997 seconds; expected at most 600 as"
        " sound; write a part of the tune, or choose a faster tempo\n"
    )
    assert alone.stderr.startswith("new.wav: sample 1: the tune lasts 39,997 seconds; ")


@pytest.mark.parametrize(
    ("run", "target", "message"),
    [
        ("song", "a.pdf", "a.pdf: expected an --output that ends with .notes, .txt, .mid, "),
        ("song", "a", "a: expected an --output that ends with "),
        ("song", "old.mid", "old.mid: the file exists; name another, or replace it with --overwrite"),
        ("song", "gone/a.mid", "gone: the folder does not exist; make it, or name another --output"),
        (
            "text",
            "a.mid",
            "a.mid: this model writes text, not notes; expected an --output that ends with .txt",
        ),
        (
            "text",
            "a.pdf",
            "a.pdf: this model writes text, not notes; expected an --output that ends with .txt",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_generated(rnnlab, run, target, message):
    """One line that says what is possible; what was there stays."""
    run_of(SONG)
    run_of(SENTENCE, name="text")
    Path("old.mid").write_text("mine")

    answer = rnnlab("generate", f"runs/{run}-1", "--output", target)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)
    assert [path.name for path in Path().glob("*.*")] == ["old.mid"]
    assert Path("old.mid").read_text() == "mine"


def test_files_are_replaced_only_when_asked(rnnlab):
    """Each of those that are numbered; the one that they are named after may be there."""
    run_of(SONG)
    Path("a.mid").write_text("mine")
    Path("a-2.mid").write_text("mine")
    command = ["generate", "runs/song-1", *THREE, "--output", "a.mid"]

    refused = rnnlab(*command)
    allowed = rnnlab(*command, "--overwrite")

    assert refused.stderr.startswith("a-2.mid: the file exists; ")
    assert allowed.exit_code == 0
    assert Path("a-2.mid").read_bytes().startswith(b"MThd")
    assert Path("a.mid").read_text() == "mine"
