"""`rnnlab new --example`: every experiment that ships is written so that it works where it stands."""

from pathlib import Path

import pytest

from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import read_experiment
from rnnlab.pages.examples import example_names, examples
from tests.documentation import ROOT

CONFIGS = ROOT / "configs"


def test_every_config_that_ships_is_an_example():
    """The folder is the list."""
    assert example_names() == sorted(path.stem for path in CONFIGS.iterdir())


@pytest.mark.parametrize("name", example_names())
def test_an_example_works_where_it_is_written(rnnlab, name):
    """It is the experiment that ships, with its data beside it; what is downloaded is not read here."""
    answer = rnnlab("new", "--example", name)

    page = Path(f"{name}.yaml")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert f"page  {page}" in answer.stderr
    compares = name.startswith("compare_")
    pages = read_comparison(page)[1] if compares else [page]
    for each in pages:
        written, shipped = read_experiment(each), read_experiment(CONFIGS / each.name)
        of_written, of_shipped = (found.dataset.path or () for found in (written, shipped))
        assert [path.read_bytes() for path in of_written] == [path.read_bytes() for path in of_shipped]
        assert all(path.is_relative_to(Path.cwd() / "data") for path in of_written)
        update = {"dataset": written.dataset.model_copy(update={"path": shipped.dataset.path})}
        assert written.model_copy(update=update) == shipped
        if written.dataset.url is None:
            assert rnnlab("describe", str(each)).exit_code == 0
    assert f"next  rnnlab {'compare' if compares else 'train'} {page}" in answer.stderr
    assert "configs/" not in page.read_text()


def test_the_list_has_a_line_for_each(rnnlab):
    """Its name, where its data comes from, and what it shows; what is downloaded, or one's own, is said."""
    answer = rnnlab("new", "--list")

    head, *lines = answer.stdout.splitlines()
    assert (answer.exit_code, head.split()[:2]) == (0, ["example", "data"])
    assert [line.split()[0] for line in lines] == example_names()
    rows = {line.split()[0]: line for line in lines}
    for each in examples():
        assert ("downloaded or yours" in rows[each.name]) == (each.url is not None)
    assert "harbour.txt or yours" in rows["text_lstm"]


def test_the_address_is_said_of_what_is_downloaded(rnnlab):
    """And how to take a file instead."""
    said = rnnlab("new", "--example", "names_lstm").stderr

    assert "is downloaded from https://" in " ".join(said.split())
    assert "rnnlab train names_lstm.yaml --set dataset.path=FILE" in " ".join(said.split())
    assert not Path("data").exists()


def test_an_example_can_be_written_elsewhere(rnnlab):
    """Its data goes beside it."""
    Path("mine").mkdir()

    assert rnnlab("new", "--example", "nabiya_lstm", "--output", "mine/song.yaml").exit_code == 0

    assert sorted(map(str, Path().rglob("*.*"))) == ["mine/data/nabiya.notes", "mine/song.yaml"]
    assert rnnlab("describe", "mine/song.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("nabiya_lstm.yaml", "name another --output, or replace it with --overwrite"),
        ("data/nabiya.notes", "move it away, or replace it with --overwrite"),
    ],
)
def test_nothing_is_replaced_unasked(rnnlab, place, remedy):
    """One line says what is in the way, and nothing is written; with --overwrite it is replaced."""
    Path("data").mkdir()
    Path(place).write_text("mine")

    refused = rnnlab("new", "--example", "nabiya_lstm")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == f"{place}: there is such a file; {remedy}\n"
    assert [path.read_text() for path in Path().rglob("*.*")] == ["mine"]
    assert rnnlab("new", "--example", "nabiya_lstm", "--overwrite").exit_code == 0
    assert Path(place).read_text() != "mine"


def test_data_that_is_there_is_no_obstacle(rnnlab):
    """Several examples have the same."""
    assert rnnlab("new", "--example", "nabiya_lstm").exit_code == 0
    assert rnnlab("new", "--example", "nabiya_mlp").exit_code == 0
    assert rnnlab("new", "--example", "compare_nabiya").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--example", "nabiya_lstn"], "no such example 'nabiya_lstn'; did you mean 'nabiya_lstm'"),
        (["--example", "zzz"], "no such example 'zzz'; there are compare_nabiya, "),
        (["--example", "../x"], "no such example '../x'; there are "),
        ([], "rnnlab new: expected FILE or FOLDER, --example NAME, or --list: one of them"),
        (["my.txt", "--list"], "rnnlab new: expected FILE or FOLDER, --example NAME, or --list: one of them"),
        (["--list", "--example", "nabiya_lstm"], "rnnlab new: expected FILE or FOLDER, "),
        (["--example", "nabiya_lstm", "--output", "-"], "-: expected a file for the page of an example"),
    ],
)
def test_what_cannot_be_written_is_one_line(rnnlab, arguments, message):
    """And nothing is written."""
    answer = rnnlab("new", *arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)
    assert answer.stderr.count("\n") == 1
    assert list(Path().iterdir()) == []
