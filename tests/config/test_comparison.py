"""The page that lists what is compared is checked like any other."""

from pathlib import Path

import pytest

from rnnlab.config.comparison import Candidate, read_comparison
from rnnlab.config.overrides import Setting
from rnnlab.config.reading import read_experiment
from rnnlab.config.report import Mark
from rnnlab.config.yaml_tree import read_tree
from rnnlab.errors import ConfigError


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Writes a page and gives its path."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        path = Path("pages/compare.yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_configurations_are_relative_to_the_page(page):
    """And what is left out has its default."""
    found, configs = read_comparison(page("compare: [a.yaml, ../b.yaml, /c.yaml]\n"))

    paths = [Path("pages/a.yaml"), Path("pages/../b.yaml"), Path("/c.yaml")]
    assert configs == [Candidate(path) for path in paths]
    assert (found.seeds, found.epochs, found.seconds) == (3, None, None)


def test_an_entry_may_have_a_name_and_settings(page):
    """Each setting knows its place; paths of data are relative to the page too."""
    settings = "{model.kind: gru, dataset.path: a.txt, dataset.split: {kind: files, validation: /b.txt}}"
    text = f"compare:\n  - a.yaml\n  - {{config: a.yaml, name: gru 2, set: {settings}}}\n"

    _, (plain, changed) = read_comparison(page(text))

    assert (str(plain), str(changed)) == ("pages/a.yaml", "pages/a.yaml (gru 2)")
    kind, path, split = changed.settings
    assert kind == Setting("model.kind", "gru", "pages/compare.yaml:3:53")
    assert read_value(path) == str(Path("pages/a.txt").absolute())
    assert read_value(split) == {"kind": "files", "validation": "/b.txt"}


def read_value(setting):
    """The value of a setting, whose YAML stands on one line."""
    assert "\n" not in setting.value
    return read_tree(setting.value, lambda line, column: Mark(0, line, column, "value")).value


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "compare: [a.yaml, b.yaml]\nseed: 3\n",
            ["pages/compare.yaml:2:1: seed: unknown key; did you mean 'seeds'?"],
        ),
        (
            "compare: [a.yaml, b.yaml]\nmodel: {}\n",
            ["pages/compare.yaml:2:1: model: unknown key; there are compare,"],
        ),
        (
            "compare: [a.yaml]\n",
            ["pages/compare.yaml:1:10: compare: expected at least 2 in the list, received"],
        ),
        (
            "compare: a.yaml\n",
            ["pages/compare.yaml:1:10: compare: expected a list of configurations, received 'a.yaml'"],
        ),
        (
            'compare: [1, b.yaml, "", "a\\0"]\nseeds: 0\n',
            [
                "pages/compare.yaml:1:11: compare.0: expected text, received 1",
                "pages/compare.yaml:1:22: compare.2: expected at least 1 character, received ''",
                "pages/compare.yaml:1:26: compare.3: expected a path, received",
                "pages/compare.yaml:2:8: seeds: expected 1 or more, received 0",
            ],
        ),
        (
            "compare: [{config: a.yaml, nam: b}, {name: /, set: [1]}]\n",
            [
                "pages/compare.yaml:1:28: compare.0.nam: unknown key; did you mean 'name'?",
                "pages/compare.yaml:1:37: compare.1.config: missing; expected the path of a configuration",
                "pages/compare.yaml:1:44: compare.1.name: expected a name of letters, digits, spaces and",
                "pages/compare.yaml:1:52: compare.1.set: expected settings such as {model.kind: gru}, rec",
            ],
        ),
        (
            "compare: [a.yaml, b.yaml]\nepochs: 3\nseconds: 4.5\n",
            [
                "pages/compare.yaml:1:1: epochs and seconds are two budgets, expected one; leave"
                " epochs or seconds out"
            ],
        ),
        ("compare: [a.yaml, b.yaml]\nseconds: .nan\n", ["pages/compare.yaml:2:10: seconds: expected"]),
        ("compare: *a\n", ["pages/compare.yaml:1:10: alias *a: aliases are not read"]),
        (
            "model: {kind: lstm, units: 3}\n",
            [
                "pages/compare.yaml: expected two configurations or more, or a YAML file that lists them"
                " (compare: [one.yaml, other.yaml]), received one configuration"
            ],
        ),
        (
            "[a.yaml, b.yaml]\n",
            [
                "pages/compare.yaml: expected two configurations or more, or a YAML file that lists them"
                " (compare: [one.yaml, other.yaml]), received ['a.yaml', 'b.yaml']"
            ],
        ),
        (
            "",
            ["pages/compare.yaml: the file is empty; expected two configurations or more, or a YAML file"],
        ),
    ],
)
def test_what_is_wrong_has_its_place(page, text, lines):
    """All of it at once, one line each."""
    with pytest.raises(ConfigError) as caught:
        read_comparison(page(text))

    found = str(caught.value).splitlines()
    assert len(found) == len(lines)
    assert all(line.startswith(start) for line, start in zip(found, lines, strict=True))


def test_a_page_that_compares_is_no_experiment(page):
    """`train` and `describe` say what it is for."""
    with pytest.raises(ConfigError) as caught:
        read_experiment(page("compare: [a.yaml, b.yaml]\n"))

    assert str(caught.value) == (
        "pages/compare.yaml: this file lists configurations;"
        " compare them with: rnnlab compare pages/compare.yaml"
    )
