"""`rnnlab replay`: files of every kind made again, and what is said if that is not possible."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from rnnlab import __version__
from rnnlab.commands import sample_files
from rnnlab.datasets.corpus import load_corpus
from rnnlab.engines.numpy.blas import blas
from rnnlab.generation import recipe as recipes
from rnnlab.generation.recipe import parse_recipe
from rnnlab.models.model_file import load_any_model, save_model
from rnnlab.music.recipes import MOST_CHARACTERS, beside, recipe_in
from tests.trained import SENTENCE, SONG, STREAM, run_of
from tests.trained_tasks import FROM_LABEL, task_run_of

LINES = """
dataset: {kind: notes, unit: line, inline: "g8 e8\\nd8 <c e>4~\\nc8*2/3", reading: {meter: 3/4}}
model: {kind: lstm, units: 4}
"""
SINGLE = ["notes", "txt", "mid", "midi", "ly", "svg", "png", "wav", "abc", "musicxml", "xml", "krn"]
DRAWN = ["--temperature", "1.3", "--top-p", "0.95", "--random-seed", "5"]


@pytest.fixture
def song(rnnlab):
    """A MIDI file and the run that wrote it."""
    run = run_of(SONG)
    assert rnnlab("generate", "runs/song-1", *DRAWN, "--output", "song.mid").exit_code == 0
    return run


def write_every_kind(rnnlab) -> list[str]:
    """Write at least 20 files of every kind with models of every kind; return their names."""
    run_of(SONG)
    run_of(STREAM, name="stream")
    run_of(SENTENCE, name="sentence")
    run_of(LINES, name="lines")
    task_run_of(FROM_LABEL, name="names")
    calls = [["runs/song-1", "--output", f"one.{extension}"] for extension in SINGLE]
    calls += [
        ["runs/lines-1", "--samples", "3", "--output", f"set.{name}"] for name in ("mid", "svg", "notes")
    ]
    calls += [
        ["runs/song-1", "--meter", "6/8", "--top-k", "3", "--output", "meter.abc"],
        [
            "runs/song-1",
            "--seed",
            "g8 % tempo 60, key c major\n | e8",
            "--stop",
            "c8",
            "--output",
            "seed.krn",
        ],
        ["runs/stream-1", "--seed", "the", "--samples", "2", "--output", "stream.txt"],
        ["runs/sentence-1/model.safetensors", "--output", "sentence.txt"],
        ["runs/names-1", "--label", "Polish", "--samples", "4", "--output", "names.txt"],
    ]
    for call in calls:
        answer = rnnlab("generate", *DRAWN, *call)
        assert answer.exit_code == 0, answer.stderr
    return sorted(path.name for path in Path().glob("*.*") if path.suffix != ".json")


def test_files_of_every_kind_are_made_again_in_a_new_process(rnnlab):
    """Byte for byte; of a set of files each with its own sample."""
    names = write_every_kind(rnnlab)
    before = {path: path.read_bytes() for path in Path().glob("*.*")}

    done = subprocess.run(
        [sys.executable, "-m", "rnnlab", "replay", *names],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(names) >= 20
    assert {Path(name).suffix for name in names} == {f".{extension}" for extension in SINGLE}
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(" (")[0] for line in done.stdout.splitlines()] == [
        f"{name}: the same, byte for byte" for name in names
    ]
    assert " (sample 2 of 3, random seed 5, runs/lines-1, sha256 " in done.stdout
    assert {path: path.read_bytes() for path in Path().glob("*.*")} == before


def test_a_changed_byte_of_the_model_is_refused_by_name(rnnlab, song):
    """The model that the file was made with, and what is wrong with the present one."""
    sha256 = song.load_any_model().sha256
    data = bytearray(song.model_path.read_bytes())
    data[-1] ^= 1
    song.model_path.write_bytes(data)

    answer = rnnlab("replay", "song.mid")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"song.mid: made with the model song-1, sha256 {sha256[:12]}…; runs/song-1/model.safetensors: the"
        " model file is damaged (its content does not match the sha256 in its header); train again, or"
        " restore it from a copy\n"
    )


def test_another_model_is_refused_by_name_and_sha256(rnnlab, song):
    """In the place of the old one, or named by the user; a model with one other weight is another one."""
    trained = song.load_any_model()
    next(iter(trained.weights.values())).flat[0] += 1
    save_model(Path("other.safetensors"), trained)
    before, other = trained.sha256, load_any_model(Path("other.safetensors")).sha256
    made_with = f"song.mid: made with the model song-1, sha256 {before[:12]}…; "

    named = rnnlab("replay", "song.mid", "--model", "other.safetensors")
    shutil.copy("other.safetensors", song.model_path)
    found = rnnlab("replay", "song.mid")

    assert (named.exit_code, found.exit_code) == (1, 1)
    assert named.stderr == f"{made_with}other.safetensors has another model, sha256 {other[:12]}…\n"
    assert found.stderr == (
        f"{made_with}runs/song-1 has another model, sha256 {other[:12]}…, and no other run in runs/ has this"
        " model; name the run or the model file: --model RUN\n"
    )


def test_a_model_elsewhere_is_named_by_the_user(rnnlab, song):
    """No path of the recipe is opened."""
    shutil.move(song.path, "mine")

    alone = rnnlab("replay", "song.mid")
    named = rnnlab("replay", "song.mid", "--model", "mine")

    assert alone.exit_code == 1
    assert alone.stderr.endswith(
        "; no run in runs/ has this model; name the run or the model file: --model RUN\n"
    )
    assert named.exit_code == 0
    assert "(random seed 5, mine, sha256 " in named.stdout


def test_a_file_that_was_changed_is_said_to_be(rnnlab, song):
    """With the first byte that differs, since nothing else does; a file that was cut or goes on, too."""
    data = Path("song.mid").read_bytes()
    changed = {
        len(data) - 3: data[:-4] + b"\x01" + data[-3:],
        len(data): data[:-1],
        len(data) + 1: data + b"\0",
    }
    for place, content in changed.items():
        Path("song.mid").write_bytes(content)

        answer = rnnlab("replay", "song.mid")

        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr == (
            f"song.mid: differs from what its recipe gives, from byte {place:,} on; model, versions and"
            " processor are the same, so the file was changed after it was written\n"
        )


def test_another_version_or_processor_is_said_if_the_bytes_differ(rnnlab, song, monkeypatch):
    """The bytes decide: where they are the same, it does not matter who wrote them."""
    processor = recipes.processor()
    monkeypatch.setattr(recipes, "processor", lambda: "abacus")
    monkeypatch.setattr(recipes, "__version__", "9.9")
    same = rnnlab("replay", "song.mid")
    Path("song.mid").write_bytes(Path("song.mid").read_bytes() + b"\0")

    differs = rnnlab("replay", "song.mid")

    assert same.exit_code == 0
    assert differs.exit_code == 1
    assert differs.stderr.endswith(
        f"on; other versions or another processor wrote it: rnnlab {__version__} → 9.9,"
        f" processor {processor} → abacus\n"
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_is_that_of_the_recipe(rnnlab, threads):
    """The last bits of a matrix product depend on it, and a large random network is sensitive to them."""
    run_of(STREAM, "model.units=700", name="large")
    with threadpool_limits(threads, user_api="blas"):
        rnnlab("generate", "--seed", "the ", "--samples", "7", *DRAWN, "--length", "60", "--output", "a.txt")

    with threadpool_limits(3 - threads, user_api="blas"):
        answer = rnnlab("replay", "a.txt")

        assert blas().threads == 3 - threads
    assert parse_recipe(beside(Path("a.txt")).read_text()).threads == threads
    assert (answer.exit_code, answer.stderr) == (0, "")


def test_an_output_is_another_file_of_the_same_bytes(rnnlab, song):
    """A lost or changed file comes back, with its recipe; nothing is replaced unless asked."""
    data = Path("song.mid").read_bytes()

    answer = rnnlab("replay", "song.mid", "--output", "again.mid")
    Path("song.mid").write_bytes(data + b"\0")
    refused = [rnnlab("replay", "song.mid", "--output", name) for name in ("again.mid", "song.mid")]
    allowed = rnnlab("replay", "song.mid", "--output", "song.mid", "--overwrite")

    assert (answer.exit_code, answer.stderr) == (0, "again.mid: made from the recipe of song.mid\n")
    assert Path("again.mid").read_bytes() == data
    for each, name in zip(refused, ("again.mid", "song.mid"), strict=True):
        assert each.exit_code == 2
        assert each.stderr == f"{name}: the file exists; name another, or replace it with --overwrite\n"
    assert allowed.exit_code == 1  # the file had other bytes, which is said
    assert Path("song.mid").read_bytes() == data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "a.svg"], "a.svg: expected an --output that ends with .mid, as song.mid\n"),
        (["--output", "gone/a.mid"], "gone: the folder does not exist; make it, or name another --output\n"),
        (["song.mid", "--output", "a.mid"], "--output is for one FILE, received 2; replay each by itself\n"),
    ],
)
def test_a_wrong_output_is_refused_before_any_work(rnnlab, song, arguments, message):
    """As wrong use."""
    answer = rnnlab("replay", "song.mid", *arguments)

    assert (answer.exit_code, answer.stdout, answer.stderr) == (2, "", message)


def test_of_several_files_each_is_told(rnnlab, song):
    """The others are made again; the exit code says that not all are."""
    Path("plain.notes").write_text("g8 e8\n")

    answer = rnnlab("replay", "song.mid", "plain.notes", "gone.mid", "song.mid")

    assert answer.exit_code == 1
    assert answer.stdout.count("song.mid: the same, byte for byte (") == 2
    first, second, last = answer.stderr.splitlines()
    assert first.startswith("plain.notes: no recipe in it; expected a file that ")
    assert second == "gone.mid: no such file; check the path"
    assert last == "2 of 4 files are not made again"


def test_plain_text_has_its_recipe_beside_it(rnnlab):
    """Note text in a .txt file has room for a comment; the text of a model of characters has not."""
    run_of(SENTENCE, name="text")

    command = ["generate", "runs/text-1", *DRAWN, "--output", "new.txt"]

    written = rnnlab(*command)
    again = rnnlab("replay", "new.txt", "--output", "again.txt")
    refused = rnnlab(*command)
    Path("new.txt").rename("other.txt")
    refused_beside = rnnlab(*command)
    lost = rnnlab("replay", "other.txt")

    assert written.stderr.endswith("new.txt: 14 characters; its recipe is in new.txt.recipe.json\n")
    assert recipe_in(Path("other.txt").read_bytes()) is None
    assert again.stderr == (
        "again.txt: made from the recipe of new.txt; its recipe is in again.txt.recipe.json\n"
    )
    assert beside(Path("again.txt")).read_bytes() == beside(Path("new.txt")).read_bytes()
    assert refused.stderr.startswith("new.txt: the file exists; ")
    assert refused_beside.stderr.startswith("new.txt.recipe.json: the file exists; ")
    assert lost.stderr.startswith(
        "other.txt: no recipe in it and no other.txt.recipe.json beside it; expected "
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "the recipe is damaged (it is no JSON object of at most 262,144 characters); "),
        ("[1]", "the recipe is damaged (it is no JSON object of "),
        ("x" * (MOST_CHARACTERS + 2), "new.txt.recipe.json: expected at most 262,145 bytes, and it has more"),
        ('{"format":2}', "expected a recipe of format 1, received 2; update rnnlab to read it"),
    ],
)
def test_a_damaged_recipe_is_refused_in_one_line(rnnlab, content, why):
    """Whatever a stranger wrote into it."""
    Path("new.txt").write_text("hello\n")
    beside(Path("new.txt")).write_text(content)

    answer = rnnlab("replay", "new.txt")

    assert answer.exit_code == 1
    assert answer.stderr.startswith(f"new.txt: {why}")
    assert answer.stderr.count("\n") == 1


def test_a_recipe_that_the_model_cannot_follow_is_refused(rnnlab, song):
    """As one error of the file, and not as wrong use: nobody typed these settings."""
    data = Path("song.mid").read_bytes()
    for old, new, why in (
        (b'"seed":"g8', b'"seed":"a8', "the model cannot follow the recipe (seed:1:1: note 'a8' is not in "),
        (b'"meter":null', b'"meter":"zz"', "the recipe cannot be read (meter: expected a metre "),
    ):
        head, _, tail = data.rpartition(old)  # `meter` is a constraint too, and stands before
        Path("song.mid").write_bytes(head + new + tail)

        answer = rnnlab("replay", "song.mid")

        assert answer.exit_code == 1
        assert answer.stderr.startswith(f"song.mid: {why}"), answer.stderr


def test_a_recipe_that_is_too_long_is_said(rnnlab, monkeypatch):
    """The files are written without it."""
    run_of(SONG)
    monkeypatch.setattr(sample_files, "MOST_CHARACTERS", 300)

    answer = rnnlab("generate", "--output", "long.notes")

    assert answer.exit_code == 0
    assert re.search(
        r"^long\.notes: without a recipe, which would have \d{3} characters", answer.stderr, re.M
    )
    assert recipe_in(Path("long.notes").read_bytes()) is None


def test_a_seed_from_a_file_leaves_the_recipe_of_the_file_behind(rnnlab):
    """Else each continuation of a continuation would hold all recipes before it."""
    run_of(SONG)
    rnnlab("generate", *DRAWN, "--output", "first.notes")

    rnnlab("generate", *DRAWN, "--seed", Path("first.notes").read_text(), "--output", "second.notes")

    notes, recipe = Path("second.notes").read_text().splitlines()
    assert recipe.count("recipe") == 1
    assert notes.startswith(Path("first.notes").read_text().partition("\n")[0])
    assert rnnlab("replay", "second.notes").exit_code == 0


def test_a_recipe_is_no_data(rnnlab):
    """Training on what a model wrote reads the notes alone, also if each line is a tune."""
    run = run_of(LINES, name="lines")
    rnnlab("generate", *DRAWN, "--samples", "3", "--output", "new.notes")
    written = Path("new.notes").read_text()
    assert recipe_in(written.encode())
    dataset = run.load_model().experiment.dataset.model_copy(update={"inline": None})

    def loaded(text: str):
        Path("data.notes").write_text(text)
        return load_corpus(dataset.model_copy(update={"path": (Path("data.notes").absolute(),)}))

    with_recipe, without = loaded(written), loaded(written.partition("% rnnlab")[0])

    assert with_recipe.vocabulary.tokens == without.vocabulary.tokens
    assert list(with_recipe.ids) == list(without.ids)
    assert with_recipe.meter == without.meter


def test_conversion_drops_the_recipe(rnnlab, song):
    """A converted file is no output of the model."""
    rnnlab("convert", "song.mid", "song.notes")

    answer = rnnlab("replay", "song.notes")

    assert answer.stderr.startswith("song.notes: no recipe in it; ")
