"""`--set key.path=value`: what the command line says in place of the file."""

from pathlib import Path

import pytest

import rnnlab
from rnnlab.config.overrides import Override
from rnnlab.config.reading import parse_experiment, resumed_experiment
from rnnlab.config.writing import write_experiment
from rnnlab.errors import ConfigError

PAGE = "dataset: {kind: text, path: a.txt}\nmodel: {kind: lstm, units: [4, 0], peephole: true}\ntraining:\n"


def refusal(*overrides: str) -> list[str]:
    """The lines of the error that a page with overrides gives, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse_experiment(PAGE, name="song.yaml", folder=Path("/corpora"), overrides=overrides)
    return [line.removeprefix("song.yaml:") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize("key", ["model.units.1", "dataset.path.0", "training.callbacks.0"])
def test_an_item_of_a_list_cannot_be_set(key):
    """Whether the list is in the file or not; the whole list can be set."""
    lines = refusal(f"{key}=3", "model.units=4", "training.epochs=1")

    assert lines == [
        f"--set {key}: an item of a list cannot be set; set the whole list, such as model.units=[128, 64]"
    ]


def test_what_is_in_a_list_is_no_section():
    """The way to a setting leads through sections."""
    assert refusal("model.units.first=3", "model.units=3", "training.epochs=1") == [
        "--set model.units.first: model.units is not a section; replace it as a whole"
    ]


def test_a_section_that_is_left_empty_is_filled():
    """`training:` alone is as good as none."""
    experiment = parse_experiment(
        PAGE, name="song.yaml", folder=Path("/corpora"), overrides=["training.epochs=3", "model.units=4"]
    )

    assert experiment.training.epochs == 3


def test_a_section_that_is_replaced_forgets_where_the_old_one_stood():
    """What the new one lacks is looked for on the command line."""
    assert refusal("model={kind: lstm}", "training.epochs=1") == [
        "--set model: model.units: missing; expected: Units of each layer, first to last;"
        " one number for one layer."
    ]


def test_another_kind_shows_which_keys_of_the_file_it_lacks():
    """The keys stand in the file, so that is where to look; the file's other mistakes are said with them."""
    assert refusal("model.kind=gru", "training.epochs=1") == [
        "2:32: model.units.1: expected 1 or more, received 0",
        "2:36: model.peephole: only kind: lstm has this key; leave it out, or change the kind",
    ]


def test_mistakes_on_the_command_line_come_in_its_order_after_those_of_the_file():
    """However their keys are spelled."""
    assert refusal("training.epochs=0", "nonsense", "evaluation.every=&a 0", "dataset.window=0") == [
        "2:32: model.units.1: expected 1 or more, received 0",
        "--set training.epochs: expected 1 or more, received 0",
        "--set nonsense: expected KEY.PATH=VALUE, such as model.units=256",
        "--set evaluation.every: expected 1 or more, received 0",
        "--set evaluation.every:1:1: anchor &a: anchors are not read; leave it out",
        "--set dataset.window: expected 1 or more, received 0",
    ]


def test_a_hostile_override_is_refused_in_one_short_line():
    """A path as deep as it likes, a value as long as it likes."""
    assert refusal(".".join("a" * 5000) + "=1", "model.units=4", "training.epochs=1") == [
        "--set " + ("a." * 29)[:57] + "…: expected KEY.PATH=VALUE, such as model.units=256"
    ]


FILE, URL, DIGEST = "/corpora/a.txt", "https://example.org/a.txt", "ab" * 32


@pytest.mark.parametrize(
    ("own", "overrides", "sources"),
    [
        (f"url: '{URL}', sha256: {DIGEST}", [f"dataset.path={FILE}"], (FILE, None, None, None)),
        (f"url: '{URL}', sha256: {DIGEST}", ["dataset.inline=abc"], (None, "abc", None, None)),
        (f"url: '{URL}', sha256: {DIGEST}", [f"dataset.url={URL}.2"], (None, None, f"{URL}.2", DIGEST)),
        ("inline: ab", [f"dataset.sha256={DIGEST}", f"dataset.url={URL}"], (None, None, URL, DIGEST)),
        ("path: b.txt", ["dataset.inline=abc"], (None, "abc", None, None)),
        ("path: b.txt", ["dataset.inline=null"], ("/corpora/b.txt", None, None, None)),
        ("inline: ab", ["dataset.inline=null", f"dataset.path={FILE}"], (FILE, None, None, None)),
        ("url: nonsense, sha256: 1", [f"dataset.path={FILE}"], (FILE, None, None, None)),
    ],
)
def test_a_source_on_the_command_line_takes_the_place_of_the_file_s(own, overrides, sources):
    """Whoever has the text can say so without a word on the address; of an address, the digest stays."""
    page = f"dataset: {{kind: text, {own}}}\nmodel: {{kind: lstm, units: 4}}\n"

    dataset = parse_experiment(page, name="song.yaml", folder=Path("/corpora"), overrides=overrides).dataset

    path = str(dataset.path[0]) if dataset.path else None
    assert (path, dataset.inline, dataset.url, dataset.sha256) == sources


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (
            ["dataset.path=a", "dataset.inline=b"],
            "--set dataset.inline: dataset: expected one of path, inline and url, received path and inline",
        ),
        (
            [f"dataset.sha256={DIGEST}", "dataset.path=a"],
            "--set dataset.sha256: belongs to dataset.url, which is missing; leave dataset.sha256 out",
        ),
    ],
)
def test_what_is_said_twice_on_the_command_line_is_refused(overrides, line):
    """Nothing that was typed is passed over."""
    lines = refusal(*overrides, "model.units=4", "training.epochs=1")

    assert [text.partition(": ")[2] for text in lines] == [line.partition(": ")[2]]


TEXTS = [
    "The ",
    " The",
    "notes #1.txt",
    "*.txt",
    "live: side a.txt",
    "-dash.txt",
    "- dash",
    "&a",
    "!x",
    "%a",
    "@a",
    "`a",
    "? x",
    "a: b",
    "{a}",
    "[draft].txt",
    "'q'",
    '"quoted"',
    "a\nb\n",
    "\t",
    "~",
    "true",
    "12",
    "1e5",
    "0x10",
    "Null",
    "a=b=c",
    "\x03",
    "나비야 ",
]
"""What YAML would read otherwise, or refuse."""


def parsed(*overrides: Override, page: str = ""):
    """The experiment of a small page with overrides."""
    page = page or "dataset: {kind: text, path: a.txt}\nmodel: {kind: lstm, units: 4}\n"
    return parse_experiment(page, name="song.yaml", folder=Path("/corpora"), overrides=overrides)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_what_stands_behind_the_equals_sign(text):
    """To its last character, for each key that takes text or a path, whatever it is in YAML."""
    experiment = parsed(
        f"generation.seed={text}",
        f"generation.stop={text}",
        "training.samples.every_epochs=1",
        f"training.samples.seed={text}",
        "dataset.split.kind=files",
        f"dataset.split.validation={text}",
        f"dataset.path={text}",
    )

    assert (experiment.generation.seed, experiment.generation.stop) == (text, text)
    assert experiment.training.samples.seed == text
    assert experiment.dataset.path == experiment.dataset.split.validation == (Path.cwd() / text,)
    assert parsed(f"dataset.inline={text}").dataset.inline == text


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_of_a_run_is_read_back_as_it_is(text, tmp_path):
    """The run's config.yaml holds what was typed."""
    experiment = parsed(f"dataset.path={text}", f"generation.seed={text}")

    written = write_experiment(experiment, folder=tmp_path)

    assert parse_experiment(written, name="config.yaml", folder=tmp_path) == experiment


@pytest.mark.parametrize("text", TEXTS)
def test_a_value_of_python_is_that_value(text):
    """Text is text, and None takes it away; nothing is read as YAML."""
    assert rnnlab.load_config(PLAIN, set={"generation.seed": text}).generation.seed == text
    assert rnnlab.load_config(PLAIN, set={"generation.seed": None}).generation.seed is None
    assert rnnlab.load_config(PLAIN, set={"generation.seed": "null"}).generation.seed == "null"


PLAIN = "dataset: {kind: text, inline: abc}\nmodel: {kind: lstm, units: 4}\ngeneration: {seed: a}\n"


@pytest.mark.parametrize("nothing", ["", "null"])
def test_a_text_is_taken_away_by_nothing_or_by_null(nothing):
    """Of every key that may be left out."""
    experiment = parsed(
        f"generation.seed={nothing}",
        f"dataset.inline={nothing}",
        "dataset.path=b.txt",
        page=PLAIN,
    )

    assert (experiment.generation.seed, experiment.dataset.inline) == (None, None)


def test_a_list_of_texts_stands_in_brackets(tmp_path, monkeypatch):
    """As YAML has it; unless there is a file of this very name, and what is no list is a name."""
    monkeypatch.chdir(tmp_path)

    def paths(text: str) -> list[str]:
        return [each.name for each in parsed(f"dataset.path={text}").dataset.path]

    assert paths('[a.txt, "b #1.txt"]') == ["a.txt", "b #1.txt"]
    assert paths("[a] b.txt") == ["[a] b.txt"]
    assert paths("[*.txt]") == ["[*.txt]"]
    assert paths("[draft]") == ["draft"]
    (tmp_path / "[draft]").mkdir()
    assert paths("[draft]") == ["[draft]"]
    assert parsed("dataset.vocabulary=[a, b]").dataset.vocabulary == ("a", "b")
    assert parsed("dataset.vocabulary=ab #").dataset.vocabulary == ("a", "b", " ", "#")


@pytest.mark.parametrize(
    ("overrides", "validation"),
    [
        (["dataset.split.kind=contiguous", "dataset.split.validation=0.25"], 0.25),
        (["dataset.split.validation=0.25", "dataset.split.kind=contiguous"], 0.25),
        (["dataset.split.validation=a #1", "dataset.split.kind=files"], (Path.cwd() / "a #1",)),
        (["dataset.split.kind=files", "dataset.split.validation=0.25"], (Path.cwd() / "0.25",)),
    ],
)
def test_a_key_of_several_kinds_takes_what_its_kind_takes(overrides, validation):
    """Whichever of the two is typed first."""
    assert parsed(*overrides).dataset.split.validation == validation


def test_a_kind_that_is_typed_later_decides():
    """The file's own is replaced by then."""
    page = "dataset: {kind: text, path: a.txt, split: {kind: contiguous, validation: 0.1}}\n"
    page += "model: {kind: lstm, units: 4}\n"

    experiment = parsed("dataset.split.validation=a #1", "dataset.split.kind=files", page=page)

    assert experiment.dataset.split.validation == (Path.cwd() / "a #1",)


def test_other_keys_take_yaml():
    """Numbers, words of a few, lists of numbers, sections; and what takes a number or a text."""
    experiment = parsed(
        "model.units= [8, 9] ",
        "dataset.kind= notes ",
        "dataset.transpose=-3",
        "dataset.augment.semitones=-2..2",
        "dataset.reading.grid=[1/16, 1/24]",
        "training.callbacks=[a.b:C, a.b:D]",
        'training.batching="windows"  # a remark',
        "dataset.split={kind: files, validation: 'a #1'}",
    )

    assert (experiment.model.units, experiment.dataset.kind) == ((8, 9), "notes")
    assert (experiment.dataset.transpose, experiment.dataset.shifts) == (-3, (-2, -1, 1, 2))
    assert experiment.dataset.reading.grid == "1/16,1/24"
    assert [callback.name for callback in experiment.training.callbacks] == ["a.b:C", "a.b:D"]
    assert experiment.training.batching == "windows"
    assert experiment.dataset.split.validation[0].name == "a #1"


def test_what_no_file_can_hold_is_refused():
    """Bytes that are not UTF-8, which a shell passes on; and more than a page may have."""
    assert refusal("generation.seed=caf\udce9", "model.units=4", "training.epochs=1") == [
        "--set generation.seed: expected UTF-8, received other bytes; rename the file, or convert the text"
    ]
    assert refusal("generation.seed=" + "a" * 600_000, "model.units=4", "training.epochs=1") == [
        "--set generation.seed: expected at most 524,288 characters; use a file"
    ]


BEGUN = """
dataset: {kind: text, inline: abcabcabcabc, window: 2, split: {kind: contiguous, validation: 0.3}}
model: {kind: lstm, units: 4}
training: {epochs: 10, batch_size: 1}
evaluation: {every: 5}
"""


def run_of(folder: Path) -> Path:
    """The configuration of a run."""
    (folder / "config.yaml").write_text(BEGUN)
    return folder / "config.yaml"


def test_epochs_may_change_as_long_as_one_is_validated(tmp_path: Path) -> None:
    """Fewer epochs than one validation takes would choose no weights."""
    own = run_of(tmp_path)

    assert resumed_experiment(own, None, ["training.epochs=5"]).training.epochs == 5
    with pytest.raises(ConfigError, match=r"evaluation\.every: expected at most training.epochs, which is 4"):
        resumed_experiment(own, None, ["training.epochs=4"])


def test_what_a_page_leaves_open_is_checked_as_it_was_chosen(tmp_path: Path) -> None:
    """The page alone says nothing wrong: the run has fewer epochs than it has between two validations."""
    own, page = run_of(tmp_path), tmp_path / "page.yaml"
    page.write_text(BEGUN.replace("epochs: 10, ", "").replace("every: 5", "every: 20"))

    with pytest.raises(
        ConfigError, match=r"evaluation\.every: expected at most training.epochs, which is 10"
    ):
        resumed_experiment(own, page, [])
