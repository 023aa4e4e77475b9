"""`rnnlab trace`, with models of random and of initial weights."""

import json
import math
import os
import pty
import re
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import BinaryIO

import pytest

from rnnlab.commands import run
from rnnlab.terminal.text import visible, width_of
from tests.terminal.test_text import HOSTILE, MODEL
from tests.trained import SENTENCE, SONG, STREAM, run_of

HELLO = """
dataset: {kind: text, inline: hello, vocabulary: helo, encoding: one_hot, window: 4, target: shifted}
model: {kind: simple_rnn, units: 7}
training: {batching: windows}
"""
COLOURS = re.compile("\x1b\\[[0-9;]*m")


@pytest.mark.parametrize(
    ("texts", "shapes"),
    [
        (["h"], "input (1, 1, 4) → simple_rnn_1 (1, 1, 2) → head (1, 1, 4)"),
        (["hello"], "input (1, 5, 4) → simple_rnn_1 (1, 5, 2) → head (1, 5, 4)"),
        (["hello", "eolll", "lleel"], "input (3, 5, 4) → simple_rnn_1 (3, 5, 2) → head (3, 5, 4)"),
    ],
)
def test_e2_has_the_lectures_shapes(rnnlab, texts, shapes):
    """A configuration with its initial weights, one letter, a word and a batch; every value of h is there."""
    Path("hello.yaml").write_text(HELLO)
    inputs = [word for text in texts for word in ("--input", text)]

    answer = rnnlab("trace", "hello.yaml", "--untrained", "--set", "model.units=2", *inputs)

    assert answer.exit_code == 0
    assert answer.stdout.startswith(f"shapes  {shapes}\n")
    assert len(re.findall(r"[+-]\d\.\d{3}", answer.stdout)) == 2 * sum(map(len, texts))
    assert answer.stderr == "not trained: the initial weights of random seed 0\n"


def test_one_layer_needs_no_configuration(rnnlab):
    """`--hidden`: the letters of the inputs are the vocabulary, and `--set` still changes everything."""
    plain = rnnlab("trace", "--untrained", "--hidden", "2", "--input", "hello").stdout
    lstm = rnnlab(
        "trace", "--untrained", "--hidden", "2", "--input", "hello", "--set", "model.kind=lstm"
    ).stdout

    assert "input (1, 5, 4) → simple_rnn_1 (1, 5, 2) → head (1, 5, 4)" in plain
    assert "lstm_1: forget gate f, 0 to 1" in lstm


@pytest.mark.parametrize("text", ["😀a", '"quoted" # \\', "null", "12", "a: b\t\x85"])
def test_the_input_of_one_layer_may_be_any_text(rnnlab, text):
    """Whatever YAML would make of it."""
    answer = rnnlab("trace", "--untrained", "--hidden", "2", "--input", text, "--json")

    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["vocabulary"] == list(dict.fromkeys(text))


def test_the_random_seed_decides_the_initial_weights(rnnlab):
    """The same gives the same, another other ones."""
    line = ["trace", "--untrained", "--hidden", "2", "--input", "hello", "--set"]

    first, again, other = (rnnlab(*line, f"training.random_seed={seed}").stdout for seed in "001")

    assert first == again != other


def test_what_was_expected_and_what_came(rnnlab):
    """The most probable next tokens, and the surprise at the one that came, which `--json` has too."""
    run_of(STREAM)

    shown = rnnlab("trace", "--input", "the", "--top", "2").stdout
    result = json.loads(rnnlab("trace", "--input", "the", "--json").stdout)

    table = shown.partition("Next token\n")[2].splitlines()
    assert table[0].split() == "step token expected 1 expected 2 came nats".split()
    probabilities = sorted(result["probabilities"][0][0], reverse=True)
    assert f"{probabilities[0]:.4f}" in table[1]
    assert f"{probabilities[1]:.4f}" in table[1]
    assert table[1].endswith(f"'h'  {result['surprise'][0][0]:.4f}")
    assert len(table) == 4


def test_the_json_has_every_value(rnnlab):
    """By layer and name; what a softmax of the logits is; null where nothing came."""
    run_of(SENTENCE)

    result = json.loads(rnnlab("trace", "--input", "if yo", "--json").stdout)

    assert result.keys() == {
        *("shapes", "vocabulary", "tokens", "starts", "counted", "layers", "logits", "probabilities"),
        *("next", "surprise", "notes"),
    }
    assert result["shapes"] == {
        "input": [1, 5, 16],
        "gru_1": [1, 5, 5],
        "gru_2": [1, 5, 7],
        "head": [1, 5, 16],
    }
    assert [layer["name"] for layer in result["layers"]] == ["gru_1", "gru_2"]
    values = result["layers"][1]["values"]
    assert list(values) == ["z", "r", "candidate", "h"]
    assert [len(values["h"]), len(values["h"][0]), len(values["h"][0][0])] == [1, 5, 7]
    exponentials = [math.exp(logit) for logit in result["logits"][0][2]]
    expected = [each / sum(exponentials) for each in exponentials]
    assert result["probabilities"][0][2] == pytest.approx(expected)
    assert result["next"][0] == ["f", " ", "y", "o", None]
    assert result["surprise"][0][4] is None


def test_the_newest_run_is_said_and_its_seed_is_read(rnnlab):
    """As `generate` does; a note on how it is read goes to stderr too."""
    run_of(SONG)

    answer = rnnlab("trace")

    assert answer.exit_code == 0
    assert "step 1     g8      e8      e4      f8" in answer.stdout
    assert answer.stderr == "using runs/song-1\n"
    assert "read as in training" in rnnlab("trace", "--input", "g8 e8 e4 f8 d8").stderr


def test_many_units_and_steps_are_bounded_and_that_is_said(rnnlab):
    """The most varying units and the first steps, unless others are chosen."""
    run_of(STREAM, "model.units=40")

    answer = rnnlab("trace", "--input", "the dog " * 20)
    chosen = rnnlab("trace", "--input", "the dog " * 20, "--units", "1,38-40", "--steps", "150-160")

    units = "simple_rnn_1: the 16 of 40 units whose h varies most; the option units chooses others\n"
    assert units in answer.stderr
    assert "steps 1 to 120 of 160; the option steps chooses others\n" in answer.stderr
    assert len(set(re.findall(r"^unit \d+", answer.stdout, re.MULTILINE))) == 16
    assert re.findall(r"^unit (\d+)", chosen.stdout, re.MULTILINE) == ["1", "38", "39", "40"]
    assert "step 150" in chosen.stdout


@pytest.mark.parametrize("columns", [40, 100])
def test_heat_maps_are_wrapped_to_the_width(rnnlab, monkeypatch, columns):
    """No line of one is wider, with wide characters in it too."""
    monkeypatch.setenv("COLUMNS", str(columns))
    run_of(STREAM.replace("the quick brown fox", "나비야 나비야 quick 나 brown fox"))

    shown = rnnlab("trace", "--input", "나비야 나비야 quick 나 brown fox jumps").stdout

    drawn = [line for line in shown.splitlines() if line.startswith(("step 1 ", "step 2", "unit"))]
    assert columns - 10 < max(map(width_of, drawn)) <= columns


def test_one_unit_is_followed_through_the_text(rnnlab):
    """Without colours, a sign and the tenths of the value stand below each character."""
    run_of(STREAM, "model={kind: lstm, units: 5}")

    shown = rnnlab("trace", "--input", "the fox", "--unit", "3").stdout
    values = json.loads(rnnlab("trace", "--input", "the fox", "--json").stdout)["layers"][0]["values"]

    title, _, text, signs, tenths = shown.splitlines()[:5]
    assert title == "lstm_1, unit 3: tanh(c) after each token, blue -1 to red 1"
    assert text == "the fox"
    for place, sign, tenth in zip(range(7), signs.ljust(7), tenths.ljust(7), strict=True):
        value = math.tanh(values["c"][0][place][2])
        assert abs(float(f"{sign.strip()}0.{tenth.strip() or 0}") - value) <= 0.1
    gate = rnnlab("trace", "--input", "the fox", "--unit", "3", "--value", "f").stdout
    assert gate.startswith("lstm_1, unit 3: f after each token")


def on_a_terminal(monkeypatch, *arguments: str, **settings: str) -> str:
    """What a terminal is sent; it is read while it is written to, since it holds little."""
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    outside, inside = pty.openpty()
    pieces: list[bytes] = []
    with os.fdopen(outside, "rb", buffering=0) as screen:
        reader = threading.Thread(target=lambda: pieces.extend(_read(screen)))
        with os.fdopen(inside, "w", encoding="utf-8") as stream, redirect_stdout(stream):
            reader.start()
            code = run(["trace", "runs/song-1", *arguments])
        reader.join()
    assert code == 0
    return b"".join(pieces).decode().replace("\r\n", "\n")


def _read(screen: BinaryIO) -> Iterator[bytes]:
    """Everything until the other side is closed, which Linux calls an error."""
    with suppress(OSError):
        while piece := screen.read(4096):
            yield piece


@pytest.mark.parametrize("more", [[], ["--unit", "2"]], ids=["heat map", "unit"])
def test_a_terminal_gets_colours_unless_they_are_turned_off(rnnlab, monkeypatch, more):
    """24 bits or 256; `NO_COLOR` and a dumb terminal get none. The text is the same."""
    run_of(STREAM)
    line = ["--input", "the fox", *more]

    many = on_a_terminal(monkeypatch, *line, COLORTERM="truecolor")
    few = on_a_terminal(monkeypatch, *line)
    none = on_a_terminal(monkeypatch, *line, NO_COLOR="1", COLORTERM="truecolor")
    dumb = on_a_terminal(monkeypatch, *line, TERM="dumb")

    assert ";48;2;" in many
    assert ";48;5;" in few
    assert ";48;2;" not in few
    assert "\x1b" not in none
    assert none == dumb
    assert COLOURS.sub("", many) == COLOURS.sub("", few)


@pytest.mark.parametrize("more", [[], ["--unit", "1"], ["--step", "2"], ["--json"]])
@pytest.mark.parametrize("colour", ["", "1"])
def test_tokens_do_not_steer_a_terminal(rnnlab, monkeypatch, more, colour):
    """But for the colours that are ours, nothing is sent that is not shown."""
    run_of(MODEL)

    sent = on_a_terminal(monkeypatch, "--input", HOSTILE, *more, NO_COLOR=colour)

    plain = COLOURS.sub("", sent)
    assert visible(plain) == plain
    assert "x1b" in plain or "u001b" in plain


def test_a_pipe_gets_the_same_drawing_without_colours(rnnlab):
    """A drawing spells controls out there too: they would break its columns."""
    run_of(MODEL)

    shown = rnnlab("trace", "runs/song-1", "--input", HOSTILE).stdout

    assert "\x1b" not in shown
    assert "\\x1b" in shown


def test_a_step_is_a_slide(rnnlab):
    """Each unit's equation with its numbers, the output, and the surprise."""
    Path("hello.yaml").write_text(HELLO)

    shown = rnnlab(
        "trace", "hello.yaml", "--untrained", "--input", "hel", "--step", "2", "--units", "1,7"
    ).stdout

    assert shown.count("h[2] = tanh(x W + b + h[1] U) = tanh(") == 2
    assert "simple_rnn_1, unit 7 of 7, step 2, token 'e'; x = (0, 1, 0, 0)" in shown
    assert "the 3 largest, and the other 4 added up" in shown
    assert "surprise at 'l' = -ln p = ln Σ exp(logits) - logit = " in shown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("runs/song-1 --input Z", "input:1:1: character 'Z' is not in the vocabulary"),
        ("runs/song-1 --input=", "--input: expected at least one token, received none"),
        ("runs/song-1", "no input: the configuration has no seed; give one, e.g.: --input"),
        ("runs/song-1 --input the --input do", "--input: expected inputs of equally many tokens"),
        ("runs/song-1 --input the --step 4", "--step: the input has 3 steps, received 4"),
        ("runs/song-1 --input the --unit 9", "--unit: simple_rnn_1 has 8 units, received 9"),
        ("runs/song-1 --input the --unit 1 --value c", "--value: simple_rnn_1 has h, received 'c'"),
        ("runs/song-1 --input the --units 9", "--units: expected numbers from 1 to 8, received '9'"),
        ("runs/song-1 --input the --steps 4", "--steps: expected numbers from 1 to 3, received '4'"),
        ("runs/song-1 --input the --layer 2", "--layer: expected a number from 1 to 1, received 2"),
        ("runs/song-1 --input the --output a.png", "a.png: expected an --output that ends with"),
        ("runs/song-1 --input the --output a.svg --unit 1", "a.svg: --step and --unit need .html"),
        ("runs/song-1 --input the --output song.yaml", "song.yaml: expected an --output"),
        ("runs/song-1 --input the --output old.html", "old.html: the file exists"),
        ("runs/song-1 --input the --step 1 --unit 1", "rnnlab trace: --step shows one step"),
        ("runs/song-1 --input the --units 1 --unit 1", "rnnlab trace: --unit follows one unit"),
        ("runs/song-1 --input the --value h", "rnnlab trace: --value chooses a value of the unit"),
        ("runs/song-1 --input the --json --step 1", "rnnlab trace: --json prints every value"),
        ("runs/song-1 --set model.units=2", "rnnlab trace: --hidden and --set change a network with"),
        ("song.yaml --input the", "song.yaml: a configuration has no trained weights; name its run, or add"),
        ("--untrained --input the", "rnnlab trace: --untrained needs a configuration, or"),
        ("song.yaml --untrained --hidden 2", "rnnlab trace: --untrained needs a configuration, or"),
        ("--untrained --hidden 2", "--input: expected at least one token, received none"),
        ("--untrained --hidden 99999 --input a", "--hidden:2:34: model.units: expected at most 16,384"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line(rnnlab, line, message):
    """With what there is, or how to say it."""
    run_of(STREAM)
    Path("song.yaml").write_text(STREAM)
    Path("old.html").touch()

    answer = rnnlab("trace", *line.split())

    assert answer.exit_code in (1, 2)
    assert answer.stdout == ""
    assert answer.stderr.splitlines()[-1].startswith(message)
    assert answer.stderr.count("\n") <= 1 + answer.stderr.startswith("not trained")


def test_an_mlp_is_said_to_have_no_state(rnnlab):
    """And what shows its predictions."""
    run_of(SONG, "model={kind: mlp, units: 3}")

    answer = rnnlab("trace", "runs/song-1")

    assert answer.exit_code == 2
    assert answer.stderr.startswith("an mlp has no state and no gates")
    assert "--per-token" in answer.stderr


def test_more_than_anyone_looks_at_is_refused(rnnlab, monkeypatch):
    """Before it is drawn or printed."""
    run_of(STREAM)
    monkeypatch.setattr("rnnlab.commands.trace.MOST_CELLS", 20)
    monkeypatch.setattr("rnnlab.commands.trace.MOST_NUMBERS", 20)

    drawn = rnnlab("trace", "runs/song-1", "--input", "the")
    printed = rnnlab("trace", "runs/song-1", "--input", "the", "--json")

    assert drawn.stderr == ("24 numbers to draw, expected at most 20; choose fewer --units or --steps\n")
    assert printed.stderr.startswith("--json: ")
    assert (drawn.stdout, printed.stdout) == ("", "")


@pytest.mark.parametrize(
    "more", [["a.html"], ["a.svg"], ["a.html", "--unit", "2"], ["a.html", "--step", "2"]]
)
def test_a_file_is_written_whole(rnnlab, more):
    """And replaced only if that is asked for."""
    run_of(STREAM)
    line = ["trace", "runs/song-1", "--input", "the fox", "--output", *more]

    answer = rnnlab(*line)
    first = Path(more[0]).read_bytes()

    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", f"{more[0]}: written\n")
    assert rnnlab(*line).exit_code == 2
    assert rnnlab(*line, "--overwrite").exit_code == 0
    assert Path(more[0]).read_bytes() == first


def test_a_strangers_run_does_not_have_its_data_opened(rnnlab, tmp_path):
    """Untrained, the vocabulary is read from the data; of a run from elsewhere only from its own folder."""
    Path("secret.txt").write_text("secret")
    run = run_of(STREAM.replace('inline: "the', "path: secret.txt #"))
    run.path.rename(tmp_path / "theirs")

    answer = rnnlab("trace", "theirs", "--untrained", "--input", "e")

    assert answer.exit_code == 1
    assert "is not known as a run of yours (no signature.json in it); name the file itself" in answer.stderr


def test_influence_is_shown_below_the_text_and_as_a_table(rnnlab):
    """What is explained, a sign and a digit for each token, and the strongest tokens with nats."""
    run_of(STREAM)

    shown = rnnlab("trace", "--input", "the quick", "--influence", "--of", "z", "--top", "2").stdout
    result = json.loads(rnnlab("trace", "--input", "the quick", "--influence", "--of", "z", "--json").stdout)[
        "inputs"
    ][0]

    lines = shown.splitlines()
    assert lines[0].startswith(f"after 9 tokens, 'z' has p = {math.exp(result['log_probability']):.4g}, ")
    assert "the quick" in lines
    strongest = sorted(result["tokens"], key=lambda each: -abs(each["influence"]))[:2]
    assert [line.split()[-1] for line in lines[-2:]] == [f"{each['influence']:+.4f}" for each in strongest]
    assert [each["place"] for each in result["tokens"]] == [*range(1, 10)]
    assert (result["of"], result["next"], result["step"]) == ("z", None, 9)
    for each in result["tokens"]:
        assert each["influence"] == pytest.approx(result["log_probability"] - each["without"])


def test_the_mean_encoding_is_that_of_the_training_data(rnnlab):
    """Of a run of one's own; a lone model file has only its vocabulary, and says so."""
    Path("fox.txt").write_text("the quick brown fox jumps over the lazy dog\n" * 3)
    run = run_of(STREAM, "dataset.inline=null", "dataset.path=fox.txt")
    Path("alone.safetensors").write_bytes(run.model_path.read_bytes())
    line = ["--input", "the", "--influence", "--json"]

    own, alone = (rnnlab("trace", str(model), *line) for model in (run.path, "alone.safetensors"))

    (own_input,), (alone_input,) = (json.loads(each.stdout)["inputs"] for each in (own, alone))
    assert (own_input["mean_encoding"], own_input["notes"]) == ("training", [])
    assert alone_input["mean_encoding"] == "vocabulary"
    assert "the training data is not read" in alone_input["notes"][0]
    assert own_input["tokens"] != alone_input["tokens"]


def test_influence_of_an_mlp_and_of_the_configured_seed(rnnlab):
    """It has no gates, but its window has four notes."""
    run_of(SONG.replace("{kind: lstm, units: 6, stateful: true}", "{kind: mlp, units: 6}"))

    answer = rnnlab("trace", "--influence", "--json")

    assert [each["token"] for each in json.loads(answer.stdout)["inputs"][0]["tokens"]] == [
        *("g8", "e8", "e4", "f8"),
    ]


@pytest.mark.parametrize(("name", "content"), [("x.html", "<table"), ("x.svg", "<svg")])
def test_influence_as_a_file(rnnlab, name, content):
    """A page with coloured text, or a picture with a heat map of one row; every value is under the mouse."""
    run_of(STREAM)

    answer = rnnlab("trace", "--input", "the fox", "--influence", "--output", name)

    drawn = Path(name).read_text()
    assert answer.stderr.endswith(f"{name}: written\n")
    assert content in drawn
    assert "log-probability" in drawn


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--of", "x"], "--of names the token that --influence explains; give --influence too"),
        (["--influence", "--unit", "1"], "--influence shows tokens; leave --unit out, which is about"),
        (["--influence", "--layer", "1"], "--influence shows tokens; leave --layer out, which is about"),
        (["--influence", "--json", "--output", "x.html"], "--json prints every value; leave --output out"),
        (["--influence", "--of", "next"], "--of next: no token follows the last one of the input; give an"),
        (["--influence", "--step", "9"], "--step: the input has 3 tokens, received 9"),
        (["--influence", "--steps", "2-9"], "--steps: expected numbers from 1 to 3, received '2-9'"),
    ],
)
def test_what_contradicts_influence(rnnlab, options, message):
    """Each is refused by name."""
    run_of(STREAM)

    answer = rnnlab("trace", "--input", "the", *options)

    assert answer.exit_code == 2
    assert message in answer.stderr
