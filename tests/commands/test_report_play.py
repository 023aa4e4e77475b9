"""`rnnlab report --play`: the page that plays, in a frame of the report."""

from pathlib import Path

from rnnlab.commands.report import _shown_runs
from tests.browser import chromium, opened, until
from tests.needs import needs
from tests.reports.comparisons import comparison_of
from tests.trained import SONG, run_of
from tests.trained_tasks import LABEL, task_run_of


@needs("chromium")
def test_the_network_plays_in_the_report(rnnlab):
    """Its script runs in the frame, and the policies of both pages allow it."""
    run_of(SONG)
    answer = rnnlab("report", "--play", "--output", "song.html")
    assert answer.exit_code == 0, answer.stderr

    with chromium() as browser, opened(browser, Path("song.html")) as page:
        (frame,) = page.frames[1:]
        frame.get_by_role("button", name="Start").click()
        until(frame, "rnnlab.pages[0].player.written >= 9")
        origin = frame.evaluate("globalThis.origin")

    assert origin == "null"  # the frame reaches nothing of the report


def test_a_comparison_plays_the_first_network_of_each_configuration(rnnlab):
    """Of two random seeds each, in the order of their names."""
    folder = comparison_of(SONG)

    assert [path.name for path in _shown_runs(folder)] == ["large-seed-0", "small-seed-0"]
    answer = rnnlab("report", str(folder), "--play", "--output", "both.html")
    assert answer.exit_code == 0, answer.stderr
    assert Path("both.html").read_text(encoding="utf-8").count("<iframe") == 1


def test_a_task_with_examples_is_refused(rnnlab):
    """Before anything is written."""
    task_run_of(LABEL)

    answer = rnnlab("report", "--play", "--output", "names.html")

    assert answer.exit_code == 2
    assert "the page plays models of task next_token" in answer.stderr
    assert not Path("names.html").exists()
