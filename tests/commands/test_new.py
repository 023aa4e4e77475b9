"""`rnnlab new`: every page that it writes can be described and trained, and nothing is replaced unasked."""

from pathlib import Path

import pytest

from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import read_any, read_experiment
from rnnlab.config.schema import ContiguousSplit, NoSplit, SequencesSplit
from rnnlab.config.sweep import read_sweep
from rnnlab.datasets.loading import load_data
from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune
from rnnlab.suggestions.examples import example_names, examples
from tests.documentation import ROOT
from tests.suggestions.test_survey import NAMES, SONG, TUNES

PROSE = "The first boat comes in while the lamps are still lit, and the men say nothing. "


@pytest.fixture
def data(rnnlab):
    """Data of many kinds, by name."""
    Path("prose.txt").write_text(PROSE * 40)
    Path("short.txt").write_text(PROSE)
    Path("tiny.txt").write_text("abc")
    Path("names.txt").write_text(NAMES)
    Path("song.notes").write_text(SONG)
    Path("tunes.txt").write_text(TUNES)
    Path("나비 야.txt").write_text("나비야 나비야 이리 날아 오너라\n" * 60)
    Path("many.txt").write_text("".join(chr(0x4E00 + number % 400) for number in range(3000)))
    Path("blank.txt").write_text("\n \n" * 20 + "x")
    for folder in ("midi", "texts", "with space: #1"):
        Path(folder).mkdir()
        for number in range(25):
            Path(folder, f"{number}.txt").write_text(PROSE[number:])
    for number in range(3):
        Path("midi", f"{number}.mid").write_bytes(write_midi(parse_tune(SONG, name="song")))
    return rnnlab


ALL = [
    *("prose.txt", "short.txt", "tiny.txt", "names.txt", "song.notes", "tunes.txt", "나비 야.txt"),
    *("many.txt", "blank.txt", "midi", "texts", "with space: #1", "midi/*.mid", "texts/../prose.txt"),
]


@pytest.mark.parametrize("name", ALL)
def test_every_page_can_be_described(data, name):
    """It leaves nothing open that depends on the data, so that it says all that is trained."""
    answer = data("new", name, "--output", "page.yaml")

    assert (answer.exit_code, answer.stdout) == (0, "")
    described = data("describe", "page.yaml")
    assert (described.exit_code, "not set, so chosen" in described.stdout) == (0, False)
    assert max(map(len, Path("page.yaml").read_text().splitlines())) <= 120
    assert "config     page.yaml" in answer.stderr
    assert "rnnlab train page.yaml" in answer.stderr


@pytest.mark.parametrize(
    ("name", "split", "units", "encoding", "seed"),
    [
        ("prose.txt", ContiguousSplit, 128, "one_hot", "The first boat "),
        ("short.txt", NoSplit, 64, "one_hot", "The first boat "),
        ("names.txt", SequencesSplit, 64, "one_hot", None),
        ("tunes.txt", NoSplit, 64, "one_hot", None),
        ("many.txt", ContiguousSplit, 128, "embedding", "".join(chr(0x4E00 + n) for n in range(20))),
        ("texts", SequencesSplit, 64, "one_hot", None),
        ("나비 야.txt", ContiguousSplit, 64, "one_hot", "나비야 나비야 이리 날아 오너라"),
        ("blank.txt", NoSplit, 64, "one_hot", "x"),
    ],
)
def test_the_settings_suit_the_data(data, name, split, units, encoding, seed):
    """What is held out, the size of the layer, how a token is seen, and a start that the data has."""
    data("new", name, "--output", "page.yaml")

    experiment = read_experiment(Path("page.yaml"))

    assert isinstance(experiment.dataset.split, split)
    assert experiment.model.units == (units,)
    assert experiment.dataset.encoding == encoding
    assert experiment.generation.seed == seed
    assert (experiment.training.epochs == 200) == (split is NoSplit)
    assert load_data(experiment).experiment == experiment
    page = Path("page.yaml").read_text().replace("\n# ", " ")
    assert ("loss below 0.1" in page) == (split is NoSplit)
    assert ("the data itself" in page) == (split is NoSplit and seed is not None)


def test_a_page_says_what_was_seen(data):
    """Before the settings."""
    data("new", "midi")

    page = Path("midi.yaml").read_text()
    assert page.startswith("# midi: 28 files, ")
    assert "Left out: 25 files or tunes" in page.replace("\n# ", " ")
    assert "# reading: {polyphony: chords}" in page


def test_what_one_might_want_works_as_it_stands(data):
    """A setting that is commented out is a setting."""
    data("new", "midi")
    page = Path("midi.yaml")
    for setting in ("reading", "transpose", "augment"):
        page.write_text(page.read_text().replace(f"  # {setting}: ", f"  {setting}: "))

    assert len(read_experiment(page).dataset.shifts) == 11
    assert data("describe", "midi.yaml").exit_code == 0


def test_a_page_elsewhere_finds_its_data(data):
    """The path in it is relative to where it stands."""
    Path("pages").mkdir()

    data("new", "prose.txt", "--output", "pages/mine.yaml")

    assert "  path: ../prose.txt " in Path("pages/mine.yaml").read_text()
    assert data("describe", "pages/mine.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("prose.txt", "prose.yaml"),
        ("texts", "texts.yaml"),
        ("texts/*.txt", "texts.yaml"),
        (".", "folder.yaml"),
        ("*.txt", "folder.yaml"),
        ("Music vol.2", "Music vol.2.yaml"),
    ],
)
def test_a_page_is_named_as_its_data(rnnlab, tmp_path, monkeypatch, name, page):
    """Here, without the extension; a pattern has the name of its folder."""
    folder = tmp_path / "folder"
    for file in ("prose.txt", "texts/a.txt", "Music vol.2/a.txt"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(PROSE)
    monkeypatch.chdir(folder)

    assert rnnlab("new", name).exit_code == 0
    assert Path(page).is_file()


@pytest.mark.parametrize("name", ["Music [2024]", "what?", "a*"])
def test_a_folder_with_the_characters_of_patterns_is_a_folder(rnnlab, tmp_path, monkeypatch, name):
    """Work in it, or name it, alone or with a pattern behind it; the page finds its data from anywhere."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "PROSE.TXT").write_text(PROSE)

    assert rnnlab("new", f"{name}/*.txt", "--output", "outside.yaml").exit_code == 0
    assert rnnlab("new", name, "--output", "whole.yaml").exit_code == 0
    monkeypatch.chdir(folder)
    assert rnnlab("new", "*.txt").exit_code == 0

    for page in (f"{name}.yaml", "../outside.yaml", "../whole.yaml"):
        assert rnnlab("describe", page).exit_code == 0
    monkeypatch.chdir("/")
    assert rnnlab("describe", str(folder / f"{name}.yaml")).exit_code == 0


def test_a_dash_prints_the_page(data):
    """And nothing else on stdout."""
    answer = data("new", "prose.txt", "--output", "-")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.startswith("# prose.txt: 3,200 characters, ")
    assert not Path("prose.yaml").exists()


def test_a_page_is_not_replaced_unasked(data, monkeypatch):
    """A script says --force; at a terminal it is a question, whose answer is no unless it is yes."""
    page = Path("prose.yaml")
    page.write_text("mine")

    answer = data("new", "prose.txt")
    assert (answer.exit_code, page.read_text()) == (2, "mine")
    assert answer.stderr == (
        "prose.yaml: the file exists; name another --output, or replace it with --overwrite\n"
    )

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for said, is_replaced in (("", False), ("n", False), ("y", True)):
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt, said=said: said)
        assert data("new", "prose.txt").exit_code == (0 if is_replaced else 2)
        assert (page.read_text() != "mine") == is_replaced

    page.write_text("mine")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert data("new", "prose.txt", "--force").exit_code == 0
    assert page.read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["gone.txt"], 1, "gone.txt: no such file"),
        (
            ["page.yaml"],
            2,
            "page.yaml: a YAML file; expected text or music; to show a configuration: ",
        ),
        (
            ["prose.txt", "--output", "prose.txt", "--force"],
            2,
            "prose.txt: this is the data itself; name another",
        ),
        (["prose.txt", "--output", "gone/page.yaml"], 1, "gone/page.yaml: cannot write (No such file"),
        (["empty"], 1, "empty: holds no file; expected files to read"),
        (["bad.notes"], 1, "{here}/bad.notes:1:1: 'this': "),
        (["one.txt"], 1, "the train part is too short: expected two tokens of one sequence"),
    ],
)
def test_data_that_cannot_be_used_is_one_line(data, arguments, exit_code, message):
    """And no page is left."""
    Path("empty").mkdir()
    Path("bad.notes").write_text("this is no note")
    Path("one.txt").write_text("x")
    before = {path.name for path in Path.cwd().iterdir()}

    answer = data("new", *arguments)

    assert (answer.exit_code, answer.stdout) == (exit_code, "")
    assert answer.stderr.startswith(message.format(here=Path.cwd()))
    assert answer.stderr.count("\n") == 1
    assert {path.name for path in Path.cwd().iterdir()} == before


def test_the_time_is_that_of_the_documentation(rnnlab):
    """Only for what was measured there."""
    Path("large.txt").write_text(PROSE * 4000)

    rnnlab("new", "large.txt")

    page = Path("large.yaml").read_text().replace("\n# ", " ")
    assert "6.7 million tokens are read in all: 102 to 148 seconds on two cores, by the 45 to 66" in page
    figures = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
    for rate in ("66.0", "45.4", "20.9", "13.3"):
        assert f"| {rate} |" in figures


@pytest.mark.parametrize(
    ("name", "temperature"),
    [
        ("prose.txt", 0.8),
        ("names.txt", 0.8),
        ("long.notes", 1.0),
        ("tunes", 1.0),
        ("song.notes", 0.0),
        ("short.txt", 0.0),
        ("tunes.txt", 0.8),
        ("midi", 0.8),
    ],
)
def test_the_temperature_suits_what_is_written(data, name, temperature):
    """Melodies are drawn as the model believes; one song that is learnt by heart comes as it is.

    At lower temperatures melodies stay on one note; several tunes at temperature 0 would all be the same one.
    """
    Path("long.notes").write_text(f"{SONG}\n" * 90)
    Path("tunes").mkdir()
    for number in range(30):
        Path("tunes", f"{number}.notes").write_text(f"{SONG}\n" * (3 + number % 2))

    data("new", name, "--output", "page.yaml")

    page = read_experiment(Path("page.yaml"))
    assert page.generation.temperature == temperature
    several = "--samples 5" in Path("page.yaml").read_text()
    assert not (several and temperature == 0)


def test_each_command_stays_on_its_line(data, monkeypatch):
    """However narrow the terminal is: it is copied from there."""
    monkeypatch.setenv("COLUMNS", "40")
    page = "a page with a very long name, for a very long text.yaml"

    lines = data("new", "prose.txt", "--output", page).stderr.splitlines()

    assert [line.strip() for line in lines if f"train '{page}'" in line] == [f"rnnlab train '{page}'"]


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
    assert f"config  {page}" in answer.stderr
    verb, pages = "train", {page}
    if name.startswith("compare_"):
        verb, pages = "compare", {each.path for each in read_comparison(page)[1]}
    elif name.startswith("sweep_"):
        verb, pages = "sweep", {Path(read_sweep(page).page.sweep)}
    for each in pages:
        written, shipped = read_any(each), read_any(CONFIGS / each.name)
        of_written, of_shipped = (found.dataset.files.get("train", ()) for found in (written, shipped))
        assert [path.read_bytes() for path in of_written] == [path.read_bytes() for path in of_shipped]
        assert all(path.is_relative_to(Path.cwd() / "data") for path in of_written)
        moved = {"path": shipped.dataset.path} if of_shipped else {}
        assert written.model_copy(update={"dataset": written.dataset.model_copy(update=moved)}) == shipped
        if getattr(written.dataset, "url", None) is None:
            assert rnnlab("describe", str(each)).exit_code == 0
    assert f"next    rnnlab {verb} {page}" in answer.stderr
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
    assert "drawn at random" in rows["dates_pairs"]
    assert "drawn at random" in rows["compare_parity"]


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
    assert refused.stderr == f"{place}: the file exists; {remedy}\n"
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
        (["--example", "zzz"], "no such example 'zzz'; there are adding_lstm, "),
        (["--example", "../x"], "no such example '../x'; there are "),
        ([], "rnnlab new: expected FILE or FOLDER, --example NAME, or --list: one of them"),
        (["my.txt", "--list"], "rnnlab new: expected FILE or FOLDER, --example NAME, or --list: one of them"),
        (["--list", "--example", "nabiya_lstm"], "rnnlab new: expected FILE or FOLDER, "),
        (["--example", "nabiya_lstm", "--output", "-"], "-: expected a file, since the data of an example"),
    ],
)
def test_what_cannot_be_written_is_one_line(rnnlab, arguments, message):
    """And nothing is written."""
    answer = rnnlab("new", *arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)
    assert answer.stderr.count("\n") == 1
    assert list(Path().iterdir()) == []
