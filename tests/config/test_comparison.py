"""The page that lists what is compared is checked like any other."""

from pathlib import Path

import pytest

from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import read_experiment
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

    assert configs == [Path("pages/a.yaml"), Path("pages/../b.yaml"), Path("/c.yaml")]
    assert (found.seeds, found.epochs, found.seconds) == (3, None, None)


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
