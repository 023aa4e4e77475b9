"""Random configurations: every key is drawn, what is wrong is noticed, and some lead their whole life."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from rnnlab.config.places import LAYOUT
from rnnlab.config.reading import parse_experiment
from rnnlab.config.yaml_tree import value_at
from tests.lifecycle import draw, drawn_sections, page_in
from tests.material import write_material
from tests.needs import needs
from torture.model_files import Answer
from torture.resumed import differences
from torture.stages import fault
from torture.untrained import problems_of_untrained

pytestmark = needs("Unix")

PROJECT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "lifecycles"
"""Drawn pages that once failed, by the random seed with which they did."""

Key = tuple[str, str, str]
"""The dotted path of a section, its kind, and a key of it."""


@pytest.fixture(scope="module")
def drawn():
    """The sections of many draws."""
    return [drawn_sections(Random(number)) for number in range(4000)]


def test_every_key_of_the_schema_is_drawn(drawn):
    """In every kind of section, with other values than one: a new key has to be drawn too."""
    values: dict[Key, set[str]] = {}
    for sections in drawn:
        for key, value in _keys(sections):
            values.setdefault(key, set()).add(repr(value))

    expected = {
        (".".join(path), kind, key)
        for path, place in LAYOUT.items()
        for kind, section in place.kinds.items()
        for key in section.model_fields
    }
    assert values.keys() == expected
    constant = {key for key, found in values.items() if len(found) == 1}
    tags = {(".".join(path), kind, place.tag) for path, place in LAYOUT.items() for kind in place.kinds}
    numbers_of_the_only = {("dataset.reading", "", key) for key in ("track", "channel")}
    next_token = {
        ("dataset", kind, "task") for kind in ("text", "notes")
    }  # the others have tests of their own
    assert constant == (tags & expected) | numbers_of_the_only | next_token


def _keys(sections: dict) -> list[tuple[Key, object]]:
    """Every key of a page with its value; a section within a section is no value."""
    found = []
    for path, place in LAYOUT.items():
        section = sections if not path else value_at(sections, path)
        if isinstance(section, dict):
            kind = section[place.tag] if place.tag else ""
            found += [((".".join(path), kind, key), value) for key, value in section.items()]
    return found


def test_a_draw_is_valid_and_the_same_again(tmp_path):
    """A random seed is all that it takes to have a page again, and the schema allows the page."""
    write_material(tmp_path)
    for seed in range(20):
        page = draw(seed)

        assert draw(seed) == page
        parse_experiment(page_in(tmp_path, page), name="page.yaml", folder=tmp_path)


def test_lanes_and_windows_of_every_size_are_drawn(drawn):
    """Sizes of people's own choosing are no powers of two."""
    assert {sections["training"].get("batch_size") for sections in drawn} >= set(range(1, 71))
    assert {sections["dataset"].get("window") for sections in drawn} >= set(range(1, 65))


def test_a_bit_that_differs_is_noticed(tmp_path):
    """So is a file that only one of two runs has; seconds are not looked at."""
    files = {
        "history.csv": "epoch,loss,seconds\n1,0.5,{}\n",
        "losses.csv": "1,0.5\n",
        "model.safetensors": "m",
    }
    for name, seconds in (("one", 3), ("other", 4)):
        for file, text in {**files, "config.yaml": "c", "split.json": "{{}}"}.items():
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / file).write_text(text.format(seconds))
    one, other = tmp_path / "one", tmp_path / "other"
    assert differences(one, other) == []

    (one / "losses.csv").write_text("1,0.50000001\n")
    (one / "samples.txt").write_text("=== epoch 1")

    assert differences(one, other) == ["losses.csv differs", "samples.txt differs"]


@pytest.mark.parametrize(
    ("answer", "refused", "wrong"),
    [
        (Answer(0, "1", ""), False, False),
        (Answer(1, "", "page.yaml: too short"), True, False),
        (Answer(1, "", "page.yaml: too short"), False, True),
        (Answer(0, "1", ""), True, True),
        (Answer(1, "", ""), True, True),
        (Answer(-11, "", "page.yaml: too short"), True, True),
        (Answer(1, "", "Traceback (most recent call last):\n  …\nKeyError: 'lstm'"), True, True),
    ],
)
def test_an_answer_is_right_or_a_line_that_says_why(answer, refused, wrong):
    """A traceback never is, nor a refusal of what should be done, nor the other way round."""
    assert bool(fault(["evaluate"], answer, refused=refused)) == wrong


@pytest.mark.slow
def test_commands_use_a_run_of_any_configuration(tmp_path, monkeypatch):
    """Evaluated, written with, traced, reported, compared, plotted, described: with random weights."""
    monkeypatch.setenv("COLUMNS", "200")
    found = {}
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        monkeypatch.chdir(folder)
        found[seed] = problems_of_untrained(draw(seed), seed)

    assert {seed: problems for seed, (_, problems) in found.items() if problems} == {}
    assert [ended for ended, _ in found.values()].count("used") > 12


@pytest.mark.slow
@pytest.mark.parametrize("first", [1, 9])
def test_random_configurations_lead_their_whole_life(first):
    """Killed and resumed to the same bits, measured, written with, traced, reported, exported, removed."""
    done = _lives("--cases", "2", "--random-seed", str(first))

    assert (done.returncode, done.stdout.splitlines()[-1:]) == (
        0,
        [f"2 of 2 cases right; random seeds from {first} on"],
    ), done.stderr


@pytest.mark.slow
def test_a_training_that_once_failed_does_not_fail_again():
    """Each page was drawn, and failed in the way that its first line says."""
    pages = sorted(KEPT.glob("trained/*.yaml"))

    done = _lives(*(word for page in pages for word in ("--page", str(page))))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"{len(pages)} of {len(pages)} cases right")


@pytest.mark.parametrize("page", sorted(KEPT.glob("untrained/*.yaml")), ids=lambda page: page.stem)
def test_a_run_that_once_failed_does_not_fail_again(page, tmp_path, monkeypatch):
    """Each page was drawn, and a command failed in the way that its first line says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    assert problems_of_untrained(page.read_text(encoding="utf-8"), int(page.stem.split("-")[0])) == (
        "used",
        [],
    )


def _lives(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """A process that forks has computed nothing before: the one of the tests has."""
    return subprocess.run(
        [sys.executable, "-m", "torture.lifecycle", "--jobs", "1", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
