"""The tutorial shows what its commands print, in both languages."""

import json
import math
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnlab.commands import run
from rnnlab.config.reading import read_experiment
from tests.documentation import ROOT, Block, blocks
from tests.lectures import bring_run, copy_inputs, printed_by_training
from tests.needs import needs

ENGLISH, KOREAN = ROOT / "docs" / "tutorial.md", ROOT / "docs" / "tutorial.ko.md"
TOLERANCE, NOTHING = 0.1, 1e-3
"""How far apart decimals may be, as a share of the larger; below the second all are alike."""

BRIEF = {
    "names_label": ["--set", "training.epochs=1"],
    "dates_pairs": ["--set", "training.epochs=1", "--set", "dataset.examples=640"],
}
"""What keeps a training short, by its configuration: the page shows no figure of these networks."""

RANGES = [
    ("a loss of about 0.15 (0.121 to 0.2)", "손실은 약 0.15(0.121~0.2)"),
    ("About 44 of 50 (43 to 46)", "50개 중 44개쯤(43~46개)"),
    ("about a third (0.2 to 0.45)", "3분의 1쯤(0.2~0.45)"),
    ("with a loss below 0.001 (the lecture: 4.5e-4)", "손실은 0.001보다 작습니다(강의: 4.5e-4)"),
    ("with a loss below 0.001 (the lecture: 1.6e-4)", "손실은 0.001보다 작습니다(강의: 1.6e-4)"),
    ("about halfway (epoch 20 to 40)", "중간쯤(20~40에폭)"),
]
"""What depends on rounding, and between which figures; the test of the outputs has them."""

SUMS = [
    ("log 4 = 1.39", math.log(4)),
    ("log(1 + 4 e⁻²) = 0.433", math.log(1 + 4 * math.exp(-2))),
    ("log 10 = 2.30", math.log(10)),
    (
        "(log 3 + 2 log 3/2 + 3 · 2 log 2) / 50 = 0.121",
        (math.log(3) + 2 * math.log(3 / 2) + 6 * math.log(2)) / 50,
    ),
]

_DECIMAL = re.compile(r"\d+(?:,\d{3})*\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+")
_LEFT_OUT = "…"


def close(shown: float, printed: float) -> bool:
    """Whether two figures agree as the tutorial promises."""
    largest = max(abs(shown), abs(printed))
    return largest < NOTHING or abs(shown - printed) <= TOLERANCE * largest


def agree(shown: str, printed: str) -> bool:
    """Whether a line of the page is a line that was printed."""
    pattern, numbers = "", list[float]()
    for piece in re.split(f"({_DECIMAL.pattern}|{_LEFT_OUT})", shown.rstrip()):
        if _DECIMAL.fullmatch(piece):
            pattern += f"({_DECIMAL.pattern})"
            numbers.append(float(piece.replace(",", "")))
        else:
            pattern += ".*?" if piece == _LEFT_OUT else re.escape(piece)
    found = re.fullmatch(pattern, printed.rstrip())
    if not found:
        return False
    return all(
        close(number, float(text.replace(",", "")))
        for number, text in zip(numbers, found.groups(), strict=True)
    )


def missing(shown: str, printed: str) -> str | None:
    """The first line of an output on the page that does not come in what was printed; None if all do.

    Lines follow one another directly, but for what a line of `…` leaves out.
    """
    lines = iter(printed.splitlines())
    skip = False
    for line in shown.splitlines():
        if line.strip() == _LEFT_OUT:
            skip = True
            continue
        found = any(agree(line, each) for each in lines) if skip else agree(line, next(lines, ""))
        if not found:
            return line
        skip = False
    return None if skip or not any(line.strip() for line in lines) else "(more was printed)"


def in_bash(line: str) -> bytes:
    """What a line prints in bash; a line that fails fails the test."""
    command = ["bash", "--noprofile", "--norc", "-ec", line]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture
def typed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], str]:
    """A function that runs a line of the page, as bash reads it, and gives what it prints.

    Trainings are shared with other tests.
    """
    copy_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def type_line(line: str) -> str:
        if not line.startswith("rnnlab "):
            return os.fsdecode(in_bash(line))
        words = os.fsdecode(in_bash(f'rnnlab() {{ printf "%s\\0" "$@"; }}\n{line}')).split("\0")[:-1]
        found = re.fullmatch(r"train configs/(\w+)\.yaml", " ".join(words))
        if found and found[1] in BRIEF:
            words += ["--quiet", *BRIEF[found[1]]]
        elif found:
            bring_run(found[1], tmp_path, tmp_path_factory)
            return printed_by_training(found[1], tmp_path_factory)
        capsys.readouterr()
        assert run(words) == 0, line
        return capsys.readouterr().out

    return type_line


def cells(page: Path) -> Iterator[tuple[Block, str]]:
    """Each block of commands of a page with the output under it, or with nothing."""
    found = blocks(page)
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.language == "sh":
            yield block, after.text if after and after.language == "text" else ""


def in_one_line(page: Path) -> str:
    """The page's text, however its lines are broken."""
    return " ".join(page.read_text(encoding="utf-8").split())


@needs("bash")
def test_every_output_of_the_tutorial_is_printed(typed: Callable[[str], str]) -> None:
    """All commands, in the page's order, in one folder; and what the text says "about", of the same runs."""
    for block, shown in cells(ENGLISH):
        printed = "".join(map(typed, block.commands))

        assert shown, f"line {block.line}: no output is shown below the commands"
        lacking = missing(shown, printed)
        assert lacking is None, f"line {block.line}: {lacking!r} is not next in\n{printed}"

    def figures_of(name: str, *options: str) -> Any:
        return json.loads(typed(f"rnnlab evaluate runs/{name}-1 {' '.join(options)} --json"))

    validations = [float(row.split(",")[3]) for row in history_of("text_lstm")]
    (doubtful,) = [row for row in figures_of("nabiya_lstm", "--per-token")["per_token"] if row["index"] == 8]
    assert 0.121 < figures_of("nabiya_mlp")["loss"] < 0.2
    assert 43 <= round(50 * figures_of("nabiya_lstm")["accuracy"]) <= 46
    assert 0.2 <= doubtful["probability"] <= 0.45
    assert figures_of("nabiya_stateful_lstm")["loss"] < 0.001
    assert figures_of("nabiya_stateful_lstm_pitch_duration")["loss"] < 0.001
    assert 20 <= 1 + validations.index(min(validations)) <= 40


def history_of(name: str) -> list[str]:
    """The rows of a run's history, without the heading."""
    return (Path("runs") / f"{name}-1" / "history.csv").read_text().splitlines()[1:]


@pytest.mark.parametrize(("english", "korean"), RANGES)
def test_the_ranges_that_are_tested_are_those_of_the_text(english: str, korean: str) -> None:
    """Each stands in both languages as the test above has it."""
    assert english in in_one_line(ENGLISH)
    assert korean in in_one_line(KOREAN)


@pytest.mark.parametrize("page", [ENGLISH, KOREAN], ids=["english", "korean"])
@pytest.mark.parametrize(("written", "value"), SUMS)
def test_the_sums_of_the_text_are_right(page: Path, written: str, value: float) -> None:
    """Worked out again, to the places that are written."""
    assert written in in_one_line(page)
    figure = written.rpartition(" = ")[2]
    assert f"{value:.{len(figure.partition('.')[2])}f}" == figure


@pytest.mark.parametrize("page", [ENGLISH, KOREAN], ids=["english", "korean"])
def test_the_windows_that_go_on_in_two_ways_are_those_of_the_table(page: Path) -> None:
    """Counted in the song."""
    song = " ".join((ROOT / "data" / "nabiya.notes").read_text(encoding="utf-8").splitlines()[1:])
    notes = song.replace("|", " ").split()
    following: dict[str, list[str]] = {}
    for index in range(len(notes) - 4):
        following.setdefault(" ".join(notes[index : index + 4]), []).append(notes[index + 4])
    open_windows = {window: after for window, after in following.items() if len(set(after)) > 1}
    table = dict(
        re.findall(r"^\| ((?:\w\d ){3}\w\d) \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    )

    assert set(table) == set(open_windows)
    for window, after in open_windows.items():
        assert set(re.findall(r"\b[a-g][48](?![0-9])", table[window])) == set(after)


def test_what_follows_a_lone_i_is_what_the_text_says() -> None:
    """Six letters, once each: one of six can be right."""
    sentence = read_experiment(ROOT / "configs" / "ship_stacked_lstm.yaml").dataset.inline or ""

    assert sorted(re.findall("(?<=i).", sentence)) == list("fglmpt")


def test_both_languages_have_the_same_cells() -> None:
    """So that one of them need be run; what differs is the text between."""
    assert [(block.language, block.text) for block in blocks(KOREAN)] == [
        (block.language, block.text) for block in blocks(ENGLISH)
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "lacking"),
    [
        ("loss  0.2288 nats", "loss  0.2299 nats", None),
        ("loss  0.2288 nats", "loss  0.3288 nats", "loss  0.2288 nats"),
        ("loss  1.4e-05", "loss  2.2e-05", None),
        ("46 of 50", "45 of 50", "46 of 50"),
        ("wrong at … 4", "wrong at token 4", None),
        ("1,3.15,…,2.9,…", "1,3.14,0.16,2.92,0.2,21.9", None),
        ("1,3.15,…,2.9,…", "1,3.14,0.16,0.2,2.92,21.9", "1,3.15,…,2.9,…"),
        ("1,524 of 1,700", "1,523 of 1,700", "1,524 of 1,700"),
        ("a\n…\nc", "a\nb\nc", None),
        ("a\nc", "a\nb\nc", "c"),
        ("a", "a\nb", "(more was printed)"),
        ("…\nb\na", "a\nb", "a"),
    ],
)
def test_an_output_that_differs_is_noticed(shown: str, printed: str, lacking: str | None) -> None:
    """Words and whole numbers are equal, decimals near, lines in order, and nothing is left out unsaid."""
    assert missing(shown, printed) == lacking
