"""A folder to work in, and a report of each kind of data and regime."""

import pytest

from tests.reports.html import Page
from tests.reports.reporting import report
from tests.trained import SENTENCE, SONG, STREAM


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
