"""A run in Python: what the command line says of it, as values."""

import json
import os
import re
from pathlib import Path

import pytest

import rnnlab
from rnnlab.commands import run as command_line
from tests.keeping import keeping
from tests.trained import SONG, STREAM, run_of


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_is_found_by_its_folder_or_as_the_newest():
    """Its path is the folder, and it says so."""
    run_of(SONG)
    run_of(STREAM)

    assert rnnlab.load_run("runs/song-1").config.dataset.kind == "notes"
    assert rnnlab.load_run().path == Path("runs/song-2")
    assert repr(rnnlab.load_run()) == "<rnnlab.Run runs/song-2>"


def test_no_run_is_a_run_error():
    """The same errors as on the command line."""
    with pytest.raises(rnnlab.RunError, match="no run yet in runs/"):
        rnnlab.load_run()


@pytest.mark.parametrize("split", [None, "train", "validation"])
def test_evaluating_gives_what_the_command_prints(capsys, split):
    """To the last digit."""
    run_of(STREAM)

    assert command_line(["evaluate", "--json", *(["--split", split] if split else [])]) == 0

    printed, metrics = json.loads(capsys.readouterr().out), rnnlab.load_run().evaluate(split).metrics
    assert printed["loss"] == metrics.loss
    assert printed["accuracy"] == metrics.accuracy


def test_generating_gives_what_the_command_prints(capsys):
    """Given or configured, each setting is the same."""
    run_of(SONG)

    assert command_line(["generate", "--temperature", "1", "--samples", "2", "--length", "5"]) == 0

    samples = rnnlab.load_run().generate(temperature=1, samples=2, length=5)
    assert capsys.readouterr().out == "\n\n".join(sample.text for sample in samples) + "\n"
    assert [len(sample.sequence) for sample in samples] == [5, 5]
    assert all(sample.log_probability < 0 for sample in samples)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1}, "generate: temperature: expected 0 or more, received -1"),
        ({"temperature": float("nan")}, "generate: temperature: expected a finite number, received nan"),
        ({"length": 0}, "generate: length: expected 1 or more, received 0"),
        ({"length": 2.5}, "generate: length: expected an integer, received 2.5"),
        ({"top_p": 1.5}, "generate: top_p: expected at most 1, received 1.5"),
        ({"stop": "g4 d4"}, "expected one token, received 2"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings, message):
    """What was expected, and what was received."""
    run_of(SONG)

    with pytest.raises(rnnlab.UsageError) as caught:
        rnnlab.load_run().generate(**settings)

    assert message in str(caught.value)


def test_a_strangers_run_opens_no_data():
    """What a run from elsewhere names is not read; a file that is asked for is."""
    Path("secret.txt").write_text("the quick brown fox jumps over the lazy dog")
    run_of(STREAM, "dataset.path=secret.txt")
    Path("elsewhere").mkdir()
    os.rename("runs/song-1", "elsewhere/song-1")
    run = rnnlab.load_run("elsewhere/song-1")

    with pytest.raises(rnnlab.DataError) as caught:
        run.evaluate()
    secret = str(Path("secret.txt").absolute())
    assert str(caught.value) == (
        f"elsewhere/song-1: it names data, {secret}, and is not known as a run of yours"
        f" (no signature.json in it); to have it opened: evaluate(data={secret!r}, split='validation')"
    )
    Path("other.txt").write_text("the lazy dog")
    with pytest.raises(rnnlab.UsageError, match=r"to measure all of it: evaluate\(data='other.txt'\)"):
        run.evaluate("test", data="other.txt")
    assert run.evaluate(data="secret.txt").split == "data"


HISTORY = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n1,4,0.5,,,1\n2,2,0.5,,,2\n"


def test_a_notebook_shows_facts_curves_and_music():
    """A table, the curves, a score and a player, of which nothing is fetched and nothing is a script."""
    run_of(SONG, name="<song>").write("history.csv", HISTORY)

    shown = rnnlab.load_run()._repr_html_()

    assert "runs/&lt;song&gt;-1" in shown
    assert "lstm 8 → 6 → 8" in shown
    assert "2 epochs, 0 steps, 2.0 s; kept epoch 2: train loss 2 nats per token" in shown
    assert shown.count("<audio") == 1
    assert shown.count("<svg") >= 3
    assert "<script" not in shown
    assert set(re.findall(r'(?:src|href)="(\w+:|#)', shown)) <= {"data:", "#"}


def test_a_notebook_opens_no_data():
    """It shows a run at once, whoever made it: what needs the data, such as n-grams, is left out."""
    run_of(STREAM).write("history.csv", HISTORY.replace(",,,", ",2,1,"))

    shown = rnnlab.load_run()._repr_html_()

    assert "<svg" in shown
    assert "n-gram" not in shown


def test_a_notebook_shows_an_evaluation_and_samples():
    """Measures, curves, and for notes scores with players; texts are shaded; nothing is a script."""
    run_of(SONG).write("history.csv", HISTORY)
    song = rnnlab.load_run()
    evaluation, samples = song.evaluate(), song.generate(temperature=1, samples=2, length=5)
    run_of(STREAM).write("history.csv", HISTORY)
    text = rnnlab.load_run().generate("the", temperature=1, samples=2, length=5)

    shown = [each._repr_html_() for each in (evaluation, samples, text)]

    assert [each.count("<audio") for each in shown] == [2, 2, 0]
    assert [each.count('class="chart"') for each in shown] == [2, 2, 2]
    assert [each.count('class="written"') for each in shown] == [0, 0, 2]
    assert "Wrong notes are red and ringed." in shown[0]
    assert "accuracy" in shown[0]
    assert samples == (*samples,)
    assert not any("<script" in each or "narrow" in each for each in shown)


@pytest.mark.parametrize("damage", ["model.safetensors", "history.csv"])
def test_a_notebook_shows_a_damaged_run_too(damage):
    """What cannot be read is said in place of its facts, and the rest is there."""
    run = run_of(SONG)
    run.write("history.csv", HISTORY)
    run.write(damage, "x" * 100)

    shown = rnnlab.load_run()._repr_html_()

    assert f"{damage}:" in shown
    is_model = damage == "model.safetensors"
    assert ("kept epoch 2: train loss 2" in shown) == ("lstm 8" not in shown) == is_model


def test_exporting_writes_what_the_command_writes():
    """The same file, by the same name."""
    run_of(SONG)

    exported = rnnlab.load_run().export("song.onnx", state=True)

    assert exported.path == exported.vocabulary == Path("song.onnx")
    assert exported.difference < 1e-5
    with pytest.raises(rnnlab.UsageError, match=r"song.onnx: exists already"):
        rnnlab.load_run().export("song.onnx")
    with pytest.raises(rnnlab.UsageError, match="format: expected one of keras, onnx, saved_model"):
        rnnlab.load_run().export("song", format="h5")


@pytest.mark.parametrize(
    ("language", "environment", "expected"), [(None, "ko_KR.UTF-8", "ko"), ("en", "ko", "en")]
)
def test_a_page_has_the_language_of_the_environment_or_another(monkeypatch, language, environment, expected):
    """As the command does; other formats have none."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", environment)
    run_of(SONG)

    exported = rnnlab.load_run().export("song.html", language=language)

    assert f'<html lang="{expected}"' in exported.path.read_text(encoding="utf-8")


def test_a_language_that_cannot_be_is_refused():
    """In a page it is en or ko; another format has none."""
    run_of(SONG)
    run = rnnlab.load_run()

    with pytest.raises(rnnlab.UsageError, match=r"^language: expected en or ko, received 'de'$"):
        run.export("song.html", language="de")
    with pytest.raises(rnnlab.UsageError, match=r"^language: expected en or ko, received 'de'$"):
        run.play(language="de")
    with pytest.raises(
        rnnlab.UsageError, match=r"^language: only a page has one, and the format is keras; leave"
    ):
        run.export("song.keras", language="ko")


def test_a_page_refuses_the_state_of_other_formats():
    """As the command does: a page has the state anyway."""
    run_of(SONG)

    with pytest.raises(rnnlab.UsageError, match=r"^state: a page runs the model step by step anyway; leave"):
        rnnlab.load_run().export("song.html", state=True)
    assert not Path("song.html").exists()


def test_originality_gives_what_the_command_prints(capsys):
    """The figures of each sample, and the judgement."""
    keeping(run_of(STREAM))
    options = ["--seed", "the", "--temperature", "1", "--length", "30", "--originality", "--json"]
    assert command_line(["generate", *options]) == 0

    run = rnnlab.load_run()
    found = run.originality(run.generate("the", temperature=1, length=30))

    printed = json.loads(capsys.readouterr().out)
    copy = found.samples[0].longest_copy
    assert printed["samples"][0]["originality"]["longest_copy"] == vars(copy)
    assert printed["originality"]["judgement"] == found.judgement


def test_originality_without_training_data_is_a_data_error():
    """The message has the remedy."""
    run_of(STREAM, "dataset.keep=false")
    run = rnnlab.load_run()

    with pytest.raises(
        rnnlab.DataError, match=r"runs/song-1 keeps no training data; train with dataset\.keep"
    ):
        run.originality(run.generate("the", length=3))
