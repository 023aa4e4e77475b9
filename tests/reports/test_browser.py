"""The report in a browser, where there is one: nothing is blocked, overflows or is faint."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from rnnlab.reports.contents import contents_of
from rnnlab.reports.page import report_page
from rnnlab.reports.study_contents import study_contents_of
from rnnlab.reports.study_page import study_report_page
from tests.needs import needs
from tests.reports.comparisons import comparison_of, page_in
from tests.reports.reporting import with_history
from tests.reports.studies import study_of
from tests.trained import SONG, STREAM, run_of
from tests.trained_tasks import PARITY

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --allow-file-access-from-files --enable-logging=stderr""".split()

pytestmark = needs("chromium")

FRAMES = Path(__file__).with_name("frames.html")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, task_pages):
    """Reports of a song, a text, two tasks, a study and two comparisons, and a page that looks at them."""
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, text in (("song", SONG), ("text", STREAM)):
            Path(f"{name}.html").write_text(
                report_page(contents_of(with_history(run_of(text)))), encoding="utf-8"
            )
    for name in ("label", "pairs"):
        (folder / f"{name}.html").write_text(task_pages[name].source, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        page = study_report_page(study_contents_of(study_of(Path("study"))))
    (folder / "study.html").write_text(page, encoding="utf-8")
    for name, text in (("comparison", SONG), ("answers", PARITY)):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            page = page_in(comparison_of(text, folder=Path(name)))
        (folder / f"{name}.html").write_text(page.source, encoding="utf-8")
    shutil.copy(FRAMES, folder)
    return folder


def chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the browser answers."""
    profile = f"--user-data-dir={folder / 'profile'}"
    return subprocess.run(
        ["chromium", *FLAGS, profile, *arguments], capture_output=True, text=True, check=True, timeout=60
    )


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_fits_and_can_be_read(folder, scheme):
    """On a phone and on a desk, in the reader's own colours: no overflow, no faint text, nothing blocked."""
    setting = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"

    done = chromium(
        folder, setting, "--virtual-time-budget=3000", "--dump-dom", f"file://{folder}/frames.html"
    )

    results = json.loads(unescape(re.search(r"RESULT(.*)END", done.stdout, re.DOTALL)[1]))
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert [each["overflow"] for each in results] == [0] * len(results)
    assert {each["ground"] for each in results} == {
        "rgb(23, 25, 28)" if scheme == "dark" else "rgb(253, 252, 249)"
    }
    assert [each["faint"] for each in results] == [[]] * len(results)
    assert all(each["drawn"] and each["again"] and each["marks"] for each in results)


def test_the_page_can_be_printed(folder):
    """To a PDF of a few pages."""
    chromium(folder, f"--print-to-pdf={folder / 'page.pdf'}", f"file://{folder}/song.html")

    assert 2 <= (folder / "page.pdf").read_bytes().count(b"/Type /Page\n") <= 8
