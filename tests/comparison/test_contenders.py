"""Runs that differ in nothing but their random seed are trials of one contender."""

from dataclasses import replace
from pathlib import Path

import pytest

from rnnlab.comparison.contenders import Entry, compare, grouped
from rnnlab.errors import UsageError
from rnnlab.runs.folder import RunFolder
from tests.trained import SENTENCE, SONG, run_of, trained
from tests.trained_tasks import LABEL, PAIRS, task_run_of

HEADER = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def entry(path: str, text: str, *overrides: str) -> Entry:
    """An entry without files."""
    return Entry(Path(path), trained(text, Path.cwd(), *overrides), RunFolder(Path(path)))


def named(*entries: Entry) -> dict[str, list[str]]:
    """The paths of each contender, by its name."""
    return {name: [str(each.path) for each in group] for name, group in grouped(entries).items()}


def seed(number: int) -> str:
    """A random seed as an override."""
    return f"training.random_seed={number}"


def test_trials_of_one_configuration_are_one_contender():
    """The number of the run, or that of the seed, is no part of its name."""
    runs = [
        entry("runs/a/song-seed-0", SONG),
        entry("runs/a/song-seed-1", SONG, seed(1)),
        entry("runs/other-1", SONG, "model.units=7"),
        entry("runs/text-1", SENTENCE),
        entry("runs/text-2", SENTENCE, seed(1), "training.checkpoint={every_epochs: 2}"),
    ]

    assert named(*runs) == {
        "song": ["runs/a/song-seed-0", "runs/a/song-seed-1"],
        "other-1": ["runs/other-1"],
        "text": ["runs/text-1", "runs/text-2"],
    }


def test_the_same_seed_again_is_another_contender():
    """Two trainings of one thing count as one only where chance differs; names stay apart."""
    runs = [entry(f"runs/{name}-{number}", SONG, seed(number)) for name in ("a", "b") for number in (1, 2)]
    again = [entry("x/song-1", SONG), entry("y/song-1", SONG)]

    assert list(named(*runs)) == ["a", "b"]
    assert list(named(*again)) == ["x/song-1", "y/song-1"]


def test_a_model_file_is_named_by_its_path():
    """There is no run to name it after."""
    file = replace(entry("some/model-1.safetensors", SONG), run=None)

    assert list(named(file, entry("runs/song-1", SENTENCE))) == ["some/model-1.safetensors", "song-1"]


def test_what_is_not_quite_of_the_same_thing_is_noted():
    """Targets, epochs, and a training that was cut short."""
    first, second = run_of(SONG), run_of(SONG, "dataset.window=3", "model.units=4", name="short")
    for run, epochs in ((first, 10), (second, 4)):
        rows = "".join(f"{epoch},1,1,,,{epoch}\n" for epoch in range(1, epochs + 1))
        (run.path / "history.csv").write_text(HEADER + rows)

    comparison = compare({run.path.name: [Entry(run.path, run.load_model(), run)] for run in (first, second)})

    assert comparison.notes == (
        "runs/short-1: trained for 4 of its 10 epochs",
        "the numbers of targets differ, because the windows differ: song-1 9, short-1 10",
        "losses and accuracies are measured on the training part, not on held-out data",
        "the numbers of epochs differ: song-1 10, short-1 4",
    )
    assert [each.trials[0].seconds for each in comparison.contenders] == [10, 4]


def test_models_for_examples_are_compared_too():
    """Notes are on their tokens; a length of the test is not a target."""
    runs = [
        task_run_of(PAIRS, "dataset.target_token=word", name="words"),
        task_run_of(PAIRS, name="characters"),
    ]

    comparison = compare({run.path.name: [Entry(run.path, run.load_any_model(), run)] for run in runs})

    targets = [each.trials[0].targets for each in comparison.contenders]
    assert comparison.notes == (
        "the numbers of targets differ, because a token is not the same in all, so the losses do not compare:"
        f" words-1 {targets[0]}, characters-1 {targets[1]}",
    )


def test_different_tasks_are_refused():
    """In one line."""
    song, label = run_of(SONG), task_run_of(LABEL)
    groups = {"song": [Entry(song.path, song.load_model(), song)]}
    groups["label"] = [Entry(label.path, label.load_any_model(), label)]

    with pytest.raises(UsageError, match=r"^runs/song-1 and runs/task-1: of different tasks"):
        compare(groups)


def test_different_data_is_refused():
    """Within a contender too."""
    song, text = (
        Entry(run.path, run.load_model(), run) for run in (run_of(SONG), run_of(SENTENCE, name="text"))
    )

    for groups in ({"song": [song], "text": [text]}, {"both": [song, text]}):
        with pytest.raises(UsageError, match="runs/song-1 and runs/text-1: measured on different data"):
            compare(groups)
