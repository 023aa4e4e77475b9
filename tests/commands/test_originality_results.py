"""`rnnlab generate --originality`, with models of random weights."""

import json
import shutil

import pytest

from tests.keeping import keeping
from tests.trained import SONG, STREAM, run_of
from tests.trained_tasks import FROM_LABEL, task_run_of

DRAWN = ["--temperature", "1", "--length", "40", "--samples", "2"]


def test_a_table_on_stderr_has_a_row_for_each_sample_and_for_held_out_data(rnnlab):
    """The samples alone are on stdout, the same as without the option."""
    keeping(run_of(STREAM))

    plain, answer = (rnnlab("generate", "--seed", "the", *DRAWN, *more) for more in ([], ["--originality"]))

    assert answer.exit_code == 0
    assert answer.stdout == plain.stdout
    lines = answer.stderr.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("originality"))
    assert lines[head].split() == [
        *("originality", "longest", "copy", "new", "2-grams", "4-grams", "8-grams", "16-grams", "32-grams")
    ]
    assert [line.partition("  ")[0] for line in lines[head + 1 : head + 4]] == [
        "sample 1",
        "sample 2",
        "validation, 1 stretch",
    ]
    assert lines[head + 4].startswith("the longest copy, at dataset.inline:1:")
    assert lines[head + 5].startswith("Not a copyist: 0% of the written characters lie in runs of ")


def test_the_json_has_the_figures_of_each_sample_and_of_held_out_data(rnnlab):
    """Beside the fields that it has without the option."""
    keeping(run_of(STREAM))

    result = json.loads(rnnlab("generate", "--seed", "the", *DRAWN, "--originality", "--json").stdout)

    assert result.keys() == {"samples", "random_seed", "settings", "model_sha256", "originality"}
    for sample in result["samples"]:
        figures = sample["originality"]
        copy = figures["longest_copy"]
        assert copy.keys() == {"length", "text", "place"}
        assert copy["text"] in "".join(sample["sequence"])
        assert len(copy["text"]) == copy["length"]
        assert figures["new_ngrams"].keys() == figures["copied"].keys() == {"2", "4", "8", "16", "32"}
        assert copy["text"] in figures["nearest"]["text"]
    held_out = result["originality"]["held_out"]
    assert held_out["part"] == "validation"
    assert held_out["longest_copy"].keys() == {"length", "text", "place"}
    assert result["originality"]["verdict"] == "original"


@pytest.mark.parametrize("task", ["notes", "from_label"])
def test_every_task_that_writes_has_the_figures(rnnlab, task):
    """Places are notes of a file, or the rows of a label."""
    run = keeping(run_of(SONG) if task == "notes" else task_run_of(FROM_LABEL))
    label = [] if task == "notes" else ["--label", "Korean"]

    result = json.loads(rnnlab("generate", str(run.path), *label, *DRAWN, "--originality", "--json").stdout)

    places = [each["originality"]["longest_copy"]["place"] for each in result["samples"]]
    begin = "dataset.inline, note " if task == "notes" else "dataset.inline, sequence "
    assert all(place.startswith(begin) for place in places)
    assert (result["originality"]["held_out"] is None) == (task == "notes")


def test_a_lone_model_file_says_what_it_cannot_tell(rnnlab):
    """In one line, with exit code 0; the fields of the JSON are null."""
    run = keeping(run_of(SONG))
    shutil.copy(run.model_path, "song.safetensors")

    answer = rnnlab("generate", "song.safetensors", "--originality", "--json")

    said = (
        "it cannot be told what is copied: song.safetensors is a model file, which has no training data; name"
        " its run folder"
    )
    assert (answer.exit_code, answer.stderr) == (0, f"{said}\n")
    result = json.loads(answer.stdout)
    assert [each["originality"] for each in result["samples"]] == [None]
    assert result["originality"] == {"held_out": None, "verdict": None, "judgement": said}


def test_of_many_samples_the_first_have_a_row(rnnlab):
    """The others are counted; the JSON has all."""
    keeping(run_of(STREAM))
    many = ["--seed", "the", "--length", "9", "--samples", "25", "--originality"]

    answer, as_json = rnnlab("generate", *many), rnnlab("generate", *many, "--json")

    assert sum(line.startswith("sample ") for line in answer.stderr.splitlines()) == 20
    assert "and 5 more samples" in answer.stderr
    assert "new 2-grams" not in as_json.stderr
    assert all(each["originality"] for each in json.loads(as_json.stdout)["samples"])
