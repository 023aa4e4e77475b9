"""`rnnlab evaluate`, on models with random weights."""

import json
import math
from pathlib import Path

import pytest

from tests.trained import SENTENCE, SONG, STREAM, run_of

MEASURES = {"split", "loss", "bits_per_token", "perplexity", "accuracy", "correct", "tokens", "run"}


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
    assert free.keys() == {"seed", "length", "correct", "accuracy", "first_divergence", "exact", "sequence"}
    truth = "d8 d4 c8 d8 e8 f8 g8 g8 g4".split()
    right = [note == true for note, true in zip(free["sequence"], truth, strict=True)]
    assert (free["seed"], free["length"], free["correct"]) == ("g8 e8 e4 f8", 9, sum(right))
    assert free["first_divergence"] == right.index(False) + 1
    assert free["exact"] is False


def test_the_measures_are_of_one_another(rnnlab):
    """Bits are nats / ln 2, perplexity is e to the nats, accuracy is a share of the tokens."""
    run_of(SENTENCE)

    result = as_json(rnnlab)

    assert result["bits_per_token"] == pytest.approx(result["loss"] / math.log(2))
    assert result["perplexity"] == pytest.approx(math.exp(result["loss"]))
    assert result["accuracy"] == result["correct"] / result["tokens"]


def test_windows_of_text_are_put_together_again(rnnlab):
    """27 characters give 26 predicted ones; and windows without state have a ceiling."""
    run_of(SENTENCE)

    result = as_json(rnnlab)

    assert result.keys() == MEASURES | {"free_running", "reconstruction", "accuracy_ceiling"}
    assert len(result["reconstruction"]) == len("if you want to build a ship") - 1
    assert result["accuracy_ceiling"]["accuracy"] == 101 / 110


def test_the_held_out_part_is_measured_where_there_is_one(rnnlab):
    """And any other on demand; without a seed in the configuration there is no free run, nor a word of it."""
    run_of(STREAM)

    held_out, train = as_json(rnnlab), as_json(rnnlab, "--split", "train")

    assert held_out.keys() == MEASURES
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
    assert values[1] == f"{result['loss']:.4g} nats per token, {result['bits_per_token']:.4g} bits"
    assert values[4] == "0.9182 (101 of 110) for any model without state"
    assert values[5].startswith(
        f"{result['free_running']['correct']} of 9 right from 'if yo', first wrong at"
    )
    assert values[6] == "".join(result["free_running"]["sequence"])
    assert values[7] == result["reconstruction"]
