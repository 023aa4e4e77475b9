"""From YAML to an experiment, and everything that is wrong with it in lines to act on."""

import os
from pathlib import Path

import pytest

from rnnlab.config.dataset import DEFAULT_EMBEDDING_SIZE
from rnnlab.config.reading import parse_experiment, places_named, read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.loading import load_data
from rnnlab.errors import ConfigError, DataError

GOOD = """\
dataset:
  kind: text
  inline: abcabc
model:
  kind: lstm
  units: 4
"""


def parse(text: str, *overrides: str) -> Experiment:
    """The experiment of a YAML text in the folder /corpora."""
    return parse_experiment(text, name="song.yaml", folder=Path("/corpora"), overrides=overrides)


def refusal(text: str, *overrides: str) -> list[str]:
    """The lines of the error that a text gives, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse(text, *overrides)
    return [line.removeprefix("song.yaml:") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ("-1", "expected 1 or more, received -1"),
        ("0", "expected 1 or more, received 0"),
        ("1000000000", "expected at most 16,384, received 1000000000"),
        ("4.0", "expected an integer, received 4.0"),
        ("true", "expected an integer, received true"),
        ("four", "expected an integer, received 'four'"),
        ("'4'", "expected an integer, received '4'"),
        ("{a: 4}", "expected a list, received a section"),
        ("[]", "expected at least 1 in the list, received []"),
        (str([1] * 33), "expected at most 32 in the list, received " + str([1] * 33)[:57] + "…"),
    ],
)
def test_one_wrong_size_is_one_line(units, message):
    """At the value, with what was expected and what was received."""
    assert refusal(GOOD.replace("4", units)) == [f"6:10: model.units: {message}"]


def test_a_size_that_is_left_empty_is_placed_at_its_key():
    """There is no value to point at."""
    assert refusal(GOOD.replace(" 4", "")) == [
        "6:3: model.units: expected an integer, or a list of them, received nothing"
    ]


def test_each_wrong_item_of_a_list_has_its_place():
    """Items are numbered from 0; the right ones are not complained about."""
    assert refusal(GOOD.replace("4", "[4, x, 99999999]")) == [
        "6:14: model.units.1: expected an integer, received 'x'",
        "6:17: model.units.2: expected at most 16,384, received 99999999",
    ]


def test_a_misspelled_key_is_one_line_though_it_leaves_another_missing():
    """The key that was meant is not called missing as well."""
    assert refusal(GOOD.replace("units", "unit")) == ["6:3: model.unit: unknown key; did you mean 'units'?"]


@pytest.mark.parametrize(
    ("addition", "line"),
    [
        (
            "  zebra: 1",
            "7:3: model.zebra: unknown key; there are kind, units, dropout, input_dropout, stateful, head,"
            " recurrent_dropout, variational_dropout, tie_weights, residual, peephole, coupled_gates,"
            " layer_norm",
        ),
        ("modle: {}", "7:1: modle: unknown key; did you mean 'model'?"),
        ("qqq: 1", "7:1: qqq: unknown key; there are dataset, model, training, evaluation, generation"),
        (
            "  reset_after: true",
            "7:3: model.reset_after: only kind: gru has this key; leave it out, or change the kind",
        ),
        (
            "training: {optimizer: {name: adam, momentum: 0.9}}",
            "7:36: training.optimizer.momentum: only name: sgd, rmsprop have this key;"
            " leave it out, or change the name",
        ),
        (
            "training: {schedule: {kind: linear, finale: 0.1}}",
            "7:37: training.schedule.finale: unknown key; did you mean 'final'?",
        ),
        (
            "training: {optimizer: {name: sgdd}}",
            "7:30: training.optimizer.name: expected one of sgd, rmsprop, adam, adamw, nadam, adamax,"
            " adagrad, adadelta, lion, received 'sgdd'; did you mean 'sgd'?",
        ),
        (
            "training: {schedule: {}}",
            "7:12: training.schedule.kind: missing; expected one of constant, linear, cosine, exponential,"
            " plateau",
        ),
        (
            "training: {schedule: {kind: exponential, decay_steps: 3}}",
            "7:12: training.schedule.decay_rate: missing; expected: The factor.",
        ),
        (
            "training: {optimizer: adam}",
            "7:23: training.optimizer: expected a section (keys and values), received 'adam'",
        ),
        ("training:", "7:1: training: expected a section (keys and values), received nothing;"
            " leave the key out for its default"),
        ("training: {shuffle: no}", "7:21: training.shuffle: expected true or false, received 'no'"),
        ("training: {epochs: 1e3}", "7:20: training.epochs: expected an integer, received 1000.0"),
        (
            "training: {random_seed: 99999999999}",
            "7:25: training.random_seed: expected at most 2,147,483,647, received 99999999999",
        ),
        (
            "training: {optimizer: {name: adam, learning_rate: 0}}",
            "7:51: training.optimizer.learning_rate: expected 1e-30 or more, received 0",
        ),
        (
            "training: {optimizer: {name: adam, learning_rate: 1e39}}",
            "7:51: training.optimizer.learning_rate: expected at most 1e+37, received 1e+39",
        ),
        (
            "training: {optimizer: {name: adam, beta_2: 0.99999999}}",
            "7:44: training.optimizer.beta_2: expected at most 0.9999999, received 0.99999999",
        ),
        (
            "training: {optimizer: {name: lion, beta_1: 0}}",
            "7:44: training.optimizer.beta_1: expected 1e-30 or more, received 0",
        ),
        (
            "training: {optimizer: {name: adam, learning_rate: .nan}}",
            "7:51: training.optimizer.learning_rate: expected a finite number, received nan",
        ),
        (
            "training: {optimizer: {name: adam, learning_rate: 1e999}}",
            "7:51: training.optimizer.learning_rate: expected a finite number, received inf",
        ),
        (
            "training: {optimizer: {name: adam, learning_rate: fast}}",
            "7:51: training.optimizer.learning_rate: expected a number, received 'fast'",
        ),
        (
            "training: {optimizer: {name: adam, clipnorm: 1, clipvalue: 1}}",
            "7:23: training.optimizer: expected at most one of clipnorm, global_clipnorm and clipvalue",
        ),
        (
            "training: {callbacks: [os.system]}",
            "7:24: training.callbacks.0: expected package.module:Class, received 'os.system'",
        ),
        ("  dropout: 1", "7:12: model.dropout: expected less than 1, received 1"),
        (
            "  head: dence",
            "7:9: model.head: expected 'dense' or 'none', received 'dence'; did you mean 'dense'?",
        ),
        ("generation: {seed: ''}", "7:20: generation.seed: expected at least 1 character, received ''"),
        ("generation: {seed: 1}", "7:20: generation.seed: expected text, received 1"),
        ("  units: 5", "7:3: model.units: duplicate key, also at 6:3; remove one"),
    ],
)  # fmt: skip
def test_one_wrong_line_is_one_line_of_report(addition, line):
    """Each names the place, the setting, what was expected and what was received."""
    assert refusal(GOOD + addition + "\n") == [line]


@pytest.mark.parametrize(
    ("dataset", "line"),
    [
        (
            "kind: txt",
            "1:17: dataset.kind: expected one of text, notes, generated, received 'txt'; did you mean"
            " 'text'?",
        ),
        ("inline: a", "1:1: dataset.kind: missing; expected one of text, notes, generated"),
        (
            "kind: text, inline: a, encoding: pitch_duration",
            "1:44: dataset.encoding: expected 'one_hot', 'scalar' or 'embedding', received 'pitch_duration';"
            " that is for kind: notes",
        ),
        (
            "kind: text, inline: a, encoding: onehot",
            "1:44: dataset.encoding: expected 'one_hot', 'scalar' or 'embedding', received 'onehot';"
            " did you mean 'one_hot'?",
        ),
        ("kind: text, path: 3", "1:29: dataset.path: expected a path, received 3"),
        ("kind: text, path: [a, 3]", "1:33: dataset.path.1: expected a path, received 3"),
        ("kind: text, path: []", "1:29: dataset.path: expected at least 1 in the list, received []"),
        (
            "kind: text, inline: a, vocabulary: [a, bc]",
            "1:46: dataset.vocabulary: expected single characters, received 'bc'",
        ),
        (
            "kind: text, inline: a, vocabulary: aba",
            "1:46: dataset.vocabulary: expected each token once, received 'a' more than once",
        ),
        (
            "kind: notes, inline: a, vocabulary: c4 d4 c4",
            "1:47: dataset.vocabulary: expected each token once, received 'c4' more than once",
        ),
        ("kind: text, inline: a, vocabulary: [1]", "1:47: dataset.vocabulary.0: expected text, received 1"),
    ],
)  # fmt: skip
def test_one_wrong_word_of_the_dataset_is_one_line(dataset, line):
    """What only the other kind has is said to be that kind's."""
    assert refusal(f"dataset: {{{dataset}}}\nmodel: {{kind: lstm, units: 4}}\n") == [line]


def test_a_key_that_no_kind_but_others_have_names_all_of_them():
    """A reader sees which kinds there are to change to."""
    assert refusal(GOOD.replace("lstm", "mlp\n  stateful: true"))[-1:] == [
        "6:3: model.stateful: only kind: simple_rnn, lstm, gru have this key;"
        " leave it out, or change the kind"
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "word\n", "- a\n- b\n", "3\n"])
def test_what_has_no_sections_is_refused(text):
    """A list, a word or nothing at all is not a configuration."""
    assert refusal(text) == ["song.yaml: expected sections (dataset:, model:, …); see rnnlab schema"[10:]]


def test_missing_sections_are_all_named():
    """With what each of them is for."""
    assert refusal("training: {}\n") == [
        "1:1: dataset: missing; expected: The data, and how it is cut and encoded.",
        "1:1: model: missing; expected: The network's layers.",
    ]


def test_all_problems_come_at_once_in_the_order_of_the_file():
    """Those of the command line follow those of the file."""
    text = GOOD.replace("4", "-1").replace("kind: text", "kind: text\n  windw: 3") + "training: {epochs: 0}\n"

    assert refusal(text, "generation.length=0", "generation.top_k=0") == [
        "3:3: dataset.windw: unknown key; did you mean 'window'?",
        "7:10: model.units: expected 1 or more, received -1",
        "8:20: training.epochs: expected 1 or more, received 0",
        "--set generation.length: expected 1 or more, received 0",
        "--set generation.top_k: expected 1 or more, received 0",
    ]


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("model.units", "--set model.units: expected KEY.PATH=VALUE, such as model.units=256"),
        ("=3", "--set =3: expected KEY.PATH=VALUE, such as model.units=256"),
        ("model..units=3", "--set model..units=3: expected KEY.PATH=VALUE, such as model.units=256"),
        ("model.kind.x=3", "--set model.kind.x: model.kind is not a section; replace it as a whole"),
        ("model.units=-1", "--set model.units: expected 1 or more, received -1"),
        ("model.units=[3, 0]", "--set model.units: model.units.1: expected 1 or more, received 0"),
        ("model.unit=3", "--set model.unit: unknown key; did you mean 'units'?"),
        ("model=lstm", "--set model: expected a section (keys and values), received 'lstm'"),
        ("model={kind: gru, units: 0}", "--set model: model.units: expected 1 or more, received 0"),
        ("model.units=", "--set model.units: expected an integer, or a list of them, received nothing"),
        ("model.units=[1", "--set model.units:1:3: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("model.units=*a", "--set model.units:1:1: alias *a: aliases are not read; write the value out"),
        (
            "modle.units=3",
            "--set modle.units: modle: unknown key; did you mean 'model'?",
        ),
        (
            "training.optimizer.momentum=0.5",
            "--set training.optimizer.momentum: training.optimizer.name: missing; expected one of"
            " sgd, rmsprop, adam, adamw, nadam, adamax, adagrad, adadelta, lion",
        ),
        (
            "training.shuffle=true",
            "--set training.shuffle: a stream is read in order; set shuffle: false, or batching: windows",
        ),
    ],
)
def test_what_is_wrong_with_an_override_is_placed_at_it(override, line):
    """Nobody looks in the file for what was typed on the command line."""
    assert refusal(GOOD, override) == [line]


def test_overrides_are_yaml_and_the_last_one_counts():
    """Numbers are numbers, lists are lists, and `=` may stand in the value."""
    experiment = parse(
        GOOD, "model.units=1", " model.units =[2, 3]", "dataset.inline=a=b", "training.optimizer.name=sgd",
        "training.optimizer.learning_rate=1e-3",
    )  # fmt: skip

    assert experiment.model.units == (2, 3)
    assert experiment.dataset.inline == "a=b"
    assert (experiment.training.optimizer.name, experiment.training.optimizer.learning_rate) == ("sgd", 0.001)


def test_an_override_replaces_what_is_wrong_in_the_file():
    """A wrong value that is not used is not complained about."""
    assert parse(GOOD.replace("4", "[0, x]"), "model.units=7").model.units == (7,)


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("song.notes", ["/corpora/song.notes"]),
        ("../song.notes", ["/song.notes"]),
        ("/elsewhere/song.notes", ["/elsewhere/song.notes"]),
        ("[a.txt, b/c.txt]", ["/corpora/a.txt", "/corpora/b/c.txt"]),
    ],
)
def test_paths_are_relative_to_the_file(path, resolved):
    """A configuration works from any folder."""
    experiment = parse(GOOD.replace("inline: abcabc", f"path: {path}"))

    assert [str(path) for path in experiment.dataset.path] == resolved


@pytest.mark.parametrize(
    "override", ["dataset.path=mine.txt", "dataset.path=[mine.txt]", "dataset={kind: text, path: mine.txt}"]
)
def test_paths_of_overrides_are_relative_to_the_working_folder(tmp_path, monkeypatch, override):
    """What is typed in a shell means what the shell means; other overrides do not move the file's paths."""
    monkeypatch.chdir(tmp_path)

    experiment = parse(GOOD.replace("inline: abcabc", "path: a.txt"), override, "dataset.window=3")

    assert experiment.dataset.path == (tmp_path / "mine.txt",)


def test_an_override_of_another_key_leaves_the_files_path(tmp_path, monkeypatch):
    """Only what is typed is relative to the working folder."""
    monkeypatch.chdir(tmp_path)

    experiment = parse(GOOD.replace("inline: abcabc", "path: a.txt"), "dataset.window=3")

    assert experiment.dataset.path == (Path("/corpora/a.txt"),)


def test_defaults_that_depend_on_the_regime_are_filled_in():
    """Windows are played greedily and a stream is drawn from; an embedding has a size."""
    windows = "training: {batching: windows}\n"
    embedding = GOOD.replace("inline", "encoding: embedding\n  inline")

    assert parse(GOOD).generation.temperature == 1
    assert parse(GOOD + windows).generation.temperature == 0
    assert parse(GOOD + windows + "generation: {temperature: 0.5}\n").generation.temperature == 0.5
    assert parse(GOOD).dataset.embedding_size is None
    assert parse(embedding).dataset.embedding_size == DEFAULT_EMBEDDING_SIZE


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "{path}: no such configuration; expected a YAML file, e.g. configs/nabiya_stateful_lstm.yaml"),
        (b"", "{path}: the file is empty; expected sections (dataset:, model:, …); see rnnlab schema"),
        (
            b"a: 1\nb: \xff",
            "{path}:2: not UTF-8 (byte 0xff at offset 8); it looks like LATIN1,"
            " convert it: iconv -f LATIN1 -t UTF-8 < {path} > song.utf8.yaml",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_a_wrong_configuration(tmp_path, content, line):
    """One line that names the file; it says nothing of data."""
    path = tmp_path / "song.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        read_experiment(path)

    assert str(caught.value) == line.format(path=path)


def test_a_file_that_is_no_page_at_all_is_not_read_to_its_end(tmp_path):
    """A corpus, or a disk image, given as the configuration by mistake costs no memory."""
    path = tmp_path / "song.yaml"
    path.write_bytes(b"a" * (5 << 20))

    with pytest.raises(ConfigError) as caught:
        read_experiment(path)

    assert str(caught.value) == f"{path}: expected at most 2,097,152 bytes, and it has more"


def test_a_file_is_read_relative_to_its_own_folder(tmp_path):
    """Byte order mark and Windows line ends do not matter."""
    text = GOOD.replace("inline: abcabc", "path: a.txt")
    (tmp_path / "song.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    assert read_experiment(tmp_path / "song.yaml").dataset.path == (tmp_path / "a.txt",)


@pytest.mark.parametrize(
    ("overrides", "line", "placed"),
    [
        ([], "model.units: too many; use fewer", "{page}:3:28: model.units: too many; use fewer"),
        ([], "generation.stop: unknown", "{page}:2:1: generation.stop: unknown"),
        ([], "training.epochs: too many", "{page}:4:1: training.epochs: too many"),
        (["generation.stop=z"], "generation.stop: unknown", "--set generation.stop: unknown"),
        ([], "{page}:3:29: model.units: too many", "{page}:3:29: model.units: too many"),
        ([], "runs: no such folder", "runs: no such folder"),
    ],
)
def test_what_only_the_data_shows_is_said_with_its_place(tmp_path, overrides, line, placed):
    """The value where there is one, else its section; a line that names no setting stays as it is."""
    page = tmp_path / "page.yaml"
    page.write_text(
        "# one\ndataset: {kind: text, inline: abc}\nmodel: {kind: lstm, units: 4}\n"
        "training: {shuffle: false}\n"
    )

    with pytest.raises(ConfigError) as caught, places_named(page, overrides):
        raise ConfigError(line.format(page=page), "second line")

    assert str(caught.value) == f"{placed.format(page=page)}\nsecond line"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("training.callbacks", "package.module:Class, or a list of them"),
        ("training.schedule", "a section (keys and values)"),
        ("training.epochs", "an integer"),
        ("training.batching", "'windows' or 'stream'"),
        ("dataset.encoding", "'one_hot', 'scalar' or 'embedding'"),
        ("dataset.unit", "'character', 'line' or 'document'"),
        ("evaluation", "a section (keys and values)"),
    ],
)
def test_a_key_without_a_value_may_be_left_out(key, expected):
    """Where it has a default: nothing is no value, and no word is near it."""
    assert refusal("{dataset: {kind: text, inline: abc}, model: {kind: lstm, units: 4}}", f"{key}=null") == [
        f"--set {key}: expected {expected}, received nothing; leave the key out for its default"
    ]


def test_the_kind_of_a_section_without_a_value_is_asked_for():
    """It has no default, and 'none' was not meant."""
    (line,) = refusal(
        "{dataset: {kind: text, inline: abc}, model: {kind: lstm, units: 4}}", "dataset.split.kind=~"
    )

    assert line.endswith(
        "expected one of none, contiguous, sequences, files, stratified_shuffle, received nothing"
    )


@pytest.mark.parametrize(
    ("dataset", "overrides", "missing", "remark"),
    [
        ("path: a.txt", [], "a.txt", " (dataset.path is relative to its YAML file)"),
        ("path: [there.txt, b/a.txt]", [], "b/a.txt", " (dataset.path is relative to its YAML file)"),
        (
            "path: there.txt, split: {kind: files, validation: v.txt}",
            [],
            "v.txt",
            " (dataset.split.validation is relative to its YAML file)",
        ),
        ("path: /no/such/a.txt", [], "/no/such/a.txt", ""),
        ("path: a.txt", ["dataset.path=a.txt"], "../here/a.txt", ""),
        ("path: a.txt", ["dataset={kind: text, path: b.txt}"], "../here/b.txt", ""),
    ],
)
def test_what_a_path_is_relative_to_is_said_where_it_is(
    tmp_path, monkeypatch, dataset, overrides, missing, remark
):
    """Of a relative path of the YAML; one of the command line is relative to the working folder."""
    for folder in ("pages", "here"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pages" / "there.txt").write_text("abc")
    page = tmp_path / "pages" / "page.yaml"
    page.write_text(f"dataset: {{kind: text, {dataset}}}\nmodel: {{kind: lstm, units: 2}}\n")
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(DataError) as caught, places_named(page, overrides):
        load_data(read_experiment(page, overrides))

    path = os.path.abspath(page.parent / missing)
    assert str(caught.value) == f"{path}: no such file; check the path{remark}"


def test_a_path_of_the_command_line_is_relative_to_nothing_else(tmp_path, monkeypatch):
    """Also where the YAML file has the same path, in the working folder."""
    Path(tmp_path, "page.yaml").write_text(
        "dataset: {kind: text, path: a.txt}\nmodel: {kind: lstm, units: 2}\n"
    )
    monkeypatch.chdir(tmp_path)
    page, overrides = Path("page.yaml"), ["dataset.path=a.txt"]

    with pytest.raises(DataError) as caught, places_named(page, overrides):
        load_data(read_experiment(page, overrides))

    assert str(caught.value) == f"{tmp_path / 'a.txt'}: no such file; check the path"
