"""Reports of what anyone may have written, and of what is gone: text stays text, and the rest is there."""

from pathlib import Path

import pytest

from rnnlab.reports.contents import contents_of
from rnnlab.reports.page import report_page
from rnnlab.runs.folder import RunFolder
from tests.reports.html import Page
from tests.reports.reporting import FROM_FILE, with_history
from tests.trained import SENTENCE, SONG, run_of

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\x1b[31m"


def test_hostile_tokens_stay_text():
    """Characters of the data can close nothing, and turn nothing around."""
    Path("data.txt").write_text(f"{HOSTILE} if you want {HOSTILE}", newline="")
    run = run_of(FROM_FILE, "generation.seed=</s")

    page = Page(report_page(contents_of(with_history(run))))

    assert [each.name for each in page.elements if each.name in {"script", "img"}] == ["script"]
    assert page.elements[-1].name == "script"
    assert "\u202e" not in page.source
    assert "\x1b" not in page.source
    assert "\\u202e" in page.text
    assert page.all("p", class_="written")[0].text.startswith(
        "</script><img src=x onerror=alert(1)>\"'&\\u202e\\x1b"
    )


def test_hostile_names_stay_text():
    """Those of the run's folder and of the data's files."""
    name = "<b onclick='x'>\u202e\"&amp;"
    Path(f"{name}.txt").write_text("if you want to build a ship")
    run = run_of(FROM_FILE, f"dataset.path={name}.txt")
    folder = run.path.rename(run.path.with_name(name))

    page = Page(report_page(contents_of(with_history(RunFolder(folder)))))

    assert not [each for each in page.all("b") if each.attributes]
    assert "\u202e" not in page.source
    assert page.all("h1")[0].text == name.replace("\u202e", "\\u202e")
    assert "&amp;amp;" in page.source


def test_what_may_not_be_opened_is_said_and_the_rest_is_there():
    """The model's own samples need no data."""
    contents = contents_of(with_history(run_of(SONG)), refusal="it names data of someone else")

    page = Page(report_page(contents))

    assert "Not measured: it names data of someone else." in page.text
    assert [each.text for each in page.all("h3")] == ["Sample 1"]
    assert page.all("figure")


def test_data_that_is_gone_costs_the_figures_only():
    """The report says what is missing."""
    Path("data.txt").write_text("if you want to build a ship")
    run = run_of(FROM_FILE)
    Path("data.txt").unlink()

    page = Page(report_page(contents_of(run)))

    assert "data.txt: no such file" in page.text
    assert "Sample 1" in page.text


@pytest.mark.parametrize("content", [None, "", "epoch,loss\nx,y\n", "\x00", "epoch\n1\n"])
def test_a_history_that_cannot_be_read_costs_the_curves_only(content):
    """Whatever is in the file."""
    run = run_of(SENTENCE)
    if content is not None:
        run.write("history.csv", content)
        run.write("losses.csv", content)

    page = Page(report_page(contents_of(run)))

    assert page.all("figure") == []
    assert "history.csv" in page.text
