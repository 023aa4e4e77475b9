"""YAML as plain values with places, and what no configuration may hold."""

import time

import pytest

from rnnlab.config.report import MOST_LINES, Mark, report
from rnnlab.config.yaml_tree import DEEPEST, MOST_VALUES, Tree, plain_value, read_tree
from rnnlab.errors import ConfigError


def read(text: str) -> Tree:
    """The tree of a text."""
    return read_tree(text, lambda line, column: Mark(0, line, column, "song.yaml"))


def refusal(text: str) -> list[str]:
    """The lines of what is wrong with a text, whether it can be read on or not."""
    try:
        raise ConfigError(*report(read(text).problems))
    except ConfigError as error:
        return str(error).splitlines()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1e5", 100000.0),
        (".5", 0.5),
        ("-1", -1),
        ("007", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("-.inf", -float("inf")),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_unquoted_words_mean_what_yaml_1_2_says(text, value):
    """`1e-3` is a number, and `no` is a word."""
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


@pytest.mark.parametrize("text", ["1e-3", "no", "true", "~", ""])
def test_what_is_quoted_is_text(text):
    """Quotes make a word of anything."""
    assert read(f"a: '{text}'").value == {"a": text}


def test_every_key_and_value_has_its_place():
    """File, line and column, each counted from 1; items of a list have places too."""
    tree = read("model:\n  units: [3,\n    25]\n")

    assert tree.value == {"model": {"units": [3, 25]}}
    assert {path: str(mark) for path, mark in tree.keys.items()} == {
        ("model",): "song.yaml:1:1",
        ("model", "units"): "song.yaml:2:3",
    }
    assert str(tree.values["model", "units"]) == "song.yaml:2:10"
    assert str(tree.values["model", "units", 1]) == "song.yaml:3:5"


def test_a_value_that_is_not_there_is_placed_at_its_key():
    """The parser finds it at the next token, where no one would look."""
    tree = read("model:\n\n\ntraining: 1\n")

    assert str(tree.values["model",]) == "song.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: 1\nb: 2\na: 3\na: 4", ["3:1: a: duplicate key, also at 1:1; remove one"]),
        ("a: {b: 1, b: 2}", ["1:11: a.b: duplicate key, also at 1:5; remove one"]),
        ("a: *x", ["1:4: alias *x: aliases are not read; write the value out"]),
        ("a: &x 1", ["1:4: anchor &x: anchors are not read; leave it out"]),
        ("&x a: 1", ["1:1: anchor or tag on a key: neither is read; leave it out"]),
        ("!!str a: 1", ["1:1: anchor or tag on a key: neither is read; leave it out"]),
        (
            "a: !!python/object/apply:os.system ['x']",
            ["1:4: tag !!python/object/apply:os.system: tags are not read; leave it out"],
        ),
        ("a: !!int 1", ["1:4: tag !!int: tags are not read; leave it out"]),
        ("a: ! 1", ["1:4: tag !: tags are not read; leave it out"]),
        ("a: 1\n<<: {b: 2}", ["2:1: merge key <<: merging is not read; write the keys out"]),
        ("a: 1\n---\nb: 2", ["3:1: expected one YAML document, received a second; remove it"]),
        ("? [a]\n: 1", ["1:3: expected a word as key, received a list, a section or an alias"]),
        ("? {a: 1}\n: 1", ["1:3: expected a word as key, received a list, a section or an alias"]),
        ("a: [1\nb: 2", ["2:2: not YAML: expected ',' or ']', but got ':'"]),
        ("a: b: c", ["1:5: not YAML: mapping values are not allowed here"]),
        ("\ta: 1", ["1:1: not YAML: found character '\\t' that cannot start any token"]),
        ("a: 'x", ["1:6: not YAML: found unexpected end of stream"]),
        ("a: 1\nb: x\x07", ["2:5: not YAML: character U+0007; leave it out"]),
        ('"\\ud800": 1', ["1:1: expected a word as key, received half of a surrogate pair"]),
        (": 1", ["1:1: expected a word as key, received nothing"]),
        ("a: !b%0Ac d", ["1:4: tag !b\\nc: tags are not read; leave it out"]),
        ('"a\\nb": 1\n"a\\nb": 2', ["2:1: a\\nb: duplicate key, also at 1:1; remove one"]),
        (
            'a: "\\UFFFFFFFF"',
            ["1:2: not YAML: a version or an escape after this place is out of range; leave it out"],
        ),
        (
            'a: "\\U00110000"',
            ["1:2: not YAML: a version or an escape after this place is out of range; leave it out"],
        ),
        (
            "%YAML 1." + "9" * 5000 + "\n---\na: 1",
            ["1:1: not YAML: a version or an escape after this place is out of range; leave it out"],
        ),
    ],
)
def test_what_is_refused_is_named_with_its_place(text, lines):
    """One line for each thing, with the remedy."""
    shortened = [line.removeprefix("song.yaml:") for line in refusal(text)]

    assert shortened[: len(lines)] == lines
    assert all(line.startswith("song.yaml:") for line in refusal(text))


def test_everything_that_is_refused_is_said_at_once():
    """A reader mends a file once, from top to bottom."""
    assert refusal("a: &x 1\nb: *x\na: !!str 2\n") == [
        "song.yaml:1:4: anchor &x: anchors are not read; leave it out",
        "song.yaml:2:4: alias *x: aliases are not read; write the value out",
        "song.yaml:3:1: a: duplicate key, also at 1:1; remove one",
        "song.yaml:3:4: tag !!str: tags are not read; leave it out",
    ]


def test_a_merge_key_in_quotes_is_a_key():
    """Only the bare word merges."""
    assert read("'<<': 1").value == {"<<": 1}


def test_a_report_is_no_longer_than_one_would_read():
    """The first lines, and how many more there are."""
    lines = refusal("a: 1\n" * (MOST_LINES + 8))

    assert len(lines) == MOST_LINES + 1
    assert lines[0] == "song.yaml:2:1: a: duplicate key, also at 1:1; remove one"
    assert lines[-1] == "… and 7 more"


def test_an_escape_that_no_file_can_hold_is_refused():
    """Half a surrogate pair is no character; it would fail when the experiment is written."""
    assert refusal('a: "\\ud800"') == [
        "song.yaml:1:4: half of a UTF-16 surrogate pair; write both halves, or remove it"
    ]


def test_what_cannot_be_read_is_noted():
    """So that nothing else is said of a value that stands for it."""
    tree = read("a: !!int 1\nb: [*x, 2]\nc: 3\n")

    assert tree.refused == {("a",), ("b", 0)}
    assert tree.value == {"a": "1", "b": [None, 2], "c": 3}


def test_the_first_of_two_documents_is_read():
    """The keys of the second are no duplicates of the first's."""
    tree = read("a: 1\n---\na: 2\n")

    assert tree.value == {"a": 1}
    assert [problem.message for problem in tree.problems] == [
        "expected one YAML document, received a second; remove it"
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: " + "[" * 300_000, f"song.yaml:1:24: nested more than {DEEPEST} deep", id="lists"),
        pytest.param("? " * 200_000, f"song.yaml:1:43: nested more than {DEEPEST} deep", id="keys"),
        pytest.param(
            "\n".join(" " * i + "a:" for i in range(1000)),
            f"song.yaml:22:22: nested more than {DEEPEST} deep",
            id="mappings",
        ),
        pytest.param(
            "\n" * 50_001,
            "song.yaml: expected at most 50,000 lines of YAML; put the data in a file",
            id="lines",
        ),
        pytest.param(
            "".join(f"key{n}: 1\n" for n in range(30_000)),
            "song.yaml:1002:1: more than 1,000 keys; rnnlab schema lists the keys there are",
            id="words",
        ),
        pytest.param(
            "--- a\n" * 50_000,
            "song.yaml:2:5: expected one YAML document, received a second; remove it",
            id="documents",
        ),
        pytest.param(
            "a: " + "x" * (1 << 19),
            "song.yaml: expected at most 524,288 characters of YAML; put the data in a file",
            id="characters",
        ),
    ],
)
def test_what_is_too_large_is_refused_quickly(text, line):
    """A hostile file costs no more than the reading of it."""
    begin = time.perf_counter()

    lines = refusal(text)

    assert lines == [line]
    assert time.perf_counter() - begin < 2


def test_a_text_with_no_end_of_problems_is_not_read_on():
    """The report would not show them."""
    lines = refusal("a: [" + "*a, " * 100_000 + "]")

    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "… and 951 more"


def test_more_values_than_any_configuration_needs_are_refused(monkeypatch):
    """The parser takes long over each value, so they are counted as they come."""
    monkeypatch.setattr("rnnlab.config.yaml_tree.MOST_VALUES", 100)

    assert refusal("a: [" + "1," * 200_000 + "]") == [
        "song.yaml:1:201: more than 100 values;"
        " write a long vocabulary as one string, and put the data in a file"
    ]
    assert MOST_VALUES > 10_000 + 1000, "the longest list of files has to fit in"
