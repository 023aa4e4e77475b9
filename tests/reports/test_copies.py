"""The report says what its samples copy from the training data, beside held-out data."""

import numpy as np

from rnnlab.evaluation.originality import originality_of
from rnnlab.reports.contents import contents_of
from rnnlab.reports.copies import copies_section
from rnnlab.reports.markup import together
from rnnlab.reports.page import report_page
from rnnlab.reports.task_page import task_report_page
from tests.evaluation.test_originality import ids, kept, text_of, words
from tests.keeping import keeping
from tests.reports.html import Page
from tests.reports.reporting import report, task_contents, with_history
from tests.trained import STREAM, run_of
from tests.trained_tasks import FROM_LABEL, task_run_of

LONG_SEED = STREAM.replace("length: 20", "length: 200, seed: the quick, temperature: 1, samples: 2")


def texts(page: Page, name: str) -> list[str]:
    """The texts of all elements of a name."""
    return [each.text for each in page.all(name)]


def test_a_run_that_keeps_its_data_has_a_row_for_each_sample():
    """The judgement is a sentence; held-out data has a row of its own."""
    page = Page(report_page(contents_of(with_history(keeping(run_of(LONG_SEED))))))

    rows = texts(page, "tr")
    assert "Is it copying" in texts(page, "h2")
    assert any(row.startswith("Sample 1") for row in rows)
    assert any(row.startswith("Validation part, 1 stretch") for row in rows)
    assert any(text.startswith("Not a copyist: ") for text in texts(page, "p"))


def test_a_run_without_its_data_says_so():
    """In a sentence, with the remedy."""
    page = report(STREAM)

    assert "It cannot be told what is copied: runs/song-1 keeps no training data; train again." in texts(
        page, "p"
    )


def test_samples_for_labels_are_compared_too():
    """All samples of all labels that the report shows."""
    page = Page(task_report_page(task_contents(with_history(keeping(task_run_of(FROM_LABEL))))))

    assert sum(row.startswith("Sample ") for row in texts(page, "tr")) == 6


def test_a_copy_is_shown_with_its_place():
    """So that a reader can look it up; the middle of a long one is left out, and hostile text stays text."""
    text = words(0, 2000)
    sample = np.array(ids(text[500:1500]))
    found = originality_of([sample], kept([text], [words(1, 500)]), lambda numbers: f"<b>{text_of(numbers)}")

    page = str(together(*copies_section(found)))

    assert "A copyist: 100% of the written characters" in page
    assert "The longest copy, 1,000 characters, stands at song.txt:1:501:" in page
    assert "&lt;b&gt;" in page
    assert " … " in page
