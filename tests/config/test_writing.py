"""The resolved configuration as YAML: reading it back gives the same experiment."""

import random
from pathlib import Path

import pytest

from rnnlab.config.reading import AnyExperiment, parse_any, parse_experiment, read_any
from rnnlab.config.writing import write_experiment, yaml_line
from rnnlab.config.yaml_tree import read_tree
from torture.cases import shipped_pages

HAND_MADE = {
    "gru with an embedding": """
        dataset:
          {kind: text, inline: abcabc, encoding: embedding, window: 2, split: {kind: contiguous, test: 0.2}}
        model: {kind: gru, units: [3, 5], reset_after: false, dropout: 0.25}
        training:
          optimizer: {name: rmsprop, clipnorm: 1.5, epsilon: 1e-10}
          schedule: {kind: exponential, decay_rate: 0.5, decay_steps: 3, warmup: 0.1}
          callbacks: ["my.module:Callback"]
          early_stopping: {patience: 3, min_delta: 0.001}
        generation: {stop: "no", seed: "~", top_p: 0.9, top_k: 3}
        """,
    "text at an address": """
        dataset:
          kind: text
          url: "https://example.org:8443/a%20b.txt?raw=1&c=[d]#e"
          sha256: "0000000000000000000000000000000000000000000000000000000000000001"
        model: {kind: lstm, units: 3}
        """,
    "mlp of notes with drawn windows": """
        dataset:
          kind: notes
          inline: c4 d4 <c e g>4 r4
          vocabulary: [c4, d4, <c e g>4, r4]
          encoding: pitch_duration
          target: next
          split: {kind: stratified_shuffle, splits: 4, use: 3, allow_overlap: true}
        model: {kind: mlp, units: 3, activation: elu}
        training: {batching: windows, shuffle: true, optimizer: {name: lion, learning_rate: 1.0e-22}}
        evaluation: {every: 3, split: validation}
        """,
}


def there_and_back(experiment: AnyExperiment, folder: Path) -> AnyExperiment:
    """What is read of what is written."""
    return parse_any(write_experiment(experiment, folder=folder), name="config.yaml", folder=folder)


@pytest.mark.parametrize("path", shipped_pages(), ids=lambda path: path.stem)
def test_a_shipped_experiment_is_read_back_from_a_run_folder(path, tmp_path):
    """From another folder than its own, whose paths are other ones."""
    experiment = read_any(path)

    assert there_and_back(experiment, tmp_path) == experiment


@pytest.mark.parametrize("text", HAND_MADE.values(), ids=HAND_MADE)
def test_every_kind_of_setting_is_read_back(text, tmp_path):
    """Each union, list, flag and number of the schema."""
    experiment = parse_experiment(text, name="song.yaml", folder=tmp_path)

    assert there_and_back(experiment, tmp_path) == experiment


@pytest.mark.parametrize(
    "text",
    [
        *"no yes null ~ true 1e-3 0x1F 0o7 1_000 .inf << = - ? | >".split(),
        *"--- ... ! & * % @ ` { } [ ] , ' \" \\".split(),
        *(" ", "\n", "\t", "\r\n", " a ", "\na\n\n b\n", "a: b", "- a", "a #b", "2024-01-01", "12:30"),
        *("\x85", "a\u2028b", "\ufeffa", "\x00", "\x1b[0m", "\x7f", "\xa0", "\u200b", "나비야 🦋"),
        "two  spaces " * 80,
        "word " * 200,
        "line\n" * 200,
    ],
    ids=ascii,
)  # fmt: skip
def test_text_is_read_back_to_the_character(text, tmp_path):
    """What looks like a number, like YAML, like nothing, or is too long for a line, stays what it is."""
    plain = parse_experiment(HAND_MADE["gru with an embedding"], name="song.yaml", folder=tmp_path)
    experiment = plain.model_copy(update={"dataset": plain.dataset.model_copy(update={"inline": text})})

    assert there_and_back(experiment, tmp_path).dataset.inline == text


def test_any_text_is_read_back_to_the_character(tmp_path):
    """Random strings of characters that YAML treats in a special way, at any length."""
    rng = random.Random(0)
    plain = parse_experiment(HAND_MADE["gru with an embedding"], name="song.yaml", folder=tmp_path)

    for _ in range(200):
        text = "".join(rng.choices("  \n\t\r'\"\\#:-&*!|>%@~é나🦋\x85\u2028\ufeffab1", k=rng.randint(1, 300)))
        experiment = plain.model_copy(update={"dataset": plain.dataset.model_copy(update={"inline": text})})

        assert there_and_back(experiment, tmp_path).dataset.inline == text


def test_paths_are_written_relative_to_the_folder(tmp_path):
    """A run folder can be moved together with its data."""
    text = HAND_MADE["gru with an embedding"].replace("inline: abcabc", "path: [a.txt, data/b.txt]")
    experiment = parse_experiment(text, name="song.yaml", folder=tmp_path)

    written = write_experiment(experiment, folder=tmp_path / "runs" / "song-1")

    assert "path: [../../a.txt, ../../data/b.txt]" in written
    assert str(tmp_path) not in written


def test_every_default_is_written_out(tmp_path):
    """A later version with other defaults trains the same."""
    text = "dataset: {kind: text, inline: abc}\nmodel: {kind: lstm, units: 4}\n"

    written = write_experiment(parse_experiment(text, name="a", folder=tmp_path), folder=tmp_path)

    for line in (
        "window: 64",
        "target: shifted",
        "batch_size: 32",
        "epochs: 10",
        "beta_1: 0.9",
        "peephole: false",
    ):
        assert line in written


def test_a_page_is_written_in_the_order_of_the_schema(tmp_path):
    """The kind of a section comes first, settings stand one below the other, short lists on their line."""
    text = "dataset: {kind: text, inline: abc}\nmodel: {units: [4, 5], kind: gru}\n"

    written = write_experiment(parse_experiment(text, name="a", folder=tmp_path), folder=tmp_path)

    lines = written.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "dataset:",
        "model:",
        "training:",
        "evaluation:",
        "generation:",
    ]
    begin = lines.index("model:")
    assert lines[begin : begin + 7] == [
        "model:",
        "  kind: gru",
        "  units: [4, 5]",
        "  dropout: 0.0",
        "  input_dropout: 0.0",
        "  stateful: false",
        "  head: dense",
    ]
    assert lines[lines.index("  split:") + 1] == "    kind: none"


@pytest.mark.parametrize(
    ("kind", "vocabulary", "lines"),
    [
        ("text", "' abc'", ["  vocabulary: ' abc'"]),
        ("notes", "[c4, d4]", ["  vocabulary: [c4, d4]"]),
        ("notes", str([f"c{n}" for n in range(99)]), ["  vocabulary:", "  - c0", "  - c1"]),
    ],
)
def test_a_vocabulary_is_written_as_one_would_write_it(tmp_path, kind, vocabulary, lines):
    """Characters as a word, notes on a line, and what is long item by item."""
    text = (
        f"dataset: {{kind: {kind}, inline: abc, vocabulary: {vocabulary}}}\nmodel: {{kind: lstm, units: 4}}\n"
    )
    experiment = parse_experiment(text, name="a", folder=tmp_path)

    written = write_experiment(experiment, folder=tmp_path).splitlines()

    begin = written.index(lines[0])
    assert written[begin : begin + len(lines)] == lines
    assert there_and_back(experiment, tmp_path) == experiment


@pytest.mark.parametrize(
    ("last", "begin"), [("c4", "  vocabulary: c1 c2 c3 c5 "), ("<c e>4", "  vocabulary:\n  - c1\n")]
)
def test_a_long_vocabulary_of_notes_is_written_as_it_is_read_fastest(tmp_path, last, begin):
    """As one string, in which a chord would fall apart."""
    words = ", ".join([f"c{n}" for n in range(1, 2000) if n != 4] + [last])
    text = f"dataset: {{kind: notes, inline: c4, vocabulary: [{words}]}}\nmodel: {{kind: lstm, units: 4}}\n"
    experiment = parse_experiment(text, name="a", folder=tmp_path)

    assert begin in write_experiment(experiment, folder=tmp_path)
    assert there_and_back(experiment, tmp_path) == experiment


@pytest.mark.parametrize(
    "value",
    [
        *("...", "no", "null", "1e3", ".5", "", "a, b", "#", "나비야", "x\ny\x85\u2028", "word " * 200),
        *(None, True, 3, -0.5, 1e-5, 1e22, float("inf")),
        *([], [1, "two", "3"], {"kind": "none", "b": [1.5, {"c": "x y"}]}, {}),
    ],
    ids=ascii,
)
def test_a_value_on_one_line_is_read_back(value):
    """Alone, as the value of a key with a comment, and within braces."""
    line = yaml_line(value)

    assert "\n" not in line
    for text, key in ((line, None), (f"a: {line}  # b", "a"), (f"{{a: {line}, b: 1}}", "a")):
        read = read_tree(text, lambda line, column: (line, column))
        assert read.problems == []
        assert (read.value[key] if key else read.value) == value


def test_a_value_that_yaml_lacks_is_refused():
    """The message names its type."""
    with pytest.raises(TypeError, match=r"such as 256, received object$"):
        yaml_line(object())


def test_other_users_of_the_yaml_library_keep_their_way_of_writing(tmp_path):
    """What we teach our own representer, the library's does not learn."""
    from io import StringIO

    from ruamel.yaml import YAML

    def dump() -> str:
        text = StringIO()
        YAML(typ="safe", pure=True).dump({"a": "x\ny"}, text)
        return text.getvalue()

    before = dump()
    experiment = parse_experiment(HAND_MADE["gru with an embedding"], name="song.yaml", folder=tmp_path)

    write_experiment(experiment, folder=tmp_path)

    assert dump() == before
