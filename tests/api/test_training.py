"""Training from Python: in a script, a notebook, a thread."""

import signal
import threading
from pathlib import Path

import numpy as np
import pytest

import rnnlab
from tests.experiments import SONG


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_page_becomes_a_run_in_silence(capfd):
    """Named after its file; nothing is printed, and the handlers of signals are as before."""
    Path("song.yaml").write_text(SONG)
    before = signal.getsignal(signal.SIGINT)

    run = rnnlab.train("song.yaml")

    assert run.path == Path("runs/song-1")
    assert len(run.history) == run.config.training.epochs == 3
    assert run.evaluate().metrics.tokens == 9
    assert capfd.readouterr() == ("", "")
    assert signal.getsignal(signal.SIGINT) is before


def test_the_same_again_in_threads_is_the_same_run():
    """Trainings of several threads take turns, and none of them can be interrupted by a signal."""
    experiment = rnnlab.load_config(SONG)
    runs = [rnnlab.train(experiment)]

    threads = [threading.Thread(target=lambda: runs.append(rnnlab.train(experiment))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(run.path.name for run in runs) == ["lstm-1", "lstm-2", "lstm-3"]
    assert len({run.history.steps.loss.tobytes() for run in runs}) == 1


def test_a_run_goes_on_with_more_epochs():
    """As one that had them from the beginning."""
    left = rnnlab.train(SONG, name="left", run_dir="mine")

    told = []
    run = rnnlab.resume(left, set={"training.epochs": 5}, tell=told.append)

    whole = rnnlab.train(rnnlab.load_config(SONG, "training.epochs=5"))
    assert left.path == run.path == Path("mine")
    assert told == ["going on after step 27"]
    assert (run.history.steps.loss == whole.history.steps.loss).all()
    with pytest.raises(rnnlab.UsageError, match="cannot be resumed with other settings"):
        rnnlab.resume("mine", "model.units=9")


def test_what_only_the_data_shows_has_its_place():
    """A file's line and column, a text's, or the name of the setting; and so for a run that goes on."""
    page = "dataset: {kind: text, inline: abcabcabc, window: 2}\nmodel: {kind: lstm, units: 2}\n"
    page += "training: {batching: windows, epochs: 1}\ngeneration: {seed: xyz}\n"
    Path("page.yaml").write_text(page)

    with pytest.raises(
        rnnlab.ConfigError, match=r"^page\.yaml:4:20: generation\.seed: seed:1:1: character 'x'"
    ):
        rnnlab.train("page.yaml")
    with pytest.raises(rnnlab.ConfigError, match=r"^config:4:20: generation\.seed: seed:1:1: character 'x'"):
        rnnlab.train(page)
    with pytest.raises(rnnlab.ConfigError, match=r"^generation\.seed: seed:1:1: character 'x'"):
        rnnlab.train(rnnlab.load_config(page))


def test_progress_is_shown_to_whoever_asks():
    """Where training stands after each chunk but the first; `print` shows it as a sentence."""
    shown = []

    rnnlab.train(SONG, progress=shown.append)

    assert shown[-1].step == shown[-1].steps == 3 * 9
    assert str(shown[-1]).startswith("epoch 3, step 27 of 27: loss ")


@pytest.mark.parametrize("name", ["../song", "a/b", "/tmp/x"])
def test_a_name_is_no_path(name):
    """A run is made in `runs/`, or where `run_dir` says."""
    with pytest.raises(rnnlab.UsageError, match="expected a name without a folder"):
        rnnlab.train(SONG, name=name)

    assert not Path("runs").exists()


def test_an_interruption_is_an_error_that_says_how_to_go_on():
    """What a notebook's stop button does: everything is saved, and the kernel lives."""
    experiment = rnnlab.load_config(SONG, "training.epochs=1000000")

    with pytest.raises(rnnlab.Interrupted, match=r"interrupted after \d+ epochs, all of it saved"):
        rnnlab.train(experiment, progress=lambda _: signal.raise_signal(signal.SIGINT))

    assert len(rnnlab.load_run().history.steps) > 0


TEXT = """
dataset: {kind: text, inline: if you want to build a ship, window: 5, target: shifted}
model: {kind: gru, units: 5}
"""


def test_a_file_and_its_text_are_the_same_experiment(tmp_path, monkeypatch):
    """As long as no path is in it, which would be relative to the file."""
    monkeypatch.chdir(tmp_path)
    Path("page.yaml").write_text(TEXT)

    assert (
        rnnlab.load_config("page.yaml") == rnnlab.load_config(Path("page.yaml")) == rnnlab.load_config(TEXT)
    )


def test_a_text_on_one_line_is_a_text():
    """It begins with a brace, as no file's name does that one would give."""
    experiment = rnnlab.load_config(
        "{dataset: {kind: text, inline: abc, window: 1}, model: {kind: gru, units: 2}}"
    )

    assert experiment.model.units == (2,)


def test_settings_are_text_or_values():
    """Those that are values come last."""
    experiment = rnnlab.load_config(
        TEXT,
        "model.units=7",
        "training.epochs=3",
        set={"model.units": [8, 9], "training.batch_size": np.int64(2)},
    )

    assert experiment.model.units == (8, 9)
    assert (experiment.training.epochs, experiment.training.batch_size) == (3, 2)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "no",
        "1e5",
        "a: b, [c] # d",
        "? x",
        "x\ny",
        "\x85\x7f",
        "😀 나비야",
        "'\"",
        "g8 " * 300 + "g8",
    ],
)
def test_a_text_is_taken_as_it_is(text):
    """Whatever it would be in YAML."""
    assert rnnlab.load_config(TEXT, set={"dataset.inline": text}).dataset.inline == text


def test_a_path_is_relative_to_the_working_folder(tmp_path, monkeypatch):
    """As for `--set`; and it takes the place of what the text has."""
    monkeypatch.chdir(tmp_path)

    dataset = rnnlab.load_config(TEXT, set={"dataset.path": Path("my.txt")}).dataset

    assert (dataset.path, dataset.inline) == ((tmp_path / "my.txt",), None)


def test_what_cannot_be_is_a_config_error():
    """With every line; each begins with the key, since Python has no flags."""
    with pytest.raises(rnnlab.ConfigError) as caught:
        rnnlab.load_config(TEXT, set={"model.units": -1, "training.epoch": 2})

    assert str(caught.value) == (
        "model.units: expected 1 or more, received -1\ntraining.epoch: unknown key; did you mean 'epochs'?"
    )


def test_what_yaml_has_not_is_a_type_error():
    """It is no setting of anything."""
    with pytest.raises(TypeError, match="expected a value that YAML has, such as 256, received object"):
        rnnlab.load_config(TEXT, set={"model.units": object()})
