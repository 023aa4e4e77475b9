"""`rnnlab evaluate`, on models with random weights."""

import csv
import json
import math
import re
from pathlib import Path

import pytest

from tests.at_a_terminal import terminal
from tests.trained import SENTENCE, SONG, STREAM, run_of

MEASURES = {
    *(
        "split",
        "loss",
        "bits_per_token",
        "perplexity",
        "accuracy",
        "top_5_accuracy",
        "correct",
        "tokens",
        "notes",
        "left_out",
        "run",
    )
}
OF_TEXT = MEASURES | {"bits_per_character"}


def as_json(rnnlab, *arguments):
    """The JSON object that evaluate prints."""
    answer = rnnlab("evaluate", *arguments, "--json")
    assert answer.exit_code == 0
    return json.loads(answer.stdout)


def test_a_model_with_state_is_measured_and_runs_freely(rnnlab):
    """The fields that scripts rely on: nine targets, nine generated notes against the song's."""
    run_of(SONG)

    result = as_json(rnnlab)

    assert result.keys() == MEASURES | {"free_running"}
    assert (result["split"], result["tokens"], result["run"]) == ("train", 9, "runs/song-1")
    free = result["free_running"]
    assert free.keys() == {
        *("seed", "length", "correct", "accuracy", "first_divergence", "exact", "sequence", "collapse"),
    }
    truth = "d8 d4 c8 d8 e8 f8 g8 g8 g4".split()
    right = [note == true for note, true in zip(free["sequence"], truth, strict=True)]
    assert (free["seed"], free["length"], free["correct"]) == ("g8 e8 e4 f8", 9, sum(right))
    assert free["first_divergence"] == right.index(False) + 1
    assert free["exact"] is False


def test_the_measures_are_of_one_another(rnnlab):
    """Bits are nats / ln 2, perplexity is e to the nats, accuracy is a share; characters are tokens."""
    run_of(SENTENCE)

    result = as_json(rnnlab)

    assert result["bits_per_token"] == pytest.approx(result["loss"] / math.log(2))
    assert result["bits_per_character"] == result["bits_per_token"]
    assert result["perplexity"] == pytest.approx(math.exp(result["loss"]))
    assert result["accuracy"] == result["correct"] / result["tokens"]


def test_windows_of_text_are_put_together_again(rnnlab):
    """27 characters give 26 predicted ones; and windows without state have a ceiling."""
    run_of(SENTENCE)

    result = as_json(rnnlab)

    assert result.keys() == OF_TEXT | {"free_running", "reconstruction", "accuracy_ceiling"}
    assert len(result["reconstruction"]) == len("if you want to build a ship") - 1
    assert result["accuracy_ceiling"]["accuracy"] == 101 / 110


def test_the_held_out_part_is_measured_where_there_is_one(rnnlab):
    """And any other on demand; without a seed in the configuration there is no free run, nor a word of it."""
    run_of(STREAM)

    held_out, train = as_json(rnnlab), as_json(rnnlab, "--split", "train")

    assert held_out.keys() == OF_TEXT | {"baselines"}
    assert train.keys() == OF_TEXT
    assert (held_out["split"], held_out["tokens"]) == ("validation", 14)
    assert (train["split"], train["tokens"]) == ("train", 54)


def test_the_newest_run_is_named_on_stderr(rnnlab):
    """Only where it was left out."""
    run_of(SONG)

    assert rnnlab("evaluate").stderr == "using runs/song-1\n"
    assert rnnlab("evaluate", "runs/song-1").stderr == ""


def test_the_last_evaluation_is_kept_in_the_run(rnnlab):
    """`metrics.json` is what `--json` prints; measuring other data does not replace it."""
    run = run_of(SENTENCE)
    Path("other.txt").write_text("if you want a ship")

    result = as_json(rnnlab, str(run.path))
    other = as_json(rnnlab, str(run.path), "--data", "other.txt")

    assert json.loads((run.path / "metrics.json").read_text()) == result
    assert (other["split"], other["tokens"]) == ("data", 5 * (18 - 5))


def test_a_model_file_alone_is_enough(rnnlab, tmp_path):
    """With data in it, on any machine; nothing is written beside it."""
    run = run_of(SENTENCE)
    (tmp_path / "alone").mkdir()
    model = run.model_path.rename(tmp_path / "alone" / "model.safetensors")

    result = as_json(rnnlab, str(model))

    assert result["run"] == str(model)
    assert [path.name for path in model.parent.iterdir()] == ["model.safetensors"]


def test_data_that_has_changed_since_training_is_said(rnnlab):
    """The figures are of the new data."""
    Path("data.txt").write_text("if you want to build a ship")
    run_of(SENTENCE.replace("inline: if you want to build a ship", "path: data.txt"))
    unchanged = rnnlab("evaluate", "runs/song-1")
    Path("data.txt").write_text("if you want a ship")

    changed = rnnlab("evaluate", "runs/song-1")

    assert unchanged.stderr == ""
    assert changed.stderr == (
        "the data has changed since this model was trained on it; the figures are of the new data\n"
    )


def test_text_says_what_each_figure_is(rnnlab):
    """Names on the left, values with their units on the right; the result goes to stdout."""
    run_of(SENTENCE)

    lines = rnnlab("evaluate", "runs/song-1").stdout.splitlines()
    result = as_json(rnnlab, "runs/song-1")

    assert [line[:16].rstrip() for line in lines] == [
        "part", "loss", "perplexity", "accuracy", "ceiling", "free running", "", "reconstruction"
    ]  # fmt: skip
    values = [line[16:] for line in lines]
    assert values[0] == "train, 110 targets"
    assert (
        values[1] == f"{result['loss']:.4g} nats per token, {result['bits_per_token']:.4g} bits per character"
    )
    assert values[4] == "0.9182 (101 of 110) for any model that sees only the window"
    assert values[5].startswith(
        f"{result['free_running']['correct']} of 9 right from 'if yo', first wrong at"
    )
    assert values[6] == "".join(result["free_running"]["sequence"])
    assert values[7] == result["reconstruction"]


def test_what_counting_is_worth_stands_beside_a_held_out_loss(rnnlab):
    """The unigram and the best n-gram; all of both smoothings; and what the network is more or less worth."""
    run_of(STREAM)

    baselines = as_json(rnnlab)["baselines"]
    lines = " ".join(rnnlab("evaluate").stdout.split())

    assert baselines.keys() == {"unigram", "ngram", "losses", "counted_tokens", "left_out_tokens"}
    losses = baselines["losses"]
    assert {smoothing: len(each) for smoothing, each in losses.items()} == {"witten_bell": 8, "kneser_ney": 8}
    assert baselines["unigram"] == {"loss": losses["witten_bell"][0], "order": 1, "smoothing": "witten_bell"}
    best = baselines["ngram"]
    assert best["loss"] == losses[best["smoothing"]][best["order"] - 1] == min(map(min, losses.values()))
    assert (baselines["counted_tokens"], baselines["left_out_tokens"]) == (55, 0)
    assert (
        f"unigram {baselines['unigram']['loss']:.4g}, {best['order']}-gram {best['loss']:.4g} nats" in lines
    )
    assert "the best order and smoothing on this part): the network is" in lines
    assert lines.count(" worse ") == 1


def test_a_file_is_held_out_if_it_is_not_the_training_data(rnnlab):
    """Its baselines are counted on the training data; where that is gone, a line says so."""
    Path("data.txt").write_text("if you want to build a ship")
    Path("other.txt").write_text("if you want a ship")
    Path("same.txt").write_text("if you want to build a ship")
    run_of(SENTENCE.replace("inline: if you want to build a ship", "path: data.txt"))

    other, same = (as_json(rnnlab, "--data", name) for name in ("other.txt", "same.txt"))
    Path("data.txt").unlink()
    gone = rnnlab("evaluate", "runs/song-1", "--data", "other.txt")

    assert other["baselines"]["counted_tokens"] == 27
    assert "baselines" not in same
    assert (gone.exit_code, "baselines" in gone.stdout) == (0, False)
    assert gone.stderr == "no baselines: they are counted on the training data, which cannot be read\n"


def test_free_runs_from_many_seeds(rnnlab):
    """Of the song's windows one is followed by nine notes; JSON and text give the same."""
    run_of(SONG)

    result = as_json(rnnlab, "--seeds", "3")["free_running_seeds"]
    lines = rnnlab("evaluate", "--seeds", "3").stdout

    assert result.keys() == {
        *("seeds", "seed_length", "length", "accuracy"),
        *("median_first_divergence", "exact", "first_divergences"),
    }
    assert (result["seeds"], result["seed_length"], result["length"]) == (1, 4, 9)
    assert "of 9 tokens right after each of 1 window" in lines


def test_each_token_has_a_line(rnnlab):
    """Characters are quoted, so that spaces and line breaks are seen; costs are in nats."""
    run_of(SENTENCE)
    Path("line.txt").write_text("if you want")

    lines = rnnlab("evaluate", "--data", "line.txt", "--per-token").stdout.splitlines()
    answer = as_json(rnnlab, "--data", "line.txt", "--per-token")

    assert (answer["split"], answer["run"]) == ("data", "runs/song-1")
    assert "".join(each["token"] for each in answer["per_token"]) == "f you want"
    assert lines[0].split() == ["index", "token", "nats", "probability", "rank", "expected"]
    assert len(lines) == 1 + len(answer["per_token"])
    first, space = answer["per_token"][:2]
    assert first.keys() == {"index", "token", "nats", "probability", "rank", "expected"}
    assert (first["index"], space["index"], space["token"]) == (2, 3, " ")
    assert math.exp(-first["nats"]) == pytest.approx(first["probability"])
    assert lines[2].startswith("3        ' '  ")
    assert lines[2].endswith(repr(space["expected"]))


def test_the_end_of_a_tune_is_a_line_of_the_table(rnnlab):
    """A line break that ends a tune is spelled out; notes stand as they are."""
    run_of(SONG, "dataset.inline=g8 e8 e4 f8 d8\nc8 d8 e8 f8 g8", "dataset.unit=line")

    lines = rnnlab("evaluate", "--per-token").stdout.splitlines()

    assert [line.split()[1] for line in lines[1:]] == ["f8", "d8", r"'\n'", "f8", "g8", r"'\n'"]


def test_per_token_leaves_the_last_evaluation_as_it_is(rnnlab):
    """It is no figure of the whole."""
    run = run_of(SENTENCE)

    assert rnnlab("evaluate", "--per-token").exit_code == 0
    assert not (run.path / "metrics.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--folds", "3", "--per-token"), ("--folds", "3", "--seeds", "2"), ("--seeds", "2", "--per-token")],
)
def test_what_does_not_go_together_is_refused(rnnlab, arguments):
    """Before any model is looked for."""
    answer = rnnlab("evaluate", *arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert {"remove", "leave"} & set(answer.stderr.split())


def test_a_terminal_shows_the_fold_that_is_trained(rnnlab, monkeypatch):
    """With its epoch and its loss; nothing is left of the line."""
    monkeypatch.setattr("rnnlab.terminal.trainings.REDRAW_SECONDS", 0.0)
    run_of(SENTENCE, "training.epochs=2", "dataset.split={kind: none, allow_overlap: true}")

    with terminal(monkeypatch, patience=600) as screen:
        rnnlab("evaluate", "--folds", "2")

    drawn = [line for picture in screen.pictures for line in picture]
    assert "fold 1 of 2  starting …" in drawn
    assert any(re.match(r"fold 2 of 2  epoch [12]/2  loss \d", line) for line in drawn)
    assert screen.shown.endswith("\r\x1b[J")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--output", "a.csv"), "--output is the table of the folds; give --folds too"),
        (("--folds", "2", "--overwrite"), "--overwrite replaces the table of --output; give --output too"),
        (("--folds", "2", "--output", "a.txt"), "a.txt: expected a name that ends with .csv"),
        (
            ("--folds", "2", "--output", "there.csv"),
            "there.csv: the file exists; name another, or replace it",
        ),
    ],
)
def test_a_table_that_cannot_be_written_is_refused(rnnlab, options, message):
    """Before anything is trained."""
    Path("there.csv").touch()
    run_of(SENTENCE)

    answer = rnnlab("evaluate", *options)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_folds_leave_the_runs_own_evaluation_as_it_is(rnnlab):
    """They are of other models: they have a file of their own, which `runs show` reads."""
    run = run_of(SENTENCE, "training.epochs=1", "dataset.split={kind: none, allow_overlap: true}")
    own = as_json(rnnlab)

    folds = as_json(rnnlab, "--folds", "2", "--output", "folds.csv")

    assert json.loads((run.path / "metrics.json").read_text()) == own
    assert json.loads((run.path / "folds.json").read_text()) == folds
    rows = list(csv.DictReader(Path("folds.csv").read_text().splitlines()))
    assert [(row["run"], row["fold"]) for row in rows] == [(str(run.path), "1"), (str(run.path), "2")]
    assert [float(row["loss"]) for row in rows] == [fold["loss"] for fold in folds["folds"]]
    assert all(float(row["seconds"]) > 0 for row in rows)
    shown = rnnlab("runs", "show").stdout
    assert "2 folds: mean accuracy" in shown
    assert f"accuracy {own['accuracy']:.4f}" in shown
