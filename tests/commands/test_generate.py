"""`rnnlab generate`, with models of random weights."""

import json
from pathlib import Path

import pytest

from rnnlab.commands import compare, evaluate, generate
from rnnlab.config.comparison import ComparisonPage
from rnnlab.config.schema import EvaluationSettings, Generation
from tests.trained import SENTENCE, SONG, STREAM, run_of

DRAWN = ["--temperature", "1", "--length", "30"]

DEFAULTS = Generation().model_dump(mode="json")


def test_notes_continue_the_seed(rnnlab):
    """Seed and length of the configuration; the song alone on stdout, what it was made with on stderr."""
    run_of(SONG)

    answer = rnnlab("generate")

    assert answer.exit_code == 0
    assert answer.stdout.startswith("g8 e8 e4 f8 ")
    assert len(answer.stdout.split()) == 4 + 9
    assert answer.stderr == "using runs/song-1\n"


def test_the_json_has_the_fields_that_scripts_rely_on(rnnlab):
    """Sequence without the seed, text with it, and all that it takes to write it again."""
    run = run_of(SONG)

    result = json.loads(rnnlab("generate", str(run.path), "--json").stdout)

    assert result.keys() == {"samples", "random_seed", "settings", "model_sha256"}
    (sample,) = result["samples"]
    assert sample.keys() == {"sequence", "text", "log_probability", "constraint", "collapse"}
    assert sample["text"] == " ".join(["g8 e8 e4 f8", *sample["sequence"]])
    assert sample["log_probability"] < 0
    assert result["model_sha256"] == run.load_model().sha256
    assert result["settings"] == DEFAULTS | {
        "seed": "g8 e8 e4 f8", "length": 9, "temperature": 0, "top_k": None, "top_p": None,
        "samples": 1, "random_seed": 0, "stop": None,
    }  # fmt: skip


def test_options_replace_the_configurations_settings(rnnlab):
    """Each that is given, and no other; 0 is given too."""
    run_of(STREAM)

    result = json.loads(
        rnnlab(
            "generate", "--seed", "the", "--length", "5", "--temperature", "0", "--top-k", "3",
            "--top-p", "0.5", "--samples", "2", "--random-seed", "7", "--stop", "x", "--json",
        ).stdout
    )  # fmt: skip

    assert result["random_seed"] == 7
    assert result["settings"] == DEFAULTS | {
        "seed": "the", "length": 5, "temperature": 0, "top_k": 3, "top_p": 0.5,
        "samples": 2, "random_seed": 7, "stop": "x",
    }  # fmt: skip


@pytest.mark.parametrize("text", [SONG, SENTENCE], ids=["notes", "text"])
def test_the_same_random_seed_gives_the_same_bytes(rnnlab, text):
    """And another one other bytes."""
    run_of(text)

    first, again, other = (rnnlab("generate", *DRAWN, "--random-seed", seed).stdout for seed in "112")

    assert first == again != other


def test_a_sample_does_not_depend_on_how_many_others_there_are(rnnlab):
    """The first of three is the one that is written alone; an empty line is between them."""
    run_of(SONG)

    alone = rnnlab("generate", *DRAWN).stdout
    three = rnnlab("generate", *DRAWN, "--samples", "3").stdout

    assert three.split("\n\n")[0] + "\n" == alone
    assert len(set(three.rstrip("\n").split("\n\n"))) == 3


def test_what_is_written_is_valid_input_again(rnnlab):
    """`rnnlab generate | tee new.notes`: the model can measure it, and go on from it."""
    run_of(SONG)
    song = rnnlab("generate", *DRAWN).stdout
    Path("new.notes").write_text(song)

    measured = json.loads(rnnlab("evaluate", "--data", "new.notes", "--json").stdout)
    continued = rnnlab("generate", "--seed", song, "--length", "3").stdout

    assert measured["tokens"] == 34 - 4
    assert continued.startswith(song.rstrip("\n") + " ")


def test_a_seed_in_another_spelling_is_the_same_seed(rnnlab):
    """It is parsed as the model's own notation."""
    run_of(SONG)

    assert rnnlab("generate", "--seed", "g8 | e8 e4 \n f8").stdout == rnnlab("generate").stdout


def test_a_seed_shorter_than_the_window_is_said(rnnlab):
    """On stderr; it is written on from all the same."""
    run_of(SONG)

    answer = rnnlab("generate", "runs/song-1", "--seed", "g8")

    assert (answer.exit_code, len(answer.stdout.split())) == (0, 1 + 9)
    assert answer.stderr == (
        "the seed has 1 of the 4 tokens of a window; the first steps read fewer tokens than a window\n"
    )


def test_a_sample_ends_where_the_stop_token_would_come(rnnlab):
    """The token itself is not written."""
    run_of(SONG)
    whole = json.loads(rnnlab("generate", *DRAWN, "--json").stdout)["samples"][0]["sequence"]
    stop = whole[5]

    stopped = json.loads(rnnlab("generate", *DRAWN, "--stop", stop, "--json").stdout)["samples"][0]

    assert stopped["sequence"] == whole[: whole.index(stop)]


def test_a_model_file_is_enough_without_the_data(rnnlab, tmp_path):
    """Nothing but the file is read."""
    Path("data.txt").write_text("if you want to build a ship")
    run = run_of(SENTENCE.replace("inline: if you want to build a ship", "path: data.txt"))
    expected = rnnlab("generate", str(run.path)).stdout
    Path("data.txt").unlink()
    model = run.model_path.rename(tmp_path / "other.safetensors")

    answer = rnnlab("generate", str(model))

    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, expected, "")


@pytest.mark.parametrize(
    ("command", "section", "names"),
    [
        (generate, Generation, ["length", "temperature", "top_k", "top_p", "samples", "random_seed"]),
        (evaluate, EvaluationSettings, ["seeds"]),
        (compare, ComparisonPage, ["seeds", "epochs", "seconds"]),
    ],
)
def test_an_option_has_the_range_of_the_key_that_it_replaces(command, section, names):
    """What the command line takes, the configuration takes, and the other way round."""
    types = {option.name: option.type for option in command.command.params}
    schema = section.model_json_schema()["properties"]
    for name in names:
        key = next((each for each in schema[name].get("anyOf", []) if each["type"] != "null"), schema[name])
        least = key["minimum"] if "minimum" in key else key["exclusiveMinimum"]

        assert (types[name].min, types[name].max) == (least, key["maximum"]), name
        assert types[name].min_open == ("exclusiveMinimum" in key), name


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            [],
            "temperature 0 takes the most probable token at each step; to draw",
        ),
        (
            ["--temperature", "1", "--top-k", "1"],
            "only one token can be drawn at each step; to draw",
        ),
    ],
)
def test_equal_samples_are_said_to_be(rnnlab, options, said):
    """With what to add, and that works: the samples then differ. One sample needs no such line."""
    run_of(SONG)

    answer = rnnlab("generate", "--samples", "3", *options)

    note = answer.stderr.splitlines()[-1]
    assert note.startswith("3 equal samples: ")
    assert said in note
    assert len(set(answer.stdout.split("\n\n"))) <= 2  # the last has a line break after it
    added = note.partition("add: ")[2].split()
    drawn = rnnlab("generate", "--samples", "3", *options, *added)
    assert "equal" not in drawn.stderr
    assert len({text.strip() for text in drawn.stdout.split("\n\n")}) == 3
    assert "equal" not in rnnlab("generate", *options).stderr


@pytest.mark.parametrize("text", [SENTENCE, STREAM])
def test_what_is_printed_can_be_measured(rnnlab, text):
    """The line break at the end of what `generate` prints is no token that the model would have to know."""
    run_of(text)
    Path("written.txt").write_text(rnnlab("generate", "--seed", "ou", "--length", "50").stdout)

    answer = rnnlab("evaluate", "--data", "written.txt", "--json")

    assert answer.exit_code == 0, answer.stderr
    assert Path("written.txt").read_text().endswith("\n")
    assert "\n" not in Path("written.txt").read_text()[:-1]
    Path("lines.txt").write_text("ou\no\n")
    assert (
        "character '\\n' (U+000A) is not in the vocabulary"
        in rnnlab("evaluate", "--data", "lines.txt").stderr
    )


@pytest.mark.parametrize("command", ["generate", "evaluate", "trace"])
def test_a_run_without_a_finished_epoch_is_said_to_be(rnnlab, command):
    """With the command that goes on; a row of its history is an epoch."""
    history = run_of(SONG).path / "history.csv"
    said = "runs/song-1: no epoch has ended in this run, so its weights are hardly trained;"
    assert said not in _printed(rnnlab(command))

    history.write_text("epoch,loss\n")
    assert f"{said} go on: rnnlab train --resume runs/song-1" in _printed(rnnlab(command))

    history.write_text("epoch,loss\n1,2.5\n")
    assert said not in _printed(rnnlab(command))


def _printed(answer) -> str:
    """All that a command printed, as one line."""
    return " ".join(f"{answer.stderr} {answer.stdout}".split())


def test_a_sample_that_is_stuck_is_named_on_one_line(rnnlab):
    """A greedy model whose head always prefers d8: from its first token on, with the option that helps."""
    _prefers("d8")

    answer = rnnlab("generate", "--length", "50", "--samples", "2", "--json")

    first, second = (sample["collapse"] for sample in json.loads(answer.stdout)["samples"])
    assert first == second
    assert (first["kind"], first["start"], first["period"], first["tokens"]) == ("one_token", 1, 1, ["d8"])
    assert first["remedy"] == "generation.temperature: 1"
    (line,) = (line for line in answer.stderr.splitlines() if "stuck" in line)
    assert line == (
        "2 of 2 samples stuck; sample 1: from generated note 1 on only d8, 50 times; likely cause: greedy"
        " decoding: always the most probable note; change generation.temperature: 1, or add: --temperature 1"
    )


def test_a_sample_of_the_length_of_the_configuration_is_too_short_to_be_stuck(rnnlab):
    """Nine notes, all of them d8."""
    _prefers("d8")

    answer = rnnlab("generate", "--json")

    assert json.loads(answer.stdout)["samples"][0]["collapse"] is None
    assert "stuck" not in answer.stderr


def test_what_is_a_loop_in_the_training_data_is_none_in_a_sample(rnnlab):
    """The song is one note again and again."""
    _prefers("d8", f"dataset.inline=g8 e8 e4 f8 {'d8 ' * 60}")

    assert "stuck" not in rnnlab("generate", "--length", "50").stderr


def test_the_free_run_of_an_evaluation_is_stuck_too(rnnlab):
    """As a field, and in the table."""
    _prefers("d8", "generation.length=40", f"dataset.inline=g8 e8 e4 f8 {'c8 e8 d8 f8 g8 ' * 8}")

    result = json.loads(rnnlab("evaluate", "--json").stdout)["free_running"]["collapse"]
    table = " ".join(rnnlab("evaluate").stdout.split())

    assert (result["kind"], result["start"], result["length"]) == ("one_token", 1, 40)
    assert "stuck: from generated note 1 on only d8, 40 times; likely cause: greedy decoding" in table


def _prefers(note: str, *overrides: str) -> None:
    """A run of the song whose model always prefers one note."""
    run = run_of(SONG, *overrides)
    model = run.load_model()
    model.weights["head/kernel"][:] = 0
    model.weights["head/bias"][model.tokens.index(note)] += 100
    run.save_model(model)
