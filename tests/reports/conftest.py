"""A folder to work in, and a report of each kind of data and regime, and of each task with examples."""

import pytest

from tests.reports.html import Page
from tests.reports.reporting import report, task_report
from tests.trained import SENTENCE, SONG, STREAM
from tests.trained_tasks import ATTENTION, FROM_LABEL, LABEL, PARITY, TAGS


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """A report of each kind of data and regime."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("reports"))
        return {
            name: report(text) for name, text in (("song", SONG), ("words", SENTENCE), ("stream", STREAM))
        }


TASK_PAGES = {
    "label": LABEL,
    "tags": TAGS,
    "pairs": ATTENTION,
    "from_label": FROM_LABEL,
    "parity": PARITY,
}
"""The YAML text of each report of a task with examples."""


@pytest.fixture(scope="session")
def task_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """A report of each task with examples, and of generated data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("task_reports"))
        return {name: task_report(text, name=name) for name, text in TASK_PAGES.items()}
